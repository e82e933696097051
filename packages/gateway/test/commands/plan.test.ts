import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openClient } from '../cluster.ts';
import { openTestDatabase } from '../database.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

test('migrate --plan says what is pending, with locks and sizes, and changes nothing', async () => {
  const { connection, close } = await openTestDatabase();
  const { host, database } = connection;
  const url = `postgres://vyplata@localhost/${database}?host=${encodeURIComponent(host)}`;
  const run = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [main, ...words], { env: { ...process.env, DATABASE_URL: url }, encoding: 'utf8' });
  const client = await openClient(connection);
  try {
    const nothing = run('migrate', '--plan');
    assert.equal(nothing.status, 0, nothing.stderr);
    assert.match(nothing.stdout, /Nothing is pending/);
    // As if the files from 0009 on had come with an upgrade.
    await client.query('delete from migration where number > 8');
    const applied = async () => (await client.query('select count(*)::int as count from migration')).rows;
    const plan = run('migrate', '--plan');
    assert.equal(plan.status, 0, plan.stderr);
    assert.match(plan.stdout, /^0009-pauses\.sql \(one transaction: it is applied whole or not at all\)$/m);
    assert.match(
      plan.stdout,
      /operator_user \(about \d+ rows, .* of indexes\): access exclusive, reading and writing wait/,
    );
    assert.match(plan.stdout, /held for about \d+ ms/);
    assert.match(plan.stdout, /Nothing was changed\. Rows are as the last analyze counted them/);
    assert.deepEqual(await applied(), [{ count: 8 }]);
    const strange = run('migrate', '--dry');
    assert.equal(strange.status, 1);
    assert.match(strange.stderr, /migrate knows no --dry/);
  } finally {
    await client.end();
    await close();
  }
});
