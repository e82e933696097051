import type { Sql } from './pool.ts';

/** The database as its operators ask about it. */
export type DatabaseState = {
  readonly version: string;
  readonly startedAt: Date;
  readonly sizeBytes: bigint;
  readonly connections: number;
  readonly connectionsMax: number;
  /** Standbys that a commit waits for. */
  readonly syncStandbys: number;
  readonly migration: { readonly number: number; readonly name: string; readonly appliedAt: Date };
};

/** Connections of our own processes: their pools by name, with where they come from. */
export type PoolState = {
  readonly name: string;
  readonly address: string;
  readonly connections: number;
  readonly busy: number;
  readonly since: Date;
};

export async function inspectDatabase(sql: Sql): Promise<DatabaseState> {
  const [row] = await sql.query<Omit<DatabaseState, 'migration'> & { number: number; name: string; appliedAt: Date }>(
    `select current_setting('server_version') as version, pg_postmaster_start_time() as "startedAt",
       pg_database_size(current_database()) as "sizeBytes",
       (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
       current_setting('max_connections')::int as "connectionsMax",
       (select count(*)::int from pg_stat_replication where sync_state in ('sync', 'quorum')) as "syncStandbys",
       m.number, m.name, m.applied_at as "appliedAt"
     from migration m order by m.number desc limit 1`,
  );
  if (row === undefined) throw new Error('the database has no migration, so no gateway can be running on it');
  const { number, name, appliedAt, ...state } = row;
  return { ...state, migration: { number, name, appliedAt } };
}

/** What a role may not see of others' connections is not in it. */
export function listPools(sql: Sql): Promise<PoolState[]> {
  return sql.query<PoolState>(
    `select application_name as name, coalesce(host(client_addr), '') as address, count(*)::int as connections,
       count(*) filter (where state = 'active' and pid <> pg_backend_pid())::int as busy, min(backend_start) as since
     from pg_stat_activity where datname = current_database() and application_name like 'vyplata %'
     group by 1, 2 order by 1, 2 limit 200`,
  );
}
