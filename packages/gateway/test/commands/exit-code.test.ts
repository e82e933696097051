import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkedOrder, openRoom } from '../payouts/harness.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function run(command: string, env: Readonly<Record<string, string>> = {}): number | null {
  return spawnSync(process.execPath, [main, command], { env: { ...process.env, ...env } }).status;
}

test('a command that cannot start says so with its exit code', () => {
  assert.equal(run('serve', { DATABASE_URL: '' }), 1);
  assert.equal(run('nonsense'), 2);
  assert.equal(run('help'), 0);
});

test('the audit exits with 0 on a sound database and with 1 on a violated one', async () => {
  const room = await openRoom(1_000n);
  const creator = await room.openCreator();
  const answer = await creator.create(checkedOrder(room, { orderId: 'one', amountMinor: 100n }));
  assert.equal(answer.kind, 'created');
  assert.equal(run('audit', { DATABASE_URL: room.url }), 0);
  await room.db.query('delete from job');
  assert.equal(run('audit', { DATABASE_URL: room.url }), 1);
  await room.close();
});
