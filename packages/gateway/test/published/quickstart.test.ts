import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { readBlocks } from '../../../../scripts/docs/blocks.ts';
import { packSdk } from '../../../../scripts/pack/sdk.ts';
import { findFreePort } from '../gateway.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../../..');
const page = await readFile(join(root, 'docs/site/en/quick-start.md'), 'utf8');
const blocks = readBlocks(page);
const parent = await mkdtemp(join(tmpdir(), 'vyplata-quickstart-'));
let starting: ReturnType<typeof startByNpm> | undefined;
after(async () => {
  await (await starting?.catch(() => undefined))?.close();
  await rm(parent, { recursive: true, force: true });
});

/** `npm start` itself, in a process group of its own, so that all of it can be stopped. */
async function startByNpm(dataDir: string) {
  const env = { ...process.env, PORT: String(await findFreePort()), DATA_DIR: dataDir, LANG: 'C' };
  const child = spawn('npm', ['start'], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const shown = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`npm start ended:\n${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        output += part.toString();
        if (output.includes('Ctrl-C')) resolve();
      });
    }
  });
  const exited = once(child, 'exit');
  await shown;
  return {
    async close() {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await exited;
      // npm goes before what it started: the gateway stops its PostgreSQL first.
      while (isGroupAlive(child.pid ?? 0)) await new Promise((resolve) => setTimeout(resolve, 50));
    },
  };
}

function isGroupAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
    return true;
  } catch {
    return false;
  }
}

test('the quick start, as written, ends in a paid payout and a verified notification', async (context) => {
  const begun = performance.now();
  // The page's two folders side by side: the gateway's, and an empty one for the shop.
  const vyplata = join(parent, 'vyplata');
  await mkdir(join(parent, 'data'));
  await mkdir(join(vyplata, 'packages', 'sdk'), { recursive: true });
  await symlink(join(parent, 'data'), join(vyplata, 'data'));
  starting = startByNpm(join(parent, 'data'));
  await Promise.all([starting, packSdk(join(vyplata, 'packages', 'sdk', 'dist'))]);
  const file = blocks.find(({ marks }) => marks.file === 'payout.mjs') ?? assert.fail('the page has no payout.mjs');
  const commands = blocks.filter(({ marks }) => marks.terminal === 'shop').map(({ text }) => text);
  assert.equal(commands.length, 3);
  // A registry must not be needed: npm may not ask one.
  const env = { ...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false', LANG: 'C' };
  const outputs: string[] = [];
  for (const [index, command] of commands.entries()) {
    const cwd = index === 0 ? parent : join(parent, 'my-shop');
    if (index === 1) await writeFile(join(cwd, 'payout.mjs'), file.text);
    outputs.push((await run('bash', ['-ec', command], { cwd, env })).stdout);
  }
  assert.match(outputs[1] ?? '', /^payout 1\d{8}: paid, 500\.00 arrived\nnotification: paid, signature verified\n$/);
  assert.match(outputs[2] ?? '', /my-1[\s\S]*paid/);
  const seconds = (performance.now() - begun) / 1000;
  context.diagnostic(`${seconds.toFixed(1)} s from npm start to the verified notification`);
  // The promise of the page is a minute on an idle machine; the suite shares its cores.
  assert.ok(seconds < 180, `${seconds} s`);
});
