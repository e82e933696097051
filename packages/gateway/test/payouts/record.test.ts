import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../src/core/payout.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { readBalance } from '../../src/ledger/read.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader, type StoredPayout } from '../../src/payouts/store.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

const overloaded = (): Error => new Error('overloaded');

async function acceptOne(room: Room, orderId: string): Promise<StoredPayout> {
  const creator = await room.openCreator();
  const answer = await creator.create(checkedOrder(room, { orderId, amountMinor: 100n }));
  assert.ok(answer.kind === 'created');
  const reader = createPayoutReader({ db: room.db, overloaded });
  return (await reader.findPayout({ merchantId: room.merchantId, payoutId: answer.payoutId })) ?? assert.fail();
}

function sendOf(payout: StoredPayout): Change {
  const debit = payout.charge.debitMinor;
  const amounts = { availableMinor: 0n, heldMinor: -debit, clearingMinor: debit, paidMinor: 0n, commissionMinor: 0n };
  return {
    to: 'sent',
    cause: 'sent',
    posting: { kind: 'send', connector: 'sandbox', ...amounts },
    attempt: { attemptNo: 1, connector: 'sandbox', reference: `${payout.payoutId}-1`, state: 'open' },
    nextInMs: 'lease',
  };
}

test('a worker whose job was claimed by another writes nothing, and the other one does', async () => {
  const room = await openRoom(1_000n);
  const payout = await acceptOne(room, 'fenced');
  const queue = createQueue({ db: room.db });
  const claim = { kind: 'payout', countMax: 10, leaseMs: 1, busyLanes: [] } as const;
  const [first] = await queue.claim(claim);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [second] = await queue.claim({ ...claim, leaseMs: 60_000 });
  assert.ok(first !== undefined && second !== undefined && second.fence > first.fence);
  const recorder = createRecorder({ db: room.db, overloaded });
  const record = { payout, change: sendOf(payout), actor: 'worker', announcements: [] };
  assert.equal(await recorder.record({ ...record, fence: first.fence }), false);
  const untouched = await readBalance(room.db, room);
  assert.deepEqual([untouched.heldMinor, untouched.clearingMinor], [100n, 0n]);
  assert.equal(await recorder.record({ ...record, fence: second.fence }), true);
  const moved = await readBalance(room.db, room);
  assert.deepEqual([moved.heldMinor, moved.clearingMinor], [0n, 100n]);
  await room.close();
});

test('of many changes decided upon one version exactly one is written, however they travel', async () => {
  const room = await openRoom(1_000n);
  const payout = await acceptOne(room, 'raced');
  const recorders = [createRecorder({ db: room.db, overloaded }), createRecorder({ db: room.db, overloaded })];
  const record = { payout, change: sendOf(payout), actor: 'worker', announcements: [] };
  const written = await Promise.all(
    Array.from({ length: 50 }, (_, at) => (recorders[at % 2] ?? assert.fail()).record(record)),
  );
  assert.equal(written.filter((one) => one).length, 1);
  const balance = await readBalance(room.db, room);
  assert.deepEqual([balance.heldMinor, balance.clearingMinor], [0n, 100n]);
  await room.close();
});

test('postings, transitions and the audit log cannot be rewritten, not even by the owner of the tables', async () => {
  const room = await openRoom(1_000n);
  const payout = await acceptOne(room, 'kept');
  const recorder = createRecorder({ db: room.db, overloaded });
  await recorder.record({ payout, change: sendOf(payout), actor: 'worker', announcements: [] });
  for (const statement of [
    'update posting set available_minor = 0',
    'delete from posting',
    'truncate posting',
    `update transition set cause = 'other'`,
    'delete from transition',
    `update audit_log set actor = 'other'`,
    'delete from audit_log',
  ]) {
    await assert.rejects(room.db.query(statement), /append-only/, statement);
  }
  await room.close();
});
