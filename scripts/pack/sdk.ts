import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { printNotices } from '../supply/print-notices.ts';
import { reach, readLock } from '../supply/read-lock.ts';
import { printSbom } from '../supply/sbom.ts';
import { packFolder } from './pack-folder.ts';

/**
 * npm run pack:sdk [-- folder]: the SDK as it is published, JavaScript for Node 18 with declarations, and the tarball
 * `vyplata-sdk.tgz`. What it needs of others is inside, so it installs without a registry.
 */
const root = join(import.meta.dirname, '../..');
const sdk = join(root, 'packages/sdk');
const entries = ['index', 'archive', 'signature', 'notification', 'explain-signature', 'sandbox-scripts', 'cli'];
const kept = ['name', 'version', 'description', 'license', 'type', 'engines', 'keywords'];
const inlined = ['commander', 'fflate'];
const run = promisify(execFile);

type Manifest = Record<string, unknown> & { name: string; version: string };

/** Builds into `folder`, which is emptied; answers the path of the tarball. */
export async function packSdk(folder: string): Promise<string> {
  const staged = join(folder, 'package');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(staged, 'dist'), { recursive: true });
  await Promise.all([bundle(join(staged, 'dist')), declare(join(staged, 'dist')), describe(staged)]);
  const tarball = join(folder, 'vyplata-sdk.tgz');
  await packFolder(staged, tarball);
  return tarball;
}

async function bundle(folder: string): Promise<void> {
  const input = Object.fromEntries(entries.map((name) => [name, join(sdk, 'src', `${name}.ts`)]));
  const build = await rolldown({ input, platform: 'node', external: [/^node:/], cwd: sdk });
  await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'parts/[name].js',
  });
  await build.close();
}

/** A declaration names its neighbours as the source does; who installed the package has only `.js` beside it. */
async function declare(folder: string): Promise<void> {
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', join(sdk, 'tsconfig.build.json'), '--outDir', folder]);
  await rm(join(folder, 'cli'), { recursive: true });
  await rm(join(folder, 'cli.d.ts'));
  const declarations = (await readdir(folder)).filter((name) => name.endsWith('.d.ts'));
  for (const name of declarations) {
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), text.replace(/(from|import\()( ?)'(\.[^']*)\.ts'/g, "$1$2'$3.js'"));
  }
}

async function describe(staged: string): Promise<void> {
  const source = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as Manifest;
  const paths = entries.filter((name) => name !== 'cli');
  const exported = Object.fromEntries(
    paths.map((name): [string, object] => [
      name === 'index' ? '.' : `./${name}`,
      { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    ]),
  );
  const manifest = {
    ...Object.fromEntries(kept.map((member) => [member, source[member]])),
    sideEffects: false,
    exports: { ...exported, './package.json': './package.json' },
    bin: { vyplata: 'dist/cli.js' },
    files: ['dist', 'THIRD-PARTY.txt', 'sbom.cdx.json'],
  };
  await writeFile(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  await copyFile(join(sdk, 'README.md'), join(staged, 'README.md'));
  const lock = await readLock(root);
  const built = [...reach(lock, { from: 'packages/sdk', names: inlined }).keys()];
  await writeFile(join(staged, 'THIRD-PARTY.txt'), await printNotices(lock, built));
  await writeFile(join(staged, 'sbom.cdx.json'), await printSbom('sdk'));
}

if (import.meta.main) {
  const tarball = await packSdk(resolve(process.argv[2] ?? join(sdk, 'dist')));
  console.log(tarball);
}
