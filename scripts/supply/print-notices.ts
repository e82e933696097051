import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLicence } from './judge-licence.ts';
import { keyOf, type Lock } from './read-lock.ts';

type Manifest = { readonly license: string; readonly author?: string | { readonly name?: string } };

const root = join(import.meta.dirname, '../..');

/** The licence texts of packages whose code is built into a file that is given to others; `paths` as in the lock. */
export async function printNotices(lock: Lock, paths: readonly string[]): Promise<string> {
  const notices = [...paths].sort().map(async (path) => {
    const entry = lock.packages[path] ?? {};
    const name = path.split('node_modules/').at(-1) ?? path;
    const names = await readdir(join(root, path));
    const files = names.filter((file) => /^(?:licen[cs]e|copying|notice|copyright)/i.test(file)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(root, path, file), 'utf8')));
    const told = texts.length > 0 ? texts.map((text) => text.trim()).join('\n\n') : await tellByManifest(path);
    const title = keyOf({ name, version: entry.version ?? '' });
    return `${title}, part of this package (${readLicence(entry.license) ?? 'see below'})\n\n${told}\n`;
  });
  return (await Promise.all(notices)).join('\n---\n\n');
}

/** A few packages name their licence and hold no text of it. */
async function tellByManifest(path: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8')) as Manifest;
  const { author } = manifest;
  const by = (typeof author === 'string' ? author : author?.name) ?? 'not named';
  return `The package holds no text of its licence, ${manifest.license}. Author: ${by}.`;
}
