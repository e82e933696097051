// Owns merchants, their accounts, keys, endpoints and the services they may use, and the view of them in memory.
// Promises that a secret is stored sealed only, that a merchant sees its own rows alone, that a change is seen soon.
// Refuses to know payouts, balances beyond opening one, HTTP, and who asked for a change.
import { randomUUID } from 'node:crypto';
import { findCurrency } from '../core/currency.ts';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { openBalance } from '../ledger/post.ts';
import { lockMerchant } from './enroll.ts';
import type { Liveness, NotificationMethod, SignatureRule } from './load.ts';

export type Account = {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly currency: string;
  readonly name: string;
  readonly state: Liveness;
  readonly mode: 'live' | 'sandbox';
  readonly notificationMethod: NotificationMethod;
  readonly signatureRule: SignatureRule;
  readonly createdAt: Date;
};

export type NewAccount = {
  readonly merchantId: bigint;
  /** A fresh random UUID when absent. */
  readonly accountId?: string | undefined;
  readonly currency: string;
  readonly name?: string | undefined;
  readonly mode: 'live' | 'sandbox';
  readonly notificationMethod?: NotificationMethod | undefined;
};

const columns = `merchant_id as "merchantId", account_id as "accountId", currency, name, state, mode,
  notification_method as "notificationMethod", signature_rule as "signatureRule", created_at as "createdAt"`;

/**
 * An account with an empty balance. Throws a Refusal when the merchant or the currency is unknown, or when the given
 * id is taken, be it by another merchant: a request names its account alone.
 */
export async function createAccount(tx: Tx, input: NewAccount): Promise<Account> {
  const { merchantId, accountId = randomUUID() } = input;
  if (findCurrency(input.currency) === undefined) {
    throw new Refusal([{ code: 'currency_unknown', field: 'currency' }]);
  }
  await lockMerchant(tx, merchantId);
  // Two merchants must not claim one id at the same time; no unique key over all merchants exists to stop them.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`account ${accountId.toLowerCase()}`]);
  const taken = await tx.query('select 1 from account where account_id = $1', [accountId]);
  if (taken.length > 0) throw new Refusal([{ code: 'record_exists', field: 'account_id' }]);
  const [account] = await tx.query<Account>(
    `insert into account (merchant_id, account_id, currency, name, mode, notification_method)
     values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
    [merchantId, accountId, input.currency, input.name ?? '', input.mode, input.notificationMethod ?? 'POST'],
  );
  await openBalance(tx, { merchantId, accountId });
  return account as Account;
}

export type AccountChange = {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly name?: string | undefined;
  readonly state?: Liveness | undefined;
  readonly notificationMethod?: NotificationMethod | undefined;
};

/** Absent values stay as they are; currency and mode never change. Throws a Refusal when there is no such account. */
export async function updateAccount(tx: Tx, input: AccountChange): Promise<Account> {
  const [account] = await tx.query<Account>(
    `update account set name = coalesce($3, name), state = coalesce($4, state),
       notification_method = coalesce($5, notification_method)
     where merchant_id = $1 and account_id = $2 returning ${columns}`,
    [input.merchantId, input.accountId, input.name ?? null, input.state ?? null, input.notificationMethod ?? null],
  );
  return account ?? refuseAccount();
}

/** Which signature schemes requests of the account may use. Throws a Refusal when there is no such account. */
export async function setSignatureRule(
  tx: Tx,
  input: { merchantId: bigint; accountId: string; signatureRule: SignatureRule },
): Promise<Account> {
  const [account] = await tx.query<Account>(
    `update account set signature_rule = $3 where merchant_id = $1 and account_id = $2 returning ${columns}`,
    [input.merchantId, input.accountId, input.signatureRule],
  );
  return account ?? refuseAccount();
}

/** All accounts of a merchant, oldest first. */
export function listAccounts(sql: Sql, merchantId: bigint): Promise<Account[]> {
  return sql.query<Account>(`select ${columns} from account where merchant_id = $1 order by created_at, account_id`, [
    merchantId,
  ]);
}

/** Throws a Refusal when this merchant has no such account. */
export async function readAccount(sql: Sql, id: { merchantId: bigint; accountId: string }): Promise<Account> {
  const [account] = await sql.query<Account>(
    `select ${columns} from account where merchant_id = $1 and account_id = $2`,
    [id.merchantId, id.accountId],
  );
  return account ?? refuseAccount();
}

function refuseAccount(): never {
  throw new Refusal([{ code: 'record_unknown', field: 'account_id' }]);
}
