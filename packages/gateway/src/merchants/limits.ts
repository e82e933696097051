import type { Sql, Tx } from '../db/pool.ts';
import { readAccount } from './accounts.ts';
import { lockMerchant } from './enroll.ts';

/** Whose limits: all accounts of a merchant together, or one account. */
export type LimitOwner = { readonly merchantId: bigint; readonly accountId?: string };

/** null: no limit. */
export type Limits = { readonly ordersPerMinute: number | null; readonly amountPerDayMinor: bigint | null };

const kinds = { ordersPerMinute: 'orders_per_minute', amountPerDayMinor: 'amount_per_day' } as const;

/** Throws a Refusal when there is no such merchant or account. */
export async function readLimits(sql: Sql, owner: LimitOwner): Promise<Limits> {
  const { merchantId, accountId } = owner;
  if (accountId !== undefined) await readAccount(sql, { merchantId, accountId });
  const rows = await sql.query<{ kind: string; value: bigint }>(
    `select kind, limit_value as value from merchant_limit
     where merchant_id = $1 and account_id is not distinct from $2::uuid`,
    [merchantId, accountId ?? null],
  );
  const find = (kind: string): bigint | null => rows.find((row) => row.kind === kind)?.value ?? null;
  const orders = find(kinds.ordersPerMinute);
  return {
    ordersPerMinute: orders === null ? null : Number(orders),
    amountPerDayMinor: find(kinds.amountPerDayMinor),
  };
}

/**
 * Absent values stay as they are, null removes a limit. What was used of a changed limit in its present minute or day
 * still counts. They hold from the next order on: they are read inside the transaction that accepts it.
 */
export async function setLimits(tx: Tx, owner: LimitOwner, change: Partial<Limits>): Promise<Limits> {
  await lockMerchant(tx, owner.merchantId);
  if (owner.accountId !== undefined) {
    await readAccount(tx, { merchantId: owner.merchantId, accountId: owner.accountId });
  }
  for (const name of ['ordersPerMinute', 'amountPerDayMinor'] as const) {
    const value = change[name];
    if (value === undefined) continue;
    const id = [owner.merchantId, owner.accountId ?? null, kinds[name]];
    if (value === null) {
      await tx.query(
        `delete from merchant_limit
         where merchant_id = $1 and account_id is not distinct from $2::uuid and kind = $3`,
        id,
      );
    } else {
      await tx.query(
        `insert into merchant_limit (merchant_id, account_id, kind, limit_value) values ($1, $2, $3, $4)
         on conflict (merchant_id, account_id, kind) do update set limit_value = excluded.limit_value`,
        [...id, value],
      );
    }
  }
  return readLimits(tx, owner);
}
