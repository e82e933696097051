// Owns the ledger's own movements: money that operators put on an account, take off it, freeze and release.
// Promises that a movement is one balanced posting, that nothing falls below zero, and that a repeat moves nothing.
// Refuses to know payouts, currencies and who may order a movement.
import { createHash } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import { creditAccount } from '../core/reversal.ts';
import { isUniqueViolation, type Sql, type Tx } from '../db/pool.ts';
import { type PostingLine, readPosting } from './read.ts';

export type MovementKind = 'top_up' | 'withdrawal' | 'freeze' | 'unfreeze';

export type Movement = {
  readonly merchantId: bigint;
  readonly accountId: string;
  /** Minor units of the account's currency, more than 0. */
  readonly amountMinor: bigint;
  /** Chosen by who asks, unique within the merchant: the same key moves money once, however often it is sent. */
  readonly requestKey: string;
  readonly actor: string;
  readonly reason: string;
};

export type Moved = { readonly posting: PostingLine /** It had been done before. */; readonly isReplay: boolean };

type Deltas = {
  readonly available: bigint;
  readonly frozen: bigint;
  readonly receivable: bigint;
  readonly funding: bigint;
};
type Before = Pick<Deltas, 'available' | 'frozen' | 'receivable'>;
type AccountId = { readonly merchantId: bigint; readonly accountId: string };

/** The balance row of a new account: all zero. */
export async function openBalance(tx: Tx, account: AccountId): Promise<void> {
  await tx.query('insert into balance (merchant_id, account_id) values ($1, $2)', [
    account.merchantId,
    account.accountId,
  ]);
}

/** Money that arrived for the account from outside. What the account owes is paid with it first. */
export function topUp(tx: Tx, movement: Movement): Promise<Moved> {
  return move(tx, 'top_up', movement);
}

/** Money that leaves the account to its owner. Throws a Refusal when more is asked than is available. */
export function withdraw(tx: Tx, movement: Movement): Promise<Moved> {
  return move(tx, 'withdrawal', movement);
}

/** Takes money out of use until it is unfrozen. Throws a Refusal when more is asked than is available. */
export function freeze(tx: Tx, movement: Movement): Promise<Moved> {
  return move(tx, 'freeze', movement);
}

/** Throws a Refusal when more is asked than is frozen. */
export function unfreeze(tx: Tx, movement: Movement): Promise<Moved> {
  return move(tx, 'unfreeze', movement);
}

async function move(tx: Tx, kind: MovementKind, movement: Movement): Promise<Moved> {
  const { merchantId, accountId, amountMinor, requestKey } = movement;
  if (amountMinor <= 0n) throw new RangeError(`a movement needs a positive amount, not ${amountMinor}`);
  // The lock comes first: what is read below stays true until the end of the transaction.
  const [balance] = await tx.query<Before>(
    `select available_minor as available, frozen_minor as frozen, receivable_minor as receivable from balance
     where merchant_id = $1 and account_id = $2 for no key update`,
    [merchantId, accountId],
  );
  if (balance === undefined) throw new Refusal([{ code: 'record_unknown', field: 'account_id' }]);
  const digest = digestOf(kind, movement);
  const done = await findDone(tx, { merchantId, requestKey, digest });
  if (done !== undefined) return { posting: done, isReplay: true };
  const deltas = deltasOf(kind, amountMinor, balance);
  if (balance.available + deltas.available < 0n || balance.frozen + deltas.frozen < 0n) {
    throw new Refusal([{ code: 'amount_exceeds', field: 'amount' }]);
  }
  const postingId = await writeMovement(tx, { kind, movement, deltas, digest });
  return { posting: await readPosting(tx, { merchantId, accountId, postingId }), isReplay: false };
}

function deltasOf(kind: MovementKind, amountMinor: bigint, { receivable: owedMinor }: Before): Deltas {
  const none = { available: 0n, frozen: 0n, receivable: 0n, funding: 0n };
  switch (kind) {
    case 'top_up': {
      const { availableMinor, receivableMinor } = creditAccount({ amountMinor, owedMinor });
      return { ...none, available: availableMinor, receivable: receivableMinor, funding: -amountMinor };
    }
    case 'withdrawal':
      return { ...none, available: -amountMinor, funding: amountMinor };
    case 'freeze':
      return { ...none, available: -amountMinor, frozen: amountMinor };
    case 'unfreeze':
      return { ...none, available: amountMinor, frozen: -amountMinor };
    default:
      return kind satisfies never;
  }
}

/** Who asks is not part of it: a colleague who repeats the request repeats it. */
function digestOf(kind: MovementKind, movement: Movement): Buffer {
  const text = JSON.stringify([kind, movement.accountId, movement.amountMinor.toString(), movement.reason]);
  return createHash('sha256').update(text).digest();
}

async function findDone(
  sql: Sql,
  request: { merchantId: bigint; requestKey: string; digest: Buffer },
): Promise<PostingLine | undefined> {
  const [row] = await sql.query<{ accountId: string; postingId: bigint; digest: Buffer }>(
    `select account_id as "accountId", posting_id as "postingId", digest from posting_request
     where merchant_id = $1 and request_key = $2`,
    [request.merchantId, request.requestKey],
  );
  if (row === undefined) return undefined;
  if (!row.digest.equals(request.digest)) refuseKey();
  return readPosting(sql, { merchantId: request.merchantId, accountId: row.accountId, postingId: row.postingId });
}

type Write = { kind: MovementKind; movement: Movement; deltas: Deltas; digest: Buffer };

async function writeMovement(tx: Tx, { kind, movement, deltas, digest }: Write): Promise<bigint> {
  const { merchantId, accountId, requestKey, actor, reason } = movement;
  const { available, frozen, receivable, funding } = deltas;
  try {
    const [row] = await tx.query<{ id: bigint }>(
      `with moved as (
         update balance set available_minor = available_minor + $3, frozen_minor = frozen_minor + $4,
           funding_minor = funding_minor + $5, receivable_minor = receivable_minor + $11
         where merchant_id = $1 and account_id = $2
         returning available_minor, nextval('posting_id') as posting_id
       ), posted as (
         insert into posting (merchant_id, account_id, posting_id, kind, available_minor, frozen_minor, funding_minor,
           receivable_minor, available_after_minor, actor, reason)
         select $1, $2, posting_id, $6, $3, $4, $5, $11, available_minor, $7, $8 from moved
       )
       insert into posting_request (merchant_id, request_key, account_id, posting_id, digest)
       select $1, $9, $2, posting_id, $10 from moved returning posting_id as id`,
      [merchantId, accountId, available, frozen, funding, kind, actor, reason, requestKey, digest, receivable],
    );
    if (row === undefined) throw new Error(`the balance of account ${accountId} is gone although it was locked`);
    return row.id;
  } catch (error) {
    // The same key at the same time on another account of the merchant: its lock was another one.
    if (isUniqueViolation(error)) refuseKey();
    throw error;
  }
}

function refuseKey(): never {
  throw new Refusal([{ code: 'request_key_used', field: 'request_key' }]);
}
