import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Client } from 'pg';
import { checkSchema, migrate } from '../../src/db/migrate.ts';
import { connectionTo, openClient, withClient } from '../cluster.ts';
import { openTestCluster, openTestDatabase } from '../database.ts';

describe('migrate', () => {
  let folder = '';
  let client: Client;
  let name = '';
  const connect = async () => openClient(connectionTo((await openTestCluster()).socket, name));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vyplata-migrations-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    name = `migrate_${process.pid}`;
    const { socket } = await openTestCluster();
    await withClient(socket, async (admin) => {
      await admin.query(`create database ${name}`);
    });
    client = await connect();
    for (const file of await readdir(folder)) await rm(join(folder, file));
  });

  afterEach(async () => {
    await client.end();
    const { socket } = await openTestCluster();
    await withClient(socket, async (admin) => {
      await admin.query(`drop database ${name} with (force)`);
    });
  });

  async function write(files: Record<string, string>): Promise<void> {
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  }

  const rowsOf = async (text: string) => (await client.query<Record<string, unknown>>(text)).rows;

  it('applies files in order, once, and records them', async () => {
    await write({ '0002-second.sql': 'alter table a add y int', '0001-first.sql': 'create table a (x int)' });
    const lines: string[] = [];
    const options = { connect, folder, log: (line: string) => void lines.push(line) };
    assert.deepEqual(await migrate(options), ['0001-first.sql', '0002-second.sql']);
    assert.deepEqual(lines, ['Applied migration 0001-first.sql', 'Applied migration 0002-second.sql']);
    assert.deepEqual(await migrate(options), []);
    assert.deepEqual(await rowsOf('select number, name, length(checksum) as bytes, breaking from migration'), [
      { number: 1, name: '0001-first.sql', bytes: 64, breaking: false },
      { number: 2, name: '0002-second.sql', bytes: 64, breaking: false },
    ]);
    assert.deepEqual(await rowsOf('select x, y from a'), []);
  });

  it('may run in many processes at once: each file is applied once', async () => {
    const slow = 'create table a (x int); insert into a values (1); select pg_sleep(0.05);';
    await write({ '0001-slow.sql': slow, '0002-more.sql': 'insert into a values (2)' });
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate({ connect, folder })));
    assert.deepEqual(applied.flat().sort(), ['0001-slow.sql', '0002-more.sql']);
    assert.deepEqual(await rowsOf('select x from a order by x'), [{ x: 1 }, { x: 2 }]);
  });

  it('undoes a file that fails, keeps the ones before it, and names the line', async () => {
    await write({ '0001-good.sql': 'create table a (x int);', '0002-bad.sql': 'create table b (x int);\nselect 1 +;' });
    const message = /Migration 0002-bad\.sql, line 2 failed: syntax error.*Nothing of it was applied/;
    await assert.rejects(migrate({ connect, folder }), { message });
    assert.deepEqual(await rowsOf(`select to_regclass('a')::text as a, to_regclass('b')::text as b`), [
      { a: 'a', b: null },
    ]);
    assert.deepEqual(await rowsOf('select number from migration'), [{ number: 1 }]);
  });

  it('refuses an applied file that was edited', async () => {
    await write({ '0001-first.sql': 'create table a (x int);' });
    await migrate({ connect, folder });
    await write({ '0001-first.sql': 'create table a (x bigint);' });
    const message = /0001-first\.sql was edited after it was applied/;
    await assert.rejects(migrate({ connect, folder }), { message });
    await assert.rejects(checkSchema({ db: client, folder }), { message });
  });

  it('refuses numbers with gaps, doubles and strange names', async () => {
    for (const names of [['0002-a.sql'], ['0001-a.sql', '0001-b.sql'], ['0001-A.sql'], ['1-a.sql'], ['0001_a.sql']]) {
      for (const file of await readdir(folder)) await rm(join(folder, file));
      await write(Object.fromEntries(names.map((file) => [file, 'select 1'])));
      await assert.rejects(migrate({ connect, folder }), { message: /numbered without gaps/ }, names.join());
    }
  });

  it('lets a process serve only a database that has all its migrations', async () => {
    await write({ '0001-first.sql': 'create table a (x int)' });
    await assert.rejects(checkSchema({ db: client, folder }), {
      message: /lacks 0001-first\.sql.*Run "migrate" first/,
    });
    await migrate({ connect, folder });
    await checkSchema({ db: client, folder });
    await write({ '0002-b.sql': 'select 2', '0003-c.sql': 'select 3' });
    await assert.rejects(checkSchema({ db: client, folder }), { message: /lacks 2 migrations from 0002-b\.sql on/ });
  });

  it('lets older code run beside a newer migration unless that is breaking', async () => {
    await write({ '0001-first.sql': 'create table a (x int)', '0002-more.sql': 'alter table a add y int' });
    await migrate({ connect, folder });
    await rm(join(folder, '0002-more.sql'));
    await checkSchema({ db: client, folder });
    assert.deepEqual(await migrate({ connect, folder }), []);

    await write({ '0002-more.sql': 'alter table a add y int', '0003-other.sql': '--! breaking\nalter table a drop x' });
    await migrate({ connect, folder });
    await rm(join(folder, '0003-other.sql'));
    const message = /newer migration 0003-other\.sql, which this version cannot run on/;
    await assert.rejects(checkSchema({ db: client, folder }), { message });
    await assert.rejects(migrate({ connect, folder }), { message });
  });
});

describe('test database', () => {
  it('is migrated, and separate from the next one', async () => {
    const [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    const client = await openClient(one.connection);
    await checkSchema({ db: client, folder: join(import.meta.dirname, '../../migrations') });
    await client.query('create table only_here (x int)');
    await client.end();
    const second = await openClient(other.connection);
    const { rows } = await second.query(`select to_regclass('only_here') as found`);
    assert.deepEqual(rows, [{ found: null }]);
    await second.end();
    await Promise.all([one.close(), other.close()]);
  });
});
