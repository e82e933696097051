import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { access, chmod, chown, cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts';

const isRoot = process.getuid?.() === 0;
const standIn = join(import.meta.dirname, 'stand-in.ts');
const ordinaryUser = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

describe('embedded PostgreSQL', () => {
  let scratch = '';
  /** An initialised, stopped data folder that tests copy. */
  let seed = '';

  before(async () => {
    scratch = await realpath(await mkdtemp(join(tmpdir(), 'vyplata-embedded-')));
    await chmod(scratch, 0o755);
    seed = join(scratch, 'seed');
  });

  after(() => rm(scratch, { recursive: true, force: true }));

  async function copySeed(name: string): Promise<string> {
    const dataDir = join(scratch, name);
    await cp(seed, dataDir, { recursive: true });
    return dataDir;
  }

  it('makes a durable, private database from nothing', async () => {
    const server = await startEmbedded({ dataDir: seed });
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'data_directory', 'jit'];
    const settings = await read(server, `select name, setting from pg_settings where name = any($1)`, [names]);
    assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), {
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
      data_directory: join(seed, 'postgres'),
      jit: 'off',
    });
    const locale =
      'select datname, pg_encoding_to_char(encoding) as encoding, datlocprovider, datlocale from pg_database';
    assert.deepEqual(await read(server, `${locale} where datname = current_database()`), [
      { datname: 'vyplata', encoding: 'UTF8', datlocprovider: 'b', datlocale: 'C.UTF-8' },
    ]);
    await Promise.all([server.stop(), server.stop()]);
    assert.equal(await server.exited, 0);
    assert.deepEqual(findServers(seed), []);
  });

  it('keeps its rows over a stop, and takes settings', async () => {
    const dataDir = await copySeed('rows');
    const first = await startEmbedded({ dataDir });
    await read(first, 'create table kept as select 7 as number');
    await first.stop();
    const second = await startEmbedded({ dataDir, settings: { work_mem: '5MB' } });
    assert.deepEqual(await read(second, `select number, current_setting('work_mem') as memory from kept`), [
      { number: 7, memory: '5MB' },
    ]);
    await second.stop();
  });

  it('stops when its gateway is killed, and the next start has every acknowledged row', async () => {
    const dataDir = await copySeed('killed');
    const gateway = launchStandIn([dataDir, '1000000']);
    await gateway.untilLine('200');
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    const next = await startEmbedded({ dataDir });
    const [{ rows } = { rows: 0 }] = await read(next, 'select count(*)::int as rows from acknowledged');
    await next.stop();
    const acknowledged = Number(gateway.lines().findLast((line) => /^\d+$/.test(line)));
    assert.ok(acknowledged >= 200);
    assert.ok(Number(rows) >= acknowledged, `${acknowledged} rows were acknowledged, ${rows} are there`);
    assert.deepEqual(findServers(dataDir), []);
  });

  it('leaves no PostgreSQL behind a killed gateway', async () => {
    const dataDir = await copySeed('orphan');
    const gateway = launchStandIn([dataDir, '1000000']);
    await gateway.untilLine('ready');
    assert.ok(findServers(dataDir).length > 0);
    gateway.child.kill('SIGKILL');
    const deadline = performance.now() + 10_000;
    while (findServers(dataDir).length > 0 && performance.now() < deadline) await sleep(20);
    assert.deepEqual(findServers(dataDir), []);
  });

  it('refuses a folder that a live gateway has open', async () => {
    const dataDir = await copySeed('shared');
    const gateway = launchStandIn([dataDir, '1000000']);
    await gateway.untilLine('ready');
    const message = new RegExp(
      `Another gateway \\(process ${gateway.child.pid}\\) is using the data folder ${dataDir}`,
    );
    await assert.rejects(startEmbedded({ dataDir }), { message });
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
  });

  it('tells when PostgreSQL dies by itself, and recovers', async () => {
    const dataDir = await copySeed('crashed');
    const first = await startEmbedded({ dataDir });
    await read(first, 'create table kept as select 7 as number');
    process.kill(readPostmaster(dataDir), 'SIGKILL');
    assert.equal(await first.exited, null);
    await first.stop();
    const second = await startEmbedded({ dataDir });
    assert.deepEqual(await read(second, 'select number from kept'), [{ number: 7 }]);
    await second.stop();
  });

  it('starts over a postmaster.pid whose number belongs to another process now', async () => {
    const dataDir = await copySeed('stale');
    const stale = [process.pid, join(dataDir, 'postgres'), 1_700_000_000, 5432, dataDir, '', '  1 2', 'ready   ', ''];
    await writeFile(join(dataDir, 'postgres/postmaster.pid'), stale.join('\n'));
    const server = await startEmbedded({ dataDir });
    assert.notEqual(readPostmaster(dataDir), process.pid);
    await server.stop();
  });

  it('starts over an interrupted initdb', async () => {
    const dataDir = join(scratch, 'interrupted');
    const gateway = launchStandIn([dataDir]);
    while (!existsSync(join(dataDir, 'postgres.new/PG_VERSION'))) await sleep(5);
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    const server = await startEmbedded({ dataDir });
    assert.deepEqual(await read(server, 'select current_database() as name'), [{ name: 'vyplata' }]);
    await server.stop();
    assert.ok(!existsSync(join(dataDir, 'postgres.new')));
  });

  it('puts the socket of a deep folder into a short private one, and removes it', async () => {
    const dataDir = await copySeed('d'.repeat(120));
    const server = await startEmbedded({ dataDir });
    const { host } = server.connection;
    assert.ok(Buffer.byteLength(host) < 90 && !host.startsWith(scratch), host);
    assert.deepEqual(await read(server, 'show data_directory'), [{ data_directory: join(dataDir, 'postgres') }]);
    await server.stop();
    assert.ok(!existsSync(host));
  });

  it('works under a home that only its owner may enter', async () => {
    const home = join(scratch, 'home');
    await mkdir(home, { mode: 0o700 });
    await cp(seed, join(home, 'data'), { recursive: true });
    const server = await startEmbedded({ dataDir: join(home, 'data') });
    assert.equal((await read(server, 'select 1')).length, 1);
    await server.stop();
  });

  it('runs as an ordinary user', { skip: !isRoot && 'the other tests do' }, async (context) => {
    const dataDir = join(scratch, 'ordinary');
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, 65534, 65534);
    if (spawnSync(ordinaryUser[0] ?? '', [...ordinaryUser.slice(1), 'test', '-r', standIn]).status !== 0) {
      // A folder of root's own: nobody else could start a gateway from it either. The other tests ran as root.
      context.skip('this checkout is readable for root only');
      return;
    }
    const gateway = launchStandIn([dataDir, '3'], ordinaryUser);
    await once(gateway.child, 'close');
    assert.deepEqual(gateway.lines(), ['ready', '1', '2', '3']);
    assert.deepEqual(findServers(dataDir), []);
  });

  describe('refuses with a sentence', () => {
    it('a folder of something else', async () => {
      const dataDir = join(scratch, 'foreign');
      await mkdir(dataDir);
      await writeFile(join(dataDir, 'letter.txt'), 'dear');
      await assert.rejects(startEmbedded({ dataDir }), { message: /is not a data folder.*holds letter\.txt/ });
    });

    it('a file', async () => {
      const dataDir = join(scratch, 'file');
      await writeFile(dataDir, '');
      await assert.rejects(startEmbedded({ dataDir }), { message: /is a file: choose a folder/ });
      await assert.rejects(startEmbedded({ dataDir: join(dataDir, 'below') }), { message: /part of .* is a file/ });
    });

    it('data of another PostgreSQL', async () => {
      const dataDir = join(scratch, 'older');
      await mkdir(join(dataDir, 'postgres'), { recursive: true });
      await writeFile(join(dataDir, 'postgres/PG_VERSION'), '17\n');
      await assert.rejects(startEmbedded({ dataDir }), {
        message: /holds data of PostgreSQL 17, this gateway brings 18/,
      });
    });

    it('a damaged folder', async () => {
      const dataDir = join(scratch, 'damaged');
      await mkdir(join(dataDir, 'postgres/base'), { recursive: true });
      await assert.rejects(startEmbedded({ dataDir }), { message: /is damaged.*Restore it from a backup/ });
    });

    it('the folder of another user', { skip: !isRoot && 'needs root' }, async () => {
      const dataDir = join(scratch, 'theirs');
      await mkdir(dataDir);
      await chown(dataDir, 65534, 65534);
      await assert.rejects(startEmbedded({ dataDir }), { message: /belongs to user 65534, this is user 0/ });
    });

    it('a full disk, and leaves nothing half-made', async (context) => {
      const dataDir = join(scratch, 'full');
      await mkdir(dataDir);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=0700', 'tmpfs', dataDir]).status !== 0) {
        // Containers commonly may not mount. A disk that fills up needs a disk that is small.
        context.skip('mounting a small disk is not allowed here');
        return;
      }
      try {
        await assert.rejects(startEmbedded({ dataDir }), { message: /disk under .* is full: free some space/ });
        await assert.rejects(access(join(dataDir, 'postgres')));
        await assert.rejects(access(join(dataDir, 'postgres.new')));
      } finally {
        spawnSync('umount', ['--lazy', dataDir]);
      }
    });

    it('settings that PostgreSQL does not know', async () => {
      const dataDir = await copySeed('misspelt');
      const settings = { shared_bufers: '1GB' };
      await assert.rejects(startEmbedded({ dataDir, settings }), { message: /did not start.*shared_bufers/ });
    });
  });
});

function launchStandIn(args: readonly string[], prefix: readonly string[] = []) {
  const [program = '', ...rest] = [...prefix, process.execPath, standIn, ...args];
  const child: ChildProcess = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const lines = () => text.split('\n').slice(0, -1);
  const untilLine = async (line: string) => {
    while (!lines().includes(line)) {
      assert.equal(child.exitCode, null, `the gateway ended: ${text}`);
      await sleep(5);
    }
  };
  return { child, lines, untilLine };
}

async function read(server: EmbeddedDatabase, text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new Client(server.connection);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** PostgreSQL and its processes work in their data folder. */
function findServers(dataDir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === join(dataDir, 'postgres');
    } catch {
      return false;
    }
  });
}

function readPostmaster(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}
