import type { Sql } from '../db/pool.ts';

export type Backlog = {
  readonly jobs: readonly { kind: string; due: bigint; later: bigint; ageSeconds: number }[];
  readonly attempts: readonly { connector: string; state: string; olderThan: string; count: bigint }[];
  readonly review: { readonly count: bigint; readonly ageSeconds: number };
  readonly notificationsDead: bigint;
  readonly incidents: readonly { kind: string; count: bigint }[];
  /** null: no turn of the audit has ended yet. */
  readonly auditAgeSeconds: number | null;
  readonly databaseBytes: bigint;
  readonly standbys: readonly { sync: string; count: bigint; lagBytes: number; lagSeconds: number }[];
};

/** What a role may not see of standbys is null; a standby itself has no place in a log of its own to compare with. */
const readStandbys = `
  select coalesce(sync_state, 'hidden') as sync, count(*) as count,
    coalesce(max(case when pg_is_in_recovery() then 0 else pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) end), 0)
      ::float8 as "lagBytes",
    coalesce(max(extract(epoch from replay_lag)), 0)::float8 as "lagSeconds"
  from pg_stat_replication where application_name not like 'pg\\_basebackup%' group by 1`;

const readDatabase = `
  select pg_database_size(current_database()) as "databaseBytes",
    (select extract(epoch from now() - last_pass_at)::float8 from audit_progress) as "auditAgeSeconds"`;

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
  const [jobs, attempts, reviews, dead, incidents, standbys, databases] = await Promise.all([
    sql.query<Backlog['jobs'][number]>(
      `select kind, count(*) filter (where run_at <= now()) as due, count(*) filter (where run_at > now()) as later,
         coalesce(extract(epoch from now() - min(run_at) filter (where run_at <= now())), 0)::float8 as "ageSeconds"
       from job group by kind`,
    ),
    sql.query<Backlog['attempts'][number]>(
      `select connector, state, age.name as "olderThan", count(*) as count
       from attempt join (values ${ages.map(([name, seconds]) => `('${name}', ${seconds})`).join(', ')})
         as age (name, seconds) on started_at <= now() - age.seconds * interval '1 second'
       where state in ('open', 'accepted', 'unknown') group by 1, 2, 3`,
    ),
    sql.query<Backlog['review']>(
      `select count(*) as count, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "ageSeconds"
       from payout where in_review`,
    ),
    sql.query<{ count: bigint }>('select count(*) as count from notification where is_dead'),
    sql.query<Backlog['incidents'][number]>(
      'select kind, count(*) as count from incident where closed_at is null group by kind',
    ),
    sql.query<Backlog['standbys'][number]>(readStandbys),
    sql.query<Pick<Backlog, 'databaseBytes' | 'auditAgeSeconds'>>(readDatabase),
  ]);
  return {
    jobs,
    attempts,
    incidents,
    standbys,
    ...(databases[0] ?? { databaseBytes: 0n, auditAgeSeconds: null }),
    review: reviews[0] ?? { count: 0n, ageSeconds: 0 },
    notificationsDead: dead[0]?.count ?? 0n,
  };
}
