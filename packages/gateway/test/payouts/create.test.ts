import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBalance } from '../../src/ledger/read.ts';
import { setLimits } from '../../src/merchants/limits.ts';
import { probeOrder } from '../../src/payouts/accept.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

async function countRows(room: Room, table: 'payout' | 'posting' | 'job' | 'order_record'): Promise<number> {
  const where = table === 'posting' ? ` where kind = 'hold'` : '';
  const [row] = await room.db.query<{ count: bigint }>(`select count(*) from ${table}${where}`);
  return Number(row?.count);
}

test('a thousand identical orders at once through two gateways make one payout, one hold and one id', async () => {
  const room = await openRoom(10_000n);
  const creators = await Promise.all([room.openCreator(), room.openCreator()]);
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) => {
      const creator = creators[at % 2] ?? assert.fail();
      return creator.create(checkedOrder(room, { orderId: 'same', amountMinor: 100n }));
    }),
  );
  const ids = new Set(answers.map((answer) => (answer.kind === 'created' ? answer.payoutId : answer.kind)));
  assert.equal(ids.size, 1);
  assert.equal(answers.filter((answer) => answer.kind === 'created' && !answer.isReplay).length, 1);
  for (const table of ['payout', 'posting', 'job', 'order_record'] as const) {
    assert.equal(await countRows(room, table), 1, table);
  }
  const balance = await readBalance(room.db, room);
  assert.deepEqual([balance.availableMinor, balance.heldMinor], [9_900n, 100n]);
  await room.close();
});

test('an account drained by many at once pays exactly what it can and ends at exactly nothing', async () => {
  const room = await openRoom(50n * 700n);
  const creators = await Promise.all([room.openCreator(), room.openCreator()]);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) => {
      const creator = creators[at % 2] ?? assert.fail();
      return creator.create(checkedOrder(room, { orderId: `order-${at}`, amountMinor: 700n }));
    }),
  );
  assert.equal(answers.filter((answer) => answer.kind === 'created').length, 50);
  const refused = answers.filter((answer) => answer.kind === 'refused');
  assert.equal(refused.length, 150);
  assert.ok(refused.every((answer) => answer.problem.code === 'funds_insufficient'));
  const balance = await readBalance(room.db, room);
  assert.deepEqual([balance.availableMinor, balance.heldMinor], [0n, 35_000n]);
  assert.equal(await countRows(room, 'order_record'), 50, 'a refused order leaves its order_id free');
  await room.close();
});

test('within one group a smaller order is accepted after a larger one was refused', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const answers = await Promise.all(
    [600n, 500n, 400n, 1n].map((amountMinor, at) =>
      creator.create(checkedOrder(room, { orderId: `order-${at}`, amountMinor })),
    ),
  );
  assert.deepEqual(
    answers.map((answer) => answer.kind),
    ['created', 'refused', 'created', 'refused'],
  );
  const old = await room.db.query<{ old: bigint }>('select old_available_minor as old from payout order by payout_id');
  assert.deepEqual(
    old.map((row) => row.old),
    [1_000n, 400n],
  );
  await room.close();
});

test('the same order_id with another amount is refused and names the payout that has it', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const first = await creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n }));
  const other = await creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 101n }));
  assert.ok(first.kind === 'created' && other.kind === 'refused');
  assert.equal(other.problem.code, 'order_id_used');
  assert.equal(other.payoutId, first.payoutId);
  await room.close();
});

test('an order refused for lack of funds leaves its order_id to a smaller one of the same group', async () => {
  const room = await openRoom(100n);
  const creator = await room.openCreator();
  const [large, small] = await Promise.all([
    creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 101n })),
    creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n })),
  ]);
  assert.equal(large.kind, 'refused');
  assert.equal(small.kind, 'created');
  await room.close();
});

test('a tombstone bars requests received before it and gives way to those received after it', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const early = checkedOrder(room, { orderId: 'one', amountMinor: 100n });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await probeOrder(room.db, { merchantId: room.merchantId, orderId: 'one' }), undefined);
  const barred = await creator.create(early);
  assert.ok(barred.kind === 'refused' && barred.problem.code === 'unavailable_now');
  await new Promise((resolve) => setTimeout(resolve, 5));
  const late = await creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n }));
  assert.equal(late.kind, 'created');
  await room.close();
});

test('past its deadline an order is refused for certain and nothing is written', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const order = { ...checkedOrder(room, { orderId: 'old', amountMinor: 100n }), receivedMs: performance.now() - 9_000 };
  const answer = await creator.create(order);
  assert.ok(answer.kind === 'refused' && answer.problem.code === 'unavailable_now');
  assert.equal(await countRows(room, 'order_record'), 0);
  await room.close();
});

test('a limit of orders per minute lets exactly so many through; the refused leave their order_ids free', async () => {
  const room = await openRoom(1_000_000n);
  await room.db.tx((tx) => setLimits(tx, { merchantId: room.merchantId }, { ordersPerMinute: 60 }));
  const creators = await Promise.all([room.openCreator(), room.openCreator()]);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      (creators[at % 2] ?? assert.fail()).create(checkedOrder(room, { orderId: `limited-${at}`, amountMinor: 100n })),
    ),
  );
  const created = answers.filter((answer) => answer.kind === 'created').length;
  // A minute that ends while they arrive gives another sixty.
  assert.ok(created === 60 || created === 120, `${created} accepted`);
  const refused = answers.filter((answer) => answer.kind === 'refused');
  assert.ok(refused.every((answer) => answer.problem.code === 'too_fast'));
  assert.equal(await countRows(room, 'order_record'), created);
  await room.close();
});

test('an order refused for lack of funds puts the tombstone back that it had replaced', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const early = checkedOrder(room, { orderId: 'one', amountMinor: 100n });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await probeOrder(room.db, { merchantId: room.merchantId, orderId: 'one' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const late = await creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 1_001n }));
  assert.ok(late.kind === 'refused' && late.problem.code === 'funds_insufficient');
  // The early request was answered "never" by the probe: that holds whatever came between.
  const barred = await creator.create(early);
  assert.ok(barred.kind === 'refused' && barred.problem.code === 'unavailable_now');
  assert.equal(await countRows(room, 'payout'), 0);
  await room.close();
});
