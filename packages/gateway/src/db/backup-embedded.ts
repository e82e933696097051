import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSession } from './pool.ts';
import type { EmbeddedDatabase } from './embedded.ts';

/** Made anew by every server, or of no use without the one that runs. */
const leftOut = new Set(
  (
    'postmaster.pid postmaster.opts pg_internal.init backup_label tablespace_map ' +
    'pg_wal pg_replslot pg_dynshmem pg_notify pg_serial pg_snapshots pg_stat_tmp pg_subtrans'
  ).split(' '),
);

type Stopped = { readonly lsn: string; readonly label: string; readonly wal: string };

/**
 * Copies the database of a running server into `to`, which is made by it, while everything goes on: PostgreSQL's own
 * online backup with the log that it needs. What is committed when it ends is in it. Throws when `to` is there already.
 */
export async function backupEmbedded(input: {
  readonly connection: EmbeddedDatabase['connection'];
  /** The server's own folder. */
  readonly postgres: string;
  readonly to: string;
}): Promise<void> {
  const { connection, postgres, to } = input;
  if (await isThere(to)) throw new Error(`${to} is there already: name a folder for the backup that is not.`);
  const unfinished = `${to}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const session = await openSession(connection);
  try {
    // The slot keeps the log from being recycled, and goes with the session.
    await session.query(`select pg_create_physical_replication_slot('vyplata_backup', true, true)`);
    const { rows } = await session.query(`select pg_walfile_name(pg_backup_start('vyplata', true)) as wal`);
    const first = (rows[0] as { wal: string }).wal;
    await copyTree(postgres, unfinished);
    const stopped = await session.query(
      `select lsn, labelfile as label, pg_walfile_name(lsn) as wal from pg_backup_stop(false)`,
    );
    const { label, wal: last } = stopped.rows[0] as Stopped;
    await copyLog({ from: join(postgres, 'pg_wal'), to: join(unfinished, 'pg_wal'), first, last });
    await writeFile(join(unfinished, 'backup_label'), label, { mode: 0o600, flush: true });
  } finally {
    await session.end();
  }
  await rename(unfinished, to);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Folders stay, also empty ones; what vanishes meanwhile is in the log. */
async function copyTree(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const isLeftOut = leftOut.has(entry.name) || entry.name.startsWith('pgsql_tmp');
    if (entry.isDirectory()) {
      await mkdir(target, { mode: 0o700 });
      if (!isLeftOut) await copyTree(source, target);
    } else if (entry.isFile() && !isLeftOut) await copyFile(source, target);
  }
}

async function copyFile(source: string, target: string): Promise<void> {
  await cp(source, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Names of log files grow with their place in the log. */
async function copyLog({ from, to, first, last }: { from: string; to: string; first: string; last: string }) {
  await mkdir(join(to, 'archive_status'), { recursive: true, mode: 0o700 });
  const names = (await readdir(from)).filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last);
  if (!names.includes(first) || !names.includes(last)) throw new Error(`the log from ${first} to ${last} is not whole`);
  for (const name of names) await cp(join(from, name), join(to, name));
}
