import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { migrate, type SchemaConnection } from '../../src/db/migrate.ts';
import { openScratch, type Scratch } from './scratch.ts';

const tables = 'create table a (x int); insert into a select generate_series(1, 1000);';

describe('migrate beside the work', () => {
  let scratch: Scratch;
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);

  before(async () => {
    scratch = await openScratch();
  });

  after(() => scratch.close());

  beforeEach(async () => {
    lines.length = 0;
    await scratch.clear();
    await scratch.client.query('drop schema public cascade; create schema public');
  });

  const options = () => ({ connect: scratch.connect, folder: scratch.folder, log });

  /** Holds `a` in an open transaction while `work` goes on. */
  async function whileHeld(work: (holder: Client) => Promise<void>): Promise<void> {
    const holder = await scratch.connect();
    await holder.query('begin; insert into a values (0)');
    try {
      await work(holder);
    } finally {
      await holder.end();
    }
  }

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await sleep(10);
  }

  it('lets orders pass while somebody holds a lock that it needs, and takes it afterwards', async () => {
    await scratch.write({ '0001-a.sql': tables });
    await migrate(options());
    await scratch.write({ '0002-b.sql': 'alter table a add y int' });
    await whileHeld(async (holder) => {
      const patience = { lockWaitMs: 100, pauseMs: 50 };
      const migrating = migrate({ ...options(), patience });
      await until(() => lines.filter((line) => /tries for its locks again/.test(line)).length >= 2);
      // Behind a migration that waited for good this would wait as long as the holder stays.
      for (let n = 0; n < 20; n += 1) await scratch.client.query('insert into a values (-1)');
      await holder.query('commit');
      assert.deepEqual(await migrating, ['0002-b.sql']);
    });
    assert.deepEqual(await scratch.rowsOf('select count(y), count(*) filter (where x < 0) as passed from a'), [
      { count: '0', passed: '20' },
    ]);
    assert.match(lines[1] ?? '', /oldest transaction is open for \d+ s \(process \d+ of the database, a program/);
  });

  it('gives up in the end, and says who was in the way', async () => {
    await scratch.write({ '0001-a.sql': tables, '0002-b.sql': 'alter table a add y int' });
    await scratch.client.query(tables);
    await scratch.write({ '0001-a.sql': 'select 1' });
    await whileHeld(async () => {
      const patience = { lockWaitMs: 50, pauseMs: 10, giveUpMs: 0 };
      const message = /0002-b\.sql did not get its locks in 0 s\. The oldest transaction.*Run "migrate" again/;
      await assert.rejects(migrate({ ...options(), patience }), { message });
    });
    assert.deepEqual(await migrate(options()), ['0002-b.sql']);
  });

  it('builds an index outside a transaction, once more when an earlier try was cut off', async () => {
    await scratch.client.query(tables);
    await scratch.client.query('insert into a values (1)');
    await scratch.write({
      '0001-index.sql': '--! outside transaction\ncreate unique index concurrently a_x on a (x);\n-- why\n',
    });
    const failed = /0001-index\.sql failed: could not create unique index.*What came before in it stays/;
    await assert.rejects(migrate(options()), { message: failed });
    const valid = `select indisvalid as valid from pg_index where indexrelid = 'a_x'::regclass`;
    assert.deepEqual(await scratch.rowsOf(valid), [{ valid: false }]);
    await scratch.client.query('delete from a where ctid = (select max(ctid) from a where x = 1)');
    assert.deepEqual(await migrate(options()), ['0001-index.sql']);
    assert.deepEqual(await scratch.rowsOf(valid), [{ valid: true }]);
    assert.deepEqual(await migrate(options()), []);
  });

  it('keeps an index that was finished before the record of it was written', async () => {
    await scratch.client.query(tables);
    await scratch.client.query('create index a_x on a (x)');
    const [before_] = await scratch.rowsOf(`select 'a_x'::regclass::oid as oid`);
    await scratch.write({ '0001-index.sql': '--! outside transaction\ncreate index concurrently a_x on a (x);' });
    assert.deepEqual(await migrate(options()), ['0001-index.sql']);
    assert.deepEqual(await scratch.rowsOf(`select 'a_x'::regclass::oid as oid`), [before_]);
  });

  it('runs in many processes at once, also where an index is built beside the work', async () => {
    const outside = '--! outside transaction\ncreate index concurrently a_x on a (x);';
    await scratch.write({ '0001-a.sql': tables, '0002-index.sql': outside, '0003-c.sql': 'create table c (x int)' });
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(options())));
    assert.deepEqual(applied.flat().sort(), ['0001-a.sql', '0002-index.sql', '0003-c.sql']);
  });

  it('comes to the same end when it dies at any line', async () => {
    await scratch.write({
      '0001-a.sql': tables,
      '0002-index.sql':
        '--! outside transaction\ncreate index concurrently a_x on a (x);\ndrop index concurrently if exists b_x;',
      '0003-more.sql': 'alter table a add y int; insert into a values (5, 5);',
    });
    let calls = 0;
    let deaths = 0;
    for (let diesAt = 1; ; diesAt += 1) {
      calls = 0;
      const when = diesAt % 2 === 0 ? 'before' : 'after';
      const connect = () => connectAndDie(() => (calls += 1) >= Math.ceil(diesAt / 2), when);
      const isDone = await migrate({ ...options(), connect }).then(
        () => true,
        () => false,
      );
      if (isDone) break;
      deaths += 1;
    }
    assert.ok(deaths > 20, `it died ${deaths} times`);
    assert.deepEqual(await scratch.rowsOf('select number from migration order by number'), [
      { number: 1 },
      { number: 2 },
      { number: 3 },
    ]);
    assert.deepEqual(await scratch.rowsOf('select count(*)::int, count(y)::int as y from a'), [{ count: 1001, y: 1 }]);
    assert.deepEqual(
      await scratch.rowsOf(`select indisvalid as valid from pg_index where indexrelid = 'a_x'::regclass`),
      [{ valid: true }],
    );
  });

  /** A connection that is gone from some statement on: not sent at all, or done and never answered. */
  async function connectAndDie(isDeath: () => boolean, when: 'before' | 'after'): Promise<SchemaConnection> {
    const client = await scratch.connect();
    client.on('error', () => {});
    let isDead = false;
    const die = async (): Promise<never> => {
      isDead = true;
      await client.end();
      throw new Error('the process died');
    };
    return {
      async query(text, values) {
        if (isDead) throw new Error('the process is dead');
        const isNow = isDeath();
        if (isNow && when === 'before') return die();
        const answer = await client.query(text, values);
        return isNow ? die() : answer;
      },
      end: () => (isDead ? Promise.resolve() : client.end()),
    };
  }

  it('refuses marks and statements that it cannot resume', async () => {
    const refused: [string, RegExp][] = [
      ['--! out of this world\nselect 1', /is marked "--! out of this world"\. Known are: --! breaking, --! outside/],
      ['--! outside transaction\nupdate a set x = 1', /line 2: outside a transaction only these may stand/],
      ['--! outside transaction\ncreate index a_x on a (x)', /only these may stand/],
      ['--! outside transaction\ncreate index concurrently on a (x)', /only these may stand/],
      ['--! outside transaction\ndrop index concurrently a_x', /only these may stand/],
    ];
    for (const [text, message] of refused) {
      await scratch.write({ '0001-a.sql': text });
      await assert.rejects(migrate(options()), { message }, text);
    }
    assert.deepEqual(await scratch.rowsOf(`select to_regclass('migration') as found`), [{ found: null }]);
  });

  it('does not break the schema under processes that are at work', async () => {
    const present = 'create table process (seen_at timestamptz not null);';
    await scratch.write({ '0001-a.sql': `${tables}${present} insert into process values (clock_timestamp());` });
    await migrate(options());
    await scratch.write({ '0002-b.sql': '--! breaking\nalter table a drop x' });
    const message = /0002-b\.sql is breaking, and 1 processes of this gateway are at work\. Stop them/;
    await assert.rejects(migrate(options()), { message });
    assert.deepEqual(await scratch.rowsOf('select max(number) as last from migration'), [{ last: 1 }]);
    await scratch.client.query(`update process set seen_at = seen_at - interval '1 minute'`);
    assert.deepEqual(await migrate(options()), ['0002-b.sql']);
  });

  it('breaks the schema of a database that no other process can have', async () => {
    await scratch.write({
      '0001-a.sql': `${tables} create table process as select clock_timestamp() as seen_at;`,
      '0002-b.sql': '--! breaking\nalter table a drop x',
    });
    assert.deepEqual(await migrate({ ...options(), isAlone: true }), ['0001-a.sql', '0002-b.sql']);
  });
});
