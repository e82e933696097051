import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { skipWaits } from '../../src/payouts/skip-waits.ts';
import { openRoom, type Room } from './harness.ts';

let room: Room;
before(async () => {
  room = await openRoom(1_000n);
});
after(() => room.close());

async function addNotification(id: bigint, dueInSeconds: number): Promise<void> {
  await room.db.query(
    `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
     values ($1, $2, $2, $3, 'https://shop.example', 'POST', '{}', 'pending')`,
    [room.merchantId, id, room.accountId],
  );
  await room.db.query(
    `insert into job (kind, merchant_id, subject_id, run_at)
     values ('notification', $1, $2, clock_timestamp() + $3 * interval '1 second')`,
    [room.merchantId, id, dueInSeconds],
  );
}

test('notifications that are due within the time are tried now, but none in somebody’s hands', async () => {
  await addNotification(1n, 10);
  await addNotification(2n, 300);
  await addNotification(3n, 7_200);
  const woken: string[] = [];
  const skip = (given: { payoutId?: bigint; seconds: number }) =>
    skipWaits(
      { db: room.db, wake: (kind) => woken.push(kind), skipDelay: () => true },
      {
        merchantId: room.merchantId,
        accountId: room.accountId,
        payoutId: given.payoutId,
        byMs: given.seconds * 1_000,
      },
    );
  assert.deepEqual(await skip({ seconds: 600, payoutId: 3n }), { payouts: 0, notifications: 0 });
  assert.deepEqual(woken, []);
  assert.deepEqual(await skip({ seconds: 600 }), { payouts: 0, notifications: 1 });
  assert.deepEqual(woken, ['notification']);
  const due = await room.db.query<{ subject_id: bigint }>(
    `select subject_id from job where kind = 'notification' and run_at <= clock_timestamp() order by 1`,
  );
  assert.deepEqual(
    due.map((row) => row.subject_id),
    [2n],
  );
  assert.deepEqual(await skip({ seconds: 86_400 }), { payouts: 0, notifications: 1 });
});
