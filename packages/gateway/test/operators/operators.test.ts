import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Tx } from '../../src/db/pool.ts';
import { hashPassword, isPasswordRight } from '../../src/operators/hash-password.ts';
import { isAllowed, roles } from '../../src/operators/roles.ts';
import {
  checkPassword,
  createToken,
  findOperator,
  listSessions,
  openSession,
  revokeSession,
} from '../../src/operators/sessions.ts';
import { createUser, updateUser } from '../../src/operators/users.ts';
import { codesOf, type Ground, openGround } from '../merchants/harness.ts';

const password = 'correct horse battery';

describe('operators', () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround();
  });
  after(() => ground.close());

  const tx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => ground.db.tx(work);

  test('each role may do what the ones below it may', () => {
    const may = (role: (typeof roles)[number]) => roles.filter((required) => isAllowed(role, required));
    assert.deepEqual(may('viewer'), ['viewer']);
    assert.deepEqual(may('operator'), ['viewer', 'operator']);
    assert.deepEqual(may('approver'), ['viewer', 'operator', 'approver']);
    assert.deepEqual(may('owner'), [...roles]);
  });

  test('a password is kept as argon2id and recognised in any composition of its letters', async () => {
    const hash = await hashPassword('пароль йод ёлка');
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(await isPasswordRight('пароль йод ёлка'.normalize('NFD'), hash), true);
    assert.equal(await isPasswordRight('пароль йод елка', hash), false);
    assert.equal(await isPasswordRight('anything', undefined), false);
    assert.deepEqual(await codesOf(hashPassword('short')), ['password password_too_short']);
  });

  test('more passwords at once than there is memory for are refused', async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => hashPassword(password)));
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 2);
  });

  test('login and password open a session; which of them was wrong is not told', async () => {
    const { db } = ground;
    await tx((t) => createUser(t, { login: ' Anna ', password, role: 'approver' }));
    assert.deepEqual(
      await codesOf(checkPassword(db, { login: 'anna', password: 'wrong password', side: 'operators' })),
      ['login sign_in_wrong'],
    );
    assert.deepEqual(await codesOf(checkPassword(db, { login: 'nobody', password, side: 'operators' })), [
      'login sign_in_wrong',
    ]);
    const taken = tx((t) => createUser(t, { login: 'ANNA', password, role: 'owner' }));
    assert.deepEqual(await codesOf(taken), ['login record_exists']);
    const user = await checkPassword(db, { login: 'Anna', password, side: 'operators' });
    const { secret, session } = await tx((t) => openSession(t, user.userId));
    const found = await findOperator(db, { secret, kind: 'session' });
    assert.deepEqual([found?.login, found?.role, found?.sessionId], ['anna', 'approver', session.sessionId]);
    assert.equal(await findOperator(db, { secret, kind: 'token' }), undefined);
    assert.equal(await findOperator(db, { secret: `${secret.slice(0, -1)}!`, kind: 'session' }), undefined);
    const stored = await db.query<{ text: string }>('select operator_session::text as text from operator_session');
    assert.ok(stored.every(({ text }) => !text.includes(secret)));
    await tx((t) => revokeSession(t, { userId: user.userId, sessionId: session.sessionId, kind: 'session' }));
    assert.equal(await findOperator(db, { secret, kind: 'session' }), undefined);
  });

  test('a token is the user’s own, and ends with its time or with the user', async () => {
    const { db } = ground;
    const owner = await tx((t) => createUser(t, { login: 'owner', password, role: 'owner' }));
    const user = await tx((t) => createUser(t, { login: 'boris', password, role: 'viewer' }));
    const { secret, session } = await tx((t) => createToken(t, { userId: user.userId, label: 'ci', days: 1 }));
    assert.match(secret, /^vyp_/);
    assert.equal((await listSessions(db, { userId: user.userId, kind: 'token' })).length, 1);
    const foreign = { userId: owner.userId, sessionId: session.sessionId, kind: 'token' } as const;
    assert.deepEqual(await codesOf(tx((t) => revokeSession(t, foreign))), ['token_id record_unknown']);
    await db.query(`update operator_session set expires_at = clock_timestamp() where session_id = $1`, [
      session.sessionId,
    ]);
    assert.equal(await findOperator(db, { secret, kind: 'token' }), undefined);
    const second = await tx((t) => createToken(t, { userId: user.userId, label: 'ci', days: 1 }));
    assert.ok(await findOperator(db, { secret: second.secret, kind: 'token' }));
    await tx((t) => updateUser(t, { userId: user.userId, byUserId: owner.userId, state: 'disabled' }));
    assert.equal(await findOperator(db, { secret: second.secret, kind: 'token' }), undefined);
    await tx((t) => updateUser(t, { userId: user.userId, byUserId: owner.userId, state: 'active' }));
    assert.equal(await findOperator(db, { secret: second.secret, kind: 'token' }), undefined, 'it stays ended');
  });

  test('nobody changes their own role, and there is always an owner', async () => {
    const { db } = ground;
    const [owner] = await db.query<{ id: bigint }>(`select user_id as id from operator_user where login = 'owner'`);
    const userId = owner?.id ?? 0n;
    const own = tx((t) => updateUser(t, { userId, byUserId: userId, role: 'viewer' }));
    assert.deepEqual(await codesOf(own), ['user_id own_role_change']);
    const last = tx((t) => updateUser(t, { userId, byUserId: 0n, state: 'disabled' }));
    assert.deepEqual(await codesOf(last), ['user_id last_owner']);
    const second = await tx((t) => createUser(t, { login: 'second', password, role: 'owner' }));
    const both = await Promise.allSettled([
      tx((t) => updateUser(t, { userId, byUserId: second.userId, state: 'disabled' })),
      tx((t) => updateUser(t, { userId: second.userId, byUserId: userId, state: 'disabled' })),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('a new password ends the sessions that the old one opened', async () => {
    const user = await tx((t) => createUser(t, { login: 'vera', password, role: 'operator' }));
    const { secret } = await tx((t) => openSession(t, user.userId));
    await tx((t) => updateUser(t, { userId: user.userId, byUserId: user.userId, password: `${password} 2` }));
    assert.equal(await findOperator(ground.db, { secret, kind: 'session' }), undefined);
    await checkPassword(ground.db, { login: 'vera', password: `${password} 2`, side: 'operators' });
  });
});
