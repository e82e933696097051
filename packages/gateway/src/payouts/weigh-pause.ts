import type { Sql } from '../db/pool.ts';
import type { PauseScope } from './pause.ts';

/** What a pause holds back, or would: payouts that were accepted and have not been sent. Minor units of `currency`. */
export type PauseWeight = {
  readonly payouts: number;
  readonly amounts: readonly { readonly currency: string; readonly payouts: number; readonly dueMinor: bigint }[];
  /** The count stops at `payoutsWeighedMax`: there is at least as much. */
  readonly isCutOff: boolean;
};

/** Counting more would only take time from the work, at the very moment when somebody is in a hurry. */
const payoutsWeighedMax = 100_000;

type Row = { readonly currency: string; readonly payouts: number; readonly dueMinor: bigint };

/** Walks the queue and not the payouts: what waits has a job, and of jobs there are few. */
export async function weighPause(sql: Sql, scope: PauseScope): Promise<PauseWeight> {
  const connector = scope.scope === 'connector' ? scope.connector : null;
  const { merchantId, accountId } = scope.scope === 'account' ? scope : { merchantId: null, accountId: null };
  const amounts = await sql.query<Row>(
    `select p.currency, count(*)::int as payouts, sum(p.due_minor)::bigint as "dueMinor"
     from (
       select merchant_id, subject_id from job
       where kind = 'payout' and ($2::bigint is null or merchant_id = $2) limit $4
     ) j
     join payout p on p.merchant_id = j.merchant_id and p.payout_id = j.subject_id
     where p.state = 'queued' and ($1::text is null or p.connectors[p.attempts + 1] = $1)
       and ($3::uuid is null or p.account_id = $3)
     group by p.currency order by p.currency`,
    [connector, merchantId, accountId, payoutsWeighedMax],
  );
  const payouts = amounts.reduce((sum, one) => sum + one.payouts, 0);
  return { payouts, amounts, isCutOff: payouts >= payoutsWeighedMax };
}
