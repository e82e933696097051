/** One claim about the whole database, as the query that finds what breaks it. */
export type AuditCheck = {
  readonly name: string;
  /** Numbers of docs/reliability.md. */
  readonly invariants: readonly number[];
  /** Rows of `what`: one text per violation, with its ids. */
  readonly violations: string;
};

const ledgerAccounts = [
  'available',
  'held',
  'clearing',
  'frozen',
  'reserve',
  'receivable',
  'paid',
  'commission',
  'funding',
] as const;

const account = `'merchant ' || merchant_id || ' account ' || account_id`;
const payout = `'merchant ' || p.merchant_id || ' payout ' || p.payout_id`;
const sums = ledgerAccounts.map((name) => `sum(${name}_minor) as ${name}`).join(', ');
const total = ledgerAccounts.map((name) => `${name}_minor`).join(' + ');
const differs = ledgerAccounts.map((name) => `coalesce(p.${name}, 0) <> b.${name}_minor`).join(' or ');

const ledgerChecks: readonly AuditCheck[] = [
  {
    name: 'postings are balanced',
    invariants: [1],
    violations: `select ${account} || ' posting ' || posting_id || ' sums to ' || (${total}) as what
      from posting where ${total} <> 0`,
  },
  {
    name: 'entries of each currency are balanced',
    invariants: [1],
    violations: `select a.currency || ' entries sum to ' || sum(e.amount_minor) as what
      from entry e join account a using (merchant_id, account_id) group by a.currency having sum(e.amount_minor) <> 0`,
  },
  {
    name: 'balances are the sums of their postings',
    invariants: [2],
    violations: `select 'merchant ' || b.merchant_id || ' account ' || b.account_id || ' differs' as what
      from balance b
      left join (select merchant_id, account_id, ${sums} from posting group by 1, 2) p using (merchant_id, account_id)
      where ${differs}`,
  },
  {
    name: 'every account has a balance, and no balance is without an account',
    invariants: [2, 7],
    violations: `select ${account} as what from account a full join balance b using (merchant_id, account_id)
      where a.currency is null or b.funding_minor is null`,
  },
  {
    name: 'nothing is below zero that may not be',
    invariants: [3],
    violations: `select ${account} as what from balance
      where least(available_minor, held_minor, clearing_minor, frozen_minor, reserve_minor, paid_minor,
        commission_minor) < 0 or receivable_minor > 0 or ${total} <> 0`,
  },
  {
    name: 'the statement of each account is a chain',
    invariants: [2, 4],
    violations: `select ${account} || ' posting ' || posting_id as what from (
        select merchant_id, account_id, posting_id, available_after_minor, available_minor,
          lag(available_after_minor, 1, 0::bigint)
            over (partition by merchant_id, account_id order by posting_id) as was
        from posting) s
      where available_after_minor <> was + available_minor`,
  },
];

const moneyOfPayouts: readonly AuditCheck[] = [
  {
    name: 'held and clearing are the debits of payouts that are not final',
    invariants: [5],
    violations: `select 'merchant ' || b.merchant_id || ' account ' || b.account_id || ' reserves '
        || b.held_minor + b.clearing_minor || ' for payouts of ' || coalesce(p.debit, 0) as what
      from balance b left join (
        select merchant_id, account_id, sum(debit_minor) as debit from payout
        where state in ('queued', 'sent', 'review') group by 1, 2) p using (merchant_id, account_id)
      where b.held_minor + b.clearing_minor <> coalesce(p.debit, 0)`,
  },
  {
    name: 'clearing of each connector is what went through it and is not final',
    invariants: [8],
    violations: `select coalesce(c.connector, l.connector) || ' ' || coalesce(c.currency, l.currency) || ': clearing '
        || coalesce(c.amount, 0) || ', under way ' || coalesce(l.amount, 0) as what
      from (select p.connector, a.currency, sum(p.clearing_minor) as amount from posting p
          join account a using (merchant_id, account_id) where p.connector is not null group by 1, 2) c
      full join (select t.connector, p.currency, sum(p.debit_minor) as amount from attempt t
          join payout p using (merchant_id, payout_id)
          where t.state in ('open', 'accepted', 'unknown') group by 1, 2) l
        on l.connector = c.connector and l.currency = c.currency
      where coalesce(c.amount, 0) <> coalesce(l.amount, 0)`,
  },
  {
    name: 'a payout has the currency of its account',
    invariants: [7],
    violations: `select ${payout} as what from payout p
      left join account a using (merchant_id, account_id) where a.currency is distinct from p.currency`,
  },
  {
    name: 'a payout is held once, captured once if it is paid, and given back whole if it is not',
    invariants: [5, 27],
    violations: `select ${payout} || ' is ' || p.state as what from payout p left join (
        select merchant_id, payout_id, count(*) filter (where kind = 'hold') as holds,
          sum(held_minor) filter (where kind = 'hold') as held, count(*) filter (where kind = 'capture') as captures,
          sum(paid_minor) as paid, sum(commission_minor) as commission, sum(available_minor) as available
        from posting where payout_id is not null group by 1, 2) s using (merchant_id, payout_id)
      where s.holds is distinct from 1 or s.held <> p.debit_minor
        or s.captures <> (case when p.state = 'paid' then 1 else 0 end)
        or (p.state = 'paid' and (s.paid, s.commission) <> (p.final_paid_minor, p.final_commission_minor))
        or (p.state = 'paid' and s.available <> -(p.final_paid_minor + p.final_commission_minor))
        or (p.state in ('fail', 'cancel') and (s.paid, s.commission, s.available) <> (0, 0, 0))`,
  },
];

const lifeOfPayouts: readonly AuditCheck[] = [
  {
    name: 'a payout has at most one live attempt',
    invariants: [17],
    violations: `select 'merchant ' || merchant_id || ' payout ' || payout_id as what from attempt
      where state in ('open', 'accepted', 'unknown') group by merchant_id, payout_id having count(*) > 1`,
  },
  {
    name: 'a payout is where its last transition led, and final is final',
    invariants: [26, 28],
    violations: `select ${payout} || ' is ' || p.state || ' after ' || coalesce(t.to_state, 'nothing') as what
      from payout p left join lateral (
        select to_state from transition t where t.merchant_id = p.merchant_id and t.payout_id = p.payout_id
        order by version desc limit 1) t on true
      where p.state <> coalesce(t.to_state, 'queued')`,
  },
  {
    name: 'transitions follow each other and none leaves a final state',
    invariants: [26, 28],
    violations: `select 'merchant ' || merchant_id || ' payout ' || payout_id || ' version ' || version as what from (
        select merchant_id, payout_id, version, from_state,
          lag(to_state, 1, 'queued') over (partition by merchant_id, payout_id order by version) as was
        from transition) t
      where from_state <> was or was in ('paid', 'fail', 'cancel')`,
  },
  {
    name: 'paid has an attempt with evidence',
    invariants: [27],
    violations: `select ${payout} as what from payout p
      where p.state = 'paid' and not exists (select 1 from attempt a where a.merchant_id = p.merchant_id
        and a.payout_id = p.payout_id and a.state = 'succeeded' and a.answer is not null)`,
  },
  {
    name: 'fail and cancel have no attempt that is live or succeeded',
    invariants: [27],
    violations: `select ${payout} as what from payout p
      where p.state in ('fail', 'cancel') and exists (select 1 from attempt a where a.merchant_id = p.merchant_id
        and a.payout_id = p.payout_id and a.state in ('open', 'accepted', 'unknown', 'succeeded'))`,
  },
  {
    name: 'what is not final has a job or stands in review',
    invariants: [29],
    violations: `select ${payout} || ' is ' || p.state as what from payout p
      where p.state in ('queued', 'sent') and not exists (select 1 from job j
        where j.kind = 'payout' and j.merchant_id = p.merchant_id and j.subject_id = p.payout_id)`,
  },
  {
    name: 'a payout and the record of its order_id belong to each other',
    invariants: [10, 11],
    violations: `select 'merchant ' || merchant_id || ' order ' || coalesce(p.order_id, o.order_id) as what
      from payout p full join (select * from order_record where payout_id is not null) o
        using (merchant_id, payout_id)
      where p.order_id is distinct from o.order_id`,
  },
];

const notifications: readonly AuditCheck[] = [
  {
    name: 'a final payout with a target has its notifications',
    invariants: [30],
    violations: `select ${payout} as what from payout p
      where p.state in ('paid', 'fail', 'cancel') and (p.endpoint_id is not null or p.endpoint_url is not null)
        and not exists (select 1 from notification n
          where n.merchant_id = p.merchant_id and n.payout_id = p.payout_id)`,
  },
  {
    name: 'no notification tells of a payout that is not final',
    invariants: [31],
    violations: `select ${payout} as what from notification n join payout p using (merchant_id, payout_id)
      where p.state not in ('paid', 'fail', 'cancel')`,
  },
  {
    name: 'a pending notification has a job, a delivered one an acknowledged try',
    invariants: [30],
    violations: `select 'merchant ' || n.merchant_id || ' notification ' || n.notification_id as what
      from notification n
      where (n.state = 'pending' and not exists (select 1 from job j where j.kind = 'notification'
          and j.merchant_id = n.merchant_id and j.subject_id = n.notification_id))
        or (n.state = 'delivered' and not exists (select 1 from delivery d where d.merchant_id = n.merchant_id
          and d.notification_id = n.notification_id and d.status_code between 200 and 299))`,
  },
];

export const auditChecks: readonly AuditCheck[] = [
  ...ledgerChecks,
  ...moneyOfPayouts,
  ...lifeOfPayouts,
  ...notifications,
];
