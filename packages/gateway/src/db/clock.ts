import type { Sql } from './pool.ts';

/**
 * The database's clock as this process can know it without asking each time: never later than the truth. Promises to
 * the database (an accept's deadline, when a request came in) are made in this time, because it is the database that
 * checks them, and the clocks of gateways may differ.
 */
export type DatabaseClock = {
  /** The database's time at a moment of the monotonic clock; a lower bound. */
  at(monotonicMs: number): Date;
  sync(): Promise<void>;
  close(): void;
};

export async function openDatabaseClock(needs: {
  readonly db: Sql;
  readonly monotonicMs: () => number;
  readonly syncEveryMs?: number;
  readonly onError?: (error: unknown) => void;
}): Promise<DatabaseClock> {
  let databaseMs = 0;
  let readMs = 0;

  async function sync(): Promise<void> {
    const [row] = await needs.db.query<{ now: Date }>('select clock_timestamp() as now');
    if (row === undefined) throw new Error('the database did not tell its time');
    // It was read before the answer arrived: counting from the arrival makes this a lower bound.
    readMs = needs.monotonicMs();
    databaseMs = row.now.getTime();
  }

  await sync();
  const timer = setInterval(() => {
    sync().catch((error: unknown) => needs.onError?.(error));
  }, needs.syncEveryMs ?? 1_000);
  timer.unref();
  return {
    at: (monotonicMs) => new Date(databaseMs + (monotonicMs - readMs)),
    sync,
    close: () => clearInterval(timer),
  };
}
