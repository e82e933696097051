import { cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { backupEmbedded } from '../db/backup-embedded.ts';
import { isInitialised, openDataFolder } from '../db/data-folder.ts';
import { hasEmbedded, joinEmbedded } from '../db/join-embedded.ts';
import { type EmbeddedDatabase, startEmbedded } from '../db/embedded.ts';
import type { Stops } from './connect.ts';
import { markOf } from './quarantine.ts';

/** What a backup holds beside the database; each only where it is there. */
const besides = ['master.key', 'sandbox'] as const;

/** A copy of the embedded database as it is at the end of the command, with what opens it. */
export async function runBackup(config: Config, stops: Stops, argument?: string): Promise<void> {
  const to = needFolder('backup', argument);
  refuseForeign(config, 'backup');
  if (!(await hasEmbedded(config.DATA_DIR))) {
    throw new Error(`There is no database in ${config.DATA_DIR}: set DATA_DIR to the gateway's own.`);
  }
  const connection = (await joinEmbedded(config.DATA_DIR)) ?? (await startOwn(config, stops));
  await mkdir(to, { recursive: true, mode: 0o700 });
  const { postgres } = await openDataFolder(config.DATA_DIR);
  await backupEmbedded({ connection, postgres, to: join(to, 'postgres') });
  // After the database: the Book may know more than it, never less.
  for (const name of besides) await copyIfThere(join(config.DATA_DIR, name), join(to, name));
  const hasKey = await isThere(join(to, 'master.key'));
  const key = hasKey ? 'its master key is in it: keep it safe' : 'its master key is not in it: keep that with it';
  process.stdout.write(`The database is in ${to}; ${key}.\n`);
}

/** The data folder out of a backup. What is started on it finds the mark and sends nothing until people allow it. */
export async function runRestore(config: Config, _stops: Stops, argument?: string): Promise<void> {
  const from = needFolder('restore', argument);
  refuseForeign(config, 'restore');
  if (!(await isThere(join(from, 'postgres', 'backup_label')))) {
    throw new Error(`${from} is no backup of the gateway: it holds no postgres/backup_label.`);
  }
  const folder = await openDataFolder(config.DATA_DIR);
  if (await isInitialised(folder)) {
    throw new Error(`There is a database in ${folder.root} already: set DATA_DIR to a folder that is empty or new.`);
  }
  const unfinished = `${folder.postgres}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(join(from, 'postgres'), unfinished, { recursive: true });
  for (const name of besides) await copyIfThere(join(from, name), join(folder.root, name));
  await writeFile(markOf(folder.root), 'Nothing is sent until people lift the pause.\n', { mode: 0o600, flush: true });
  await rename(unfinished, folder.postgres);
  process.stdout.write(`${folder.root} is what ${from} was. Start the gateway: it sends nothing until you allow it.\n`);
}

function needFolder(command: string, argument: string | undefined): string {
  if (argument === undefined) throw new Error(`${command} needs a folder: ${command} <folder>`);
  return resolve(argument);
}

function refuseForeign(config: Config, command: string): void {
  if (config.DATABASE_URL === undefined) return;
  throw new Error(`${command} is for the embedded PostgreSQL. For one of your own use its own tools, then: quarantine`);
}

async function startOwn(config: Config, stops: Stops): Promise<EmbeddedDatabase['connection']> {
  const database = await startEmbedded({ dataDir: config.DATA_DIR });
  stops.push(() => database.stop());
  return database.connection;
}

async function copyIfThere(from: string, to: string): Promise<void> {
  if (await isThere(from)) await cp(from, to, { recursive: true });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
