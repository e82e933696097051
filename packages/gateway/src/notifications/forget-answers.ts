import type { Db, Tx } from '../db/pool.ts';

/** So many notifications are looked at in one transaction. */
const sliceNotifications = 500;
/** How soon a merchant is looked at again of whom nothing is left to do. */
const againMs = 3_600_000;

type Options = { readonly keepHours: number; readonly countMax?: number };

/**
 * Deletes what receivers answered to notifications that are old enough, the next slice of one merchant; whether and
 * when a try was acknowledged stays. A crash leaves it undone and it is done again; callers at the same time take
 * different merchants. What was sent again by hand after that is kept until its payout is archived.
 */
export function forgetAnswers(db: Db, options: Options): Promise<{ readonly hasMore: boolean }> {
  return db.tx((tx) => forgetSlice(tx, options));
}

async function forgetSlice(
  tx: Tx,
  { keepHours, countMax = sliceNotifications }: Options,
): Promise<{ readonly hasMore: boolean }> {
  const [walk] = await tx.query<{ merchantId: bigint; answersTo: bigint }>(
    `select merchant_id as "merchantId", answers_to as "answersTo" from recipient_walk
     where hold_reason is null and answers_at <= now() order by answers_at limit 1 for update skip locked`,
  );
  if (walk === undefined) return { hasMore: false };
  const { merchantId } = walk;
  const rows = await tx.query<{ id: bigint; isOld: boolean }>(
    `select notification_id as id, created_at < now() - $4 * interval '1 hour' as "isOld" from notification
     where merchant_id = $1 and notification_id > $2 order by notification_id limit $3`,
    [merchantId, walk.answersTo, countMax, keepHours],
  );
  const young = rows.findIndex(({ isOld }) => !isOld);
  const ids = (young === -1 ? rows : rows.slice(0, young)).map(({ id }) => id);
  await tx.query(
    `update delivery set answer = null
     where merchant_id = $1 and notification_id = any($2) and answer is not null
       and started_at < now() - $3 * interval '1 hour'`,
    [merchantId, ids, keepHours],
  );
  await tx.query(
    `update recipient_walk set answers_to = $2,
       answers_at = now() + case when $3 then 0 else $4 end * interval '1 millisecond' where merchant_id = $1`,
    [merchantId, ids.at(-1) ?? walk.answersTo, ids.length === countMax, againMs],
  );
  return { hasMore: true };
}
