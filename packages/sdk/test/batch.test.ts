import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseCsv, writeCsvRow } from '../src/cli/csv.ts';
import * as net from './receiver.ts';
import { run, startCli } from './run-cli.ts';
import { parseJson } from './vectors.ts';

const vectors = fileURLToPath(new URL('vectors', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'vyplata-batch-'));
after(() => rm(folder, { recursive: true }));

function envFor(url: string): Record<string, string> {
  const account = '93d5df06-996c-48c3-9847-348d6b580b80';
  return { VYPLATA_URL: url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: join(vectors, 'payout') };
}

async function writeBatch(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.join('\n'));
  return path;
}

const header = 'order_id,amount,number,service';
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `b-${index},${index + 1}.50,79005554455,qiwi_rub`);

/** Plays a gateway: the same order gets the same id, whatever happens to the answers. */
function startBook(spoil: (orderId: string, time: number) => net.Step | undefined = () => undefined) {
  const ids = new Map<string, number>();
  const times = new Map<string, number>();
  const serve = ({ body }: net.Received): net.Step => {
    const orderId = String(parseJson(body).order_id);
    const time = (times.get(orderId) ?? 0) + 1;
    times.set(orderId, time);
    const spoilt = spoil(orderId, time);
    if (spoilt !== undefined) return spoilt;
    const id = ids.get(orderId) ?? 100_000_001 + ids.size;
    ids.set(orderId, id);
    return net.reply(200, { payment_status: 'wait', id }, { 'payout-created': 'yes' });
  };
  return { ids, times, serve };
}

test('the preview shows what would be sent and sends nothing', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const file = await writeBatch('preview.csv', [header, ...rowsOf(4), 'b-x,7,4276380000000008,payment_card_rub']);
  const { code, out, err } = await run(['batch', file], { env: envFor(server.url) });
  assert.equal(code, 0);
  assert.match(out, /Rows: 5, to send: 5\n {2}qiwi_rub {2}× 4 {2}12\.00\n {2}payment_card_rub {2}× 1 {2}7\.00\n/);
  assert.match(out, /2: b-0 {2}1\.50 {2}qiwi_rub {2}\*\*\*\*4455/);
  assert.match(err, /Nothing was sent\. Add --yes/);
  assert.equal(server.received.length, 0);
});

test('a file with mistakes is refused whole, each with its line', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const bad = [header, 'a,1.50,1,s', 'a,1e3,,s', ',0.00,1,', 'c,1,2,3,4'];
  const { code, err } = await run(['batch', await writeBatch('bad.csv', bad), '--yes'], { env: envFor(server.url) });
  assert.equal(code, 2);
  assert.match(err, /line 3: number is empty\nline 3: amount "1e3"[\s\S]*line 3: order_id "a" is on line 2 too/);
  assert.match(err, /line 4: order_id is empty\nline 4: service is empty\nline 4: amount "0\.00"/);
  assert.match(err, /line 5: more cells than columns/);
  const columns = await writeBatch('columns.csv', ['order_id;amount;colour', 'a;1;red']);
  const { err: named } = await run(['batch', columns, '--yes'], { env: envFor(server.url) });
  assert.match(named, /"number" is missing[\s\S]*"service" is missing[\s\S]*"colour" is not known/);
  assert.equal(server.received.length, 0);
});

test('each row has its result; refused ones stay refused, and a second start sends nothing', async () => {
  const poor = net.reply(400, net.refusal({ amount: ['=Not enough'] }), net.NO);
  const book = startBook((orderId) => (orderId === 'b-1' ? poor : undefined));
  await using server = await net.startServer(book.serve);
  const file = await writeBatch('results.csv', [header, ...rowsOf(3)]);
  const first = await run(['batch', file, '--yes', '--json'], { env: envFor(server.url) });
  assert.equal(first.code, 1, first.err);
  const { rows, created, refused } = parseJson(first.out);
  assert.deepEqual([rows, created, refused], [3, 2, 1]);
  const results = parseCsv(await readFile(`${file}.results.csv`, 'utf8'));
  const byOrder = new Map(results.slice(1).map(({ cells }) => [cells[1], cells]));
  assert.equal(byOrder.get('b-0')?.[3], 'created');
  assert.deepEqual(byOrder.get('b-1')?.slice(3), ['refused', '', 'amount: =Not enough']);
  const again = await run(['batch', file, '--yes', '--json'], { env: envFor(server.url) });
  assert.equal(again.code, 1);
  assert.equal(server.received.length, 3);
  await run(['batch', file, '--yes', '--retry-refused'], { env: envFor(server.url) });
  assert.equal(server.received.length, 4);
  await writeBatch('results.csv', [header, 'b-0,9.99,79005554455,qiwi_rub', ...rowsOf(3).slice(1)]);
  const changed = await run(['batch', file, '--yes'], { env: envFor(server.url) });
  assert.equal(changed.code, 2);
  assert.match(changed.err, /Line 2 was sent with other values/);
});

test('killed at any moment and started again, every row is ordered once and none is lost', async () => {
  const reached = Promise.withResolvers<void>();
  const book = startBook((orderId, time) => {
    // The gateway took b-9, and the program dies before it reads the answer.
    if (orderId === 'b-9' && time === 1) return () => reached.resolve();
    return undefined;
  });
  await using server = await net.startServer(book.serve);
  const file = await writeBatch('killed.csv', [header, ...rowsOf(20)]);
  const args = ['batch', file, '--yes', '--concurrency', '2', '--json'];
  const killed = await startCli(args, { env: envFor(server.url), killWhen: reached.promise }).ended;
  assert.equal(killed.code, null);
  // What a kill in the middle of a write leaves behind.
  await appendFile(`${file}.results.csv`, '21,b-19,abc,crea');
  const resumed = await run(args, { env: envFor(server.url) });
  assert.equal(resumed.code, 0, resumed.err);
  assert.deepEqual([parseJson(resumed.out).created, book.ids.size], [20, 20]);
  const repeated = [...book.times.values()].filter((times) => times > 1).length;
  assert.ok(repeated <= 3, `${repeated} rows were sent again; two were on their way`);
  const results = parseCsv(await readFile(`${file}.results.csv`, 'utf8')).slice(1);
  assert.equal(new Set(results.map(({ cells }) => cells[4])).size, 20);
});

test('what every row would meet stops the batch; an unknown outcome is noted and tried again', async () => {
  const wrong = net.reply(400, net.refusal({ sign: ['Wrong.'] }), net.NO);
  await using refusing = await net.startServer([wrong]);
  const file = await writeBatch('stopped.csv', [header, ...rowsOf(10)]);
  const args = ['batch', file, '--yes', '--concurrency', '1', '--json'];
  const stopped = await run(args, { env: envFor(refusing.url) });
  assert.equal(stopped.code, 3);
  assert.equal(parseJson(stopped.out).notSent, 10);
  assert.equal(refusing.received.length, 1);
  await using odd = await net.startServer([net.reply(404, '<html>')]);
  const unknown = await run(args, { env: envFor(odd.url) });
  assert.deepEqual([unknown.code, parseJson(unknown.out).unknown], [3, 10]);
  const book = startBook();
  await using server = await net.startServer(book.serve);
  const done = await run(args, { env: envFor(server.url) });
  assert.deepEqual([done.code, parseJson(done.out).created], [0, 10]);
});

test('--wait notes how each payout ended', async () => {
  const end = (status: string) => net.reply(200, net.statusOf({ payment_status: status, fail_reason: 'returned' }));
  await using server = await net.startServer(({ path, body }) => {
    if (path === '/v1/payout') {
      return net.reply(200, { payment_status: 'wait', id: body.includes('b-0') ? 1 : 2 }, { 'payout-created': 'yes' });
    }
    return end(body.includes('{"id":1}') ? 'paid' : 'fail');
  });
  const file = await writeBatch('wait.csv', [header, ...rowsOf(2)]);
  const { code, out } = await run(['batch', file, '--yes', '--wait'], { env: envFor(server.url) });
  assert.equal(code, 4);
  assert.match(out, /paid: 1, fail: 1/);
});

test('CSV: quotes, line breaks, other separators, a BOM; formulas are disarmed', () => {
  const text = '\uFEFFa;b\r\n"x;1";"line\r\nbreak ""q"""\r\n\r\n;last';
  assert.deepEqual(parseCsv(text), [
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['x;1', 'line\r\nbreak "q"'] },
    { line: 5, cells: ['', 'last'] },
  ]);
  assert.throws(() => parseCsv('a,"b'), /Line 1: a quote is opened/);
  assert.equal(writeCsvRow(['=cmd', '+1', 'a"b', 5, undefined]), `'=cmd,'+1,"a""b",5,\n`);
});
