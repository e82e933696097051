import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@vyplata/sdk';
import { packGateway } from '../../../../scripts/pack/gateway.ts';
import type { Demo } from '../../src/demo/seed.ts';
import { findFreePort } from '../gateway.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../../..');

describe('the packed gateway on a machine without the project', () => {
  let folder = '';
  let installed = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vyplata-packed-'));
    const tarball = await packGateway(join(folder, 'packed'));
    installed = join(folder, 'machine/node_modules/@vyplata/gateway');
    await mkdir(installed, { recursive: true });
    await run('tar', ['xzf', tarball, '--strip-components=1', '-C', installed]);
    // What npm would have installed beside it; the project's own packages are not among that.
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name === '@vyplata' || name.startsWith('.')) continue;
      await symlink(join(root, 'node_modules', name), join(folder, 'machine/node_modules', name));
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('it holds JavaScript, the migrations and the SDK, and asks for no package of this project', async () => {
    const files = (await readdir(installed, { recursive: true })).filter((name) => !name.endsWith('.d.ts'));
    assert.deepEqual(
      files.filter((name) => name.endsWith('.ts')),
      [],
    );
    const migrations = await readdir(join(root, 'packages/gateway/migrations'));
    for (const name of migrations) assert.ok(files.includes(`gateway/migrations/${name}`));
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const own = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@vyplata/'));
    assert.deepEqual(own, manifest.bundleDependencies);
  });

  test('vyplata-sandbox starts from an empty folder and pays', async (context) => {
    const port = await findFreePort();
    const dataDir = join(folder, 'sandbox');
    const begun = performance.now();
    const program = join(installed, 'bin/vyplata-sandbox.js');
    // An older Node than the gateway needs starts it as well: one that fits came along.
    const child = spawn(process.execPath, [program, '--port', String(port), '--data', dataDir, '--speed', '100'], {
      env: { PATH: process.env.PATH, LANG: 'C', DATABASE_URL: 'postgres://elsewhere/none' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    try {
      await waitForGuide(child);
      context.diagnostic(`${((performance.now() - begun) / 1000).toFixed(1)} s from nothing to a paid payout`);
      const demo = JSON.parse(await readFile(join(dataDir, 'demo/demo.json'), 'utf8')) as Demo;
      const client = createClient({
        baseUrl: demo.baseUrl,
        account: demo.accounts[0]?.id ?? '',
        key: {
          pem: await readFile(join(demo.certDir, 'private.pem'), 'utf8'),
          password: await readFile(join(demo.certDir, 'password.txt'), 'utf8'),
        },
      });
      const slow = { orderId: 'packed-1', amount: '5.00', number: '79990000003', service: 'qiwi_rub' };
      assert.equal((await client.createAndWait(slow, { timeoutMs: 60_000 })).status, 'paid');
    } finally {
      child.kill('SIGTERM');
      await exited;
    }
  });

  test('a wrong option is answered with the usage', async () => {
    const program = join(installed, 'bin/vyplata-sandbox.js');
    const failed = await run(process.execPath, [program, '--speed', '0']).catch((error: { code: number }) => error);
    assert.equal('code' in failed && failed.code, 2);
  });
});

function waitForGuide(child: ReturnType<typeof spawn>): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`it ended:\n${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (part: Buffer) => {
        output += part.toString();
        if (output.includes('Ctrl-C')) resolve();
      });
    }
  });
}
