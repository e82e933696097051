import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { anOrder, openMerchant, type TestMerchant } from '../contract/merchant.ts';
import { openOperator, type TestOperator } from '../contract/operator.ts';
import { type DemoGateway, runCommand, startDemoGateway, startPlain } from '../gateway.ts';

const folder = await mkdtemp(join(tmpdir(), 'vyplata-restore-'));
// The provider remembers what it did, whatever happens to our folder.
const bookPath = join(folder, 'book.ndjson');
const backup = join(folder, 'backup');
const env = { SANDBOX_BOOK: bookPath, CALL_DEADLINE_MS: '500' };
let gateway: DemoGateway | undefined;

after(async () => {
  await gateway?.close();
  await rm(folder, { recursive: true, force: true });
});

async function orderMany(merchant: TestMerchant, prefix: string, count: number): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const orderId = `${prefix}-${at}`;
      const answer = await merchant.post('/v1/payout', { ...anOrder, amount: '1.00', order_id: orderId });
      assert.equal(answer.status, 200, answer.text);
      ids.set(orderId, Number(answer.json['id']));
    }),
  );
  return ids;
}

async function pause(operator: TestOperator, body: object): Promise<() => Promise<void>> {
  const set = await operator.call('PUT', '/pauses', { reason: 'the drill', ...body });
  assert.ok(set.status < 300, set.text);
  return async () => {
    const lifted = await operator.call('DELETE', `/pauses/${String(set.json['id'])}`);
    assert.equal(lifted.status, 200, lifted.text);
  };
}

async function statusOf(merchant: TestMerchant, orderId: string): Promise<unknown> {
  return (await merchant.post('/v1/payout/status', { order_id: orderId })).json['payment_status'];
}

const executions = (): number[] => [...countExecutions(bookPath).values()];

test('a database that was set back sends nothing until people allow it, and then nothing a second time', async () => {
  const demo = await startDemoGateway({ env });
  gateway = demo;
  const merchant = await openMerchant(demo);
  const operator = await openOperator(demo);
  const account = await operator.openAccount({ currency: 'RUB', amount: '100.00' });
  const other = await openMerchant(demo, account);
  const merchantId = Number(operator.merchantPath.split('/').at(-1));

  // What the backup has: payouts that ended, some that wait and are sent later, and some that still wait at the end.
  const ended = await orderMany(merchant, 'ended', 10);
  for (const orderId of ended.keys()) await merchant.waitFinal({ order_id: orderId });
  await pause(operator, { scope: 'account', merchant_id: merchantId, account_id: account });
  const waiting = await orderMany(other, 'waiting', 3);
  const lift = await pause(operator, { scope: 'connector', connector: 'sandbox' });
  const sentLater = await orderMany(merchant, 'sent-later', 10);
  // Orders go on while it is made.
  const [printed, meanwhile] = await Promise.all([
    runCommand(['backup', backup], { DATA_DIR: demo.dataDir }),
    orderMany(merchant, 'meanwhile', 40),
  ]);
  assert.match(printed, /The database is in/);
  await assert.rejects(runCommand(['backup', backup], { DATA_DIR: demo.dataDir }), /is there already/);

  // What it has not: the end of the ones that waited, and payouts whose ids were given since.
  await lift();
  const lost = await orderMany(merchant, 'lost', 10);
  for (const orderId of [...sentLater.keys(), ...lost.keys()]) await merchant.waitFinal({ order_id: orderId });
  const executed = executions().length;
  await demo.kill('SIGKILL');
  await assert.rejects(runCommand(['restore', backup], { DATA_DIR: demo.dataDir }), /There is a database/);
  await rm(demo.dataDir, { recursive: true });
  await runCommand(['restore', backup], { DATA_DIR: demo.dataDir });
  assert.equal((await stat(join(demo.dataDir, 'master.key'))).mode & 0o777, 0o600);

  gateway = await startPlain(demo, { ...env, ONE_PERSON: 'true' });
  const again = await openOperator(gateway);
  const pauses = (await again.call('GET', '/pauses')).json['items'] as { id: number; scope: string; reason: string }[];
  const all = pauses.find(({ scope }) => scope === 'all');
  assert.match(all?.reason ?? '', /restored/);
  // What had been sent in the missing time is found out by asking; nothing is sent for it.
  for (const orderId of sentLater.keys()) {
    assert.equal((await merchant.waitFinal({ order_id: orderId }))['payment_status'], 'paid');
  }
  assert.equal(executions().length, executed, 'nothing was sent');
  const [fresh] = (await orderMany(merchant, 'fresh', 1)).values();
  assert.ok(Number(fresh) > Math.max(...lost.values(), ...meanwhile.values()), 'no id is given twice');
  assert.equal(await statusOf(merchant, 'fresh-0'), 'wait');

  for (const { id } of pauses) assert.equal((await again.call('DELETE', `/pauses/${id}`)).status, 200);
  for (const orderId of waiting.keys()) {
    assert.equal((await other.waitFinal({ order_id: orderId }))['payment_status'], 'paid');
  }
  assert.equal((await merchant.waitFinal({ order_id: 'fresh-0' }))['payment_status'], 'paid');
  assert.ok(
    executions().every((count) => count === 1),
    'each once',
  );
  assert.match(await runCommand(['audit'], { DATA_DIR: demo.dataDir }), /claims hold, 0 are violated/);
  await gateway.kill('SIGTERM');
  gateway = await startPlain(demo, { ...env, ONE_PERSON: 'true' });
  assert.deepEqual((await (await openOperator(gateway)).call('GET', '/pauses')).json['items'], [], 'once is enough');
});
