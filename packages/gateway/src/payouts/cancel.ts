import type { Problem } from '../core/problem.ts';
import { type Needs, settlePayout } from './settle.ts';

export type Answer = { readonly ok: true } | { readonly ok: false; readonly problem: Problem };

/** Stops a payout that has not been sent yet; its hold goes back in full. */
export async function cancelPayout(
  needs: Needs,
  input: { readonly merchantId: bigint; readonly payoutId: bigint; readonly actor: string; readonly reason: string },
): Promise<Answer> {
  const payout = await needs.reader.findPayout(input);
  if (payout === undefined) return { ok: false, problem: { code: 'payout_not_found', field: 'id' } };
  const settlement = await settlePayout(needs, {
    payout,
    event: { kind: 'cancel', reason: 'cancelled_by_operator', evidence: { reason: input.reason } },
    source: { actor: input.actor },
  });
  if (settlement.kind === 'applied') return { ok: true };
  return { ok: false, problem: { code: 'payout_not_cancellable', field: 'id' } };
}
