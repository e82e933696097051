import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operatorPrefix, operatorRoutes } from '../../../src/http/routes/operator/routes.ts';
import { isAllowed, roles } from '../../../src/operators/roles.ts';
import { verifyAuditLog } from '../../../src/operators/record-action.ts';
import { type Gateway, openGateway, password } from './harness.ts';

const pathOf = (path: string) =>
  path
    .replace('{account_id}', '93d5df06-996c-48c3-9847-348d6b580b80')
    .replace('{service_code}', 'x')
    .replace(/\{\w+\}/g, '7');

describe('access to the operator API', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await openGateway();
  });
  after(() => gateway.close());

  const sameOrigin = { 'x-vyplata-request': '1', 'sec-fetch-site': 'same-origin' };

  async function signIn(login: string, headers: Record<string, string> = {}) {
    const reply = await gateway.ask('/sessions', { body: { login, password }, headers });
    const cookie = String(reply.headers['set-cookie'] ?? '').split(';')[0] ?? '';
    return { reply, cookie };
  }

  test('every route but signing in refuses who is not signed in', async () => {
    const open: string[] = [];
    for (const { method, path, name } of operatorRoutes) {
      for (const token of [undefined, `vyp_${'A'.repeat(43)}`]) {
        const { status, body } = await gateway.ask(pathOf(path), {
          method,
          token,
          ...(method === 'GET' ? {} : { body: {} }),
        });
        if (status !== 401) open.push(`${name} ${status}`);
        else assert.ok(body.errors.request?.[0]?.startsWith('You are not signed in'));
      }
    }
    const steps = [
      'session.create 400',
      'session.challenge 201',
      'session.show_passkey 400',
      'setup.create 400',
      'setup.read 200',
    ];
    assert.deepEqual(open.toSorted(), [...steps, ...steps].toSorted());
  });

  test('every route refuses each role below its own, and no other', async () => {
    for (const role of roles) {
      const token = await gateway.hire(role);
      // No program goes through the steps of a person's signing in.
      const reached = operatorRoutes.filter(({ name, reach }) => name !== 'session.end' && reach !== 'half');
      for (const route of reached) {
        const { method, path } = route;
        const { status } = await gateway.ask(pathOf(path), {
          method,
          token,
          ...(method === 'GET' ? {} : { body: {} }),
        });
        const isRefused = route.role !== 'anyone' && !isAllowed(role, route.role);
        assert.equal(status === 403, isRefused, `${role} ${route.name}: ${status}`);
        assert.notEqual(status, 401, route.name);
        assert.ok(status < 500, `${route.name}: ${status}`);
      }
    }
  });

  test('a route for half-signed-in people does nothing but let them go on', () => {
    const names = operatorRoutes.filter(({ reach }) => reach === 'half').map(({ name }) => name);
    assert.deepEqual(names, ['session.show_code', 'session.show_recovery_code']);
    const any = operatorRoutes.filter(({ reach, role }) => reach === 'any' && role !== 'anyone');
    assert.deepEqual(
      any.map(({ name }) => name),
      ['session.read', 'session.end', 'factor.list'],
    );
  });

  test('names are unique: they are the actions of the audit log', () => {
    const names = operatorRoutes.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    for (const { method, role, name } of operatorRoutes) {
      if (method === 'GET') assert.ok(/\.(list|read|balance|statement|verify|list_dead|export)$/.test(name), name);
      else if (role === 'viewer')
        assert.ok(/^(session|token|password|totp|passkey|recovery_code)\./.test(name), `${name} changes something`);
    }
  });

  test('signing in sets a cookie that scripts cannot read and other sites cannot send', async () => {
    await gateway.hire('owner', 'anna');
    const { reply, cookie } = await signIn('Anna');
    assert.equal(reply.status, 201);
    assert.deepEqual([reply.body.login, reply.body.role, reply.body.kind], ['anna', 'owner', 'session']);
    const set = String(reply.headers['set-cookie']);
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/operator/v1'])
      assert.ok(set.includes(part), part);
    assert.ok(!JSON.stringify(reply.body).includes(cookie.split('=')[1] ?? '?'));
    const current = await gateway.ask('/sessions/current', { headers: { cookie } });
    assert.equal(current.status, 200);
    assert.equal(current.headers['cache-control'], 'no-store');
  });

  test('a change with a cookie needs the header and the same origin', async () => {
    const { cookie } = await signIn('anna');
    const create = async (headers: Record<string, string>) =>
      (await gateway.ask('/merchants', { body: { name: 'Shop' }, headers: { cookie, ...headers } })).status;
    assert.equal(await create({}), 403);
    assert.equal(await create({ 'x-vyplata-request': '1' }), 403);
    assert.equal(await create({ 'sec-fetch-site': 'same-origin' }), 403);
    assert.equal(await create({ ...sameOrigin, 'sec-fetch-site': 'same-site' }), 403);
    assert.equal(await create({ ...sameOrigin, 'sec-fetch-site': 'none' }), 403);
    assert.equal(await create({ 'x-vyplata-request': '1', origin: 'https://evil.example' }), 403);
    assert.equal(await create({ 'x-vyplata-request': '1', origin: 'null' }), 403);
    assert.equal(await create({ 'x-vyplata-request': '1', origin: 'https://gateway.example' }), 201);
    assert.equal(await create(sameOrigin), 201);
    const elsewhere = await signIn('anna', { origin: 'https://evil.example' });
    assert.equal(elsewhere.reply.status, 403);
  });

  test('a cookie is no token and a token is no cookie', async () => {
    const { cookie } = await signIn('anna');
    const secret = cookie.split('=')[1] ?? '';
    assert.equal((await gateway.ask('/merchants', { token: secret })).status, 401);
    const token = await gateway.hire('viewer', 'vera');
    assert.equal((await gateway.ask('/merchants', { headers: { cookie: `vyplata_session=${token}` } })).status, 401);
    assert.equal((await gateway.ask('/merchants', { headers: { authorization: `Basic ${token}` } })).status, 401);
  });

  test('signing out ends the session and clears the cookie', async () => {
    const { cookie } = await signIn('anna');
    const headers = { cookie, ...sameOrigin };
    const out = await gateway.ask('/sessions/current', { method: 'DELETE', headers });
    assert.equal(out.status, 200);
    assert.match(String(out.headers['set-cookie']), /vyplata_session=;/);
    assert.equal((await gateway.ask('/sessions/current', { headers })).status, 401);
  });

  test('a token is made, listed and ended by its owner alone', async () => {
    const token = await gateway.hire('viewer', 'boris');
    const made = await gateway.ask('/tokens', { token, body: { label: 'ci', days: 30 } });
    assert.equal(made.status, 201);
    const { token: line, secret } = made.body as unknown as { token: { id: number }; secret: string };
    assert.equal((await gateway.ask('/sessions/current', { token: secret })).body.login, 'boris');
    const other = await gateway.hire('owner', 'olga');
    assert.equal((await gateway.ask(`/tokens/${line.id}`, { method: 'DELETE', token: other })).status, 404);
    assert.equal((await gateway.ask(`/tokens/${line.id}`, { method: 'DELETE', token })).status, 200);
    assert.equal((await gateway.ask('/sessions/current', { token: secret })).status, 401);
    const long = await gateway.ask('/tokens', { token, body: { label: 'ci', days: 366 } });
    assert.deepEqual(long.body.errors, { days: ['The days field must be at most 365.'] });
  });

  test('one’s own password changes only with the present one', async () => {
    const token = await gateway.hire('operator', 'petr');
    const next = `${password} again`;
    const wrong = await gateway.ask('/password', { token, body: { current_password: 'not this one', password: next } });
    assert.deepEqual([wrong.status, Object.keys(wrong.body.errors)], [401, ['current_password']]);
    const right = await gateway.ask('/password', { token, body: { current_password: password, password: next } });
    assert.equal(right.status, 200);
    assert.equal((await gateway.ask('/sessions/current', { token })).status, 401);
    assert.equal((await signIn('petr')).reply.status, 401);
    assert.equal((await gateway.ask('/sessions', { body: { login: 'petr', password: next } })).status, 201);
  });

  test('failed sign-ins are counted, and then the login waits', async () => {
    await gateway.hire('viewer', 'slow');
    // What other tests mistyped from this address.
    await gateway.db.query('delete from sign_in_count');
    const ask = () => gateway.ask('/sessions', { body: { login: 'slow', password: 'a wrong password' } });
    for (let count = 0; count < 10; count += 1) assert.equal((await ask()).status, 401);
    assert.equal((await ask()).status, 429);
    assert.equal((await signIn('slow')).reply.status, 429);
    await gateway.db.query('delete from sign_in_count');
  });

  test('what was asked wrongly is refused in the shape of the merchant API, in two languages', async () => {
    const token = await gateway.hire('owner', 'lena');
    const bad = await gateway.ask('/users', { token, body: { login: '', role: 'king', extra: 1 } });
    assert.equal(bad.status, 400);
    assert.deepEqual(Object.keys(bad.body.errors).sort(), ['extra', 'login', 'password', 'role']);
    assert.equal(bad.body.message, 'The given data was invalid.');
    const headers = { 'accept-language': 'ru' };
    const russian = await gateway.ask('/users', { token, body: { login: 'x', password, role: 'king' }, headers });
    const text = 'Поле role должно иметь одно из значений: viewer, operator, approver, owner.';
    assert.deepEqual(russian.body.errors, { role: [text] });
    for (const body of ['', '[]', '{"a":1,"a":2}', '{"a":', 'null', '[[[[[[[[]]]]]]]]']) {
      const reply = await gateway.ask('/merchants', { token, body });
      assert.deepEqual([reply.status, Object.keys(reply.body.errors)], [400, ['json']], body);
    }
    const page = await gateway.ask('/merchants?limit=201&cursor=-1&colour=red', { token });
    assert.deepEqual(Object.keys(page.body.errors).sort(), ['colour', 'cursor', 'limit']);
    const method = await gateway.ask('/merchants', { method: 'PUT', token, body: {} });
    assert.deepEqual([method.status, method.headers.allow], [405, 'GET, POST']);
    const unknown = await gateway.ask('/nothing', { token });
    assert.deepEqual([unknown.status, Object.keys(unknown.body.errors)], [404, ['request']]);
    const form = await gateway.ask('/merchants', {
      token,
      body: 'name=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.equal(form.status, 415);
  });

  test('each change left one row, secrets are in none of them, and the chain is whole', async () => {
    const { db } = gateway;
    const rows = await db.query<{ text: string; action: string }>(
      'select audit_log::text as text, action from audit_log',
    );
    assert.ok(rows.length > 0);
    const known = new Set(operatorRoutes.map(({ name }) => name));
    assert.ok(rows.every(({ action }) => known.has(action)));
    assert.equal(rows.filter(({ action }) => action === 'merchant.create').length, 2);
    assert.ok(rows.every(({ text }) => !text.includes(password) && !text.includes('vyp_')));
    assert.equal((await verifyAuditLog(db)).ok, true);
    const token = await gateway.hire('owner', 'igor');
    const verdict = await gateway.ask('/audit-log/verdict', { token });
    assert.deepEqual([verdict.body.is_whole, verdict.body.rows], [true, rows.length]);
    const page = await gateway.ask('/audit-log?limit=2&action=merchant.create', { token });
    const items = page.body.items as { actor: string; detail: unknown }[];
    assert.deepEqual(
      items.map(({ actor, detail }) => [actor, detail]),
      [
        ['operator:anna', { name: 'Shop' }],
        ['operator:anna', { name: 'Shop' }],
      ],
    );
    assert.deepEqual(
      gateway.logged.filter((fields) => 'err' in (fields as object)),
      [],
    );
    assert.ok(operatorPrefix.endsWith('/v1'));
  });
});
