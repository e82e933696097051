import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const skipped = new Set(['node_modules', '.git', 'data', 'dist', 'coverage']);

/**
 * Files under `root` as sorted paths with slashes, relative to it. `folders` are taken where they exist; `*` stands for
 * any one name. `endings` such as `.ts`.
 */
export async function listFiles(options: { root: string; folders: string[]; endings: string[] }): Promise<string[]> {
  const { root, folders, endings } = options;
  const starts = await Promise.all(folders.map((folder) => expand(root, folder)));
  const found = await Promise.all(starts.flat().map((start) => walk(root, start)));
  return [...new Set(found.flat())].filter((path) => endings.some((ending) => path.endsWith(ending))).sort();
}

async function expand(root: string, pattern: string): Promise<string[]> {
  const [before, after] = pattern.split('*');
  if (before === undefined || after === undefined) return [pattern];
  const entries = await readFolder(join(root, before));
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${before}${entry.name}${after}`);
}

async function walk(root: string, folder: string): Promise<string[]> {
  const entries = await readFolder(join(root, folder));
  const paths = entries.map(async (entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(root, path);
    return entry.isFile() ? [path] : [];
  });
  return (await Promise.all(paths)).flat();
}

async function readFolder(path: string) {
  return readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
