import type { Sql } from '../db/pool.ts';
import type { JobKind } from './queue.ts';

/** How much work there is of one kind. A job that somebody owns is later: its lease ends then. */
export type JobCount = {
  readonly kind: JobKind;
  /** Due and not taken. */
  readonly due: number;
  readonly later: number;
  /** The counts stop at `jobsCountedMax`: there is at least as much. */
  readonly isCutOff: boolean;
  readonly oldestDueAt: Date | null;
};

/** Counting more would only take time from the work. */
const jobsCountedMax = 100_000;

const kinds: readonly JobKind[] = ['payout', 'notification'];

export async function countJobs(sql: Sql): Promise<JobCount[]> {
  return Promise.all(kinds.map((kind) => countKind(sql, kind)));
}

async function countKind(sql: Sql, kind: JobKind): Promise<JobCount> {
  const [row] = await sql.query<{ due: number; later: number; oldestDueAt: Date | null }>(
    `select count(*) filter (where run_at <= clock_timestamp())::int as due,
       count(*) filter (where run_at > clock_timestamp())::int as later,
       min(run_at) filter (where run_at <= clock_timestamp()) as "oldestDueAt"
     from (select run_at from job where kind = $1 order by run_at limit $2) j`,
    [kind, jobsCountedMax],
  );
  const { due = 0, later = 0, oldestDueAt = null } = row ?? {};
  return { kind, due, later, isCutOff: due + later >= jobsCountedMax, oldestDueAt };
}
