import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../packages/gateway/src/db/embedded.ts';
import { migrate } from '../packages/gateway/src/db/migrate.ts';
import { type Connection, type Db, openPool, openSession } from '../packages/gateway/src/db/pool.ts';

/** One database with the gateway's tables, empty. */
export type BenchDatabase = {
  readonly connection: Connection;
  readonly db: Db;
  /** For a process of its own. */
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
};

export type BenchServer = {
  readonly version: string;
  /** Where its data is. */
  readonly folder: string;
  /** `root`: of another checkout, whose tables are made instead of ours. */
  makeDatabase(name: string, root?: string): Promise<BenchDatabase>;
  readonly postmasterPid: number;
  close(): Promise<void>;
};

const ownRoot = fileURLToPath(new URL('..', import.meta.url));

/** A PostgreSQL of the bench's own, durable as in production; everything that is measured is measured on this one. */
export async function openBenchServer(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-bench-'));
  const embedded = await startEmbedded({ dataDir: join(folder, 'data'), settings });
  const first = open(embedded.connection, folder);
  const version = await checkServer(first.db, folder);
  return {
    version,
    folder,
    postmasterPid: Number(readFileSync(join(folder, 'data/postgres/postmaster.pid'), 'utf8').split('\n', 1)[0]),
    async makeDatabase(name, root = ownRoot) {
      await first.db.query(`create database ${name}`);
      const connection = { ...embedded.connection, database: name };
      await migrate({ connect: () => openSession(connection), folder: join(root, 'packages/gateway/migrations') });
      return open(connection, folder);
    },
    async close() {
      await first.close();
      await embedded.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Place = { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

function open(connection: Place, folder: string): BenchDatabase {
  const db = openPool({ connection, name: 'bench', connectionsMax: 20, statementTimeoutMs: 0, queryTimeoutMs: 0 });
  const { host, user, database } = connection;
  const url = `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
  return { connection, db, folder, url, close: () => db.close() };
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
