/** Something that must never be there, with its ids. What a check found about the whole database has none. */
export type Violation = {
  readonly check: string;
  readonly merchantId?: bigint;
  readonly accountId?: string;
  readonly payoutId?: bigint;
  readonly detail?: string;
};

/** A row of a check's query. */
export type ViolationRow = {
  readonly merchant_id?: bigint | null;
  readonly account_id?: string | null;
  readonly payout_id?: bigint | null;
  readonly detail?: string | null;
};

/** What is always true. `invariants` are numbers of docs/reliability.md. */
export type Check = { readonly name: string; readonly invariants: readonly number[] };

/** Each check tells this many of what it found; one more says that there are more. */
export const violationsMax = 100;

/** The ledger accounts, each a column `…_minor` of postings and balances. */
export const ledgerAccounts = [
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

export function toViolation(check: Check, row: ViolationRow): Violation {
  const { merchant_id: merchantId = null, account_id: accountId = null, payout_id: payoutId = null } = row;
  const { detail = null } = row;
  return {
    check: check.name,
    ...(merchantId === null ? {} : { merchantId }),
    ...(accountId === null ? {} : { accountId }),
    ...(payoutId === null ? {} : { payoutId }),
    ...(detail === null ? {} : { detail }),
  };
}

/** The violation as a line for people. */
export function describeViolation({ merchantId, accountId, payoutId, detail }: Violation): string {
  const ids = [
    merchantId === undefined ? '' : `merchant ${merchantId}`,
    accountId === undefined ? '' : `account ${accountId}`,
    payoutId === undefined ? '' : `payout ${payoutId}`,
  ];
  const whom = ids.filter((part) => part !== '').join(' ');
  return detail === undefined || whom === '' ? `${whom}${detail ?? ''}` : `${whom}: ${detail}`;
}
