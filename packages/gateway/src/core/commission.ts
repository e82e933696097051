import { roundHalfUpDiv } from './money.ts';

/** What a payout costs, per service and account. All amounts are minor units of the account's currency. */
export type CommissionRule = {
  /** Parts per million of the amount: 1.5 % is 15000. An integer from 0 to 1,000,000. */
  readonly percentPpm: number;
  readonly fixedMinor: bigint;
  readonly minMinor: bigint;
  readonly maxMinor: bigint | null;
  /** Who pays it: `account` is debited on top of the amount, `recipient` gets the amount less the commission. */
  readonly bearer: 'account' | 'recipient';
};

/** What one payout costs, computed once, at creation, and frozen on it. `debitMinor = dueMinor + commissionMinor`. */
export type Charge = {
  readonly commissionMinor: bigint;
  /**
   * The part of the commission that is returned pro rata on a partial payment. It is the rounded percentage, and 0 when
   * the minimum or the maximum decided the commission: those stay whatever was delivered, as does the fixed part.
   */
  readonly percentMinor: bigint;
  /** What leaves the account when the whole amount is delivered, and what is held until then. */
  readonly debitMinor: bigint;
  /** What the recipient gets. Zero or less when the commission eats the amount: such a payout must be refused. */
  readonly dueMinor: bigint;
};

const ppmWhole = 1_000_000n;

/** The charge of `amountMinor` under `rule`: percentage (half up) + fixed, then the minimum, then the maximum. */
export function chargeFor(rule: CommissionRule, amountMinor: bigint): Charge {
  const percentMinor = roundHalfUpDiv(amountMinor * BigInt(rule.percentPpm), ppmWhole);
  const freeMinor = percentMinor + rule.fixedMinor;
  const raisedMinor = freeMinor < rule.minMinor ? rule.minMinor : freeMinor;
  const commissionMinor = rule.maxMinor !== null && raisedMinor > rule.maxMinor ? rule.maxMinor : raisedMinor;
  const onAccount = rule.bearer === 'account';
  return {
    commissionMinor,
    percentMinor: commissionMinor === freeMinor ? percentMinor : 0n,
    debitMinor: onAccount ? amountMinor + commissionMinor : amountMinor,
    dueMinor: onAccount ? amountMinor : amountMinor - commissionMinor,
  };
}

export type PartialCharge = {
  readonly commissionMinor: bigint;
  readonly debitMinor: bigint;
  /** What goes back from the hold to the account. */
  readonly returnedMinor: bigint;
};

/**
 * The charge when the rail delivered `paidMinor` of what was due: the undelivered part and its share of the percentage
 * (rounded half up) go back to the account. `paidMinor = dueMinor` gives the full charge.
 * Throws RangeError when more than due, or less than nothing, is said to be paid: that is an incident, not a charge.
 */
export function chargeOfPartial(charge: Charge, paidMinor: bigint): PartialCharge {
  const { dueMinor } = charge;
  if (dueMinor <= 0n) throw new RangeError('Nothing was due to the recipient, so nothing can be partly paid.');
  if (paidMinor < 0n || paidMinor > dueMinor) {
    throw new RangeError(`Paid must be between 0 and the ${dueMinor} minor units due, not ${paidMinor}.`);
  }
  const percentBackMinor = roundHalfUpDiv(charge.percentMinor * (dueMinor - paidMinor), dueMinor);
  const commissionMinor = charge.commissionMinor - percentBackMinor;
  const debitMinor = paidMinor + commissionMinor;
  return { commissionMinor, debitMinor, returnedMinor: charge.debitMinor - debitMinor };
}
