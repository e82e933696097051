import type { Charge, PartialCharge } from './commission.ts';

/**
 * What a payout's posting does to the ledger accounts of its account, in minor units: each line is an entry, and they
 * sum to 0. `held` is reserved and not sent, `clearing` is sent with its end not known yet.
 */
export type Posting = {
  readonly kind: 'send' | 'recall' | 'capture' | 'release';
  /** Whose clearing account it concerns. */
  readonly connector: string | undefined;
  readonly availableMinor: bigint;
  readonly heldMinor: bigint;
  readonly clearingMinor: bigint;
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
};

const nothing = { availableMinor: 0n, heldMinor: 0n, clearingMinor: 0n, paidMinor: 0n, commissionMinor: 0n };

/** The money goes out of our hands: from the hold to the connector's clearing account. */
export function postSend(debitMinor: bigint, connector: string): Posting {
  return { ...nothing, kind: 'send', connector, heldMinor: -debitMinor, clearingMinor: debitMinor };
}

/** It was refused, and the next connector is tried: back from clearing to the hold. */
export function postRecall(debitMinor: bigint, connector: string): Posting {
  return { ...nothing, kind: 'recall', connector, heldMinor: debitMinor, clearingMinor: -debitMinor };
}

/**
 * The end of a paid payout: what the recipient got, the commission, and the undelivered rest back to the account.
 * Without `sentTo` the money is held again: the provider had refused it, and paid it all the same.
 */
export function postCapture(charge: Charge, partial: PartialCharge, sentTo: string | undefined): Posting {
  return {
    ...nothing,
    ...takeFrom(sentTo, charge.debitMinor),
    kind: 'capture',
    connector: sentTo,
    paidMinor: partial.debitMinor - partial.commissionMinor,
    commissionMinor: partial.commissionMinor,
    availableMinor: partial.returnedMinor,
  };
}

/** The end of a payout that paid nothing: everything back to the account, from wherever it is. */
export function postRelease(debitMinor: bigint, sentTo: string | undefined): Posting {
  return {
    ...nothing,
    ...takeFrom(sentTo, debitMinor),
    kind: 'release',
    connector: sentTo,
    availableMinor: debitMinor,
  };
}

function takeFrom(sentTo: string | undefined, debitMinor: bigint): Partial<Posting> {
  return sentTo === undefined ? { heldMinor: -debitMinor } : { clearingMinor: -debitMinor };
}
