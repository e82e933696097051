import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The slice of a database connection or pool that schema work needs. */
export type SchemaQueries = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
};

/** One connection of its own: a migration is a transaction. */
export type SchemaConnection = SchemaQueries & { end(): Promise<void> };

type Migration = { number: number; name: string; text: string; checksum: string; breaking: boolean };
type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum' | 'breaking'>;

/** First line of a migration after which code that does not know it must not run. */
const breakingMarker = '--! breaking';
/** The transaction-level lock holds through a pooler in transaction mode too, where a session lock would not. */
const takeLock = `select pg_advisory_xact_lock(hashtext('vyplata migration'))`;

const createTable = `
  create table if not exists migration (
    number integer primary key,
    name text not null,
    checksum text not null,
    breaking boolean not null,
    applied_at timestamptz not null default clock_timestamp()
  )`;

/**
 * Brings the database to the schema of `folder`: `NNNN-name.sql` files in order, each in one transaction with its row
 * in table `migration`. Any number of processes may do this at once. Answers the names it applied.
 * Throws when an applied file was edited, when the database is newer in a breaking way, and when a file fails (the
 * files before it stay applied).
 */
export async function migrate(options: {
  connect: () => Promise<SchemaConnection>;
  folder: string;
  log?: (line: string) => void;
}): Promise<string[]> {
  const migrations = await readMigrations(options.folder);
  const connection = await options.connect();
  const done: string[] = [];
  try {
    for (;;) {
      const name = await applyNext(connection, migrations);
      if (name === null) return done;
      done.push(name);
      options.log?.(`Applied migration ${name}`);
    }
  } finally {
    await connection.end();
  }
}

async function applyNext(connection: SchemaConnection, migrations: readonly Migration[]): Promise<string | null> {
  await connection.query('begin');
  try {
    await connection.query(takeLock);
    await connection.query(createTable);
    const next = findMissing(migrations, await readApplied(connection))[0];
    if (next !== undefined) {
      await connection.query(next.text).catch((cause: unknown) => Promise.reject(explainFailure(next, cause)));
      const { number, name, checksum, breaking } = next;
      const record = 'insert into migration (number, name, checksum, breaking) values ($1, $2, $3, $4)';
      await connection.query(record, [number, name, checksum, breaking]);
    }
    await connection.query('commit');
    return next?.name ?? null;
  } catch (error) {
    await connection.query('rollback').catch(() => {});
    throw error;
  }
}

/** For processes that serve: throws when this code and the database's schema do not fit together. Changes nothing. */
export async function checkSchema(options: { db: SchemaQueries; folder: string }): Promise<void> {
  const migrations = await readMigrations(options.folder);
  const { rows } = await options.db.query(`select to_regclass('migration') is not null as present`);
  const [{ present } = { present: false }] = rows as { present: boolean }[];
  const missing = findMissing(migrations, present ? await readApplied(options.db) : []);
  if (missing.length > 0) {
    const from = missing.length === 1 ? missing[0]?.name : `${missing.length} migrations from ${missing[0]?.name} on`;
    throw new Error(`The database's schema is older than this gateway (it lacks ${from}). Run "migrate" first.`);
  }
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
      throw new Error(`The database has the newer migration ${name}, which this version cannot run on. Upgrade it.`);
    }
    if (ours !== undefined && ours.checksum !== checksum) {
      const remedy = 'Put it back as it was and write the change as a new migration.';
      throw new Error(`Migration ${ours.name} was edited after it was applied to this database. ${remedy}`);
    }
    known.delete(number);
  }
  return [...known.values()];
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations = names.map(async (name, index): Promise<Migration> => {
    const number = index + 1;
    if (!/^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name) || Number(name.slice(0, 4)) !== number) {
      const expected = `${String(number).padStart(4, '0')}-some-name.sql`;
      throw new Error(`Migrations are numbered without gaps: ${name} stands where ${expected} is expected.`);
    }
    const text = await readFile(join(folder, name), 'utf8');
    const checksum = createHash('sha256').update(text).digest('hex');
    return { number, name, text, checksum, breaking: text.split('\n', 1)[0]?.trim() === breakingMarker };
  });
  return Promise.all(migrations);
}

function explainFailure(migration: Migration, cause: unknown): Error {
  const { message, position } = cause as { message?: string; position?: string };
  const line = position === undefined ? '' : `, line ${migration.text.slice(0, Number(position)).split('\n').length}`;
  const promise = 'Nothing of it was applied.';
  return new Error(`Migration ${migration.name}${line} failed: ${message ?? String(cause)}. ${promise}`, { cause });
}
