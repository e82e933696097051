import type { Problem } from '../core/problem.ts';
import type { Sql } from '../db/pool.ts';

/** Why a notification is not there: it went with its archived payout, as all of the merchant's up to some id did. */
export async function explainAbsence(
  sql: Sql,
  { merchantId, notificationId }: { readonly merchantId: bigint; readonly notificationId: bigint },
): Promise<Problem> {
  const [walk] = await sql.query<{ droppedTo: bigint }>(
    'select dropped_to as "droppedTo" from recipient_walk where merchant_id = $1 and dropped_to >= $2',
    [merchantId, notificationId],
  );
  if (walk === undefined) return { code: 'record_unknown', field: 'notification_id' };
  return { code: 'notification_archived', field: 'notification_id', values: { last: walk.droppedTo.toString() } };
}
