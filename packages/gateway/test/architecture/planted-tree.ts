import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const project = join(import.meta.dirname, '../../../..');

/** Gives `work` a temporary project with the named files (path → text), and removes it. */
export async function withTree<T>(files: Record<string, string>, work: (root: string) => Promise<T>): Promise<T> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'vyplata-tree-')));
  try {
    await plant(root, files);
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function plant(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** The same with a copy of this project's sources below the planted files. */
export async function withProjectCopy<T>(
  files: Record<string, string>,
  work: (root: string) => Promise<T>,
): Promise<T> {
  return withTree({}, async (root) => {
    for (const folder of ['packages/gateway/src', 'packages/gateway/migrations', 'packages/sdk/src', 'scripts']) {
      await cp(join(project, folder), join(root, folder), { recursive: true });
    }
    await plant(root, files);
    return work(root);
  });
}
