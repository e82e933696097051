/** What the generator is asked to do. */
export type LoadTask = {
  readonly port: number;
  /** The path of the requests, and the file of their bodies and signatures. */
  readonly target: string;
  readonly path: string;
  /** The first line of the file to send, and how many at most. */
  readonly from: number;
  readonly count: number;
  /** Whether to begin again at the first when all were sent. */
  readonly isEndless?: boolean;
  readonly connections: number;
  readonly accounts: readonly string[];
  readonly seconds: number;
  /** What is due in the first seconds does not count for the latencies: client and gateway are being compiled. */
  readonly warmSeconds?: number;
  /** Open loop: this many a second are due, whatever comes back. Without it a connection sends when it was answered. */
  readonly ratePerSecond?: number;
  /** The receiver to follow: how long each order takes until it is known as ended. */
  readonly receiverPort?: number;
  /** Orders under way, from the request to the notification; more are not sent. */
  readonly livesMax?: number;
};

/** What it saw. Times count from when a request was due, so a stall shows in all that it delayed. */
export type Load = {
  readonly answered: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly latency: Spread;
  /** From when an order was due to the arrival of its notification. */
  readonly ended: number;
  readonly life: Spread;
  readonly refused: number;
  readonly firstRefusal: string | undefined;
  /** Refusals that do not say that nothing was created. */
  readonly indefinite: number;
  /** Connections that ended before an answer came. */
  readonly broken: number;
};

/** Milliseconds. */
export type Spread = { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };

export function spreadOf(values: Float64Array): Spread {
  const sorted = values.toSorted();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? 0 };
}
