import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { firstOwnerToken } from '../../../src/operators/first-owner.ts';
import { vault } from '../../merchants/harness.ts';
import { type Gateway, openGateway, password } from './harness.ts';

describe('the first owner of an installation', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await openGateway();
  });
  after(() => gateway.close());

  const token = firstOwnerToken(vault);
  const setUp = (body: object) => gateway.ask('/setup', { body: { token, login: 'Anna', password, ...body } });
  const isOpen = async () => (await gateway.ask('/setup')).body['is_open'];

  test('a wrong token, a short password or a strange field make nobody', async () => {
    assert.equal(await isOpen(), true);
    const guessed = await setUp({ token: token.slice(1) });
    assert.deepEqual([guessed.status, Object.keys(guessed.body.errors)], [403, ['token']]);
    assert.equal((await setUp({ token: `${token.slice(0, -1)}_` })).status, 403);
    assert.deepEqual(Object.keys((await setUp({ password: 'short' })).body.errors), ['password']);
    assert.deepEqual(Object.keys((await setUp({ role: 'viewer' })).body.errors), ['role']);
    const headers = { origin: 'https://evil.example' };
    const elsewhere = await gateway.ask('/setup', { body: { token, login: 'anna', password }, headers });
    assert.equal(elsewhere.status, 403);
    assert.equal(await isOpen(), true);
  });

  test('of many with the same link one becomes the owner and is signed in; afterwards it opens nothing', async () => {
    const tries = await Promise.all(['anna', 'boris', 'vera', 'gleb'].map((login) => setUp({ login })));
    assert.deepEqual(
      tries.map(({ status }) => status).toSorted((one, other) => one - other),
      [201, 403, 403, 403],
    );
    const first = tries.find(({ status }) => status === 201);
    assert.equal(first?.body['role'], 'owner');
    const cookie = String(first?.headers['set-cookie']).split(';')[0] ?? '';
    const current = await gateway.ask('/sessions/current', { headers: { cookie } });
    assert.equal(current.body['login'], first?.body['login']);
    assert.equal(await isOpen(), false);
    assert.equal((await setUp({ login: 'late' })).status, 403);
    const rows = await gateway.db.query<{ action: string }>('select action from audit_log');
    assert.deepEqual(rows, [{ action: 'setup.create' }]);
  });
});
