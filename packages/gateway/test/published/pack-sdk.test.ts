import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { packSdk } from '../../../../scripts/pack/sdk.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../../..');

describe('the packed SDK in an empty project, without a registry', () => {
  let project = '';
  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'vyplata-packed-'));
    const tarball = await packSdk(join(project, 'packed'));
    await writeFile(join(project, 'package.json'), '{"name":"shop","version":"1.0.0","type":"module"}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project });
  });
  after(() => rm(project, { recursive: true, force: true }));

  test('it brings nothing but itself', async () => {
    const entries = (await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.'));
    assert.deepEqual(entries, ['@vyplata']);
    const manifest = JSON.parse(await readFile(join(project, 'node_modules/@vyplata/sdk/package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.private, undefined);
    assert.equal(manifest.engines.node, '>=18');
    const notices = await readFile(join(project, 'node_modules/@vyplata/sdk/THIRD-PARTY.txt'), 'utf8');
    assert.match(notices, /^commander[\s\S]*fflate/);
  });

  test('each entry can be imported, by this Node and by the oldest one that is installed', async () => {
    const program = `
      import { createClient, signTestNotification, verifyNotification, VyplataError } from '@vyplata/sdk';
      import { makeKeyArchive, readKeyArchive } from '@vyplata/sdk/archive';
      import { signBody } from '@vyplata/sdk/signature';
      import { verifyNotification as same } from '@vyplata/sdk/notification';
      const { zip, publicPem } = await makeKeyArchive();
      const { key } = readKeyArchive(zip);
      const { body } = await signTestNotification({ key });
      const verdict = verifyNotification({ method: 'POST', body, publicKey: publicPem });
      const client = createClient({ baseUrl: 'http://127.0.0.1:9', account: crypto.randomUUID(), key: { archive: zip },
        attemptsMax: 1 });
      const failure = await client.accountBalance().catch((error) => error);
      const long = AbortSignal.timeout(60_000);
      const aborted = await client.accountBalance({ signal: long }).catch((error) => error);
      const facts = [verdict.valid, same === verifyNotification, signBody({ body: '{}', key }).length,
        failure instanceof VyplataError, failure.code, aborted.code];
      console.log(JSON.stringify(facts));
      process.exit(0);
    `;
    await writeFile(join(project, 'use.mjs'), `import crypto from 'node:crypto';\n${program}`);
    const expected = [true, true, 344, true, 'unreachable', 'unreachable'];
    for (const node of await installedNodes()) {
      const { stdout } = await run(node, ['use.mjs'], { cwd: project });
      assert.deepEqual(JSON.parse(stdout), expected, node);
    }
  });

  test('a TypeScript program is checked against its declarations', async () => {
    await mkdir(join(project, 'types'), { recursive: true });
    const good = `import { createClient, type PayoutStatus, verifyNotification } from '@vyplata/sdk';
      import { readKeyArchive } from '@vyplata/sdk/archive';
      export async function pay(zip: Uint8Array): Promise<PayoutStatus> {
        const client = createClient({ baseUrl: 'https://x', account: 'a', key: readKeyArchive(zip).key });
        return client.createAndWait({ orderId: '1', amount: 100n, number: '1', service: 's' });
      }
      export const judge = verifyNotification;`;
    const bad = good.replace('amount: 100n', 'amount: 1.5');
    await writeFile(join(project, 'types/good.ts'), good);
    await writeFile(join(project, 'types/bad.ts'), bad);
    const check = (file: string) =>
      run(
        join(root, 'node_modules/.bin/tsc'),
        ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--typeRoots']
          .concat([join(root, 'node_modules/@types')])
          .concat([join(project, file)]),
        { cwd: project },
      );
    await check('types/good.ts');
    const refused = await check('types/bad.ts').catch((error: { stdout: string }) => error);
    assert.match(refused.stdout, /number.*not assignable/);
  });

  test('the program runs', async () => {
    const { stdout } = await run('npx', ['--offline', 'vyplata', '--help'], { cwd: project });
    assert.match(stdout, /payout[\s\S]*Exit codes/);
  });
});

/** This one, and what the machine has under the usual names. */
async function installedNodes(): Promise<string[]> {
  const candidates = [process.execPath, '/usr/bin/node', '/usr/local/bin/node'];
  const found = candidates.map((node) =>
    run(node, ['--version']).then(
      () => [node],
      () => [],
    ),
  );
  return (await Promise.all(found)).flat();
}
