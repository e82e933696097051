/** One line of the table. */
export type Figure = {
  readonly question: string;
  readonly value: string;
  /** For what is counted in a second: its share of T as measured beside it, and the least that it has to be. */
  readonly share?: number;
  readonly leastShare?: number;
  /** For everything else. */
  readonly isMet?: boolean;
  readonly target?: string;
  readonly note?: string;
  /** Whether missing the target fails the run. */
  readonly isGate?: boolean;
};

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const showMs = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** A round: what was asked, and T as it was just before and just after, because no machine stays the same. */
export type Round = { readonly perSecond: number; readonly t: number };

export function rateFigure(given: {
  readonly question: string;
  readonly rounds: readonly Round[];
  readonly leastShare?: number;
  readonly note?: string;
  readonly isGate?: boolean;
}): Figure {
  const { rounds, ...rest } = given;
  const perSecond = median(rounds.map((round) => round.perSecond));
  return {
    ...rest,
    value: `${perSecond.toFixed(0)}/s`,
    share: median(rounds.map((round) => round.perSecond / round.t)),
  };
}

/** Prints the table; answers whether every gate is met. */
export function printFigures(figures: readonly Figure[]): boolean {
  let isPassed = true;
  for (const figure of figures) {
    const { question, value, share, leastShare, note = '', isGate } = figure;
    const isMet = leastShare === undefined ? figure.isMet !== false : (share ?? 0) >= leastShare;
    if (!isMet && isGate === true) isPassed = false;
    const wanted = figure.target ?? (leastShare === undefined ? '' : `≥ ${leastShare.toFixed(1)} T`);
    const shown = share === undefined ? '' : `${share.toFixed(2)} T`;
    const cells = [question.padEnd(30), value.padStart(10), shown.padStart(7), wanted.padEnd(10)];
    process.stdout.write(`${cells.join('  ')}  ${isMet ? '      ' : 'MISSED'}  ${note}\n`);
  }
  return isPassed;
}
