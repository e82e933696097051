// Owns the commands of the program: what each starts, in which order, and what it prints.
// Promises that whatever was started is stopped in reverse, also when the start fails half way.
// Refuses to know what the rooms do.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { AppOptions } from '../app.ts';
import type { Config } from '../config.ts';
import { startEmbedded } from '../db/embedded.ts';
import { migrate } from '../db/migrate.ts';
import { type Connection, openSession } from '../db/pool.ts';
import type { Log } from '../http/server.ts';
import { readMasterKey, readRetiredKeys } from '../secrets/master-key.ts';

/** What has to be stopped, in the order in which it was started. */
export type Stops = (() => Promise<unknown>)[];

export const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

export async function stopAll(stops: Stops): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop();
}

/** stdout belongs to the log of a service; in the demo it belongs to the person who watches. */
export function createLog(config: Config, out: 'stdout' | 'stderr'): Log {
  const redact = ['*.number', '*.password', '*.privatePem', '*.authorization', '*.cookie'];
  const serializers = { err: describeError };
  return pino({ level: config.LOG_LEVEL, redact, serializers }, pino.destination(out === 'stdout' ? 1 : 2));
}

/** What helps to find the cause. Errors of the driver carry whole connections with them, which nobody wants to read. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

export async function connect(config: Config, stops: Stops, log: Log): Promise<Connection> {
  if (config.DATABASE_URL !== undefined) return { url: config.DATABASE_URL };
  const database = await startEmbedded({
    dataDir: config.DATA_DIR,
    log: (line) => log.info({ part: 'postgresql' }, line),
  });
  let isStopping = false;
  stops.push(() => {
    isStopping = true;
    return database.stop();
  });
  void database.exited.then((code) => {
    if (isStopping) return;
    process.stderr.write(`PostgreSQL ended by itself with code ${code}: see ${join(config.DATA_DIR, 'logs')}\n`);
    process.exit(1);
  });
  return database.connection;
}

export function applyMigrations(config: Config, connection: Connection, log: Log): Promise<string[]> {
  return migrate({
    // Two gateways on one data folder are impossible.
    isAlone: config.DATABASE_URL === undefined,
    connect: () => openSession(connection),
    folder: migrations,
    log: (line) => log.info({ part: 'migrate' }, line),
  });
}

/** The embedded database keeps a key of its own beside it; one that is run by somebody else needs one that is given. */
export async function readMasterKeys(config: Config): Promise<AppOptions['masterKeys']> {
  const current = await readMasterKey({
    value: config.MASTER_KEY,
    file: config.MASTER_KEY_FILE,
    ownFile: config.DATABASE_URL === undefined ? join(config.DATA_DIR, 'master.key') : undefined,
  });
  return { current, retired: readRetiredKeys(config.MASTER_KEYS_RETIRED) };
}
