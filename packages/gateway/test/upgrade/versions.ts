import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const migrationsPath = 'packages/gateway/migrations';
/** What a gateway needs to run, beside the packages of others. */
const parts = ['package.json', 'packages/gateway/package.json', 'packages/gateway/src', migrationsPath, 'packages/sdk'];
const runFile = promisify(execFile);

/** A gateway that can be started. */
export type Version = { readonly name: string; readonly main: string; readonly migrations: string };

function versionAt(name: string, folder: string): Version {
  return { name, main: join(folder, 'packages/gateway/src/main.ts'), migrations: join(folder, migrationsPath) };
}

export const presentVersion = versionAt('the present version', root);

/** The present code in a folder of its own, with further migrations: `name.sql` without its number, and its text. */
export async function makeNextVersion(folder: string, added: readonly (readonly [string, string])[]): Promise<Version> {
  for (const part of parts) {
    const filter = (path: string): boolean => !path.endsWith('node_modules');
    await cp(join(root, part), join(folder, part), { recursive: true, filter });
  }
  await linkPackages(folder);
  const version = versionAt(`the present version with ${added.length} more migrations`, folder);
  const count = (await readdir(version.migrations)).length;
  for (const [at, [name, text]] of added.entries()) {
    const number = String(count + at + 1).padStart(4, '0');
    await writeFile(join(version.migrations, `${number}-${name}.sql`), text);
  }
  return version;
}

/** The packages of others are the present ones; the gateway's own SDK is the version's. */
async function linkPackages(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@vyplata'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '@vyplata') await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await symlink(join(folder, 'packages/sdk'), join(folder, 'node_modules/@vyplata/sdk'));
}

/** The newest commit that can be upgraded from, made in the folder; or why there is none. */
export async function makeOlderVersion(folder: string): Promise<Version | { readonly missing: string }> {
  const commit = await findOlderCommit().catch((error: Error) => error);
  if (commit instanceof Error) return { missing: `git cannot be asked: ${commit.message.split('\n')[0]}` };
  if (commit === undefined)
    return { missing: 'the history has no commit with fewer migrations that are still the same' };
  await mkdir(folder, { recursive: true });
  const archive = join(folder, 'version.tar');
  await git(['archive', '--output', archive, commit, ...parts]);
  await runFile('tar', ['-xf', archive, '-C', folder]);
  await linkPackages(folder);
  return versionAt(`commit ${commit.slice(0, 9)}`, folder);
}

/**
 * The newest one with fewer migrations, each of them still as it is now, that runs on the present packages. The history
 * before the first release has edited migrations too: their commits cannot be upgraded from.
 */
async function findOlderCommit(): Promise<string | undefined> {
  const present = await listMigrations('HEAD');
  const touching = (await git(['rev-list', '--parents', 'HEAD', '--', migrationsPath])).split('\n');
  const seen = new Set<string>();
  for (const commit of touching.flatMap((line) => line.split(' ').filter(Boolean))) {
    if (seen.has(commit)) continue;
    seen.add(commit);
    const older = await listMigrations(commit).catch(() => new Map<string, string>());
    const isSame = [...older].every(([path, blob]) => present.get(path) === blob);
    if (older.size === 0 || older.size >= present.size || !isSame) continue;
    if (await canRun(commit)) return commit;
  }
  return undefined;
}

/** Path and content's name of each. */
async function listMigrations(commit: string): Promise<Map<string, string>> {
  const lines = (await git(['ls-tree', commit, `${migrationsPath}/`])).split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.split('\t')[1] ?? '', line.split(/\s/)[2] ?? '']));
}

async function canRun(commit: string): Promise<boolean> {
  const text = await git(['show', `${commit}:packages/gateway/package.json`]);
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  for (const [name, version] of Object.entries(dependencies)) {
    if (name.startsWith('@vyplata/')) continue;
    const found = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8').catch(() => '{}');
    if ((JSON.parse(found) as { version?: string }).version !== version) return false;
  }
  return true;
}

async function git(words: readonly string[]): Promise<string> {
  const { stdout } = await runFile('git', ['-C', root, ...words], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
