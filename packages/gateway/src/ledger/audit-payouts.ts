import type { Sql, Statement } from '../db/pool.ts';
import { type Check, toViolation, type Violation, type ViolationRow } from './audit-check.ts';

/** Payouts of one merchant, from after one id to another. */
export type Slice = { readonly merchantId: bigint; readonly afterId: bigint; readonly toId: bigint };

/** What is true of each payout by itself. The texts are SQL over the facts below. */
type PayoutCheck = Check & { readonly isBroken: string; readonly detail: string };

/** Payouts that one step reads: what bounds its memory and its time. */
const slicePayouts = 10_000;
const foundMax = 1_000;

const final = `('paid', 'fail', 'cancel')`;
const live = `('open', 'accepted', 'unknown')`;
/** Which payouts are read, as a condition on the column that names them. */
type Within = (column?: string) => string;
const inSlice: Within = (column = 'payout_id') => `merchant_id = $1 and ${column} > $2 and ${column} <= $3`;
const byId: Within = (column = 'payout_id') => `merchant_id = $1 and ${column} = any($2)`;

/**
 * Full joins, of which only rows with a payout count: the planner cannot do them by going through one side for each row
 * of the other. It did so wherever it took a slice for a handful of rows, as it does of rows that came after the last
 * `analyze`, and then ten thousand payouts took longer than the 20 s that a statement may take. The condition
 * is not `p.order_id is not null`: from that it would conclude that other joins will do.
 */
const hasPayout = `coalesce(p.order_id, '') <> ''`;

/**
 * Each table is read once, in the order of its key, and summed up per payout. It is one statement and so one moment of
 * the database: a change of a payout is written whole, and is seen whole or not at all.
 */
const factsOf = (within: Within): string => `p as materialized (
    select account_id, payout_id, order_id, state, version, currency, debit_minor, final_paid_minor,
      final_commission_minor, endpoint_id is not null or endpoint_url is not null as has_target, amount_minor,
      due_minor, old_available_minor, archived_at is not null as is_archived
    from every_payout where ${within()}
  ), money as (
    select payout_id, count(*) filter (where kind = 'hold') as holds,
      count(*) filter (where kind = 'capture') as captures,
      max(available_after_minor) filter (where kind = 'hold') as left_after,
      sum(case when kind = 'hold' then held_minor else 0 end) as held, sum(held_minor + clearing_minor) as reserved,
      sum(paid_minor) as paid, sum(commission_minor) as commission, sum(available_minor) as available
    from posting where ${within()} and kind <> 'reversal' group by payout_id
  ), reversal as (
    select payout_id, count(*) as reversals, count(*) filter (where exists (
        select 1 from incident i where i.merchant_id = $1 and i.payout_id = r.payout_id
          and i.posting_id = r.posting_id and i.closed_at is not null)) as named,
      bool_or(paid_minor + commission_minor + available_minor + receivable_minor <> 0 or paid_minor = 0) as is_lopsided
    from posting r where ${within()} and kind = 'reversal' group by payout_id
  ), attempts as (
    select payout_id, count(*) filter (where state in ${live}) as live,
      count(*) filter (where state = 'succeeded' and answer is not null) as proven,
      count(*) filter (where state = 'succeeded' and answer is null) as unproven
    from attempt where ${within()} group by payout_id
  ), clearing as (
    select payout_id, connector, sum(amount) as difference from (
      select payout_id, connector, clearing_minor as amount from posting where ${within()} and clearing_minor <> 0
      union all
      select payout_id, t.connector, -p.debit_minor from p full join (
        select payout_id, connector from attempt where ${within()} and state in ${live}) t using (payout_id)
      where ${hasPayout} and coalesce(t.connector, '') <> '') c
    group by payout_id, connector having sum(amount) <> 0
  ), misplaced as (
    select payout_id, string_agg(connector || ' by ' || difference, ', ') as clearing from clearing group by payout_id
  ), way as (
    select payout_id, max(version) as last_version, max(to_state) filter (where is_last) as last_state,
      bool_or(from_state <> was or was in ${final}) as is_broken
    from (
      select payout_id, version, from_state, to_state, lag(to_state, 1, 'queued') over life as was,
        lead(version) over life is null as is_last
      from transition where ${within()} window life as (partition by payout_id order by version)) t
    group by payout_id
  ), own_job as (
    select subject_id as payout_id from job where kind = 'payout' and ${within('subject_id')}
  ), told as (
    select n.payout_id, min(n.notification_id) as notification_id,
      min(n.notification_id) filter (where n.state = 'pending' and not exists (
        select 1 from job j where j.kind = 'notification' and j.merchant_id = $1
          and j.subject_id = n.notification_id)) as jobless,
      min(n.notification_id) filter (where n.state = 'delivered' and not exists (
        select 1 from delivery d where d.merchant_id = $1 and d.notification_id = n.notification_id
          and d.status_code between 200 and 299)) as unacknowledged
    from notification n where ${within('n.payout_id')}
    group by n.payout_id
  )`;
const joined = `p full join money m using (payout_id) full join attempts t using (payout_id)
  full join misplaced c using (payout_id) full join way w using (payout_id) full join own_job j using (payout_id)
  full join told n using (payout_id) full join reversal v using (payout_id)
  left join order_record o on o.merchant_id = $1 and o.order_id = p.order_id
  left join account a on a.merchant_id = $1 and a.account_id = p.account_id`;

const moneyChecks: readonly PayoutCheck[] = [
  {
    name: 'a payout has the currency of its account',
    invariants: [7],
    isBroken: `a.currency is distinct from p.currency`,
    detail: `p.currency || ' on an account in ' || coalesce(a.currency, 'no currency')`,
  },
  {
    name: 'a payout is held once, captured once if it is paid, and given back whole if it is not',
    invariants: [5, 27],
    isBroken: `(m.holds, m.held, m.captures) is distinct from (1, p.debit_minor,
        case p.state when 'paid' then 1 else 0 end)
      or m.reserved <> case when p.state in ${final} then 0 else p.debit_minor end
      or (m.paid, m.commission) <> (coalesce(p.final_paid_minor, 0), coalesce(p.final_commission_minor, 0))
      or m.available + m.paid + m.commission + m.reserved <> 0`,
    detail: `concat(p.state, ' with ', m.holds, ' holds of ', m.held, ', ', m.captures, ' captures, reserved ',
      m.reserved, ', paid ', m.paid, ', commission ', m.commission, ', available ', m.available)`,
  },
  {
    name: 'a final status is put right at most once, by a posting that a closed incident names',
    invariants: [26, 27],
    isBroken: `v.reversals > 1 or v.named <> v.reversals or v.is_lopsided`,
    detail: `concat(v.reversals, ' reversals, ', v.named, ' named by an incident',
      case when v.is_lopsided then ', not in balance by themselves' end)`,
  },
  {
    name: 'what is in clearing for a payout is its live attempt, with the same connector',
    invariants: [8],
    isBroken: 'c.clearing is not null',
    detail: `'differs with ' || c.clearing`,
  },
];

const lifeChecks: readonly PayoutCheck[] = [
  {
    name: 'a payout has at most one live attempt, and only while it is not final',
    invariants: [17, 27],
    isBroken: `coalesce(t.live, 0) > case when p.state in ('sent', 'review') then 1 else 0 end
      or (p.state = 'sent' and coalesce(t.live, 0) = 0)`,
    detail: `concat(p.state, ' with ', coalesce(t.live, 0), ' live attempts')`,
  },
  {
    name: 'transitions are a chain that ends in the state of the payout, and none leaves a final state',
    invariants: [26, 28],
    isBroken: `not p.is_archived
      and (w.is_broken or coalesce(w.last_state, 'queued') <> p.state or w.last_version > p.version)`,
    detail: `concat(p.state, ' in version ', p.version, ' after ', w.last_state, ' in version ', w.last_version,
      case when w.is_broken then ', and the chain is broken' end)`,
  },
  {
    name: 'an attempt succeeded, with evidence, if and only if the payout is paid',
    invariants: [27],
    isBroken: `not p.is_archived
      and (coalesce(t.proven, 0) <> case p.state when 'paid' then 1 else 0 end or t.unproven > 0)`,
    detail: `concat(p.state, ' with ', coalesce(t.proven, 0), ' attempts that succeeded with evidence, ',
      coalesce(t.unproven, 0), ' without')`,
  },
  {
    name: 'what is not final has a job or stands in review',
    invariants: [29],
    isBroken: `p.state in ('queued', 'sent') and j.payout_id is null`,
    detail: 'p.state',
  },
  {
    name: 'the order_id of a payout is recorded as its own',
    invariants: [10, 11],
    isBroken: 'o.payout_id is distinct from p.payout_id',
    detail: `'order ' || p.order_id`,
  },
  {
    name: 'ids are below 2^53 and belong to one payout',
    invariants: [15],
    isBroken: `p.payout_id not between 1 and 9007199254740991
      or exists (select 1 from every_payout q where q.payout_id = p.payout_id and q.merchant_id <> $1)`,
    detail: `'out of range or used twice'`,
  },
];

const notificationChecks: readonly PayoutCheck[] = [
  {
    name: 'a final payout with a target has its notifications',
    invariants: [30],
    isBroken: `not p.is_archived and p.state in ${final} and p.has_target and n.payout_id is null`,
    detail: 'p.state',
  },
  {
    name: 'no notification tells of a payout that is not final',
    invariants: [31],
    isBroken: `p.state not in ${final} and n.payout_id is not null`,
    detail: `concat(p.state, ', notification ', n.notification_id)`,
  },
  {
    name: 'a notification that is pending has a job',
    invariants: [30],
    isBroken: 'n.jobless is not null',
    detail: `'notification ' || n.jobless`,
  },
  {
    name: 'a notification that was delivered has a try that was acknowledged',
    invariants: [30],
    isBroken: 'n.unacknowledged is not null',
    detail: `'notification ' || n.unacknowledged`,
  },
];

const archiveChecks: readonly PayoutCheck[] = [
  {
    name: 'of an archived payout everything is dropped, and what is left says what its hold said',
    invariants: [4, 11],
    isBroken: `p.is_archived and (p.state not in ${final}
      or exists (select 1 from payout q where q.merchant_id = $1 and q.payout_id = p.payout_id)
      or t.live is not null or w.last_version is not null or n.payout_id is not null or j.payout_id is not null
      or p.amount_minor not in (p.due_minor, p.debit_minor)
      or p.old_available_minor is distinct from m.left_after + m.held)`,
    detail: `concat(p.state, ' of ', p.amount_minor, ' upon ', p.old_available_minor, ', held ', m.held, ' and left ',
      m.left_after, case when t.live is not null then ', has attempts' end,
      case when w.last_version is not null then ', has transitions' end,
      case when n.payout_id is not null then ', has notifications' end,
      case when j.payout_id is not null then ', has a job' end)`,
  },
];

export const payoutChecks: readonly PayoutCheck[] = [
  ...moneyChecks,
  ...lifeChecks,
  ...notificationChecks,
  ...archiveChecks,
];

const findBroken = (name: string, within: Within): Statement => ({
  name,
  text: `with ${factsOf(within)}
    select p.account_id, p.payout_id, broken.check_no, broken.detail
    from ${joined}
    cross join lateral (values ${payoutChecks
      .map(({ isBroken, detail }, at) => `(${at}, ${isBroken}, ${detail})`)
      .join(',\n      ')}) as broken (check_no, is_broken, detail)
    where ${hasPayout} and (${payoutChecks.map(({ isBroken }) => isBroken).join('\n      or ')}) and broken.is_broken
    order by p.payout_id, broken.check_no limit ${foundMax}`,
});
const findBrokenInSlice = findBroken('audit_payouts', inSlice);
const findBrokenById = findBroken('audit_payouts_by_id', byId);

const findEnd: Statement = {
  name: 'audit_slice',
  text: `select max(payout_id) as payout_id, count(*)::int as count from (
      select payout_id from every_payout
      where merchant_id = $1 and payout_id > $2 order by payout_id limit ${slicePayouts}) s
    having count(*) > 0`,
};

/** The slice that begins after `afterId`, and how many payouts it has; undefined: the merchant has no more. */
export async function findSlice(
  sql: Sql,
  after: { readonly merchantId: bigint; readonly afterId: bigint },
): Promise<{ readonly slice: Slice; readonly count: number } | undefined> {
  const [end] = await sql.run<{ payout_id: bigint; count: number }>(findEnd, [after.merchantId, after.afterId]);
  return end === undefined ? undefined : { slice: { ...after, toId: end.payout_id }, count: end.count };
}

const findMerchant: Statement = {
  name: 'audit_merchant',
  text: 'select min(merchant_id) as merchant_id from every_payout where merchant_id > $1',
};

/** The next merchant with payouts. */
export async function nextMerchant(sql: Sql, afterId: bigint): Promise<bigint | undefined> {
  const [row] = await sql.run<{ merchant_id: bigint | null }>(findMerchant, [afterId]);
  return row?.merchant_id ?? undefined;
}

const findNewestOnes: Statement = {
  name: 'audit_newest',
  text: `select merchant_id as "merchantId", min(payout_id) - 1 as "afterId", max(payout_id) as "toId",
      count(*)::int as count
    from (select merchant_id, payout_id from payout order by payout_id desc limit $1) p group by 1`,
};

/** The payouts accepted last, as one slice for each merchant. */
export function findNewest(sql: Sql, payoutsMax: number): Promise<(Slice & { readonly count: number })[]> {
  return sql.run(findNewestOnes, [payoutsMax]);
}

type BrokenRow = ViolationRow & { readonly check_no: number };

/** Everything that is wrong with the payouts of a slice, up to a limit that no sound database comes near. */
export async function auditPayouts(sql: Sql, { merchantId, afterId, toId }: Slice): Promise<Violation[]> {
  return toViolations(merchantId, await sql.run<BrokenRow>(findBrokenInSlice, [merchantId, afterId, toId]));
}

/** The same of some payouts: at most so many that what is wrong with all of them fits within the limit. */
export async function auditPayoutsById(
  sql: Sql,
  { merchantId, payoutIds }: { readonly merchantId: bigint; readonly payoutIds: readonly bigint[] },
): Promise<Violation[]> {
  const found: Violation[] = [];
  for (let at = 0; at < payoutIds.length; at += idsMax) {
    const some = payoutIds.slice(at, at + idsMax);
    found.push(...toViolations(merchantId, await sql.run<BrokenRow>(findBrokenById, [merchantId, some])));
  }
  return found;
}

const idsMax = Math.floor(foundMax / payoutChecks.length);

function toViolations(merchantId: bigint, rows: readonly BrokenRow[]): Violation[] {
  return rows.flatMap((row) => {
    const check = payoutChecks[row.check_no];
    return check === undefined ? [] : [toViolation(check, { ...row, merchant_id: merchantId })];
  });
}
