import type { Sql } from '../db/pool.ts';
import type { JobKind } from '../jobs/queue.ts';

export type Needs = {
  readonly db: Sql;
  readonly wake: (kind: JobKind) => void;
  /** Makes what the sandbox would decide within `byMs` final now; false when there is nothing of that order to skip. */
  readonly skipDelay: (reference: string, byMs: number) => boolean;
};

export type SkipInput = {
  readonly merchantId: bigint;
  readonly accountId: string;
  /** One payout; without it all that are under way on the account. */
  readonly payoutId: bigint | undefined;
  readonly byMs: number;
};

export type Skipped = { readonly payouts: number; readonly notifications: number };

/** So many at a time: a sandbox has few, and the call is repeated easily. */
const payoutsMax = 1_000;
/** A notification whose next try is nearer may be in somebody's hands. */
const handsMs = 30_000;

const readOpen = `
  select p.payout_id as "payoutId", a.reference
  from payout p
  join attempt a on a.merchant_id = p.merchant_id and a.payout_id = p.payout_id
    and a.state in ('open', 'accepted', 'unknown')
  where p.merchant_id = $1 and p.account_id = $2 and p.state in ('sent', 'review') and a.connector = 'sandbox'
    and ($3::bigint is null or p.payout_id = $3)
  order by p.payout_id desc limit $4`;

const hurryPayouts = `
  update job set run_at = clock_timestamp()
  where kind = 'payout' and merchant_id = $1 and subject_id = any($2::bigint[])`;

const hurryNotifications = `
  update job j set run_at = clock_timestamp()
  from notification n
  where n.merchant_id = $1 and n.account_id = $2 and n.state = 'pending'
    and ($3::bigint is null or n.payout_id = $3)
    and j.kind = 'notification' and j.merchant_id = n.merchant_id and j.subject_id = n.notification_id
    and j.run_at > clock_timestamp() + $4 * interval '1 millisecond'
    and j.run_at <= clock_timestamp() + $5 * interval '1 millisecond'
  returning j.subject_id`;

/**
 * Lets time pass for a sandbox account: what its provider would decide within `byMs` is decided now and asked about at
 * once, and notifications that would be tried again within it are. For accounts in sandbox mode only.
 */
export async function skipWaits(needs: Needs, input: SkipInput): Promise<Skipped> {
  const { merchantId, accountId, payoutId = null, byMs } = input;
  const scope = [merchantId, accountId, payoutId];
  const open = await needs.db.query<{ payoutId: bigint; reference: string }>(readOpen, [...scope, payoutsMax]);
  const skipped = open.filter(({ reference }) => needs.skipDelay(reference, byMs)).map((row) => row.payoutId);
  // An owner that has one of these in its hands is overtaken by its fence, as by the end of a lease.
  if (skipped.length > 0) await needs.db.query(hurryPayouts, [merchantId, skipped]);
  const notifications = await needs.db.query(hurryNotifications, [...scope, handsMs, byMs]);
  if (skipped.length > 0) needs.wake('payout');
  if (notifications.length > 0) needs.wake('notification');
  return { payouts: skipped.length, notifications: notifications.length };
}
