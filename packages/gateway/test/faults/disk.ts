import { execFile, spawnSync } from 'node:child_process';
import { cp, type FileHandle, mkdir, open, rename, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small file system of its own in memory. */
export type Disk = {
  readonly folder: string;
  /** Takes every byte that is left. */
  fill(): Promise<void>;
  free(): Promise<void>;
  remove(): void;
};

/** Answers undefined where this user may not mount anything. */
export async function mountDisk(folder: string, sizeMiB: number): Promise<Disk | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0700`, 'tmpfs', folder]);
  } catch {
    return undefined;
  }
  const unmount = (): void => void spawnSync('umount', ['--lazy', folder]);
  process.once('exit', unmount);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fillUp(ballast),
    free: () => truncate(ballast, 0),
    remove() {
      process.off('exit', unmount);
      unmount();
    },
  };
}

async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (const bytes of [1 << 20, 4_096]) await appendWhileThereIsRoom(file, Buffer.alloc(bytes));
  } finally {
    await file.close();
  }
}

async function appendWhileThereIsRoom(file: FileHandle, block: Buffer): Promise<void> {
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** Moves the log of a stopped PostgreSQL to another place, as operators do who give it a disk of its own. */
export async function moveLog(postgres: string, to: string): Promise<void> {
  const log = join(postgres, 'pg_wal');
  await cp(log, join(to, 'pg_wal'), { recursive: true });
  await rename(log, `${log}.moved`);
  await symlink(join(to, 'pg_wal'), log);
  await rm(`${log}.moved`, { recursive: true });
}
