/** A payout's trace, the same in every process and never stored. */
export type Trace = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span of the request that created the payout, on which all others hang. */
  readonly firstSpanId: string;
  /** In [0, 1), evenly spread: by it every process decides alike which payouts are collected. */
  readonly draw01: number;
};

/**
 * The trace of a payout from its id. By a keyed digest: trace ids go to providers and merchants, and nobody without the
 * key can tell a payout's from its id or write into it.
 */
export function deriveTrace(digest: (text: string) => Uint8Array, payoutId: bigint): Trace {
  const bytes = Buffer.from(digest(`trace of payout ${payoutId}`));
  return {
    traceId: bytes.toString('hex', 0, 16),
    firstSpanId: bytes.toString('hex', 16, 24),
    draw01: bytes.readUInt32BE(24) / 2 ** 32,
  };
}

/** `share`: which part of all payouts is collected, 0 to 1. */
export function isSampled({ draw01 }: Trace, share: number): boolean {
  return draw01 < share;
}
