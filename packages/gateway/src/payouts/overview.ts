import type { Sql } from '../db/pool.ts';

export type CountedState = 'accepted' | 'queued' | 'sent' | 'paid' | 'fail' | 'cancel';

/** Everything an operator wants to see first. Amounts are minor units of `currency`. */
export type Overview = {
  /** How far the counts have come; null: nothing was counted yet. */
  readonly countedAt: Date | null;
  readonly states: readonly { readonly state: CountedState; readonly payouts: bigint }[];
  readonly minutes: readonly SpanCount[];
  readonly days: readonly SpanCount[];
  readonly money: readonly Money[];
  readonly outcomes: readonly OutcomeCount[];
  readonly queues: readonly QueueCount[];
  readonly oldestNotificationAt: Date | null;
  readonly deadNotifications: number;
  readonly reviews: readonly ReviewLine[];
  readonly reviewCount: number;
  readonly openIncidents: number;
  readonly pauses: number;
  readonly processes: readonly ProcessLine[];
  readonly lastAuditAt: Date | null;
  readonly openFindings: number;
};

export type SpanCount = { readonly startsAt: Date; readonly state: CountedState; readonly payouts: bigint };
export type Money = {
  readonly currency: string;
  readonly accounts: number;
  readonly availableMinor: bigint;
  readonly heldMinor: bigint;
  readonly clearingMinor: bigint;
  readonly frozenMinor: bigint;
};
export type OutcomeCount = {
  readonly connector: string;
  readonly state: 'paid' | 'fail' | 'cancel';
  readonly bucket: number;
  readonly payouts: bigint;
};
/** `jobs` is at most `countMax + 1`; `lateMs`: how long the job that is due longest has been due. */
export type QueueCount = { readonly kind: string; readonly jobs: number; readonly lateMs: number };
export type ReviewLine = {
  readonly payoutId: bigint;
  readonly merchantId: bigint;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly sinceAt: Date;
};
export type ProcessLine = {
  readonly processId: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly serves: boolean;
  readonly works: boolean;
  readonly payoutsInHand: number;
  readonly notificationsInHand: number;
};

/** Past this many a queue is shown as "more than": counting it up would only cost time. */
export const countMax = 10_000;
const reviewsShown = 10;

/** Counted rows, balances, queues and short lists: nothing here reads payouts one by one. */
export const overviewQueries = {
  countedAt: 'select counted_at as "countedAt" from count_progress',
  states: `select state, sum(payouts)::bigint as payouts from payout_count where span = 'ever' group by state`,
  minutes: `select starts_at as "startsAt", state, sum(payouts)::bigint as payouts from payout_count
    where span = 'minute' and starts_at > now() - interval '60 minutes' group by starts_at, state order by starts_at`,
  days: `select starts_at as "startsAt", state, sum(payouts)::bigint as payouts from payout_count
    where span = 'day' and starts_at > now() - interval '30 days' group by starts_at, state order by starts_at`,
  money: `select a.currency, count(*)::integer as accounts, sum(b.available_minor)::bigint as "availableMinor",
      sum(b.held_minor)::bigint as "heldMinor", sum(b.clearing_minor)::bigint as "clearingMinor",
      sum(b.frozen_minor)::bigint as "frozenMinor"
    from balance b join account a on a.merchant_id = b.merchant_id and a.account_id = b.account_id
    group by a.currency order by a.currency`,
  outcomes: `select connector, state, bucket, sum(payouts)::bigint as payouts from outcome_count
    where hour_at > now() - interval '24 hours' group by connector, state, bucket order by connector, state, bucket`,
  queues: `select k.kind, (select count(*)::integer from (
        select from job j where j.kind = k.kind limit ${countMax + 1}) waiting) as jobs,
      greatest(0, extract(epoch from now() - (
        select j.run_at from job j where j.kind = k.kind order by j.run_at limit 1)) * 1000)::float8 as "lateMs"
    from (values ('payout'), ('notification')) as k (kind)`,
  oldestNotification: `select n.created_at as "createdAt" from notification n
    join (select j.merchant_id, j.subject_id from (
        select j.merchant_id, j.subject_id from job j where j.kind = 'notification' limit ${countMax + 1}) j
      order by j.subject_id limit 1) oldest
      on oldest.merchant_id = n.merchant_id and oldest.subject_id = n.notification_id`,
  dead: `select count(*)::integer as count from (
      select from notification n where n.is_dead limit ${countMax + 1}) dead`,
  reviews: `select p.payout_id as "payoutId", p.merchant_id as "merchantId", p.currency,
      p.debit_minor as "debitMinor", coalesce(t.created_at, p.created_at) as "sinceAt"
    from (select * from payout where in_review limit ${countMax}) p
    left join lateral (
      select t.created_at from transition t
      where t.merchant_id = p.merchant_id and t.payout_id = p.payout_id and t.to_state = 'review'
      order by t.version desc limit 1) t on true
    order by "sinceAt", p.payout_id limit ${reviewsShown}`,
  reviewCount: `select count(*)::integer as count from (
      select from payout where in_review limit ${countMax + 1}) waiting`,
  incidents: `select count(*)::integer as count, count(*) filter (where kind = 'audit')::integer as findings from (
      select kind from incident where closed_at is null limit ${countMax + 1}) open`,
  pauses: 'select count(*)::integer as count from pause',
  processes: `select process_id as "processId", started_at as "startedAt", seen_at as "seenAt", serves, works,
      payouts_in_hand as "payoutsInHand", notifications_in_hand as "notificationsInHand"
    from process where seen_at > now() - interval '2 minutes' order by started_at`,
  audit: 'select last_pass_at as "lastPassAt" from audit_progress',
} as const;

/** One page for operators; each part is read by a query that does not grow with the number of payouts. */
export async function readOverview(sql: Sql): Promise<Overview> {
  const q = overviewQueries;
  const [countedAt, states, minutes, days, money, outcomes] = await Promise.all([
    sql.query<{ countedAt: Date | null }>(q.countedAt),
    sql.query<Overview['states'][number]>(q.states),
    sql.query<SpanCount>(q.minutes),
    sql.query<SpanCount>(q.days),
    sql.query<Money>(q.money),
    sql.query<OutcomeCount>(q.outcomes),
  ]);
  const [queues, oldest, dead, reviews, reviewCount] = await Promise.all([
    sql.query<QueueCount>(q.queues),
    sql.query<{ createdAt: Date }>(q.oldestNotification),
    sql.query<{ count: number }>(q.dead),
    sql.query<ReviewLine>(q.reviews),
    sql.query<{ count: number }>(q.reviewCount),
  ]);
  const [incidents, pauses, processes, audit] = await Promise.all([
    sql.query<{ count: number; findings: number }>(q.incidents),
    sql.query<{ count: number }>(q.pauses),
    sql.query<ProcessLine>(q.processes),
    sql.query<{ lastPassAt: Date | null }>(q.audit),
  ]);
  return {
    countedAt: countedAt[0]?.countedAt ?? null,
    states,
    minutes,
    days,
    money,
    outcomes,
    queues,
    oldestNotificationAt: oldest[0]?.createdAt ?? null,
    deadNotifications: dead[0]?.count ?? 0,
    reviews,
    reviewCount: reviewCount[0]?.count ?? 0,
    openIncidents: incidents[0]?.count ?? 0,
    pauses: pauses[0]?.count ?? 0,
    processes,
    lastAuditAt: audit[0]?.lastPassAt ?? null,
    openFindings: incidents[0]?.findings ?? 0,
  };
}
