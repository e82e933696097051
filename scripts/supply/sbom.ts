import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readLicence } from './judge-licence.ts';
import { type Installed, keyOf, listInstalled, namesOf, reach, readLock } from './read-lock.ts';

/**
 * npm run sbom [-- file]: what the gateway is made of, as CycloneDX 1.5, from package-lock.json alone. It names no time
 * and no random id: the same lock gives the same bytes. Without a file it prints.
 */
const root = join(import.meta.dirname, '../..');

type Subject = 'gateway' | 'sdk';
type Manifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };

/**
 * The list for a package as it is given to others: what is installed with it and what is built into it, no tools.
 * @returns JSON with a final newline.
 */
export async function printSbom(subject: Subject): Promise<string> {
  const lock = await readLock(root);
  const manifest = JSON.parse(await readFile(join(root, `packages/${subject}/package.json`), 'utf8')) as Manifest;
  const folder = `packages/${subject}`;
  const reached = reach(lock, { from: folder, names: namesOf(lock.packages[folder] ?? {}) });
  if (subject === 'gateway') {
    for (const [path, needs] of await reachConsole()) reached.set(path, needs);
    // A Node that fits comes along.
    const nodes = Object.keys(lock.packages['']?.optionalDependencies ?? {});
    for (const [path, needs] of reach(lock, { from: '', names: nodes })) reached.set(path, needs);
  }
  const installed = listInstalled(lock).filter(({ path }) => reached.has(path));
  const refs = new Map(installed.map((one) => [one.path, keyOf(one)]));
  const refsOf = (paths: readonly string[]): string[] =>
    [...new Set(paths.flatMap((path) => refs.get(path) ?? refsOf(reached.get(path) ?? [])))].sort();
  const top = namesOf(lock.packages[folder] ?? {}).flatMap((name) =>
    [...reach(lock, { from: folder, names: [name] }).keys()].slice(0, 1),
  );
  const self = keyOf(manifest);
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: describe({ ...manifest, license: String(manifest['license']) }, 'application') },
    components: unique(installed.map((one) => describe(one, 'library'))),
    dependencies: unique([
      { ref: self, dependsOn: refsOf(top) },
      ...installed.map((one) => ({ ref: keyOf(one), dependsOn: refsOf(reached.get(one.path) ?? []) })),
    ]),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** name@version of everything in the list. */
export async function readSbomKeys(subject: Subject): Promise<string[]> {
  const { components } = JSON.parse(await printSbom(subject)) as {
    readonly components: readonly { 'bom-ref': string }[];
  };
  return components.map((one) => one['bom-ref']);
}

/** What is built into the console's files: its packages but the ones that build and test it. */
export async function reachConsole(): Promise<Map<string, string[]>> {
  const lock = await readLock(root);
  const folder = 'packages/console';
  const names = Object.keys(lock.packages[folder]?.devDependencies ?? {}).filter((name) => !isTool(name));
  return reach(lock, { from: folder, names });
}

function isTool(name: string): boolean {
  return name.startsWith('@types/') || ['vite', 'playwright-core', 'axe-core'].includes(name);
}

type Component = Readonly<Record<string, unknown>> & { readonly 'bom-ref': string };
type Described = Pick<Installed, 'name' | 'version' | 'license' | 'integrity' | 'optional'>;

function describe(one: Described, type: 'application' | 'library'): Component {
  const licence = readLicence(one.license);
  return {
    type,
    'bom-ref': keyOf(one),
    name: one.name,
    version: one.version,
    purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
    ...(type === 'library' ? { scope: one.optional === true ? 'optional' : 'required' } : {}),
    ...(licence === undefined ? {} : { licenses: [nameLicence(licence)] }),
    ...(one.integrity === undefined ? {} : { hashes: one.integrity.split(' ').map(readHash) }),
  };
}

function nameLicence(licence: string): object {
  return / (?:OR|AND) /.test(licence) ? { expression: licence } : { license: { id: licence } };
}

/** npm writes `sha512-` and base64, CycloneDX hexadecimal digits. */
function readHash(integrity: string): object {
  const [rule = '', digest = ''] = integrity.split(/-(.*)/s);
  return { alg: rule.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') };
}

function unique<T extends { readonly 'bom-ref'?: string; readonly ref?: string }>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [one['bom-ref'] ?? one.ref, one])).values()];
}

if (import.meta.main) {
  const text = await printSbom('gateway');
  const file = process.argv[2];
  if (file === undefined) process.stdout.write(text);
  else await writeFile(resolve(file), text);
}
