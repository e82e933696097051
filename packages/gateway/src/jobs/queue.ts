// Owns queued work: who may do which job, until when, and the fence that makes a late write void.
// Promises that a job is owned by one worker at a time as far as the database can tell, and never lost by a crash.
// Refuses to know what a job does.
import type { Db, Statement } from '../db/pool.ts';

export type JobKind = 'payout' | 'notification';

/** A job that was claimed. `fence` has to be named in whatever the owner writes about it. */
export type Job = {
  readonly kind: JobKind;
  readonly merchantId: bigint;
  readonly subjectId: bigint;
  readonly lane: string;
  readonly fence: number;
  /** How long it had been due when it was claimed. */
  readonly lateMs: number;
};

export type Claim = {
  readonly kind: JobKind;
  readonly countMax: number;
  readonly leaseMs: number;
  /** Lanes that have all the work they may have. */
  readonly busyLanes: readonly string[];
};

export type Queue = {
  claim(claim: Claim): Promise<Job[]>;
  /** Gives a claimed job back, to be claimed again after `delayMs`; does nothing if it was overtaken. */
  putBack(jobs: readonly Job[], delayMs: number): Promise<void>;
};

const claimJobs: Statement = { name: 'claim_jobs', text: 'select * from claim_jobs_v1($1, $2, $3, $4)' };

const putBackJobs: Statement = {
  name: 'put_back_jobs',
  text: `update job j set run_at = clock_timestamp() + $5 * interval '1 millisecond'
    from unnest($2::bigint[], $3::bigint[], $4::int[]) as b (merchant_id, subject_id, fence)
    where j.kind = $1 and j.merchant_id = b.merchant_id and j.subject_id = b.subject_id and j.fence = b.fence`,
};

type ClaimRow = { merchant_id: bigint; subject_id: bigint; lane: string; fence: number; late_ms: number };

export function createQueue({ db }: { readonly db: Db }): Queue {
  return {
    async claim({ kind, countMax, leaseMs, busyLanes }) {
      const rows = await db.run<ClaimRow>(claimJobs, [kind, countMax, leaseMs, busyLanes]);
      return rows.map((row) => ({
        kind,
        merchantId: row.merchant_id,
        subjectId: row.subject_id,
        lane: row.lane,
        fence: row.fence,
        lateMs: row.late_ms,
      }));
    },
    async putBack(jobs, delayMs) {
      const [first] = jobs;
      if (first === undefined) return;
      await db.run(putBackJobs, [
        first.kind,
        jobs.map((job) => job.merchantId),
        jobs.map((job) => job.subjectId),
        jobs.map((job) => job.fence),
        delayMs,
      ]);
    },
  };
}
