import { probeOrder } from './accept.ts';
import type { PayoutReader, StoredPayout } from './store.ts';
import type { Sql } from '../db/pool.ts';

/** How a merchant names a payout: by its own order_id, by our id, or by both. */
export type Lookup = { readonly orderId?: string; readonly payoutId?: bigint };

export type Found =
  | { readonly kind: 'found'; readonly payout: StoredPayout }
  | { readonly kind: 'absent'; readonly by: 'order_id' | 'id' }
  | { readonly kind: 'disagree' };

export type Needs = { readonly reader: PayoutReader; readonly probeDb: Sql };

/**
 * Finds a merchant's payout. "Absent" by order_id is a promise: the probe made sure that no create that was received
 * before can still commit.
 */
export async function findStatus(
  needs: Needs,
  input: { readonly merchantId: bigint; readonly lookup: Lookup },
): Promise<Found> {
  const { merchantId, lookup } = input;
  const byId =
    lookup.payoutId === undefined
      ? undefined
      : await needs.reader.findPayout({ merchantId, payoutId: lookup.payoutId });
  if (lookup.payoutId !== undefined && byId === undefined) return { kind: 'absent', by: 'id' };
  if (lookup.orderId === undefined)
    return byId === undefined ? { kind: 'absent', by: 'id' } : { kind: 'found', payout: byId };
  const byOrder = await findOrderPayout(needs, { merchantId, orderId: lookup.orderId });
  if (byOrder === undefined) return { kind: 'absent', by: 'order_id' };
  if (byId !== undefined && byId.payoutId !== byOrder.payoutId) return { kind: 'disagree' };
  return { kind: 'found', payout: byOrder };
}

async function findOrderPayout(
  needs: Needs,
  key: { readonly merchantId: bigint; readonly orderId: string },
): Promise<StoredPayout | undefined> {
  const seen = await needs.reader.findByOrderId(key);
  if (seen !== undefined) return seen;
  const record = await probeOrder(needs.probeDb, key);
  return record === undefined
    ? undefined
    : needs.reader.findPayout({ merchantId: key.merchantId, payoutId: record.payoutId });
}
