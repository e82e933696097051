import { setTimeout as sleep } from 'node:timers/promises';
import { type Migration, readMigrations, type Step } from './read-migrations.ts';

/** The slice of a database connection or pool that schema work needs. */
export type SchemaQueries = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
};

/** One connection of its own: a migration is a transaction. */
export type SchemaConnection = SchemaQueries & { end(): Promise<void> };

type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum' | 'breaking'>;

type MigrateOptions = {
  readonly connect: () => Promise<SchemaConnection>;
  readonly folder: string;
  readonly log?: ((line: string) => void) | undefined;
  /** No other process can be at work on this database: it is the embedded one, and this process has it. */
  readonly isAlone?: boolean;
  readonly patience?: Partial<Patience>;
};

type Patience = {
  /**
   * Longest wait for one lock. Whoever comes after a waiting migration waits behind it, so this is how much longer an
   * order may take while a schema changes; a create has 12 s.
   */
  readonly lockWaitMs: number;
  /** Between two tries, so that what queued up gets through. */
  readonly pauseMs: number;
  /** After that long without the lock the migration is given up. */
  readonly giveUpMs: number;
};

const patient: Patience = { lockWaitMs: 500, pauseMs: 1_000, giveUpMs: 600_000 };
/** A process says every 10 s that it is there. */
const seenWithin = '25 seconds';

/**
 * The transaction-level lock holds through a pooler in transaction mode too, where a session lock would not. It is
 * tried and never waited for: a waiting statement has a snapshot, and an index that is built beside the work waits for
 * every snapshot that is older than itself.
 */
const tryLock = `select pg_try_advisory_xact_lock(hashtext('vyplata migration')) as taken`;

const createTable = `
  create table if not exists migration (
    number integer primary key,
    name text not null,
    checksum text not null,
    breaking boolean not null,
    applied_at timestamptz not null default clock_timestamp()
  )`;

const record = 'insert into migration (number, name, checksum, breaking) values ($1, $2, $3, $4)';

/**
 * Brings the database to the schema of `folder`: `NNNN-name.sql` files in order, each in one transaction with its row
 * in table `migration`, or statement by statement where a file is marked so. Any number of processes may do this at
 * once, beside working gateways; killed at any point, it goes on from there. Answers the names it applied.
 * Throws when an applied file was edited, when the database is newer in a breaking way, when a breaking file comes
 * while processes are at work, when a lock cannot be had, and when a file fails (the files before it stay applied).
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const migrations = await readMigrations(options.folder);
  const done: string[] = [];
  const connection = await options.connect();
  try {
    for (;;) {
      const name = await applyNext(options, connection, migrations);
      if (name === null) return done;
      done.push(name);
      options.log?.(`Applied migration ${name}`);
    }
  } finally {
    await connection.end();
  }
}

async function applyNext(
  options: MigrateOptions,
  connection: SchemaConnection,
  migrations: readonly Migration[],
): Promise<string | null> {
  const { pauseMs, giveUpMs } = { ...patient, ...options.patience };
  const startedAt = performance.now();
  for (;;) {
    const next = await findNext(options, connection, migrations);
    if (next === null) return null;
    try {
      if (next.steps === undefined) await applyInside(options, connection, next);
      else await applyOutside(options, connection, { migration: next, steps: next.steps });
      return next.name;
    } catch (error) {
      if (error instanceof AppliedMeanwhile) continue;
      if (!isLockMissed(error)) throw error;
      const holder = await describeOldest(connection);
      if (performance.now() - startedAt > giveUpMs) {
        const sentence = `Migration ${next.name} did not get its locks in ${giveUpMs / 1_000} s. ${holder}`;
        throw new Error(`${sentence} Run "migrate" again when that has ended: it goes on from there.`, {
          cause: error,
        });
      }
      options.log?.(`Migration ${next.name} lets the work pass and tries for its locks again. ${holder}`);
      await sleep(pauseMs * (1 + Math.random()));
    }
  }
}

/** The first one that is missing; looks under the lock, so that nobody is in the middle of it. */
function findNext(
  options: MigrateOptions,
  connection: SchemaConnection,
  migrations: readonly Migration[],
): Promise<Migration | null> {
  return underLock(options, connection, async () => {
    await connection.query(createTable);
    const next = findMissing(migrations, await readApplied(connection))[0] ?? null;
    if (next?.breaking === true && options.isAlone !== true) await refuseWhileAtWork(connection, next);
    return next;
  });
}

/** Runs `work` in a transaction that holds the migration lock. */
async function underLock<T>({ log }: MigrateOptions, connection: SchemaConnection, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    await connection.query('begin');
    try {
      const { rows } = await connection.query(tryLock);
      if ((rows[0] as { taken: boolean } | undefined)?.taken === true) {
        const value = await work();
        await connection.query('commit');
        return value;
      }
      await connection.query('rollback');
    } catch (error) {
      await connection.query('rollback').catch(() => {});
      throw error;
    }
    if (tries === 1) log?.('Another migrate is at work on this database: waiting for it.');
    await sleep(100);
  }
}

/** Somebody else was faster between the look and the lock. */
class AppliedMeanwhile extends Error {}

async function assertMissing(connection: SchemaConnection, { number }: Migration): Promise<void> {
  const { rows } = await connection.query('select 1 from migration where number = $1', [number]);
  if (rows.length > 0) throw new AppliedMeanwhile();
}

async function applyInside(options: MigrateOptions, connection: SchemaConnection, migration: Migration): Promise<void> {
  const { lockWaitMs } = { ...patient, ...options.patience };
  const { number, name, checksum, breaking, text } = migration;
  await underLock(options, connection, async () => {
    await assertMissing(connection, migration);
    await connection.query(`set local lock_timeout = ${lockWaitMs}`);
    await connection.query(text).catch((cause: unknown) => Promise.reject(explainFailure(migration, cause)));
    await connection.query(record, [number, name, checksum, breaking]);
  });
}

/**
 * Each statement on its own, while a second connection holds the lock in a transaction without a snapshot, for which
 * an index that is built beside the work does not wait. A statement that was cut off is run again.
 */
async function applyOutside(
  options: MigrateOptions,
  guard: SchemaConnection,
  { migration, steps }: { readonly migration: Migration; readonly steps: readonly Step[] },
): Promise<void> {
  const { giveUpMs } = { ...patient, ...options.patience };
  const { number, name, checksum, breaking } = migration;
  const connection = await options.connect();
  try {
    // Nobody waits behind these locks; but what waits for them for good would keep every other migrate out.
    await connection.query(`set lock_timeout = ${giveUpMs}`);
    // A build nobody waits for any more ends, instead of holding the next one up.
    await connection.query(`set client_connection_check_interval = '1s'`).catch(() => {});
    await underLock(options, guard, async () => {
      await assertMissing(guard, migration);
      // After it, and as plain text: the portal of a statement with values keeps its snapshot until the next statement.
      await guard.query('set local idle_in_transaction_session_timeout = 0');
      for (const step of steps) {
        await applyStep(connection, step).catch((cause: unknown) => Promise.reject(explainFailure(migration, cause)));
      }
      await guard.query(record, [number, name, checksum, breaking]);
    });
  } finally {
    await connection.end();
  }
}

async function applyStep(connection: SchemaConnection, { statement, builds }: Step): Promise<void> {
  if (builds !== undefined) {
    const found = await connection.query(
      `select i.indisvalid as valid from pg_index i
       where i.indexrelid = to_regclass(quote_ident($1)) and i.indrelid = to_regclass(quote_ident($2))`,
      [builds.index, builds.table],
    );
    const [index] = found.rows as { valid: boolean }[];
    if (index?.valid === true) return;
    // Left behind by a build that was cut off: it slows writes down and is used by no query.
    if (index !== undefined) await connection.query(`drop index concurrently "${builds.index.replaceAll('"', '""')}"`);
  }
  await connection.query(statement.text);
}

/** lock_not_available, deadlock_detected: nothing was done, and it may go better the next time. */
function isLockMissed(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return ['55P03', '40P01'].includes((cause as { code?: string }).code ?? '');
}

/** Whoever holds a lock for long is most likely the oldest transaction. */
async function describeOldest(connection: SchemaConnection): Promise<string> {
  const { rows } = await connection.query(
    `select pid, coalesce(nullif(application_name, ''), 'a program without a name') as name,
       extract(epoch from clock_timestamp() - xact_start)::int as seconds
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
     order by xact_start limit 1`,
  );
  const [oldest] = rows as { pid: number; name: string; seconds: number }[];
  if (oldest === undefined) return 'Whoever held them has ended.';
  const { pid, name, seconds } = oldest;
  return `The oldest transaction is open for ${seconds} s (process ${pid} of the database, ${name}).`;
}

/** Processes that are at work do not know a breaking migration: those that do would not have started before it. */
async function refuseWhileAtWork(connection: SchemaConnection, { name }: Migration): Promise<void> {
  const { rows: found } = await connection.query(`select to_regclass('process') is not null as present`);
  if ((found[0] as { present: boolean } | undefined)?.present !== true) return;
  const { rows } = await connection.query(
    `select count(*)::int as count from process where seen_at > clock_timestamp() - interval '${seenWithin}'`,
  );
  const count = (rows[0] as { count: number } | undefined)?.count ?? 0;
  if (count === 0) return;
  const wait = `wait until they are gone (${seenWithin} for one that was killed)`;
  const remedy = `Stop them, ${wait}, and run "migrate" again.`;
  throw new Error(`Migration ${name} is breaking, and ${count} processes of this gateway are at work. ${remedy}`);
}

/** For processes that serve: throws when this code and the database's schema do not fit together. Changes nothing. */
export async function checkSchema(options: { db: SchemaQueries; folder: string }): Promise<void> {
  const missing = await listPending(options);
  if (missing.length > 0) {
    const from = missing.length === 1 ? missing[0]?.name : `${missing.length} migrations from ${missing[0]?.name} on`;
    throw new Error(`The database's schema is older than this gateway (it lacks ${from}). Run "migrate" first.`);
  }
}

/** What `migrate` would apply. Throws when the database is newer in a breaking way, or an applied file was edited. */
export async function listPending({ db, folder }: { db: SchemaQueries; folder: string }): Promise<Migration[]> {
  const migrations = await readMigrations(folder);
  const { rows } = await db.query(`select to_regclass('migration') is not null as present`);
  const [{ present } = { present: false }] = rows as { present: boolean }[];
  return findMissing(migrations, present ? await readApplied(db) : []);
}

async function readApplied(db: SchemaQueries): Promise<AppliedMigration[]> {
  const { rows } = await db.query('select number, name, checksum, breaking from migration order by number');
  return rows as AppliedMigration[];
}

/** What is newer than this code and not breaking is fine: two versions run side by side during an upgrade. */
function findMissing(migrations: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const { number, name, checksum, breaking } of applied) {
    const ours = known.get(number);
    if (ours === undefined && breaking) {
      const remedy = 'Start the newer version that brought it; to go back, restore a backup from before it.';
      throw new Error(`The database has the newer migration ${name}, which this version cannot run on. ${remedy}`);
    }
    if (ours !== undefined && ours.checksum !== checksum) {
      const remedy = 'Put it back as it was and write the change as a new migration.';
      throw new Error(`Migration ${ours.name} was edited after it was applied to this database. ${remedy}`);
    }
    known.delete(number);
  }
  return [...known.values()];
}

function explainFailure(migration: Migration, cause: unknown): Error {
  const { message, position } = cause as { message?: string; position?: string };
  const isWhole = migration.steps === undefined;
  const line = position === undefined || !isWhole ? '' : `, line ${lineAt(migration.text, Number(position))}`;
  const promise = isWhole ? 'Nothing of it was applied.' : 'What came before in it stays; run "migrate" again.';
  return new Error(`Migration ${migration.name}${line} failed: ${message ?? String(cause)}. ${promise}`, { cause });
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}
