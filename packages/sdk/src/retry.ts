// Owns how long to wait between tries.
// Promises jitter, respect for Retry-After, and an end: a wait longer than the limit means "stop trying".
// Refuses to know what is tried and why it failed.
import { setTimeout as sleep } from 'node:timers/promises';
import { readRetryAfterMs } from './judge.ts';
import type { Sent } from './transport.ts';

export type RetrySettings = {
  attemptsMax: number;
  /** The first wait is up to this long, each further one up to twice the one before. */
  retryDelayMs: number;
  /** A server that asks for a longer wait is not waited for. */
  retryAfterMsMax: number;
};

const DELAY_MS_MAX = 15_000;

/** Time to wait before the next try, or undefined when there should be none. `attempt` counts from 1. */
export function nextDelayMs(options: { settings: RetrySettings; attempt: number; sent: Sent }): number | undefined {
  const { settings, attempt, sent } = options;
  if (attempt >= settings.attemptsMax) return undefined;
  const ceiling = Math.min(DELAY_MS_MAX, settings.retryDelayMs * 2 ** (attempt - 1));
  // Half fixed, half random: clients that failed together do not come back together.
  const jittered = ceiling * (0.5 + Math.random() / 2);
  const asked = sent.ok ? readRetryAfterMs(sent.reply.headers, Date.now()) : undefined;
  if (asked === undefined) return jittered;
  return asked > settings.retryAfterMsMax ? undefined : asked + jittered;
}

/** @returns false when the signal ended the wait */
export async function waitMs(delayMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}
