/** When to try again. Pure: whoever asks brings the randomness. */

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** How long after each failed delivery of a notification the next one starts; after the last it is a dead letter. */
export const notificationDelaysMs: readonly number[] = [
  5 * secondMs,
  30 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];

const jitterShare = 0.1;

/** `baseMs` moved by at most ten per cent either way, so that what failed together does not return together. */
export function delayWithJitter(baseMs: number, random01: number): number {
  return Math.round(baseMs * (1 + jitterShare * (2 * random01 - 1)));
}

export type BackoffLimits = { readonly baseMs: number; readonly maxMs: number };

/** Exponential backoff: `baseMs` for the first retry (n = 0), doubled for each further one, never above `maxMs`. */
export function backoffMs(n: number, limits: BackoffLimits): number {
  return Math.min(limits.maxMs, limits.baseMs * 2 ** Math.max(0, n));
}
