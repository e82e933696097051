import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { listPending, migrate } from '../../src/db/migrate.ts';
import { assumedBytesPerSecond, planMigrations } from '../../src/db/plan-migrations.ts';
import { readStatements } from '../../src/db/read-statements.ts';
import { openScratch, type Scratch } from './scratch.ts';

describe('planMigrations', () => {
  let scratch: Scratch;

  before(async () => {
    scratch = await openScratch();
    const fill = `insert into a select n, repeat('x', 100) from generate_series(1, 20000) n`;
    await scratch.write({ '0001-a.sql': `create table a (x int primary key, y text); ${fill}; analyze a;` });
    await migrate({ connect: scratch.connect, folder: scratch.folder });
  });

  after(() => scratch.close());

  beforeEach(() => scratch.client.query('rollback'));

  const plan = async () => {
    await scratch.client.query('begin read only');
    const pending = await listPending({ db: scratch.client, folder: scratch.folder });
    return planMigrations(scratch.client, pending);
  };

  it('is empty when nothing is pending', async () => {
    assert.deepEqual(await plan(), []);
  });

  it('tells locks, sizes and how long each lock is held: to the end of its transaction', async () => {
    const two = 'alter table a add z int;\n\nalter table a alter column y set not null;\ncreate table b (x int);';
    await scratch.write({ '0002-two.sql': `--! breaking\n${two}` });
    const [migration] = await plan();
    assert.deepEqual(
      { ...migration, statements: migration?.statements.map(({ line, does }) => ({ line, does })) },
      {
        name: '0002-two.sql',
        isBreaking: true,
        isOutside: false,
        statements: [
          { line: 2, does: 'a: adds the column z' },
          { line: 4, does: 'a: requires a value in y' },
          { line: 5, does: 'makes the table b' },
        ],
      },
    );
    const [add, require, make] = migration?.statements ?? [];
    const size = require?.touches[0]?.size;
    assert.equal(size?.rows, 20_000);
    const { rows } = await scratch.client.query(`select pg_table_size('a')::int as bytes`);
    assert.equal(size.tableBytes, (rows[0] as { bytes: number }).bytes);
    const scanMs = (size.tableBytes / assumedBytesPerSecond.scan) * 1_000;
    assert.ok(require !== undefined && require.heldMs > scanMs, 'as long as the scan takes');
    assert.ok(add !== undefined && add.heldMs > require.heldMs, 'the first lock is held through the second statement');
    assert.deepEqual(make?.touches, []);
  });

  it('holds nothing longer than its statement outside a transaction', async () => {
    const steps = 'create index concurrently a_y on a (y);\nalter table a validate constraint a_known;';
    await scratch.write({ '0002-two.sql': `--! outside transaction\n${steps}` });
    const [migration] = await plan();
    assert.equal(migration?.isOutside, true);
    const [build, validate] = migration.statements;
    assert.equal(build?.touches[0]?.mode, 'share update exclusive');
    assert.equal(validate?.heldMs, 5 + (validate?.touches[0]?.workMs ?? 0));
    assert.ok((build?.heldMs ?? 0) > (validate?.heldMs ?? 0));
  });

  it('says what it does not know', async () => {
    await scratch.write({ '0002-two.sql': 'do $$ begin perform 1; end $$;' });
    const [migration] = await plan();
    assert.equal(migration?.statements[0]?.isUnknown, true);
  });
});

describe('readStatements', () => {
  it('splits at the semicolons that end a statement, and at no other', () => {
    const text = `-- one; two
create table "od;d" (x text default 'a;''b'); /* a /* nested; */ comment; */
select E'it\\'s; here', $$ body; $$, $tag$ $$; $tag$
  , 1;;
delete from a`;
    const found = readStatements(text).map(({ line, tokens }) => ({ line, words: tokens.map((token) => token.text) }));
    assert.deepEqual(found, [
      { line: 2, words: ['create', 'table', 'od;d', '(', 'x', 'text', 'default', "a;'b", ')'] },
      { line: 3, words: ['select', "it\\'s; here", ',', ' body; ', ',', ' $$; ', ',', '1'] },
      { line: 5, words: ['delete', 'from', 'a'] },
    ]);
  });
});
