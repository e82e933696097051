import { statfs } from 'node:fs/promises';

export type Disk = { readonly freeBytes: number; readonly sizeBytes: number };

/** The disk that a folder is on; `freeBytes` is what this user may still write. undefined: there is no such folder. */
export async function readDisk(folder: string | undefined): Promise<Disk | undefined> {
  if (folder === undefined) return undefined;
  const disk = await statfs(folder).catch(() => undefined);
  return disk && { freeBytes: disk.bavail * disk.bsize, sizeBytes: disk.blocks * disk.bsize };
}
