import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readKeyArchive } from '../src/archive.ts';
import { chooseFate } from '../src/cli/listen-chaos.ts';
import { signTestNotification } from '../src/notification.ts';
import * as net from './receiver.ts';
import { run, startCli } from './run-cli.ts';
import { parseJson, readVector, requestVectors } from './vectors.ts';

const vectors = fileURLToPath(new URL('vectors', import.meta.url));
const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const notificationKey = createPrivateKey(readVector('notification/private.pem'));
const publicKey = ['--public-key', join(vectors, 'notification/public.pem')];
const folder = await mkdtemp(join(tmpdir(), 'vyplata-commands-'));
after(() => rm(folder, { recursive: true }));

function envFor(url: string): Record<string, string> {
  return { VYPLATA_URL: url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: join(vectors, 'payout') };
}

const escape = (text: string) => text.replaceAll('/', '\\/');

test('verify says why a notification or a request does not fit', async () => {
  const { body, sign } = await signTestNotification({ key: notificationKey });
  const get = await signTestNotification({ key: notificationKey, method: 'GET' });
  const vector = requestVectors.find(({ valid }) => valid) ?? assert.fail();
  const request = Buffer.from(vector.body_base64, 'base64').toString();
  const own = ['--public-key', join(vectors, 'payout/public.pem')];
  const [changed, ownKey, asGet, fits, lineBreak] = await Promise.all([
    run(['verify', ...publicKey], { input: body.replace('"300.00"', '"900.00"') }),
    run(['verify', ...own], { input: body }),
    run(['verify', ...publicKey, '--json'], { input: body.replaceAll(escape(sign), escape(get.sign)) }),
    run(['verify', ...own, '--sign', vector.sign], { input: request }),
    run(['verify', ...own, '--sign', vector.sign], { input: `${request}\n`, env: { LANG: 'ru_RU.UTF-8' } }),
  ]);
  assert.match(changed.out, /sign_mismatch[\s\S]*not those that were signed\. Do not act/);
  assert.match(ownKey.out, /signed with another key/);
  assert.equal(parseJson(asGet.out).finding, 'other_method');
  assert.deepEqual([changed.code, ownKey.code, asGet.code, fits.code, lineBreak.code], [1, 1, 1, 0, 1]);
  assert.match(lineBreak.out, /НЕ подходит[\s\S]*тело без перевода строки в конце/);
});

test('keys archive packs a folder in the form that the published samples read', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const plain = join(folder, 'plain');
  await mkdir(plain);
  await writeFile(join(plain, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const zip = join(folder, 'packed.zip');
  const packed = await run(['keys', 'archive', plain, '--out', zip, '--json']);
  assert.equal(packed.code, 0, packed.err);
  const archive = readKeyArchive(await readFile(zip));
  assert.match(archive.privatePem, /BEGIN RSA PRIVATE KEY[\s\S]*Proc-Type: 4,ENCRYPTED/);
  assert.ok(archive.key.equals(privateKey));
  assert.equal((await run(['keys', 'archive', plain, '--out', zip])).code, 2);
  const same = join(folder, 'same.zip');
  await run(['keys', 'archive', join(vectors, 'payout'), '--out', same]);
  assert.equal(readKeyArchive(await readFile(same)).privatePem, readVector('payout/private.pem'));
});

test('listen verifies, forwards the bytes of what is genuine, and answers what the program answers', async () => {
  await using shop = await net.startServer([net.reply(503, 'later'), net.reply(200, 'thanks')]);
  const args = ['listen', '--port', '0', ...publicKey, '--forward-to', `${shop.url}/hook?shop=1`, '--json'];
  const listening = startCli([...args, '--count', '4']);
  const url = String(parseJson(await listening.printed(/\n/)).listening);
  const { body } = await signTestNotification({ key: notificationKey });
  const get = await signTestNotification({ key: notificationKey, method: 'GET' });
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
  const post = (text: string) => fetch(url, { method: 'POST', body: text, headers });
  assert.equal((await post(body)).status, 503);
  assert.equal((await post(body.replace('paid', 'fail'))).status, 400);
  const answered = await post(body);
  assert.deepEqual([answered.status, await answered.text()], [200, 'thanks']);
  assert.equal((await fetch(`${url}?${get.query}`)).status, 200);
  const { code, out } = await listening.ended;
  assert.equal(code, 0);
  const lines = out.trim().split('\n').slice(1).map(parseJson);
  assert.deepEqual(
    lines.map(({ valid, answered: status }) => [valid, status]),
    [
      [true, 503],
      [false, 400],
      [true, 200],
      [true, 200],
    ],
  );
  assert.equal(shop.received.length, 3);
  assert.equal(shop.received[0]?.body, body);
  assert.equal(shop.received[0]?.path, '/hook?shop=1');
  assert.equal(shop.received[0]?.headers['webhook-id'], 'msg_1');
  assert.equal(shop.received[2]?.path, `/hook?shop=1&${get.query}`);
});

test('listen ends with Ctrl-C and says in words what is wrong with a notification', async () => {
  const listening = startCli(['listen', '--port', '0', ...publicKey]);
  const url = /http\S+/.exec(await listening.printed(/Listening at http\S+\n/))?.[0] ?? '';
  await fetch(url, { method: 'POST', body: '{}' });
  await listening.printed(/✗ field_missing \(type\) {2}→ 400\n {2}All eleven fields/);
  listening.stop();
  assert.equal((await listening.ended).code, 0);
});

test('trigger orders the recipient that plays the outcome', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const env = envFor(server.url);
  const args = ['trigger', 'fail_card_expired', '--order-id', 't-1', '--notification-url', 'http://127.0.0.1:4000/'];
  assert.equal((await run([...args, '--json'], { env })).code, 0);
  const { number, service, order_id: orderId, ...rest } = parseJson(server.received[0]?.body);
  assert.deepEqual([number, service, orderId], ['79990000025', 'qiwi_rub', 't-1']);
  assert.equal(rest.notification_endpoint_url, 'http://127.0.0.1:4000/');
  const unknown = await run(['trigger', 'explode'], { env });
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /trigger --list/);
  assert.match((await run(['trigger', '--list'])).out, /^paid\npaid_after_5s\n/);
});

test('operator calls carry the token, and show lists, details and refusals', async () => {
  const items = [{ id: 7, state: 'review', amount: '5.00', detail: { secret: 1 } }];
  await using server = await net.startServer([
    net.reply(200, { items }),
    net.reply(200, { approved: true }),
    net.reply(404, net.refusal({ request: ['Unknown.'] })),
    net.reply(200, '<html>'),
  ]);
  const env = { VYPLATA_URL: server.url, VYPLATA_OPERATOR_TOKEN: 'tok_1' };
  const list = await run(['operator', 'payouts', 'state=review', 'limit=5'], { env });
  assert.equal(list.out, 'id=7  state=review  amount=5.00\n');
  assert.equal(server.received[0]?.path, '/operator/v1/payouts?state=review&limit=5');
  assert.equal(server.received[0]?.headers.authorization, 'Bearer tok_1');
  const approved = await run(['operator', 'approve', '9', '--json', '--data', '{"reason":"ok"}'], { env });
  assert.deepEqual(parseJson(approved.out), { approved: true });
  assert.equal(server.received[1]?.body, '{"reason":"ok"}');
  const missing = await run(['operator', 'call', 'get', '/payouts/1'], { env });
  assert.deepEqual([missing.code, missing.err], [1, 'request: Unknown.\n']);
  assert.equal((await run(['operator', 'merchants'], { env })).code, 2);
  const noToken = await run(['operator', 'merchants'], { env: { VYPLATA_URL: server.url } });
  assert.match(noToken.err, /VYPLATA_OPERATOR_TOKEN or give --token-file/);
  const gone = await run(['operator', 'merchants', '--url', 'http://127.0.0.1:1'], { env });
  assert.equal(gone.code, 3);
});

test('completions name every command and option, and each shell that is there accepts them', async () => {
  const shells = ['bash', 'zsh', 'fish'] as const;
  for (const shell of shells) {
    const { code, out } = await run(['completions', shell]);
    assert.equal(code, 0);
    for (const word of ['payout', 'doctor', 'completions', 'concurrency', 'order-id']) assert.ok(out.includes(word));
    const file = join(folder, `completions.${shell}`);
    await writeFile(file, out);
    if (isInstalled(shell)) execFileSync(shell, ['-n', file]);
  }
  const typed = (words: string) => {
    const script = `. ${join(folder, 'completions.bash')}; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1));
      _vyplata; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script]).toString().trim();
  };
  assert.equal(typed('vyplata doc'), 'doctor');
  assert.equal(typed('vyplata payout st'), 'status');
  assert.equal(typed('vyplata payout status --order'), '--order-id');
  assert.equal(typed('vyplata batch --demo ./data --conc'), '--concurrency');
  assert.equal((await run(['completions', 'tcsh'])).code, 2);
});

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('listen --chaos loses, repeats and delays, the same for one seed', async () => {
  const fates = Array.from({ length: 200 }, (_, index) => chooseFate('7', index));
  assert.deepEqual([...new Set(fates)].sort(), ['late', 'lost', 'passed', 'twice']);
  assert.deepEqual(
    Array.from({ length: 200 }, (_, index) => chooseFate('7', index)),
    fates,
  );
  await using shop = await net.startServer([net.reply(200, 'ok')]);
  const ids = (['lost', 'twice', 'passed'] as const).map((fate) => 100_000_001 + fates.indexOf(fate));
  const seedFates = ids.map((id) => chooseFate('8', id));
  const args = ['listen', '--port', '0', ...publicKey, '--forward-to', shop.url, '--chaos', '8', '--json'];
  const listening = startCli([...args, '--count', '3']);
  const url = String(parseJson(await listening.printed(/\n/)).listening);
  for (const id of ids) {
    const { body } = await signTestNotification({ key: notificationKey, fields: { id } });
    assert.equal((await fetch(url, { method: 'POST', body })).status, 200);
  }
  const { out } = await listening.ended;
  const shown = out.trim().split('\n').slice(1).map(parseJson);
  assert.deepEqual(
    shown.map(({ fate }) => fate),
    seedFates,
  );
  const times = { passed: 1, late: 1, twice: 2, lost: 0 };
  assert.equal(
    shop.received.length,
    seedFates.reduce((sum, fate) => sum + times[fate], 0),
  );
});

test('advance lets time pass for one payout or for all', async () => {
  const answer = { advanced_payouts: 1, advanced_notifications: 0 };
  await using server = await net.startServer([net.reply(200, answer)]);
  const env = envFor(server.url);
  const one = await run(['advance', '--order-id', 'a', '--seconds', '60', '--json'], { env });
  assert.deepEqual([one.code, parseJson(one.out)], [0, { payouts: 1, notifications: 0 }]);
  assert.match((await run(['advance'], { env })).out, /Payouts advanced +1/);
  assert.deepEqual(
    server.received.map(({ path, body }) => [path, body]),
    [
      ['/v1/sandbox/advance', '{"order_id":"a","seconds":60}'],
      ['/v1/sandbox/advance', '{}'],
    ],
  );
  assert.equal((await run(['advance', '--seconds', '-1'], { env })).code, 2);
});
