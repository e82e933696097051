import { Refusal } from '../core/problem.ts';

export type SignInGuard = {
  /** Throws a Refusal while a login or an address has failed too often. */
  check(keys: readonly string[]): void;
  noteFailure(keys: readonly string[]): void;
  noteSuccess(keys: readonly string[]): void;
};

export type GuardOptions = {
  readonly clock?: { now(): number };
  readonly failuresMax?: number;
  readonly windowMs?: number;
  readonly keysMax?: number;
};

type Failures = { count: number; readonly since: number };

/**
 * Counts failed sign-ins per key in memory: ten within a quarter of an hour, and that key waits for the rest of it.
 * Each process counts on its own; a password of twelve characters stands the few tries this leaves.
 */
export function createSignInGuard(options: GuardOptions = {}): SignInGuard {
  const { clock = Date, failuresMax = 10, windowMs = 900_000, keysMax = 10_000 } = options;
  const failures = new Map<string, Failures>();

  function present(key: string): Failures | undefined {
    const found = failures.get(key);
    if (found === undefined || clock.now() - found.since < windowMs) return found;
    failures.delete(key);
    return undefined;
  }

  return {
    check(keys) {
      for (const key of keys) {
        const found = present(key);
        if (found === undefined || found.count < failuresMax) continue;
        const seconds = Math.ceil((found.since + windowMs - clock.now()) / 1_000);
        throw new Refusal([{ code: 'too_fast', field: 'request', values: { seconds } }]);
      }
    },
    noteFailure(keys) {
      for (const key of keys) {
        const found = present(key) ?? { count: 0, since: clock.now() };
        found.count += 1;
        failures.set(key, found);
        if (failures.size > keysMax) failures.delete(failures.keys().next().value as string);
      }
    },
    noteSuccess(keys) {
      for (const key of keys) failures.delete(key);
    },
  };
}
