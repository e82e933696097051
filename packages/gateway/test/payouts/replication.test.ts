import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionTo, startTestCluster, template, type TestCluster, withClient } from '../cluster.ts';
import { createPayoutReader } from '../../src/payouts/store.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

let cluster: TestCluster;
let room: Room;

/** The name of a standby that has to confirm each commit; there is none, so that each waits until it is cancelled. */
async function demandStandby(name: string): Promise<void> {
  await withClient(cluster.socket, async (client) => {
    await client.query(`alter system set synchronous_standby_names = '${name}'`);
    await client.query('select pg_reload_conf()');
    for (;;) {
      const { rows } = await client.query<{ name: string }>(
        `select current_setting('synchronous_standby_names') as name`,
      );
      if (rows[0]?.name === name) return;
    }
  });
}

/** Ends the waiting of every commit until `work` is done, as an operator does who has lost patience. */
async function cancelCommits<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const result = work.finally(() => {
    isDone = true;
  });
  // It may fail before anybody waits for it.
  result.catch(() => {});
  await withClient(cluster.socket, async (client) => {
    while (!isDone) {
      await client.query(`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`);
      await sleep(20);
    }
  });
  return result;
}

before(async () => {
  cluster = await startTestCluster();
  const database = 'replicated';
  await withClient(cluster.socket, async (client) => {
    await client.query(`create database ${database} template ${template}`);
    await client.query(`alter database ${database} set synchronous_commit = 'on'`);
  });
  const connection = connectionTo(cluster.socket, database);
  room = await openRoom(1_000n, () => Promise.resolve({ connection, close: () => Promise.resolve() }));
});

after(async () => {
  await room.close();
  await cluster.close();
});

test('a commit that stopped waiting for its standby is no 200, and a repeat gets the id once it is safe', async () => {
  const creator = await room.openCreator();
  await demandStandby('nobody');
  // The server reports success, with a warning that the rows may be on no other machine. The question that settles it
  // has to wait for the standby as well.
  const answer = await cancelCommits(creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n })));
  assert.deepEqual(answer, { kind: 'unknown' });
  const repeating = creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n }));
  await demandStandby('');
  const repeat = await repeating;
  assert.ok(
    repeat.kind === 'created' && repeat.isReplay,
    JSON.stringify(repeat, (_, value) => String(value)),
  );
  const [row] = await room.db.query<{ count: bigint; held: bigint }>(
    'select count(*) as count, min(b.held_minor) as held from payout join balance b using (merchant_id, account_id)',
  );
  assert.deepEqual(row, { count: 1n, held: 100n });
  assert.ok(room.creatorTally().unreplicated > 0, 'it is counted');
});

test('what only this server knows is told to nobody: not as a repeat, not as a status', async () => {
  const creator = await room.openCreator();
  const order = checkedOrder(room, { orderId: 'two', amountMinor: 100n });
  const key = { merchantId: room.merchantId, accountId: order.accountId, order: order.order };
  const reader = createPayoutReader({ db: room.db, isConfirmed: true, overloaded: () => new Error('full') });
  const status = (): Promise<unknown> => reader.findByOrderId({ merchantId: room.merchantId, orderId: 'two' });
  await demandStandby('nobody');
  await cancelCommits(creator.create(order));
  // The row is there to be read, on this server.
  assert.equal((await room.db.query(`select from payout where order_id = 'two'`)).length, 1);
  await assert.rejects(cancelCommits(creator.findRepeat(key)), { name: 'NotReplicated' });
  await assert.rejects(cancelCommits(status()), { name: 'NotReplicated' });
  await demandStandby('');
  assert.equal((await creator.findRepeat(key)).kind, 'same');
  assert.ok((await status()) !== undefined);
});

test('old payouts are told without waiting for a standby', async () => {
  const reader = createPayoutReader({ db: room.db, isConfirmed: true, overloaded: () => new Error('full') });
  await room.db.query(`update payout set created_at = now() - interval '2 minutes'`);
  await demandStandby('nobody');
  const found = await reader.findByOrderId({ merchantId: room.merchantId, orderId: 'two' });
  assert.equal(found?.orderId, 'two');
  await demandStandby('');
});
