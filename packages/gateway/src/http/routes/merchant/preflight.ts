import type { Charge } from '../../../core/commission.ts';
import type { Problem } from '../../../core/problem.ts';
import type { Sql } from '../../../db/pool.ts';
import { readBalance } from '../../../ledger/read.ts';
import { findFullLimit } from '../../../merchants/limits.ts';
import { examineOrder, type Needs as CreateNeeds, type OrderRequest } from './create.ts';

export type Preflight = {
  /** Empty: it would be accepted now. */
  readonly problems: readonly Problem[];
  /** Present when the amount is acceptable for the service. */
  readonly charge: Charge | undefined;
  /** The recipient's mask, when the number is acceptable. */
  readonly mask: string | undefined;
  readonly availableMinor: bigint;
  /** The same order was accepted before: ordering it again answers this payout. */
  readonly payoutId: bigint | undefined;
};

/** Every check of an order and what it costs; nothing is held, and nothing is promised. */
export async function preflightOrder(
  needs: CreateNeeds & { readonly readDb: Sql },
  request: OrderRequest,
): Promise<Preflight> {
  const { merchantId, accountId } = request.account;
  const { order, check, problems } = examineOrder(needs, request);
  const { availableMinor } = await readBalance(needs.readDb, request.account);
  const result = { charge: check.charge, mask: check.recipient?.mask, availableMinor, payoutId: undefined };
  if (order === undefined) return { ...result, problems };
  const repeat = await needs.creator.findRepeat({ merchantId, accountId, order });
  if (repeat.kind === 'same') return { ...result, problems: [], payoutId: repeat.payoutId };
  const found: Problem[] = [...problems];
  if (repeat.kind === 'other') found.push({ code: 'order_id_used', field: 'order_id' });
  if (check.charge !== undefined && check.charge.debitMinor > availableMinor) {
    found.push({ code: 'funds_insufficient', field: 'amount' });
  }
  const { amountMinor } = order;
  const full = await findFullLimit(needs.readDb, { merchantId, accountId, amountMinor });
  if (full === 'orders_per_minute') found.push({ code: 'too_fast', field: 'request' });
  if (full === 'amount_per_day') found.push({ code: 'amount_over_limit', field: 'amount' });
  return { ...result, problems: found };
}
