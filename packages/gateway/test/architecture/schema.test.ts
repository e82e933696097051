import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findDifference } from '../../../../scripts/check-generated.ts';
import { printSchema } from '../../../../scripts/print-schema.ts';
import { openClient } from '../cluster.ts';
import { openTestDatabase } from '../database.ts';

describe('printed schema', () => {
  const changes = [
    'create table planted (x int primary key)',
    'alter table merchant add planted text',
    'alter table merchant add constraint planted check (merchant_id > 0)',
    'create index planted on merchant (created_at)',
    'create view planted as select 1 as x',
    `create type planted as enum ('a')`,
    'create domain planted as text check (value <> chr(0))',
    'create sequence planted',
    'create function planted() returns int language sql as $$ select 1 $$',
    'create trigger planted before delete on merchant execute function refuse_rewriting()',
    'grant select on merchant to public',
    `comment on table merchant is 'planted'`,
  ];

  it('shows every kind of change, and nothing else', async () => {
    const database = await openTestDatabase();
    const client = await openClient(database.connection);
    try {
      const before = await printSchema(client);
      assert.match(before, /^create table merchant \(/m);
      assert.equal(await printSchema(client), before);
      for (const change of changes) {
        await client.query('begin');
        await client.query(change);
        const difference = findDifference(before, await printSchema(client));
        assert.notEqual(difference, null, `not seen: ${change}`);
        await client.query('rollback');
      }
      assert.equal(await printSchema(client), before);
    } finally {
      await client.end();
      await database.close();
    }
  });
});
