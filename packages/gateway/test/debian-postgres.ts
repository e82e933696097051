import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const binaries = ['17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`);

/** The programs of PostgreSQL as Debian installs them, the newest that is there. */
export function findBinaries(): string | undefined {
  return binaries.find((folder) => existsSync(join(folder, 'postgres')));
}

/** PostgreSQL refuses root; Debian's package brings a user for it. Undefined: whoever runs this may run it. */
export function findOwner(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const read = (flag: string): number => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: read('-u'), gid: read('-g') };
}

/** The words of `setpriv` that make a command run as that user. */
export function wordsOfOwner(): readonly string[] {
  return findOwner() === undefined ? [] : ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];
}

/** What is missing of PostgreSQL and of the other packages, by their programs, as a sentence; undefined: nothing. */
export function findMissingPackages(others: Readonly<Record<string, string>>): string | undefined {
  const missing = Object.entries(others).flatMap(([name, program]) => (existsSync(program) ? [] : [name]));
  if (findBinaries() === undefined) missing.unshift('postgresql');
  return missing.length === 0 ? undefined : `the Debian packages ${missing.join(', ')} are needed`;
}
