import { setTimeout as sleep } from 'node:timers/promises';
import type { FailReason } from '../../src/core/fail-reason.ts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import type { Db, Tx } from '../../src/db/pool.ts';
import { countPayouts } from '../../src/payouts/count-payouts.ts';
import { archivePayouts } from '../../src/payouts/archive.ts';
import type { Creator } from '../../src/payouts/create.ts';
import type { StoredPayout } from '../../src/payouts/store.ts';
import type { Engine } from './engine.ts';
import { checkedOrder, type Room } from './harness.ts';

export const facts = { idempotentForMs: 1, canInquire: true, deliveryDelayMaxMs: 1, hasSignedCallbacks: true };
const evidence = { note: 'a callback' };
/** What a provider says that contradicts each end. */
export const contradictionOf = (payout: Pick<StoredPayout, 'state' | 'amountMinor'>) =>
  payout.state === 'paid'
    ? ({ kind: 'rejected', reason: 'returned' satisfies FailReason, evidence } as const)
    : ({ kind: 'succeeded', paidMinor: payout.amountMinor, evidence } as const);

export type Old = StoredPayout & { readonly notificationId: bigint };

/** Payouts that ended and were told about, as if it were years ago. */
export async function makeOld(
  given: { readonly room: Room; readonly engine: Engine; readonly creator: Creator },
  orders: readonly { readonly orderId: string; readonly script?: string }[],
): Promise<Old[]> {
  const { room, engine, creator } = given;
  const made = await Promise.all(
    orders.map(async ({ orderId, script = 'paid' }) => {
      const checked = checkedOrder(room, { orderId, amountMinor: 1_000n });
      const number = sandboxScripts.find(({ name }) => name === script)?.phone ?? '';
      const order = { ...checked.order, number, endpointUrl: 'https://shop.example/n' };
      const answer = await creator.create({ ...checked, order, recipient: { number, mask: '*******4455' } });
      if (answer.kind !== 'created') throw new Error(`${orderId} was not accepted`);
      return engine.waitForEnd(answer.payoutId);
    }),
  );
  const old: Old[] = [];
  for (const payout of made) old.push({ ...payout, notificationId: await tell(room.db, payout.payoutId) });
  await age(
    room.db,
    made.map(({ payoutId }) => payoutId),
  );
  return old;
}

/** Records a try that the merchant acknowledged. */
export async function tell(db: Db, payoutId: bigint): Promise<bigint> {
  const [row] = await db.query<{ id: bigint }>(
    `with told as (
       update notification set state = 'delivered', tries = 1, ended_at = now() where payout_id = $1
       returning merchant_id, notification_id
     ), tried as (
       insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
       select merchant_id, notification_id, 1, now() - interval '500 days', 5, 200, 'ok' from told
     ), done as (
       delete from job j using told t
       where j.kind = 'notification' and j.merchant_id = t.merchant_id and j.subject_id = t.notification_id
     )
     select notification_id as id from told`,
    [payoutId],
  );
  if (row === undefined) throw new Error(`nobody is told about payout ${payoutId}`);
  return row.id;
}

/** Whatever was accepted before is old as well: ids grow with time. */
export async function age(db: Db, payoutIds: readonly bigint[], days = 500): Promise<void> {
  while (await countPayouts(db)) await sleep(1);
  await db.query(
    `update payout set created_at = least(created_at, now() - $2 * interval '1 day')
     where payout_id <= (select max(id) from unnest($1::bigint[]) id)`,
    [payoutIds, days],
  );
  await db.query(`update payout set final_at = now() - $2 * interval '1 day' where payout_id = any($1)`, [
    payoutIds,
    days,
  ]);
  await db.query(
    `update recipient_walk set archive_at = now(), archived_to = 0
     where merchant_id in (select merchant_id from payout where payout_id = any($1))`,
    [payoutIds],
  );
}

export const afterHours = 400 * 24;

export async function archiveAll(db: Db, countMax = 3): Promise<number> {
  let archived = 0;
  for (;;) {
    const done = await archivePayouts(db, { afterHours, countMax });
    archived += done.archived;
    if (!done.hasMore) return archived;
  }
}

/** The database, calling `before` ahead of each statement of a transaction. */
export function interrupt(db: Db, before: (at: number, tx: Tx) => Promise<void>): Db {
  let at = 0;
  return {
    ...db,
    tx: (work) =>
      db.tx((tx) => {
        const step = async <T>(run: () => Promise<T>): Promise<T> => {
          at += 1;
          await before(at, tx);
          return run();
        };
        return work({
          ...tx,
          query: (text, values) => step(() => tx.query(text, values)),
          run: (statement, values) => step(() => tx.run(statement, values)),
        });
      }),
  };
}
