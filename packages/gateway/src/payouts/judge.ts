import type { Verdict } from '../core/payout.ts';
import type { Answer } from './cancel.ts';
import { type Needs, settlePayout } from './settle.ts';

/** Ends a payout in review by what a person found out, with the evidence they give. */
export async function judgePayout(
  needs: Needs,
  input: {
    readonly merchantId: bigint;
    readonly payoutId: bigint;
    readonly verdict: 'paid' | 'not_executed';
    /** With `paid`: what the recipient got; absent = all that was due. */
    readonly paidMinor?: bigint;
    readonly actor: string;
    readonly evidence: string;
  },
): Promise<Answer> {
  const payout = await needs.reader.findPayout(input);
  if (payout === undefined) return { ok: false, problem: { code: 'payout_not_found', field: 'id' } };
  const verdict: Verdict =
    input.verdict === 'paid'
      ? { kind: 'paid', paidMinor: input.paidMinor ?? payout.charge.dueMinor }
      : { kind: 'not_executed' };
  const settlement = await settlePayout(needs, {
    payout,
    event: { kind: 'judge', verdict, evidence: { text: input.evidence } },
    source: { actor: input.actor },
  });
  if (settlement.kind === 'applied') return { ok: true };
  const code =
    settlement.kind === 'refused' && settlement.why === 'paid_amount' ? 'verdict_amount' : 'payout_not_in_review';
  return { ok: false, problem: { code, field: code === 'verdict_amount' ? 'paid_amount' : 'id' } };
}
