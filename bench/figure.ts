/** One line of the table. */
export type Figure = {
  readonly question: string;
  readonly value: string;
  /** For what is counted in a second: its share of T and the least that it has to be. */
  readonly perSecond?: number;
  readonly leastOfT?: number;
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

export function rateFigure(given: {
  readonly question: string;
  readonly perSecond: number;
  readonly leastOfT?: number;
  readonly note?: string;
  readonly isGate?: boolean;
}): Figure {
  return { ...given, value: `${given.perSecond.toFixed(0)}/s` };
}

/** Prints the table; answers whether every gate is met. */
export function printFigures(figures: readonly Figure[], perSecondOfT: number): boolean {
  let isPassed = true;
  for (const figure of figures) {
    const { question, value, perSecond, leastOfT, note = '', isGate } = figure;
    const ratio = perSecond === undefined ? undefined : perSecond / perSecondOfT;
    const isMet = leastOfT === undefined ? figure.isMet !== false : (ratio ?? 0) >= leastOfT;
    if (!isMet && isGate === true) isPassed = false;
    const wanted = figure.target ?? (leastOfT === undefined ? '' : `≥ ${leastOfT.toFixed(1)} T`);
    const share = ratio === undefined ? '' : `${ratio.toFixed(2)} T`;
    const cells = [question.padEnd(30), value.padStart(10), share.padStart(7), wanted.padEnd(10)];
    process.stdout.write(`${cells.join('  ')}  ${isMet ? '      ' : 'MISSED'}  ${note}\n`);
  }
  return isPassed;
}
