import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { printNotices } from '../supply/print-notices.ts';
import { readLock } from '../supply/read-lock.ts';
import { printSbom, reachConsole } from '../supply/sbom.ts';
import { packFolder } from './pack-folder.ts';
import { packSdk } from './sdk.ts';

/**
 * npm run pack:gateway [-- folder]: the gateway as JavaScript in one tarball, `vyplata-gateway.tgz`, with the programs
 * `vyplata-sandbox`, `vyplata-gateway` and `vyplata`. Node does not run TypeScript that stands in node_modules.
 */
const root = join(import.meta.dirname, '../..');
const gateway = join(root, 'packages/gateway');

type Manifest = Record<string, unknown> & {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

/** Builds into `folder`, which is emptied; answers the path of the tarball. */
export async function packGateway(folder: string): Promise<string> {
  const staged = join(folder, 'package');
  await rm(folder, { recursive: true, force: true });
  await mkdir(staged, { recursive: true });
  // The same places beside one another as in the workspace: files find each other by relative paths.
  await stripSources(join(staged, 'gateway'));
  await cp(join(gateway, 'migrations'), join(staged, 'gateway/migrations'), { recursive: true });
  await copyFile(join(gateway, 'openapi.json'), join(staged, 'gateway/openapi.json'));
  await copyFile(join(gateway, 'package.json'), join(staged, 'gateway/package.json'));
  await copyConsole(join(staged, 'console/dist'));
  await bundleSdk(join(staged, 'node_modules/@vyplata/sdk'));
  for (const name of ['vyplata-sandbox', 'vyplata-gateway']) await writeProgram(staged, name);
  await writeManifest(staged);
  await copyFile(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  await writeSupply(staged);
  const tarball = join(folder, 'vyplata-gateway.tgz');
  await packFolder(staged, tarball);
  return tarball;
}

/** Types become spaces, so lines and columns in a stack trace are those of the source. */
async function stripSources(target: string): Promise<void> {
  const entries = await readdir(join(gateway, 'src'), { recursive: true });
  for (const entry of entries.filter((name) => name.endsWith('.ts'))) {
    const text = stripTypeScriptTypes(await readFile(join(gateway, 'src', entry), 'utf8'));
    const path = join(target, 'src', entry.replace(/\.ts$/, '.js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replace(/(from |import\()'(\.[^']*)\.ts'/g, "$1'$2.js'"));
  }
}

async function copyConsole(target: string): Promise<void> {
  const built = join(root, 'packages/console/dist');
  const isBuilt = await stat(built).then(
    () => true,
    () => false,
  );
  // Without it the gateway says in the console's place how to build it.
  if (isBuilt) await cp(built, target, { recursive: true });
}

async function bundleSdk(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-pack-'));
  try {
    await packSdk(folder);
    await cp(join(folder, 'package'), target, { recursive: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeProgram(staged: string, name: string): Promise<void> {
  const path = join(staged, 'bin', `${name}.js`);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(join(import.meta.dirname, 'programs', `${name}.js`), path);
  await copyFile(join(import.meta.dirname, 'programs', 'find-node.js'), join(staged, 'bin', 'find-node.js'));
  await chmod(path, 0o755);
}

async function writeManifest(staged: string): Promise<void> {
  const source = JSON.parse(await readFile(join(gateway, 'package.json'), 'utf8')) as Manifest;
  const workspace = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  const { private: _, engines: __, ...kept } = source;
  const manifest = {
    ...kept,
    engines: { node: '>=18' },
    bundleDependencies: ['@vyplata/sdk'],
    // A Node that is new enough, for machines whose own is not.
    optionalDependencies: { ...source.optionalDependencies, ...workspace.optionalDependencies },
    bin: {
      'vyplata-sandbox': 'bin/vyplata-sandbox.js',
      'vyplata-gateway': 'bin/vyplata-gateway.js',
      vyplata: 'node_modules/@vyplata/sdk/dist/cli.js',
    },
    files: ['bin', 'gateway', 'console', 'THIRD-PARTY.txt', 'sbom.cdx.json'],
  };
  await writeFile(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Whose code is in the console's files (the SDK has its own list), and everything that is installed. */
async function writeSupply(staged: string): Promise<void> {
  const built = [...(await reachConsole()).keys()];
  await writeFile(join(staged, 'THIRD-PARTY.txt'), await printNotices(await readLock(root), built));
  await writeFile(join(staged, 'sbom.cdx.json'), await printSbom('gateway'));
}

if (import.meta.main) {
  const tarball = await packGateway(resolve(process.argv[2] ?? join(gateway, 'dist')));
  console.log(tarball);
}
