import assert from 'node:assert/strict';
import { type Alarm, createAlarm } from './alarm.ts';
import { type Backlog, createBacklog } from './backlog.ts';
import { createLanes } from './lanes.ts';
import { createParking } from './parking.ts';
import type { Job, JobKind, Queue } from './queue.ts';
import { firstFence, type Reserve, type Seat } from './seat.ts';

export type HandOptions<Known> = {
  readonly queue: Pick<Queue, 'putBack'>;
  readonly kind: JobKind;
  readonly leaseMs: number;
  readonly jobsMax: number;
  readonly claimMax: number;
  readonly laneJobsMax: number;
  readonly handle: (job: Job, known: Known | undefined) => Promise<void>;
  readonly onError: (error: unknown, job: Job | undefined) => void;
};

/** The jobs that are being done, and those that wait for room in their lane. */
export type Hand<Known> = {
  readonly alarm: Alarm;
  readonly backlog: Backlog;
  /** A place for a job that is about to be queued; none while others may wait longer. */
  readonly reserve: Reserve<Known>;
  /** Starts the job; false if its lane has no room. */
  take(job: Job): boolean;
  /** Starts each as soon as its lane has room; what waits too long is given back. */
  park(jobs: readonly Job[]): void;
  count(): number;
  fullLanes(): string[];
  whenEmpty(): Promise<void>;
};

/** How long a claimed job waits for room in its lane, and how long it is left alone after that. */
const laneFullPauseMs = 200;

export function createHand<Known>(options: HandOptions<Known>): Hand<Known> {
  const lanes = createLanes(options.laneJobsMax);
  const places = createPlaces(options);
  const parking = createParking();
  const { alarm, backlog } = places;

  async function run(job: Job, known?: Known): Promise<void> {
    try {
      await options.handle(job, known);
    } catch (error) {
      options.onError(error, job);
    }
    vacate(job.lane);
  }

  function vacate(lane: string): void {
    lanes.release(lane);
    const next = parking.next(lane);
    if (next !== undefined) {
      lanes.take(lane);
      void run(next);
    }
    places.leave(lane);
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
    for (const { lane } of waiting) {
      backlog.note(lane);
      places.leave(lane);
    }
  }

  return {
    alarm,
    backlog,
    reserve(lane) {
      if (backlog.mayHave(lane)) return undefined;
      const isFull = places.count() >= options.jobsMax;
      if (isFull || !lanes.take(lane)) {
        backlog.note(isFull ? undefined : lane);
        return undefined;
      }
      places.enter(1);
      return makeSeat(options, { lane, run, vacate });
    },
    take(job) {
      if (!lanes.take(job.lane)) return false;
      places.enter(1);
      void run(job);
      return true;
    },
    park(jobs) {
      places.enter(jobs.length);
      parking.park(jobs);
      setTimeout(() => void giveBack(jobs), laneFullPauseMs);
    },
    count: places.count,
    fullLanes: lanes.full,
    whenEmpty: places.whenEmpty,
  };
}

/** How many jobs there are, and whom to wake when one leaves. */
function createPlaces(options: { readonly jobsMax: number; readonly claimMax: number }) {
  const alarm = createAlarm();
  const backlog = createBacklog();
  let count = 0;
  let emptied: (() => void)[] = [];
  return {
    alarm,
    backlog,
    enter(jobs: number): void {
      count += jobs;
    },
    leave(lane: string): void {
      count -= 1;
      // A claim is worth its round trip when there may be something to claim, and room for a good handful of it.
      const hasRoom = count === 0 || options.jobsMax - count >= options.claimMax;
      if (hasRoom && backlog.mayHave(lane)) alarm.wake();
      if (count > 0) return;
      for (const tell of emptied) tell();
      emptied = [];
    },
    count: () => count,
    whenEmpty: (): Promise<void> => (count === 0 ? Promise.resolve() : new Promise((resolve) => emptied.push(resolve))),
  };
}

type Place<Known> = {
  readonly lane: string;
  readonly run: (job: Job, known: Known) => Promise<void>;
  readonly vacate: (lane: string) => void;
};

function makeSeat<Known>(
  { kind, leaseMs }: { readonly kind: JobKind; readonly leaseMs: number },
  { lane, run, vacate }: Place<Known>,
): Seat<Known> {
  const reservedAt = performance.now();
  let isOpen = true;
  const leave = (): void => {
    if (isOpen) vacate(lane);
    isOpen = false;
  };
  return {
    leaseMs,
    leave,
    take(subject, known) {
      assert(isOpen, 'a seat is taken once');
      // Too little may be left of the lease when the commit took that long: whoever claims the job next does it.
      if (performance.now() - reservedAt > leaseMs / 2) return leave();
      isOpen = false;
      void run({ kind, ...subject, lane, fence: firstFence, lateMs: 0 }, known);
    },
  };
}
