import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Client } from 'pg';
import { openClient } from '../cluster.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

/**
 * A merchant's rows can move to a node of their own only while merchant_id leads every key of the tables they are in.
 * docs/scale.md tells why; this reads the catalog of the migrated schema.
 */
const distribution = join(import.meta.dirname, '../../../../deploy/citus/distribute.sql');

/** Keys of tables with a merchant_id that it does not lead, and why that is right. All of them stay in one place. */
const exceptions: Readonly<Record<string, string>> = {
  job_pkey: 'work is claimed by its kind over all merchants; the table is never distributed',
  operator_user_pkey: 'most people belong to no merchant',
  operator_user_login_key: 'who signs in names no merchant',
  pause_pkey: 'a pause of everything names no merchant',
  pause_scope_connector_merchant_id_account_id_key: 'the same',
};
/** What merchants' rows may point to that belongs to no merchant. */
const shared: Readonly<Record<string, string>> = { service: 'one list for everybody, small enough to be everywhere' };

type Key = { readonly table: string; readonly key: string; readonly columns: string[] };
type Pointer = {
  readonly name: string;
  readonly table: string;
  readonly target: string;
  readonly columns: string[];
  readonly targetColumns: string[];
};

/** The columns of a key or a constraint in their order. */
const namesOf = (numbers: string, relation: string) => `array(
  select a.attname::text from unnest(${numbers}) with ordinality as k (attnum, at)
  join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum order by k.at)`;
const ours = `relnamespace = 'public'::regnamespace and not relispartition`;

async function readTables(client: Client): Promise<{ all: string[]; ofMerchants: Set<string> }> {
  const { rows } = await client.query<{ name: string; has: boolean }>(
    `select relname::text as name, exists (
       select from pg_attribute where attrelid = c.oid and attname = 'merchant_id' and not attisdropped) as has
     from pg_class c where relkind in ('r', 'p') and ${ours} order by 1`,
  );
  return { all: rows.map(({ name }) => name), ofMerchants: new Set(rows.flatMap((row) => (row.has ? row.name : []))) };
}

async function readUniqueKeys(client: Client): Promise<Key[]> {
  const { rows } = await client.query<Key>(
    `select c.relname::text as table, i.indexrelid::regclass::text as key,
       ${namesOf('i.indkey::int2[]', 'c.oid')} as columns
     from pg_index i join pg_class c on c.oid = i.indrelid where i.indisunique and ${ours} order by 2`,
  );
  return rows;
}

async function readPointers(client: Client): Promise<Pointer[]> {
  const { rows } = await client.query<Pointer>(
    `select o.conname::text as name, c.relname::text as table, o.confrelid::regclass::text as target,
       ${namesOf('o.conkey', 'o.conrelid')} as columns, ${namesOf('o.confkey', 'o.confrelid')} as "targetColumns"
     from pg_constraint o join pg_class c on c.oid = o.conrelid
     where o.contype = 'f' and o.conparentid = 0 and ${ours} order by 1`,
  );
  return rows;
}

const staysWithMerchant = ({ columns, targetColumns }: Pointer): boolean =>
  columns.some((column, at) => column === 'merchant_id' && targetColumns[at] === 'merchant_id');

/** One line for each key that lets a merchant's row depend on another merchant's, and for each stale exception. */
async function findMixed(client: Client): Promise<string[]> {
  const { ofMerchants } = await readTables(client);
  const loose = (await readUniqueKeys(client)).filter(
    ({ table, columns }) => ofMerchants.has(table) && columns[0] !== 'merchant_id',
  );
  const excepted = new Set(Object.keys(exceptions));
  const exceptedTables = new Set(loose.filter(({ key }) => excepted.has(key)).map(({ table }) => table));
  const problems = loose
    .filter(({ key }) => !excepted.has(key))
    .map(({ table, key, columns }) => `${table}: ${key} is led by ${columns[0] ?? 'an expression'}`);
  for (const pointer of await readPointers(client)) {
    const { name, table, target } = pointer;
    if (!ofMerchants.has(table) && !ofMerchants.has(target)) continue;
    if (exceptedTables.has(target) || target in shared || staysWithMerchant(pointer)) continue;
    problems.push(`${table}: ${name} leaves the merchant`);
  }
  const used = new Set(loose.map(({ key }) => key));
  return [...problems, ...[...excepted].filter((key) => !used.has(key)).map((key) => `${key} needs no exception`)];
}

type Place = {
  readonly table: string;
  readonly kind: 'distributed' | 'reference' | 'local';
  readonly column: string | null;
};

/** Citus's functions as far as they say where a table goes: names and columns have to exist. */
const stand = `
create table pg_temp.place (of_table regclass, kind text, of_column text, beside text);
create function create_distributed_table(table_name regclass, distribution_column text,
  colocate_with text default 'default', shard_count int default null) returns void language plpgsql as $$
begin
  perform from pg_attribute where attrelid = table_name and attname = distribution_column and not attisdropped;
  if not found then raise exception '% has no column %', table_name, distribution_column; end if;
  if colocate_with not in ('none', 'default') then perform colocate_with::regclass; end if;
  insert into pg_temp.place values (table_name, 'distributed', distribution_column, colocate_with);
end $$;
create function create_reference_table(table_name regclass) returns void language sql as
  $$ insert into pg_temp.place values (table_name, 'reference', null, null) $$;
create function citus_add_local_table_to_metadata(table_name regclass) returns void language sql as
  $$ insert into pg_temp.place values (table_name, 'local', null, null) $$;`;

/** What Citus documents that it refuses, and a table that nobody thought of. */
async function findUnplaceable(client: Client, statements: string): Promise<string[]> {
  await client.query(stand);
  await client.query(statements);
  const { rows } = await client.query<Place & { beside: string | null }>(
    'select of_table::text as table, kind, of_column as column, beside from pg_temp.place',
  );
  const places = new Map(rows.map((row) => [row.table, row]));
  const problems = rows.length === places.size ? [] : ['a table is placed twice'];
  const { all } = await readTables(client);
  for (const table of all.filter((name) => name !== 'place' && !places.has(name))) problems.push(`${table}: no place`);
  const kindOf = (table: string) => places.get(table)?.kind;
  if (kindOf('job') === 'distributed') problems.push('job: is never distributed');
  const groups = rows.filter(
    ({ kind, beside }) => kind === 'distributed' && (beside === 'none' || beside === 'default'),
  );
  if (groups.length !== 1) problems.push('distributed tables are not all beside one another');
  for (const { table, key, columns } of await readUniqueKeys(client)) {
    const place = places.get(table);
    if (place?.kind === 'distributed' && columns[0] !== place.column)
      problems.push(`${table}: ${key} is not by merchant`);
  }
  for (const pointer of await readPointers(client)) {
    const [from, to] = [kindOf(pointer.table), kindOf(pointer.target)];
    const isAllowed =
      from === 'distributed' ? to === 'reference' || (to === from && staysWithMerchant(pointer)) : to !== 'distributed';
    if (!isAllowed) problems.push(`${pointer.table}: ${pointer.name} points from ${from} to ${to}`);
  }
  return problems;
}

describe('keys of the migrated schema', () => {
  let database: TestDatabase;
  let client: Client;
  before(async () => {
    database = await openTestDatabase();
    client = await openClient(database.connection);
  });
  after(async () => {
    await client.end();
    await database.close();
  });

  /** Looks at the schema with something planted in it, and leaves it as it was. */
  async function look(planted: string, find: () => Promise<string[]>): Promise<string[]> {
    await client.query('begin');
    try {
      await client.query(planted);
      return await find();
    } finally {
      await client.query('rollback');
    }
  }

  it('merchant_id leads every key of what belongs to merchants, and foreign keys stay inside one', async () => {
    const { ofMerchants } = await readTables(client);
    assert.ok(ofMerchants.size > 20, `${ofMerchants.size} tables belong to merchants`);
    assert.deepEqual(await findMixed(client), []);
  });

  it('catches keys and foreign keys that leave a merchant', async () => {
    const planted: [string, string][] = [
      ['create table planted (merchant_id bigint, x int primary key)', 'planted: planted_pkey is led by x'],
      [
        'create table planted (merchant_id bigint, x int, unique (x, merchant_id))',
        'planted: planted_x_merchant_id_key is led by x',
      ],
      ['create unique index planted on payout (payout_id)', 'payout: planted is led by payout_id'],
      ['create unique index planted on payout (lower(order_id))', 'payout: planted is led by an expression'],
      [
        'create table planted (x bigint references merchant, merchant_id bigint)',
        'planted: planted_x_fkey leaves the merchant',
      ],
      ['create table planted (x bigint references merchant)', 'planted: planted_x_fkey leaves the merchant'],
      [
        'alter table operator_user drop constraint operator_user_login_key',
        'operator_user_login_key needs no exception',
      ],
    ];
    for (const [change, problem] of planted) {
      assert.deepEqual(await look(change, () => findMixed(client)), [problem], change);
    }
  });

  it('every table has its place in a distribution by merchant, jobs on the coordinator', async () => {
    const statements = await readFile(distribution, 'utf8');
    const find = (more: string) => () => findUnplaceable(client, `${statements}\n${more}`);
    assert.deepEqual(await look('', find('')), []);
    const planted: [change: string, more: string, problem: RegExp][] = [
      ['create table planted (x int)', '', /planted: no place/],
      [
        '',
        `update pg_temp.place set kind = 'distributed', of_column = 'merchant_id' where of_table = 'job'::regclass`,
        /never/,
      ],
      ['create unique index planted on payout (payout_id, merchant_id)', '', /payout: planted is not by merchant/],
      ['alter table attempt add constraint planted foreign key (merchant_id) references merchant', '', /to local/],
      [
        'create table planted (merchant_id bigint references merchant)',
        `select create_reference_table('planted'), create_distributed_table('planted', 'merchant_id')`,
        /placed twice/,
      ],
      ['', `select create_distributed_table('payout_count', 'span')`, /placed twice/],
    ];
    for (const [change, more, problem] of planted) {
      const problems = await look(change, find(more));
      assert.ok(
        problems.some((line) => problem.test(line)),
        `${change}${more}: ${problems.join('; ')}`,
      );
    }
    await assert.rejects(
      look('', find(`select create_distributed_table('payout', 'planted')`)),
      /has no column planted/,
    );
  });
});
