import type { Job } from './queue.ts';

/** Claimed jobs that wait for room in their lane. */
export type Parking = {
  park(jobs: readonly Job[]): void;
  /** The one of this lane that has waited longest; it waits no more. */
  next(lane: string): Job | undefined;
  /** Those of `jobs` that still wait; they wait no more. */
  remove(jobs: readonly Job[]): Job[];
};

export function createParking(): Parking {
  const lines = new Map<string, Set<Job>>();

  function remove(job: Job): boolean {
    const line = lines.get(job.lane);
    if (line === undefined || !line.delete(job)) return false;
    if (line.size === 0) lines.delete(job.lane);
    return true;
  }

  return {
    park(jobs) {
      for (const job of jobs) lines.set(job.lane, (lines.get(job.lane) ?? new Set()).add(job));
    },
    next(lane) {
      const [first] = lines.get(lane) ?? [];
      if (first !== undefined) remove(first);
      return first;
    },
    remove: (jobs) => jobs.filter(remove),
  };
}
