import type { Sql, Statement } from '../db/pool.ts';
import type { Job, JobKind } from './queue.ts';

/**
 * Jobs that wait for something to be allowed again stand in lanes of their own, so that they never fill every hand. The
 * lane names the fence they were parked with: one that was claimed since has another, and a release leaves it alone.
 */
const parkedLane = `'parked ' || fence`;
const releaseMax = 5_000;

const parkOne: Statement = {
  name: 'park_job',
  text: `update job set run_at = clock_timestamp() + $5 * interval '1 millisecond', lane = ${parkedLane}
    where kind = $1 and merchant_id = $2 and subject_id = $3 and fence = $4`,
};

const releaseSome: Statement = {
  name: 'release_jobs',
  text: `update job set run_at = clock_timestamp(), lane = '' where ctid = any (array(
      select ctid from job where kind = $1 and lane = ${parkedLane} limit ${releaseMax} for update skip locked))
    returning 1`,
};

/** Lets a claimed job wait, at most for `delayMs`: it is there again by itself if nobody releases it. */
export async function parkJob(sql: Sql, job: Job, delayMs: number): Promise<void> {
  await sql.run(parkOne, [job.kind, job.merchantId, job.subjectId, job.fence, Math.round(delayMs)]);
}

/** Every parked job of a kind may be claimed at once; those that still have to wait are simply parked again. */
export async function releaseParked(sql: Sql, kind: JobKind): Promise<void> {
  for (;;) {
    const released = await sql.run(releaseSome, [kind]);
    if (released.length < releaseMax) return;
  }
}
