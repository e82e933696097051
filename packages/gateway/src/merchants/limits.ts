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

/**
 * The kind of a limit that has no room for one more order of this amount at the moment, if any. Takes nothing: what
 * counts is decided when the order is accepted.
 */
export async function findFullLimit(
  sql: Sql,
  order: { readonly merchantId: bigint; readonly accountId: string; readonly amountMinor: bigint },
): Promise<'orders_per_minute' | 'amount_per_day' | undefined> {
  const [row] = await sql.query<{ kind: 'orders_per_minute' | 'amount_per_day' }>(
    `select l.kind from merchant_limit l
     left join merchant_limit_use u on u.merchant_id = l.merchant_id and u.limit_id = l.limit_id
       and u.window_at >= date_trunc(case l.kind when 'amount_per_day' then 'day' else 'minute' end,
         clock_timestamp(), 'UTC')
     where l.merchant_id = $1 and (l.account_id is null or l.account_id = $2)
       and coalesce(u.used, 0) + (case l.kind when 'amount_per_day' then $3::bigint else 1 end) > l.limit_value
     order by l.limit_id limit 1`,
    [order.merchantId, order.accountId, order.amountMinor],
  );
  return row?.kind;
}
