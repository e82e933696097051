import { Refusal } from '../core/problem.ts';
import type { Sql, Statement } from '../db/pool.ts';

/** One amount per ledger account, in minor units of the account's currency. */
export type LedgerAmounts = {
  readonly availableMinor: bigint;
  readonly heldMinor: bigint;
  readonly clearingMinor: bigint;
  readonly frozenMinor: bigint;
  readonly reserveMinor: bigint;
  readonly receivableMinor: bigint;
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
  readonly fundingMinor: bigint;
};

/** What an account has. `heldMinor + clearingMinor` is reserved for payouts that are not final. */
export type Balance = LedgerAmounts;

/** A posting as a line of the statement: its amounts are changes, and `availableAfterMinor` is what they led to. */
export type PostingLine = LedgerAmounts & {
  readonly postingId: bigint;
  readonly accountId: string;
  readonly kind: string;
  readonly payoutId: bigint | null;
  readonly connector: string | null;
  readonly availableAfterMinor: bigint;
  readonly actor: string;
  readonly reason: string | null;
  readonly createdAt: Date;
};

type AccountId = { readonly merchantId: bigint; readonly accountId: string };

const amounts = `available_minor as "availableMinor", held_minor as "heldMinor", clearing_minor as "clearingMinor",
  frozen_minor as "frozenMinor", reserve_minor as "reserveMinor", receivable_minor as "receivableMinor",
  paid_minor as "paidMinor", commission_minor as "commissionMinor", funding_minor as "fundingMinor"`;
const line = `posting_id as "postingId", account_id as "accountId", kind, payout_id as "payoutId", connector,
  ${amounts}, available_after_minor as "availableAfterMinor", actor, reason, created_at as "createdAt"`;

const selectBalance: Statement = {
  name: 'ledger_balance',
  text: `select ${amounts} from balance where merchant_id = $1 and account_id = $2`,
};

/** Throws a Refusal when this merchant has no such account. */
export async function readBalance(sql: Sql, account: AccountId): Promise<Balance> {
  const [balance] = await sql.run<Balance>(selectBalance, [account.merchantId, account.accountId]);
  if (balance === undefined) throw new Refusal([{ code: 'record_unknown', field: 'account_id' }]);
  return balance;
}

/** Postings of an account, newest first, from before `beforeId` on. */
export function readStatement(
  sql: Sql,
  page: AccountId & { readonly beforeId: bigint | undefined; readonly limit: number },
): Promise<PostingLine[]> {
  return sql.query<PostingLine>(
    `select ${line} from posting
     where merchant_id = $1 and account_id = $2 and ($3::bigint is null or posting_id < $3)
     order by posting_id desc limit $4`,
    [page.merchantId, page.accountId, page.beforeId ?? null, page.limit],
  );
}

/** The postings of one payout, oldest first. */
export function readPostingsOfPayout(sql: Sql, id: { merchantId: bigint; payoutId: bigint }): Promise<PostingLine[]> {
  return sql.query<PostingLine>(
    `select ${line} from posting where merchant_id = $1 and payout_id = $2 order by posting_id`,
    [id.merchantId, id.payoutId],
  );
}

/** Throws when there is no such posting: ids come from our own rows. */
export async function readPosting(sql: Sql, id: AccountId & { readonly postingId: bigint }): Promise<PostingLine> {
  const [posting] = await sql.query<PostingLine>(
    `select ${line} from posting where merchant_id = $1 and account_id = $2 and posting_id = $3`,
    [id.merchantId, id.accountId, id.postingId],
  );
  if (posting === undefined) throw new Error(`there is no posting ${id.postingId} on account ${id.accountId}`);
  return posting;
}
