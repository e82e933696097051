import type { Sql } from '../db/pool.ts';

export type Backlog = {
  readonly jobs: readonly { kind: string; due: bigint; later: bigint; ageSeconds: number }[];
  readonly attempts: readonly { state: string; olderThan: string; count: bigint }[];
  readonly review: { readonly count: bigint; readonly ageSeconds: number };
  readonly notificationsDead: bigint;
  readonly incidents: readonly { kind: string; count: bigint }[];
};

/** Ages by which open attempts are counted: each counts all that are older. */
const ages = [
  ['0s', 0],
  ['1m', 60],
  ['15m', 900],
  ['1h', 3_600],
  ['1d', 86_400],
] as const;

/** What waits, by the database's clock. Each statement reads what is open and nothing that has ended. */
export async function readBacklog(sql: Sql): Promise<Backlog> {
  const [jobs, attempts, reviews, dead, incidents] = await Promise.all([
    sql.query<Backlog['jobs'][number]>(
      `select kind, count(*) filter (where run_at <= now()) as due, count(*) filter (where run_at > now()) as later,
         coalesce(extract(epoch from now() - min(run_at) filter (where run_at <= now())), 0)::float8 as "ageSeconds"
       from job group by kind`,
    ),
    sql.query<Backlog['attempts'][number]>(
      `select state, age.name as "olderThan", count(*) as count
       from attempt join (values ${ages.map(([name, seconds]) => `('${name}', ${seconds})`).join(', ')})
         as age (name, seconds) on started_at <= now() - age.seconds * interval '1 second'
       where state in ('open', 'accepted', 'unknown') group by 1, 2`,
    ),
    sql.query<Backlog['review']>(
      `select count(*) as count, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "ageSeconds"
       from payout where in_review`,
    ),
    sql.query<{ count: bigint }>('select count(*) as count from notification where is_dead'),
    sql.query<Backlog['incidents'][number]>(
      'select kind, count(*) as count from incident where closed_at is null group by kind',
    ),
  ]);
  return {
    jobs,
    attempts,
    incidents,
    review: reviews[0] ?? { count: 0n, ageSeconds: 0 },
    notificationsDead: dead[0]?.count ?? 0n,
  };
}
