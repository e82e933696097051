import type { Sql } from '../db/pool.ts';
import { parkJob, releaseParked } from '../jobs/park.ts';
import type { Job } from '../jobs/queue.ts';
import { listPauses, type Pause } from './pause.ts';

/** A payout that is about to be sent. */
export type Sending = {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly connector: string | undefined;
};

export type Pauses = {
  /**
   * The pause that stands in the way, as of `pauseViewMaxMs` ago at most. Throws when the view is older than that and
   * the database does not answer, or not in time: then nothing is sent.
   */
  find(sending: Sending): Promise<Pause | undefined>;
  /** Lets the job wait: until the pause is lifted, or for a while that grows with the pause. */
  park(job: Job, pause: Pause): Promise<void>;
};

export type PausesView = Pauses & {
  /** Whoever calls this after a change sees it. Other processes see it within `pollMs`. */
  refresh(): Promise<void>;
  /** What stands at the moment, for metrics. */
  count(): number;
  close(): Promise<void>;
};

type Needs = {
  readonly db: Sql;
  readonly monotonicMs: () => number;
  /** Parked payouts may be sent now. */
  readonly wake: () => void;
  readonly onError: (error: unknown) => void;
  readonly pollMs?: number;
};

/** Two seconds after a pause no new attempt starts: a view this old, and at most as long again until the call. */
export const pauseViewMaxMs = 900;
const readsMax = 3;
const parkMinMs = 1_000;
/** Nobody waits for this after a lift: then all are released. It only has to be short enough if that is missed. */
const parkMaxMs = 600_000;

/** The pauses in memory, read again and again; when one is gone, the payouts that waited for it go on at once. */
export function openPauses(needs: Needs): PausesView {
  let pauses: readonly Pause[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  // Whatever was parked before this process began may have been released while nobody was there to do it.
  let hasParked = true;
  let reading: Promise<void> = Promise.resolve();
  let isClosed = false;

  async function read(): Promise<void> {
    const begunAt = needs.monotonicMs();
    const present = await listPauses(needs.db);
    const isLifted = pauses.some((known) => !present.some(({ pauseId }) => pauseId === known.pauseId));
    pauses = present;
    readAt = begunAt;
    if (!isLifted && !hasParked) return;
    hasParked = true;
    await releaseParked(needs.db, 'payout');
    hasParked = false;
    needs.wake();
  }

  /** One after the other: of two reads at once the later one could end first and be overwritten by the earlier. */
  function refresh(): Promise<void> {
    const next = reading.then(read);
    reading = next.catch(() => {});
    return next;
  }

  let shared: Promise<void> | undefined;
  function refreshShared(): Promise<void> {
    shared ??= refresh().finally(() => {
      shared = undefined;
    });
    return shared;
  }

  let timer = setTimeout(poll, 0);
  function poll(): void {
    void refreshShared()
      .catch(needs.onError)
      .then(() => {
        if (!isClosed) timer = setTimeout(poll, needs.pollMs ?? 250);
      });
  }

  return {
    async find(sending) {
      for (let reads = 0; needs.monotonicMs() - readAt > pauseViewMaxMs; reads += 1) {
        // An answer that took so long is old when it comes.
        if (reads === readsMax) throw new Error('the pauses cannot be read fast enough to send anything');
        await refreshShared();
      }
      return pauses.find((pause) => isHeld(pause, sending));
    },
    async park(job, pause) {
      await parkJob(needs.db, job, parkDelay(job, pause));
      // Whoever saw the pause lifted meanwhile may have released the others before this one was among them.
      if (pauses.some(({ pauseId }) => pauseId === pause.pauseId)) return;
      await releaseParked(needs.db, 'payout');
      needs.wake();
    },
    refresh,
    count: () => pauses.length,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await reading;
    },
  };
}

/** Milliseconds; not the same for all. */
function parkDelay({ subjectId }: Job, { setAt }: Pause): number {
  const pausedMs = Date.now() - setAt.getTime();
  return Math.min(Math.max(pausedMs, parkMinMs), parkMaxMs) * (1 + Number(subjectId % 64n) / 256);
}

function isHeld(pause: Pause, sending: Sending): boolean {
  switch (pause.scope) {
    case 'all':
      return true;
    case 'connector':
      return pause.connector === sending.connector;
    case 'account':
      return pause.merchantId === sending.merchantId && pause.accountId === sending.accountId;
    default:
      return pause satisfies never;
  }
}
