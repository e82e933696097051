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
const laneFullPauseMs = 200;

/** One loop per kind of job: claim a few, hand each to `handle`, look again. It knows nothing of what it runs. */
export function createWorker(options: WorkerOptions): Worker {
  const lanes = new Map<string, number>();
  let inHand = 0;
  let isRunning = false;
  let isAwake = false;
  let interrupt: (() => void) | undefined;
  let loop: Promise<void> = Promise.resolve();

  function pause(ms: number): Promise<void> {
    if (isAwake || !isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function wake(): void {
    isAwake = true;
    interrupt?.();
  }

  function busyLanes(): string[] {
    return [...lanes].filter(([lane, count]) => lane !== '' && count >= options.laneJobsMax).map(([lane]) => lane);
  }

  /** Keeps what its lane has room for and gives the rest back. */
  async function keepWithinLanes(jobs: readonly Job[]): Promise<void> {
    const surplus: Job[] = [];
    for (const job of jobs) {
      const count = lanes.get(job.lane) ?? 0;
      if (job.lane !== '' && count >= options.laneJobsMax) {
        surplus.push(job);
        continue;
      }
      lanes.set(job.lane, count + 1);
      inHand += 1;
      void runJob(job);
    }
    if (surplus.length > 0) await options.queue.putBack(surplus, laneFullPauseMs);
  }

  async function runJob(job: Job): Promise<void> {
    try {
      await options.handle(job);
    } catch (error) {
      options.onError(error, job);
    } finally {
      inHand -= 1;
      const count = (lanes.get(job.lane) ?? 1) - 1;
      if (count === 0) lanes.delete(job.lane);
      else lanes.set(job.lane, count);
      // Claims are worth their round trip when there is room for a good handful, or when nothing else is going on.
      if (inHand === 0 || options.jobsMax - inHand >= options.claimMax) wake();
    }
  }

  async function claimOnce(): Promise<number> {
    const countMax = Math.min(options.claimMax, options.jobsMax - inHand);
    if (countMax <= 0) return 0;
    const jobs = await options.queue.claim({
      kind: options.kind,
      countMax,
      leaseMs: options.leaseMs,
      busyLanes: busyLanes(),
    });
    await keepWithinLanes(jobs);
    return jobs.length;
  }

  async function runLoop(): Promise<void> {
    while (isRunning) {
      isAwake = false;
      try {
        const count = await claimOnce();
        // A full hand means that there is probably more; a part of one was all that was due.
        if (count < options.claimMax) await pause(options.pollMs);
      } catch (error) {
        options.onError(error, undefined);
        await pause(errorPauseMs);
      }
    }
  }

  return {
    start() {
      if (isRunning) return;
      isRunning = true;
      loop = runLoop();
    },
    wake,
    async stop() {
      isRunning = false;
      wake();
      await loop;
      while (inHand > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    inHand: () => inHand,
  };
}
