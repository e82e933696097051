import { type Charge, chargeOfPartial } from './commission.ts';

/** The entries that put the ledger right after a final status turned out to be wrong, in minor units; they sum to 0. */
export type Reversal = {
  readonly availableMinor: bigint;
  /** What the account owes: never above 0 in its balance. */
  readonly receivableMinor: bigint;
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
};

/**
 * A payout that had ended without money, and whose recipient was paid nevertheless. The account pays for it now, as far
 * as its money goes; the rest it owes. Throws RangeError when `paidMinor` is not between 1 and what was due.
 */
export function reverseUnpaid(input: {
  readonly charge: Charge;
  readonly paidMinor: bigint;
  readonly availableMinor: bigint;
}): Reversal {
  const { charge, paidMinor, availableMinor } = input;
  if (paidMinor <= 0n) throw new RangeError(`Who was paid got more than nothing, not ${paidMinor}.`);
  const { debitMinor, commissionMinor } = chargeOfPartial(charge, paidMinor);
  const coveredMinor = availableMinor < debitMinor ? availableMinor : debitMinor;
  return { availableMinor: -coveredMinor, receivableMinor: coveredMinor - debitMinor, paidMinor, commissionMinor };
}

/** A payout that was paid, and whose money came back: so does its commission. What the account owes is paid first. */
export function reversePaid(input: {
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
  /** As in the balance: 0 or less. */
  readonly receivableMinor: bigint;
}): Reversal {
  const { paidMinor, commissionMinor } = input;
  const { availableMinor, receivableMinor } = creditAccount({
    amountMinor: paidMinor + commissionMinor,
    owedMinor: input.receivableMinor,
  });
  return { availableMinor, receivableMinor, paidMinor: -paidMinor, commissionMinor: -commissionMinor };
}

/** Money that comes to an account pays what it owes first. `owedMinor` as in the balance: 0 or less. */
export function creditAccount({ amountMinor, owedMinor }: { amountMinor: bigint; owedMinor: bigint }): {
  readonly availableMinor: bigint;
  readonly receivableMinor: bigint;
} {
  const repaidMinor = -owedMinor < amountMinor ? -owedMinor : amountMinor;
  return { availableMinor: amountMinor - repaidMinor, receivableMinor: repaidMinor };
}
