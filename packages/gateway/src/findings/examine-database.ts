import { listPending, type SchemaQueries } from '../db/migrate.ts';
import { readMigrations } from '../db/read-migrations.ts';
import type { Connection } from '../db/places.ts';
import { type Db, openPool } from '../db/pool.ts';
import { type Finding, fine, refuse, warn } from './finding.ts';

const versionMin = 150_000;
const clockOffMaxMs = 2_000;
const clockTries = 3;
/** invalid_sql_statement_name, duplicate_prepared_statement: the server at the other end is not the one before. */
const lostStatement = new Set(['26000', '42P05']);
const poolerTries = 5;

type ServerFacts = {
  readonly version: string;
  readonly versionNumber: number;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly standbyNames: string;
  readonly role: string;
  readonly isSuperuser: boolean;
};

type Needs = {
  readonly db: Db;
  /** It was made by the gateway itself: it has one role and no standby. */
  readonly isEmbedded: boolean;
  /** How many servers the URL names. */
  readonly hostCount: number;
};

/** Whether what the server confirms is safe, and who the gateway is there. */
export async function examineServer({ db, isEmbedded, hostCount }: Needs): Promise<Finding[]> {
  const [facts] = await db.query<ServerFacts>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
       current_setting('fsync') as fsync, current_setting('full_page_writes') as "fullPageWrites",
       current_setting('synchronous_commit') as "synchronousCommit",
       current_setting('synchronous_standby_names') as "standbyNames",
       rolname as role, rolsuper as "isSuperuser"
     from pg_roles where rolname = current_user`,
  );
  if (facts === undefined) throw new Error('the database did not say who the gateway is there');
  const { version, versionNumber, role, isSuperuser } = facts;
  return [
    versionNumber < versionMin ? refuse('version_old', { version }) : fine('version_fine', { version }),
    ...judgeDurability(facts),
    ...judgeStandbys(facts, hostCount),
    isSuperuser && !isEmbedded ? warn('role_superuser', { role }) : fine('role_fine', { role }),
  ];
}

function judgeDurability({ fsync, fullPageWrites, synchronousCommit, standbyNames }: ServerFacts): Finding[] {
  const found: Finding[] = [];
  if (fsync === 'off') found.push(refuse('fsync_off'));
  if (fullPageWrites === 'off') found.push(refuse('full_page_writes_off'));
  if (synchronousCommit === 'off') found.push(refuse('synchronous_commit_off'));
  // Without a standby the weaker values mean the same as "on".
  const isWeak = synchronousCommit === 'local' || synchronousCommit === 'remote_write';
  if (isWeak && standbyNames !== '') found.push(warn('synchronous_commit_weak', { value: synchronousCommit }));
  return found.length > 0 ? found : [fine('durable')];
}

function judgeStandbys({ standbyNames }: ServerFacts, hostCount: number): Finding[] {
  if (standbyNames !== '') return [fine('standby_fine', { names: standbyNames })];
  return hostCount > 1 ? [warn('standby_missing')] : [];
}

/** The narrowest of a few looks: the answer was on its way for some of the time. */
export async function examineClock(db: Db, now: () => number): Promise<Finding> {
  let offMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < clockTries; tries += 1) {
    const askedAt = now();
    const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now');
    const answeredAt = now();
    const databaseAt = row?.now.getTime() ?? Number.NaN;
    offMs = Math.min(offMs, Math.max(askedAt - databaseAt, databaseAt - answeredAt, 0));
  }
  return offMs > clockOffMaxMs ? refuse('clock_off', { seconds: Math.round(offMs / 1_000) }) : fine('clock_fine');
}

export async function examineTimeZone(db: Db): Promise<Finding> {
  const [row] = await db.query<{ zone: string }>(`select current_setting('TimeZone') as zone`);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return fine('time_zone_fine', { zone, databaseZone: row?.zone ?? '?' });
}

export async function examineSchema(db: Db, folder: string): Promise<Finding> {
  const queries: SchemaQueries = { query: async (text, values) => ({ rows: await db.query(text, values) }) };
  try {
    const pending = await listPending({ db: queries, folder });
    if (pending[0] !== undefined) return refuse('schema_behind', { count: pending.length, first: pending[0].name });
  } catch (error) {
    return refuse('schema_unfit', { why: error instanceof Error ? error.message : String(error) });
  }
  const [newest] = await db.query<{ number: number }>('select max(number) as number from migration');
  const isAhead = (newest?.number ?? 0) > (await readMigrations(folder)).length;
  return fine(isAhead ? 'schema_ahead' : 'schema_fine');
}

/**
 * Whether a statement that a connection has named is still there after other connections had their turn. A pooler in
 * transaction mode gives a connection another server each time.
 */
export async function examinePooler(connection: Connection): Promise<Finding> {
  const open = (): Db => openPool({ connection, name: 'vyplata doctor', connectionsMax: 1 });
  const [one, other] = [open(), open()];
  const named = { name: 'vyplata_probe', text: 'select pg_backend_pid() as pid' };
  try {
    for (let tries = 0; tries < poolerTries; tries += 1) {
      const [first] = await one.run<{ pid: number }>(named);
      const isMoved = await other.tx(async (tx) => {
        // The other one keeps its server for as long as its transaction is open.
        await tx.query('select 1');
        const [second] = await one.run<{ pid: number }>(named);
        return first?.pid !== second?.pid;
      });
      if (isMoved) break;
    }
    return fine('pooler_fine');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (lostStatement.has(code)) return refuse('pooler_named');
    throw error;
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
}
