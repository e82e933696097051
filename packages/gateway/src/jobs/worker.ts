import { createHand, type Hand } from './hand.ts';
import type { Job, JobKind, Queue } from './queue.ts';
import type { Reserve } from './seat.ts';

export type WorkerOptions<Known> = {
  readonly queue: Queue;
  readonly kind: JobKind;
  readonly leaseMs: number;
  /** Jobs in hand at once. */
  readonly jobsMax: number;
  /** Jobs taken by one claim. */
  readonly claimMax: number;
  /** Jobs of one lane in hand at once. */
  readonly laneJobsMax: number;
  /** How often to look when nobody wakes us: the longest time a job of another process waits. Sooner after a find. */
  readonly pollMs: number;
  /**
   * Does the job and writes how it went. A throw leaves the job to be claimed again after its lease. `known`: what
   * whoever queued the job knows of its subject.
   */
  readonly handle: (job: Job, known: Known | undefined) => Promise<void>;
  readonly onError: (error: unknown, job: Job | undefined) => void;
};

export type Worker<Known = unknown> = {
  start(): void;
  /** A place for a job that is about to be queued. */
  readonly reserve: Reserve<Known>;
  /** There may be work now: look at once. */
  wake(): void;
  /** Takes nothing new and waits for what is in hand. */
  stop(): Promise<void>;
  inHand(): number;
};

/**
 * How soon to look again, and for how many looks after one that found something. A payout comes to the queue several
 * times, and each time it would wait anew; and merchants who wait for answers send their next orders together: once
 * every look came just before them, all would go on in that step, each life twice as long.
 */
const soonMs = 15;
const soonLooks = 20;

/** The time to the next look, by how many were in vain since the last find. */
function nextLookMs(vain: number, pollMs: number): number {
  return vain < soonLooks ? Math.min(pollMs, soonMs) : pollMs;
}

/** How long to leave the database alone after it could not answer a claim. */
const errorPauseMs = 500;

/** One loop per kind of job: claim a few, hand each to `handle`, look again. It knows nothing of what it runs. */
export function createWorker<Known = unknown>(options: WorkerOptions<Known>): Worker<Known> {
  const hand = createHand(options);
  let isRunning = false;
  let loop: Promise<void> = Promise.resolve();

  async function runLoop(): Promise<void> {
    let vain = soonLooks;
    while (isRunning) {
      try {
        const claimed = await claimOnce(options, hand);
        vain = claimed > 0 ? 0 : vain + 1;
        // A full hand means that there is probably more; a part of one was all that was due, and others are at work.
        if (claimed < options.claimMax) await hand.alarm.sleep(nextLookMs(vain, options.pollMs));
      } catch (error) {
        options.onError(error, undefined);
        hand.backlog.note();
        await hand.alarm.sleep(errorPauseMs);
      }
    }
  }

  return {
    start() {
      if (isRunning) return;
      isRunning = true;
      loop = runLoop();
    },
    reserve: (lane) => (isRunning ? hand.reserve(lane) : undefined),
    wake: hand.alarm.wake,
    async stop() {
      isRunning = false;
      hand.alarm.wake();
      await loop;
      await hand.whenEmpty();
    },
    inHand: hand.count,
  };
}

/** Claims what there is room for and starts it, or lets it wait a moment for its lane. Answers how many it claimed. */
async function claimOnce<Known>(options: WorkerOptions<Known>, hand: Hand<Known>): Promise<number> {
  const countMax = Math.min(options.claimMax, options.jobsMax - hand.count());
  if (countMax <= 0) return 0;
  const { queue, kind, leaseMs } = options;
  const busyLanes = hand.fullLanes();
  const endClaim = hand.backlog.beginClaim(busyLanes);
  const jobs = await queue.claim({ kind, countMax, leaseMs, busyLanes });
  endClaim(jobs.length < countMax ? 'all_that_was_due' : 'perhaps_more');
  const surplus = jobs.filter((job) => !hand.take(job));
  if (surplus.length > 0) hand.park(surplus);
  return jobs.length;
}
