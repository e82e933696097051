import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { type DemoGateway, runCommand, startDemoGateway } from '../gateway.ts';
import { anOrder, openMerchant, type TestMerchant } from './merchant.ts';

const clients = 24;
const killsMax = 3;

/** Orders as fast as they are answered, until the gateway is gone. `acknowledged` is what these clients saw. */
async function load(merchant: TestMerchant, round: number, acknowledged: Map<string, number>): Promise<void> {
  const run = async (client: number): Promise<void> => {
    for (let at = 0; ; at += 1) {
      const orderId = `crash-${round}-${client}-${at}`;
      const answer = await merchant.post('/v1/payout', { ...anOrder, amount: '1.00', order_id: orderId });
      assert.equal(answer.status, 200, answer.text);
      acknowledged.set(orderId, Number(answer.json['id']));
    }
  };
  // A cut connection ends a client; whatever else goes wrong is a failure of the test.
  await Promise.all(
    Array.from({ length: clients }, (_, client) =>
      run(client).catch((error: unknown) => {
        if (!(error instanceof TypeError)) throw error;
      }),
    ),
  );
}

/** The audit as an operator runs it, beside the working gateway. */
async function assertAudit(dataDir: string): Promise<void> {
  assert.match(await runCommand(['audit'], { DATA_DIR: dataDir }), /claims hold, 0 are violated/);
}

test('kill -9 of the gateway under load: nothing acknowledged is lost, all is paid, each once', async () => {
  const acknowledged = new Map<string, number>();
  // A short patience with the provider, so that what was cut in the middle is asked about soon.
  const env = { CALL_DEADLINE_MS: '500' };
  let gateway: DemoGateway = await startDemoGateway({ env });
  const { dataDir, port } = gateway;
  for (let round = 0; round < killsMax; round += 1) {
    const merchant = await openMerchant(gateway);
    const loaded = load(merchant, round, acknowledged);
    // Under load means: many were answered already, however slow the machine is.
    while (acknowledged.size < (round + 1) * clients) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    await gateway.kill('SIGKILL');
    await loaded;
    gateway = await startDemoGateway({ dataDir, port, env });
  }
  const merchant = await openMerchant(gateway);
  const executions = (): Map<string, number> => countExecutions(join(dataDir, 'sandbox', 'book.ndjson'));
  for (const [orderId, id] of acknowledged) {
    const final = await merchant.waitFinal({ order_id: orderId });
    assert.deepEqual([final['id'], final['payment_status']], [id, 'paid'], orderId);
  }
  const book = executions();
  for (const id of acknowledged.values()) assert.equal(book.get(String(id)), 1, `payout ${id} in the Book`);
  for (const [id, count] of book) assert.equal(count, 1, `payout ${id} was executed ${count} times`);
  await assertAudit(gateway.dataDir);
  await gateway.close();
});
