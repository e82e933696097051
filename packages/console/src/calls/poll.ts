import type { Query } from '@tanstack/react-query';

const slowestMs = 60_000;

/**
 * How long until a list is read again: `everyMs` while answers come, twice as long after each failure, a minute at
 * most. Polling and not a stream: one rule for every list, nothing to keep open per operator, and proxies do not
 * matter.
 */
export function pollEvery(everyMs: number) {
  return ({ state }: Pick<Query, 'state'>): number => Math.min(slowestMs, everyMs * 2 ** state.fetchFailureCount);
}
