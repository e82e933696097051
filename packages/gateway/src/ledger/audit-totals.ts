import type { Sql } from '../db/pool.ts';
import {
  type Check,
  ledgerAccounts,
  toViolation,
  type Violation,
  type ViolationRow,
  violationsMax,
} from './audit-check.ts';

/** What is true of the whole database only, or of whole accounts. */
export type TotalCheck = Check & { readonly find: string };

const total = ledgerAccounts.map((name) => `${name}_minor`).join(' + ');
const account = 'b.merchant_id, b.account_id';

const reserved = {
  name: 'held and clearing are the debits of payouts that are not final',
  invariants: [5],
} as const satisfies Check;
const reservedDetail = `coalesce(b.held_minor + b.clearing_minor, 0) || ' is reserved for payouts of '
  || coalesce(p.debit, 0) as detail`;

/** The same, quickly: payouts that are not final have a job or stand in review, and few payouts do at any time. */
export const reservedCheck: TotalCheck = {
  ...reserved,
  find: `with live as (
      select merchant_id, subject_id as payout_id from job where kind = 'payout'
      union select merchant_id, payout_id from payout where in_review)
    select merchant_id, account_id, ${reservedDetail}
    from balance b full join (
      select merchant_id, account_id, sum(debit_minor) as debit from live join payout using (merchant_id, payout_id)
      where state in ('queued', 'sent', 'review') group by 1, 2) p using (merchant_id, account_id)
    where coalesce(b.held_minor + b.clearing_minor, 0) <> coalesce(p.debit, 0)`,
};

export const totalChecks: readonly TotalCheck[] = [
  {
    name: 'the entries of each currency are balanced',
    invariants: [1, 6],
    find: `select a.currency || ' entries sum to ' || sum(e.amount_minor) as detail
      from entry e join account a using (merchant_id, account_id) group by a.currency having sum(e.amount_minor) <> 0`,
  },
  {
    name: 'what was funded is available, reserved, set aside, paid, commission or owed',
    invariants: [2],
    find: `select ${account}, 'the balance sums to ' || (${total}) as detail from balance b where ${total} <> 0`,
  },
  {
    name: 'nothing is below zero that may not be',
    invariants: [3],
    find: `select ${account} from balance b
      where least(available_minor, held_minor, clearing_minor, frozen_minor, reserve_minor, paid_minor,
        commission_minor) < 0 or receivable_minor > 0`,
  },
  {
    name: 'no balance and no posting is without its account',
    invariants: [2, 7],
    find: `select merchant_id, account_id, 'no such account' as detail from (
        select merchant_id, account_id from balance union select merchant_id, account_id from posting) b
      where not exists (
        select 1 from account a where a.merchant_id = b.merchant_id and a.account_id = b.account_id)`,
  },
  {
    ...reserved,
    find: `select merchant_id, account_id, ${reservedDetail}
      from balance b full join (
        select merchant_id, account_id, sum(debit_minor) as debit from payout
        where state in ('queued', 'sent', 'review') group by 1, 2) p using (merchant_id, account_id)
      where coalesce(b.held_minor + b.clearing_minor, 0) <> coalesce(p.debit, 0)`,
  },
  {
    name: 'the clearing of each connector is what went through it and is not final',
    invariants: [8],
    find: `select coalesce(c.connector, l.connector) || ' ' || coalesce(c.currency, l.currency) || ': clearing '
        || coalesce(c.amount, 0) || ', under way ' || coalesce(l.amount, 0) as detail
      from (select p.connector, a.currency, sum(p.clearing_minor) as amount from posting p
          join account a using (merchant_id, account_id) where p.clearing_minor <> 0 group by 1, 2) c
      full join (select t.connector, p.currency, sum(p.debit_minor) as amount from attempt t
          join payout p using (merchant_id, payout_id)
          where t.state in ('open', 'accepted', 'unknown') group by 1, 2) l
        on l.connector = c.connector and l.currency = c.currency
      where coalesce(c.amount, 0) <> coalesce(l.amount, 0)`,
  },
  {
    name: 'no order_id is recorded for a payout that is not there',
    invariants: [10, 11],
    find: `select o.merchant_id, o.payout_id, 'order ' || o.order_id as detail
      from order_record o left join payout p using (merchant_id, payout_id)
        left join archived_payout a using (merchant_id, payout_id)
      where o.payout_id is not null and coalesce(p.order_id, a.order_id) is distinct from o.order_id`,
  },
  {
    name: 'no attempt, transition, posting or notification is without its payout',
    invariants: [2, 28],
    find: `select merchant_id, payout_id, 'no such payout' as detail from (
        select merchant_id, payout_id from attempt union all
        select merchant_id, payout_id from transition union all
        select merchant_id, payout_id from posting where payout_id is not null union all
        select merchant_id, payout_id from notification) s
      where not exists (select 1 from payout p where p.merchant_id = s.merchant_id and p.payout_id = s.payout_id)
        and not exists (
          select 1 from archived_payout a where a.merchant_id = s.merchant_id and a.payout_id = s.payout_id)`,
  },
];

/** One check over the whole database: a single statement; the database sorts and sums on its disk if it has to. */
export async function auditTotal(sql: Sql, check: TotalCheck): Promise<Violation[]> {
  const rows = await sql.query<ViolationRow>(`${check.find} limit ${violationsMax + 1}`);
  return rows.map((row) => toViolation(check, row));
}
