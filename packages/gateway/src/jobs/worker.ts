import { type Alarm, createAlarm } from './alarm.ts';
import { createLanes } from './lanes.ts';
import { createParking } from './parking.ts';
import type { Job, JobKind, Queue } from './queue.ts';

export type WorkerOptions = {
  readonly queue: Queue;
  readonly kind: JobKind;
  readonly leaseMs: number;
  /** Jobs in hand at once. */
  readonly jobsMax: number;
  /** Jobs taken by one claim. */
  readonly claimMax: number;
  /** Jobs of one lane in hand at once. */
  readonly laneJobsMax: number;
  /** How often to look when nobody wakes us: the longest time a job of another process waits. */
  readonly pollMs: number;
  /** Does the job and writes how it went. A throw leaves the job to be claimed again after its lease. */
  readonly handle: (job: Job) => Promise<void>;
  readonly onError: (error: unknown, job: Job | undefined) => void;
};

export type Worker = {
  start(): void;
  /** There may be work now: look at once. */
  wake(): void;
  /** Takes nothing new and waits for what is in hand. */
  stop(): Promise<void>;
  inHand(): number;
};

/** How long to leave the database alone after it could not answer a claim. */
const errorPauseMs = 500;
/** How long a claimed job waits for room in its lane, and how long it is left alone after that. */
const laneFullPauseMs = 200;

/** One loop per kind of job: claim a few, hand each to `handle`, look again. It knows nothing of what it runs. */
export function createWorker(options: WorkerOptions): Worker {
  const hand = createHand(options);
  let isRunning = false;
  let loop: Promise<void> = Promise.resolve();

  async function runLoop(): Promise<void> {
    while (isRunning) {
      try {
        const claimed = await claimOnce(options, hand);
        // A full hand means that there is probably more; a part of one was all that was due.
        if (claimed < options.claimMax) await hand.alarm.sleep(options.pollMs);
      } catch (error) {
        options.onError(error, undefined);
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
async function claimOnce(options: WorkerOptions, hand: Hand): Promise<number> {
  const countMax = Math.min(options.claimMax, options.jobsMax - hand.count());
  if (countMax <= 0) return 0;
  const { queue, kind, leaseMs } = options;
  const jobs = await queue.claim({ kind, countMax, leaseMs, busyLanes: hand.fullLanes() });
  const surplus = jobs.filter((job) => !hand.take(job));
  if (surplus.length > 0) hand.park(surplus);
  return jobs.length;
}

/** The jobs that are being done, and those that wait for room in their lane. */
type Hand = {
  readonly alarm: Alarm;
  /** Starts the job; false if its lane has no room. */
  take(job: Job): boolean;
  /** Starts each as soon as its lane has room; what waits too long is given back. */
  park(jobs: readonly Job[]): void;
  count(): number;
  fullLanes(): string[];
  whenEmpty(): Promise<void>;
};

function createHand(options: WorkerOptions): Hand {
  const lanes = createLanes(options.laneJobsMax);
  const alarm = createAlarm();
  const parking = createParking();
  let count = 0;
  let emptied: (() => void)[] = [];

  async function run(job: Job): Promise<void> {
    try {
      await options.handle(job);
    } catch (error) {
      options.onError(error, job);
    }
    lanes.release(job.lane);
    startParked(job.lane);
    leave(1);
  }

  function leave(jobs: number): void {
    count -= jobs;
    // A claim is worth its round trip when there is room for a good handful, or when nothing else is going on.
    if (count === 0 || options.jobsMax - count >= options.claimMax) alarm.wake();
    if (count > 0) return;
    for (const tell of emptied) tell();
    emptied = [];
  }

  function startParked(lane: string): void {
    const next = parking.next(lane);
    if (next === undefined) return;
    lanes.take(lane);
    void run(next);
  }

  async function giveBack(jobs: readonly Job[]): Promise<void> {
    const waiting = parking.remove(jobs);
    if (waiting.length === 0) return;
    try {
      await options.queue.putBack(waiting, laneFullPauseMs);
    } catch (error) {
      // Their leases end all the same.
      options.onError(error, waiting[0]);
    }
    leave(waiting.length);
  }

  return {
    alarm,
    take(job) {
      if (!lanes.take(job.lane)) return false;
      count += 1;
      void run(job);
      return true;
    },
    park(jobs) {
      count += jobs.length;
      parking.park(jobs);
      setTimeout(() => void giveBack(jobs), laneFullPauseMs);
    },
    count: () => count,
    fullLanes: lanes.full,
    whenEmpty: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => emptied.push(resolve))),
  };
}
