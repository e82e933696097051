import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSignInGuard } from '../../src/operators/guard-sign-in.ts';
import { codesOf, type Ground, openGround } from '../merchants/harness.ts';

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

test('of a thousand tries at once, through two gateways, exactly ten are made', async () => {
  const [one, two] = [createSignInGuard({ db: ground.db }), createSignInGuard({ db: ground.db })];
  const guardOf = (at: number) => (at % 2 === 0 ? one : two);
  const tries = Array.from({ length: 1_000 }, (_, at) => guardOf(at).take(['login:a', `address:${at % 7}`]));
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 10);
  const codes = await codesOf(one.take(['login:a']));
  assert.deepEqual(codes, ['request too_fast']);
  // A refused try takes from none of its keys: only the ten are counted for the addresses.
  const [row] = await ground.db.query<{ sum: bigint }>('select sum(tries)::bigint as sum from sign_in_count');
  assert.equal(row?.sum, 20n);
});

test('a window that is over counts anew, what was no try is given back, and a success forgets', async () => {
  const guard = createSignInGuard({ db: ground.db, triesMax: 2, windowMs: 300 });
  await guard.take(['login:b']);
  await guard.take(['login:b']);
  assert.deepEqual(await codesOf(guard.take(['address:9', 'login:b'])), ['request too_fast']);
  await guard.giveBack(['login:b']);
  await guard.take(['login:b']);
  await guard.clear(['login:b']);
  await guard.take(['login:b']);
  await guard.take(['login:b']);
  await new Promise((resolve) => setTimeout(resolve, 320));
  await guard.take(['login:b']);
});

test('what was typed into the field of the login is not kept', async () => {
  await createSignInGuard({ db: ground.db }).take(['login:my secret password']);
  const rows = await ground.db.query<{ text: string }>('select sign_in_count::text as text from sign_in_count');
  assert.ok(
    rows.every(({ text }) => !text.includes('secret') && !text.includes(Buffer.from('secret').toString('hex'))),
  );
});
