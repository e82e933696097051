import type { Sql, Statement } from '../db/pool.ts';
import { type Check, ledgerAccounts, toViolation, type Violation, type ViolationRow } from './audit-check.ts';

type Amounts = Readonly<Record<`${(typeof ledgerAccounts)[number]}_minor`, bigint>>;

/** Up to where the postings of an account were read, their sums, and what the statement said was available then. */
export type Checkpoint = Amounts & {
  readonly merchant_id: bigint;
  readonly account_id: string;
  readonly posting_id: bigint;
  readonly available_after_minor: bigint;
};

export type AccountKey = Pick<Checkpoint, 'merchant_id' | 'account_id'>;

/** What one step made of an account. */
export type AccountStep = {
  readonly checkpoint: Checkpoint;
  readonly postings: number;
  /** There are no more postings after the checkpoint. */
  readonly isRead: boolean;
  readonly violations: readonly Violation[];
};

export const accountChecks = {
  balanced: { name: 'every posting is balanced', invariants: [1] },
  chain: { name: 'each line of a statement follows from the line before', invariants: [2, 4] },
  sums: { name: 'every balance is the sum of its postings', invariants: [2, 3] },
  balance: { name: 'every account has its balance', invariants: [2, 7] },
} as const satisfies Readonly<Record<string, Check>>;

/** Postings of one account that one step reads at most: what bounds its memory and its time. */
const pagePostings = 5_000;
export const accountsPerStep = 40;
const idsShownMax = 10;

const columns = ledgerAccounts.map((name) => `${name}_minor`);
const total = columns.join(' + ');
const list = (write: (column: string) => string): string => columns.map(write).join(', ');
const shown = (ids: string): string => `array_to_string((array_agg(posting_id order by posting_id)
    filter (where ${ids}))[1:${idsShownMax}], ', ')`;

/**
 * The next postings of some accounts after their checkpoints, and whether sums and balances agree where that was all of
 * them. One statement and so one snapshot: a posting and its balance are committed together, and are seen together.
 */
const readPage: Statement = {
  name: 'audit_accounts',
  text: `with c as (
      select * from json_populate_recordset(null::audit_checkpoint, $1)
    ), line as (
      select c.merchant_id, c.account_id, p.posting_id, p.available_after_minor, ${list((column) => `p.${column}`)},
        p.available_after_minor <> p.available_minor
          + lag(p.available_after_minor, 1, c.available_after_minor) over statement as is_broken,
        lead(p.posting_id) over statement is null as is_last
      from c cross join lateral (
        select * from posting p
        where p.merchant_id = c.merchant_id and p.account_id = c.account_id and p.posting_id > c.posting_id
        order by p.posting_id limit ${pagePostings}) p
      window statement as (partition by c.merchant_id, c.account_id order by p.posting_id)
    ), page as (
      select merchant_id, account_id, count(*)::int as postings, max(posting_id) as posting_id,
        max(available_after_minor) filter (where is_last) as available_after_minor,
        ${list((column) => `sum(${column}) as ${column}`)},
        ${shown('is_broken')} as broken, ${shown(`${total} <> 0`)} as unbalanced
      from line group by 1, 2
    ), read as (
      select c.merchant_id, c.account_id, coalesce(page.posting_id, c.posting_id) as posting_id,
        coalesce(page.available_after_minor, c.available_after_minor) as available_after_minor,
        ${list((column) => `(c.${column} + coalesce(page.${column}, 0))::bigint as ${column}`)},
        coalesce(page.postings, 0) as postings, page.broken, page.unbalanced
      from c left join page using (merchant_id, account_id)
    )
    select r.*, b.merchant_id is null as has_no_balance,
      case when r.postings < ${pagePostings} then concat_ws(', ', ${list(
        (column) => `case when r.${column} <> b.${column}
          then '${column.replace('_minor', '')} is ' || b.${column} || ' and its postings sum to ' || r.${column} end`,
      )}) end as differences
    from read r left join balance b using (merchant_id, account_id)`,
};

type PageRow = Checkpoint & {
  readonly postings: number;
  readonly broken: string | null;
  readonly unbalanced: string | null;
  readonly has_no_balance: boolean;
  readonly differences: string | null;
};

/** Where an account begins of which nothing was read. */
function startOf({ merchant_id, account_id }: AccountKey): Checkpoint {
  const zero = Object.fromEntries(columns.map((column) => [column, 0n])) as Amounts;
  return { merchant_id, account_id, posting_id: 0n, available_after_minor: 0n, ...zero };
}

export const beforeAllAccounts: AccountKey = { merchant_id: 0n, account_id: '00000000-0000-0000-0000-000000000000' };

const listKeys: Statement = {
  name: 'audit_list_accounts',
  text: `select merchant_id, account_id from account where (merchant_id, account_id) > ($1, $2)
    order by merchant_id, account_id limit ${accountsPerStep}`,
};

/** The accounts of the next step, from the beginning of their statements. Fewer than `accountsPerStep`: the last. */
export async function listAccounts(sql: Sql, after: AccountKey): Promise<Checkpoint[]> {
  const keys = await sql.run<AccountKey>(listKeys, [after.merchant_id, after.account_id]);
  return keys.map(startOf);
}

const listKept: Statement = {
  name: 'audit_list_checkpoints',
  text: `select a.merchant_id, a.account_id, coalesce(c.posting_id, 0) as posting_id,
      coalesce(c.available_after_minor, 0) as available_after_minor,
      ${list((column) => `coalesce(c.${column}, 0) as ${column}`)}
    from account a left join audit_checkpoint c using (merchant_id, account_id)
    where (a.merchant_id, a.account_id) > ($1, $2) order by a.merchant_id, a.account_id limit ${accountsPerStep}`,
};

/** The same, from where the audit beside the work has read them. */
export function listCheckpoints(sql: Sql, after: AccountKey): Promise<Checkpoint[]> {
  return sql.run<Checkpoint>(listKept, [after.merchant_id, after.account_id]);
}

const keep: Statement = {
  name: 'audit_keep_checkpoints',
  text: `insert into audit_checkpoint as c select * from json_populate_recordset(null::audit_checkpoint, $1)
    on conflict (merchant_id, account_id) do update set posting_id = excluded.posting_id,
      available_after_minor = excluded.available_after_minor, ${list((column) => `${column} = excluded.${column}`)}
    where c.posting_id < excluded.posting_id`,
};

export async function keepCheckpoints(sql: Sql, checkpoints: readonly Checkpoint[]): Promise<void> {
  if (checkpoints.length > 0) await sql.run(keep, [writeCheckpoints(checkpoints)]);
}

/** Reads the next postings of each account. The answers come in no particular order. */
export async function auditAccounts(sql: Sql, from: readonly Checkpoint[]): Promise<AccountStep[]> {
  const rows = await sql.run<PageRow>(readPage, [writeCheckpoints(from)]);
  return rows.map((row) => ({
    checkpoint: checkpointOf(row),
    postings: row.postings,
    isRead: row.postings < pagePostings,
    violations: violationsOf(row),
  }));
}

function violationsOf(row: PageRow): Violation[] {
  const { merchant_id, account_id, broken, unbalanced, has_no_balance, differences } = row;
  const tell = (check: Check, detail?: string): Violation[] => {
    const found: ViolationRow = { merchant_id, account_id, ...(detail === undefined ? {} : { detail }) };
    return [toViolation(check, found)];
  };
  return [
    ...(unbalanced ? tell(accountChecks.balanced, `postings ${unbalanced}`) : []),
    ...(broken ? tell(accountChecks.chain, `postings ${broken}`) : []),
    ...(differences ? tell(accountChecks.sums, differences) : []),
    ...(has_no_balance ? tell(accountChecks.balance, 'has no balance') : []),
  ];
}

function checkpointOf(row: PageRow): Checkpoint {
  const { merchant_id, account_id, posting_id, available_after_minor } = row;
  const sums = Object.fromEntries(columns.map((column) => [column, row[column as keyof Amounts]])) as Amounts;
  return { merchant_id, account_id, posting_id, available_after_minor, ...sums };
}

/** Amounts and ids as text: JSON numbers would lose digits. */
function writeCheckpoints(checkpoints: readonly Checkpoint[]): string {
  return JSON.stringify(checkpoints, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
