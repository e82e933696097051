import type { Sql } from '../../src/db/pool.ts';
import type { Wrong } from './verify.ts';

/** A payout as the database has it. */
export type Row = {
  readonly merchantId: bigint;
  readonly payoutId: bigint;
  readonly orderId: string;
  readonly state: string;
  /** Of its last transition. */
  readonly cause: string | null;
  /** Whether its notification counts as delivered. */
  readonly isTold: boolean;
};

export function readPayouts(db: Sql): Promise<Row[]> {
  return db.query<Row>(`
    select p.merchant_id as "merchantId", p.payout_id as "payoutId", p.order_id as "orderId", p.state, t.cause,
      exists (select 1 from notification n where n.merchant_id = p.merchant_id and n.payout_id = p.payout_id
        and n.state = 'delivered') as "isTold"
    from payout p
    left join transition t on t.merchant_id = p.merchant_id and t.payout_id = p.payout_id and t.version = p.version`);
}

const sides = ['available', 'held', 'clearing', 'frozen', 'reserve', 'receivable', 'paid', 'commission', 'funding'];
const columns = sides.map((side) => `${side}_minor`);

/** Statements that answer one text per row that must not be there. Written anew, apart from the gateway's own audit. */
const checks: readonly { readonly wrong: Wrong; readonly sql: string }[] = [
  {
    wrong: 'violated',
    sql: `select 'posting ' || posting_id || ' is not balanced' as text from posting where ${columns.join(' + ')} <> 0`,
  },
  {
    wrong: 'violated',
    sql: `select 'balance of ' || b.account_id || ' is not the sum of its postings' as text
      from balance b
      left join (select account_id, ${columns.map((column) => `sum(${column}) as ${column}`).join(', ')}
        from posting group by account_id) s using (account_id)
      where (${columns.map((column) => `b.${column}`).join(', ')})
        is distinct from (${columns.map((column) => `coalesce(s.${column}, 0)`).join(', ')})`,
  },
  {
    wrong: 'violated',
    sql: `select b.account_id || ' is below zero' as text from balance b where available_minor < 0 or held_minor < 0`,
  },
  {
    wrong: 'violated',
    sql: `select 'what is held on ' || b.account_id || ' is not what its open payouts hold' as text
      from balance b
      left join (select account_id, sum(debit_minor) as debit from payout
        where state in ('queued', 'sent', 'review') group by account_id) o using (account_id)
      where b.held_minor + b.clearing_minor <> coalesce(o.debit, 0)`,
  },
  {
    wrong: 'violated',
    sql: `select 'payout ' || payout_id || ' has ' || count(*) || ' holds' as text
      from payout left join posting using (merchant_id, payout_id)
      group by payout_id having count(*) filter (where posting.kind = 'hold') <> 1`,
  },
  {
    wrong: 'violated',
    sql: `select 'payout ' || payout_id || ' has ' || count(*) || ' live attempts' as text from attempt
      where state in ('open', 'accepted', 'unknown') group by payout_id having count(*) > 1`,
  },
  {
    wrong: 'stuck',
    sql: `select 'job ' || kind || ' ' || subject_id || ' is left, due ' || run_at || ', fence ' || fence as text
      from job`,
  },
  {
    wrong: 'undelivered',
    sql: `select 'payout ' || p.payout_id || ' is ' || p.state || ', its notification '
        || coalesce(max(n.state), 'is missing') as text
      from payout p left join notification n using (merchant_id, payout_id)
      where p.state in ('paid', 'fail', 'cancel') and p.endpoint_id is not null
      group by p.payout_id, p.state having count(*) filter (where n.state in ('delivered', 'dead')) = 0`,
  },
];

export async function checkTables(db: Sql): Promise<{ wrong: Wrong; text: string }[]> {
  const found = await Promise.all(
    checks.map(async ({ wrong, sql }) => (await db.query<{ text: string }>(sql)).map(({ text }) => ({ wrong, text }))),
  );
  return found.flat();
}
