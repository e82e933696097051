import { Refusal } from '../core/problem.ts';
import type { Sql, Statement, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import { openRecipient } from './recipient-seal.ts';

export type KeepNeeds = {
  readonly db: Sql;
  readonly vault: Pick<Vault, 'open' | 'searchHash'>;
  /** Days after a payout ended; 0: recipients are kept for ever. */
  readonly keepDays: number;
  /** Whether the mask outlives the rest. */
  readonly keepMasks: boolean;
  readonly onError: (error: unknown) => void;
};

const batchRows = 500;
/** How soon a merchant is looked at again of whom nothing is due. */
const againMs = 600_000;

const forget: Statement = {
  name: 'forget_recipients',
  text: `select forgotten from forget_recipients_v1($1::integer * interval '1 hour', $2, $3, $4)`,
};

/**
 * Deletes what is known of recipients whose payouts ended long enough ago, a bounded batch at a time, and any number of
 * processes may do so at once. Answers how many payouts were cleared, and whether there is more to do now.
 */
export async function forgetRecipients(
  sql: Sql,
  options: { readonly keepHours: number; readonly keepMasks: boolean; readonly countMax?: number },
): Promise<{ readonly forgotten: number; readonly hasMore: boolean }> {
  const { keepHours, keepMasks, countMax = batchRows } = options;
  const [row] = await sql.run<{ forgotten: number }>(forget, [keepHours, keepMasks, countMax, againMs]);
  // One merchant was cleared; whether another one is due is known only by asking again.
  return row === undefined ? { forgotten: 0, hasMore: false } : { forgotten: row.forgotten, hasMore: true };
}

/** One round beside the work: hashes that are missing, then a batch of deletions. Answers whether there is more. */
export function createRecipientKeeper(needs: KeepNeeds): () => Promise<boolean> {
  let hashedTo = 0n;
  return async () => {
    const filled = await fillHashes(needs, hashedTo);
    hashedTo = filled.lastId;
    if (needs.keepDays === 0) return filled.hasMore;
    const { hasMore } = await forgetRecipients(needs.db, {
      keepHours: needs.keepDays * 24,
      keepMasks: needs.keepMasks,
    });
    return hasMore || filled.hasMore;
  };
}

type Unhashed = { merchantId: bigint; orderId: string; payoutId: bigint; recipientSealed: Buffer };

/** Payouts that a process of the version before accepted are not found by their numbers until this has been there. */
async function fillHashes(needs: KeepNeeds, afterId: bigint): Promise<{ lastId: bigint; hasMore: boolean }> {
  const rows = await needs.db.query<Unhashed>(
    `select merchant_id as "merchantId", order_id as "orderId", payout_id as "payoutId",
       recipient_sealed as "recipientSealed"
     from payout where recipient_hash is null and recipient_deleted_at is null and payout_id > $1
     order by payout_id limit ${batchRows}`,
    [afterId],
  );
  const hashed = rows.flatMap((row) => {
    try {
      return [{ ...row, hash: needs.vault.searchHash(openRecipient(needs.vault, row).number) }];
    } catch (error) {
      // Sealed under a key that is not here: the others must not wait for it.
      needs.onError(error);
      return [];
    }
  });
  await needs.db.query(
    `update payout p set recipient_hash = n.hash
     from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as n (merchant_id, payout_id, hash)
     where p.merchant_id = n.merchant_id and p.payout_id = n.payout_id
       and p.recipient_hash is null and p.recipient_deleted_at is null`,
    [hashed.map((row) => row.merchantId), hashed.map((row) => row.payoutId), hashed.map((row) => row.hash)],
  );
  const hasMore = rows.length === batchRows;
  // The next pass begins anew: an old process may accept some more.
  return { lastId: hasMore ? (rows.at(-1)?.payoutId ?? afterId) : 0n, hasMore };
}

/** A legal hold: while it stands, recipients' data of the merchant are not deleted. */
export type RecipientHold = { readonly reason: string; readonly setBy: string; readonly setAt: Date };

/** undefined: nothing holds them. */
export async function readRecipientHold(sql: Sql, merchantId: bigint): Promise<RecipientHold | undefined> {
  const [hold] = await sql.query<RecipientHold>(
    `select hold_reason as reason, hold_set_by as "setBy", hold_set_at as "setAt" from recipient_walk
     where merchant_id = $1 and hold_reason is not null`,
    [merchantId],
  );
  return hold;
}

/** A hold that stands already keeps its day; its reason is the new one. */
export async function setRecipientHold(
  tx: Tx,
  input: { readonly merchantId: bigint; readonly reason: string; readonly setBy: string },
): Promise<void> {
  await tx.query(
    `insert into recipient_walk as w (merchant_id, hold_reason, hold_set_by, hold_set_at)
     values ($1, $2, $3, clock_timestamp())
     on conflict (merchant_id) do update set hold_reason = excluded.hold_reason, hold_set_by = excluded.hold_set_by,
       hold_set_at = coalesce(w.hold_set_at, excluded.hold_set_at)`,
    [input.merchantId, input.reason, input.setBy],
  );
}

/** What was due meanwhile is deleted from now on. Throws a Refusal when there is no hold. */
export async function liftRecipientHold(tx: Tx, merchantId: bigint): Promise<void> {
  const rows = await tx.query(
    `update recipient_walk set hold_reason = null, hold_set_by = null, hold_set_at = null, next_at = now()
     where merchant_id = $1 and hold_reason is not null returning 1`,
    [merchantId],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'record_unknown', field: 'merchant_id' }]);
}
