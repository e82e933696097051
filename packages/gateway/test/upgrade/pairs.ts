import { join } from 'node:path';
import type { Form, Skipped } from '../faults/scenario.ts';
import { makeFolder, removeFolder } from '../faults/site.ts';
import type { Figures } from '../faults/verify.ts';
import { contracting, expanding, runUpgrade } from './upgrade.ts';
import { makeNextVersion, makeOlderVersion, presentVersion } from './versions.ts';

export type Pair = { readonly name: string; run(form: Form): Promise<Figures | Skipped> };

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder();
  try {
    return await work(folder);
  } finally {
    await removeFolder(folder);
  }
}

/** What is upgraded to what. */
export const pairs: readonly Pair[] = [
  {
    name: 'the present version to one with further migrations, and on to one that breaks the schema',
    run: (form) =>
      withFolder(async (folder) => {
        const to = await makeNextVersion(join(folder, 'next'), expanding);
        const last = await makeNextVersion(join(folder, 'last'), [...expanding, contracting]);
        return runUpgrade({ from: presentVersion, to, last, form });
      }),
  },
  {
    name: 'an older commit to the present version',
    run: (form) =>
      withFolder(async (folder) => {
        const from = await makeOlderVersion(join(folder, 'older'));
        if ('missing' in from) return { skipped: from.missing };
        return runUpgrade({ from, to: presentVersion, form });
      }),
  },
];
