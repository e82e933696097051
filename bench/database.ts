import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../packages/gateway/src/db/embedded.ts';
import { migrate } from '../packages/gateway/src/db/migrate.ts';
import { type Connection, type Db, openPool, openSession } from '../packages/gateway/src/db/pool.ts';

export type BenchDatabase = {
  readonly connection: Connection;
  readonly db: Db;
  readonly version: string;
  /** For a process of its own. */
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
};

/** A PostgreSQL of the bench's own, durable as in production; everything that is measured is measured on this one. */
export async function openBenchDatabase(settings: Readonly<Record<string, string>> = {}): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-bench-'));
  const embedded = await startEmbedded({ dataDir: join(folder, 'data'), settings });
  const { connection } = embedded;
  await migrate({
    connect: () => openSession(connection),
    folder: fileURLToPath(new URL('../packages/gateway/migrations', import.meta.url)),
  });
  const db = openPool({ connection, name: 'bench', connectionsMax: 20, statementTimeoutMs: 0, queryTimeoutMs: 0 });
  const version = await checkServer(db, folder);
  return {
    connection,
    db,
    version,
    folder,
    url: `postgres://${connection.user}@localhost/${connection.database}?host=${encodeURIComponent(connection.host)}`,
    async close() {
      await db.close();
      await embedded.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A bench that talks to another server, or to one that may lose what it acknowledged, measures nothing. */
async function checkServer(db: Db, folder: string): Promise<string> {
  const read = async (name: string): Promise<string> => {
    const [row] = await db.query<Record<string, string>>(`show ${name}`);
    return Object.values(row ?? {})[0] ?? '';
  };
  const dataDirectory = await read('data_directory');
  if (!dataDirectory.startsWith(folder)) throw new Error(`this is another server: its data is in ${dataDirectory}`);
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const value = await read(name);
    if (value !== 'on') throw new Error(`${name} is ${value}: figures without durability mean nothing`);
  }
  return read('server_version');
}
