import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One entry of package-lock.json, as npm writes it. */
type Entry = {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
};

export type Lock = { readonly lockfileVersion: number; readonly packages: Readonly<Record<string, Entry>> };

/** A package as it is installed: where, what, and whether an installation without tools has it. */
export type Installed = Entry & { readonly path: string; readonly name: string; readonly version: string };

export async function readLock(root: string): Promise<Lock> {
  return JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
}

/** The packages of others, sorted by name and version; a package that stands in two places comes twice. */
export function listInstalled({ packages }: Lock): Installed[] {
  return Object.entries(packages)
    .flatMap(([path, entry]) => {
      const name = entry.name ?? path.split('node_modules/').at(-1) ?? path;
      const isOfOthers = path.includes('node_modules/') && entry.link !== true;
      return isOfOthers ? [{ ...entry, path, name, version: entry.version ?? '' }] : [];
    })
    .sort((one, other) => compare(keyOf(one), keyOf(other)));
}

export function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/**
 * What the named packages bring along when they are asked for at `from` (a folder of the lock, '' is the root), with
 * what each of them asks for: paths in the lock. Throws when a package that is not optional is missing.
 */
export function reach(
  lock: Lock,
  wanted: { readonly from: string; readonly names: readonly string[] },
): Map<string, string[]> {
  const reached = new Map<string, string[]>();
  const visit = (from: string, names: readonly string[], optional: ReadonlySet<string>): string[] =>
    names.flatMap((name) => {
      const path = locate(lock, from, name);
      if (path === undefined) {
        if (optional.has(name)) return [];
        throw new Error(`package-lock.json has no ${name} for ${from || 'the root'}: run npm install`);
      }
      if (!reached.has(path)) {
        reached.set(path, []);
        const entry = lock.packages[path] ?? {};
        reached.set(path, visit(path, namesOf(entry), optionalOf(entry)));
      }
      return [path];
    });
  visit(wanted.from, wanted.names, optionalOf(lock.packages[wanted.from] ?? {}));
  return reached;
}

/** What a package asks for where it is installed; a peer that it can do without counts only if somebody else asks. */
export function namesOf(entry: Entry): string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entry;
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
  return [
    ...new Set([dependencies, optionalDependencies].flatMap((part) => Object.keys(part ?? {})).concat(peers)),
  ].sort();
}

function optionalOf({ optionalDependencies }: Entry): ReadonlySet<string> {
  return new Set(Object.keys(optionalDependencies ?? {}));
}

/** As Node looks for it: in the nearest node_modules upwards. A link of the workspace leads to the package's folder. */
function locate({ packages }: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)(?:node_modules\/)?[^/]+$/, '')) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = packages[path];
    if (entry !== undefined) return entry.link === true ? (entry.resolved ?? path) : path;
    if (folder === '') return undefined;
  }
}
