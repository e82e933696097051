import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { operatorRoutes } from '../../../src/http/routes/operator/routes.ts';
import { verifyAuditLog } from '../../../src/operators/record-action.ts';
import { Authenticator } from './authenticator.ts';
import { type Gateway, openGateway, password, type Reply } from './harness.ts';

const sameOrigin = { 'x-vyplata-request': '1', 'sec-fetch-site': 'same-origin' };
const site = { origin: 'https://gateway.example', host: 'gateway.example' };

function codeAt(secret: string, steps: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
}

/** A browser: it keeps the cookie it was given last. */
function openBrowser(gateway: Gateway) {
  let cookie = '';
  return {
    async ask(method: string, path: string, body?: object): Promise<Reply> {
      const payload = body ?? (method === 'POST' ? {} : undefined);
      const headers = { ...sameOrigin, cookie };
      const reply = await gateway.ask(path, { method, headers, ...(payload === undefined ? {} : { body: payload }) });
      const set = reply.headers['set-cookie'];
      if (set !== undefined) cookie = String(set).split(';')[0] ?? '';
      return reply;
    },
    signIn(login: string): Promise<Reply> {
      return this.ask('POST', '/sessions', { login, password });
    },
    cookie: () => cookie,
  };
}

type Browser = ReturnType<typeof openBrowser>;
const current_password = password;
const challengeOf = (reply: Reply): string => (reply.body.public_key as { challenge: string }).challenge;

async function enrolTotp(browser: Browser): Promise<{ secret: string; codes: string[] }> {
  const started = await browser.ask('POST', '/totp', { current_password });
  assert.equal(started.status, 201, JSON.stringify(started.body));
  const secret = String(started.body.secret);
  const confirmed = await browser.ask('POST', '/totp/confirm', { code: codeAt(secret, -1) });
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  return { secret, codes: confirmed.body.recovery_codes as string[] };
}

async function enrolPasskey(browser: Browser, device: Authenticator): Promise<Reply> {
  const started = await browser.ask('POST', '/passkeys/challenge', { current_password });
  const credential = device.register({ ...site, challenge: challengeOf(started) });
  return browser.ask('POST', '/passkeys', { label: 'laptop', credential });
}

async function showPasskey(browser: Browser, device: Authenticator, odd: object = {}): Promise<Reply> {
  const challenge = challengeOf(await browser.ask('POST', '/sessions/passkey/challenge'));
  return browser.ask('POST', '/sessions/passkey', { credential: device.assert({ ...site, challenge, ...odd }, odd) });
}

describe('second factors', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await openGateway();
  });
  after(() => gateway.close());

  test('with a code generator a password alone can do nothing but go on', async () => {
    await gateway.hire('owner', 'anna');
    const browser = openBrowser(gateway);
    assert.deepEqual((await browser.signIn('anna')).body.next, 'nothing');
    const { secret, codes } = await enrolTotp(browser);
    assert.deepEqual([codes.length, new Set(codes).size], [10, 10]);
    const half = await browser.signIn('anna');
    assert.deepEqual([half.status, half.body.kind, half.body.next], [201, 'half', 'second_factor']);
    for (const { name, method, path, reach, role } of operatorRoutes) {
      if (reach === 'half' || reach === 'any' || role === 'anyone') continue;
      const { status } = await browser.ask(method, path.replace(/\{\w+\}/g, '7'));
      assert.equal(status, 401, name);
    }
    assert.equal((await browser.ask('POST', '/sessions/code', { code: '12345' })).status, 401);
    const whole = await browser.ask('POST', '/sessions/code', { code: codeAt(secret, 0) });
    assert.deepEqual([whole.status, whole.body.kind, whole.body.next], [201, 'session', 'nothing']);
    assert.equal((await browser.ask('GET', '/merchants')).status, 200);
  });

  test('a code is accepted once, also by two requests at once; a recovery code too', async () => {
    await gateway.hire('viewer', 'boris');
    const browser = openBrowser(gateway);
    await browser.signIn('boris');
    const { secret, codes } = await enrolTotp(browser);
    const code = codeAt(secret, 0);
    const both = [openBrowser(gateway), openBrowser(gateway)];
    for (const one of both) await one.signIn('boris');
    const statuses = await Promise.all(
      both.map(async (one) => (await one.ask('POST', '/sessions/code', { code })).status),
    );
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [201, 401],
    );
    const first = codes[0] ?? '';
    for (const expected of [201, 401]) {
      const other = openBrowser(gateway);
      await other.signIn('boris');
      const reply = await other.ask('POST', '/sessions/recovery-code', { code: ` ${first.toUpperCase()} ` });
      assert.equal(reply.status, expected);
    }
    const [row] = await gateway.db.query<{ text: string }>(
      `select string_agg(t::text, '') as text from (select totp_factor::text from totp_factor
         union all select recovery_code::text from recovery_code) as t (t)`,
    );
    assert.ok(!row?.text.includes(secret) && !row?.text.includes(first));
  });

  test('guesses of a code are counted', async () => {
    await gateway.hire('viewer', 'vera');
    const browser = openBrowser(gateway);
    await browser.signIn('vera');
    const { secret } = await enrolTotp(browser);
    await browser.signIn('vera');
    const guess = () => browser.ask('POST', '/sessions/code', { code: 'wrong!' });
    const statuses = [];
    for (let count = 0; count < 11; count += 1) statuses.push((await guess()).status);
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429]);
    assert.equal((await browser.ask('POST', '/sessions/code', { code: codeAt(secret, 0) })).status, 429);
  });

  test('a passkey signs in alone; nothing about the ceremony may differ', async () => {
    await gateway.hire('operator', 'gleb');
    const browser = openBrowser(gateway);
    await browser.signIn('gleb');
    const device = new Authenticator();
    const added = await enrolPasskey(browser, device);
    assert.equal(added.status, 201, JSON.stringify(added.body));
    assert.equal((added.body.recovery_codes as string[]).length, 10);
    const again = await enrolPasskey(browser, device);
    assert.equal(again.status, 401, 'the same passkey twice');
    const stranger = openBrowser(gateway);
    for (const odd of [
      { origin: 'https://evil.example' },
      { host: 'evil.example' },
      { isVerified: false },
      { type: 'webauthn.create' },
      { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    ]) {
      const refused = await showPasskey(stranger, device, odd);
      assert.deepEqual([refused.status, Object.keys(refused.body.errors)], [401, ['credential']], JSON.stringify(odd));
      await gateway.db.query('delete from sign_in_count');
    }
    const copied = new Authenticator();
    assert.equal((await showPasskey(stranger, copied)).status, 401, 'a passkey nobody has');
    const signedIn = await showPasskey(stranger, device);
    assert.deepEqual([signedIn.status, signedIn.body.login, signedIn.body.kind], [201, 'gleb', 'session']);
    device.signCount -= 2;
    assert.equal((await showPasskey(openBrowser(gateway), device)).status, 401, 'a count that does not grow is a copy');
  });

  test('a challenge is answered once, and one of somebody else’s not at all', async () => {
    await gateway.hire('viewer', 'dina');
    await gateway.hire('viewer', 'egor');
    const [dina, egor] = [openBrowser(gateway), openBrowser(gateway)];
    await dina.signIn('dina');
    await egor.signIn('egor');
    const ofDina = challengeOf(await dina.ask('POST', '/passkeys/challenge', { current_password }));
    const credential = new Authenticator().register({ ...site, challenge: ofDina });
    assert.equal((await egor.ask('POST', '/passkeys', { label: 'x', credential })).status, 401);
    assert.equal((await dina.ask('POST', '/passkeys', { label: 'x', credential })).status, 201);
    const device = new Authenticator();
    assert.equal((await enrolPasskey(dina, device)).status, 201);
    const challenge = challengeOf(await dina.ask('POST', '/sessions/passkey/challenge'));
    const assertion = { credential: device.assert({ ...site, challenge }) };
    assert.equal((await dina.ask('POST', '/sessions/passkey', assertion)).status, 201);
    assert.equal((await dina.ask('POST', '/sessions/passkey', assertion)).status, 401);
    const late = challengeOf(await dina.ask('POST', '/sessions/passkey/challenge'));
    await gateway.db.query('update passkey_challenge set expires_at = clock_timestamp()');
    const tooLate = { credential: device.assert({ ...site, challenge: late }) };
    assert.equal((await dina.ask('POST', '/sessions/passkey', tooLate)).status, 401);
  });

  test('factors are changed with the password and never by a token', async () => {
    const token = await gateway.hire('viewer', 'fedor');
    const browser = openBrowser(gateway);
    await browser.signIn('fedor');
    for (const path of ['/totp', '/passkeys/challenge', '/recovery-codes', '/totp/remove']) {
      const wrong = await browser.ask('POST', path, { current_password: 'not my password' });
      assert.deepEqual([wrong.status, Object.keys(wrong.body.errors)], [401, ['current_password']], path);
      const byToken = await gateway.ask(path, { token, body: { current_password } });
      assert.equal(byToken.status, 400, path);
    }
    await enrolTotp(browser);
    assert.equal((await browser.ask('POST', '/totp', { current_password })).status, 409);
    assert.equal((await browser.ask('GET', '/factors')).body.totp, true);
    assert.equal((await browser.ask('POST', '/totp/remove', { current_password })).status, 200);
    assert.equal((await browser.signIn('fedor')).body.next, 'nothing');
  });

  test('sessions are listed, ended one by one, and all at once', async () => {
    await gateway.hire('viewer', 'zoya');
    const browsers = [openBrowser(gateway), openBrowser(gateway), openBrowser(gateway)];
    for (const browser of browsers) await browser.signIn('zoya');
    const [first, second, third] = browsers as [Browser, Browser, Browser];
    const list = (await first.ask('GET', '/sessions')).body.items as { id: number; is_current: boolean }[];
    assert.deepEqual(
      list.map((one) => one.is_current),
      [false, false, true],
    );
    assert.equal((await first.ask('DELETE', `/sessions/${list[0]?.id}`)).status, 200);
    assert.equal((await third.ask('GET', '/factors')).status, 401);
    const stranger = openBrowser(gateway);
    await gateway.hire('owner', 'yuri');
    await stranger.signIn('yuri');
    assert.equal((await stranger.ask('DELETE', `/sessions/${list[1]?.id}`)).status, 404);
    assert.equal((await first.ask('DELETE', '/sessions')).status, 200);
    for (const browser of [first, second]) assert.equal((await browser.ask('GET', '/factors')).status, 401);
  });

  test('an owner removes the factors of somebody who lost them', async () => {
    const owner = await gateway.hire('owner', 'olga');
    await gateway.hire('viewer', 'ivan');
    const browser = openBrowser(gateway);
    const { user_id: userId } = (await browser.signIn('ivan')).body;
    await enrolTotp(browser);
    await enrolPasskey(browser, new Authenticator());
    const reset = await gateway.ask(`/users/${String(userId)}/factors/reset`, {
      method: 'POST',
      token: owner,
      body: {},
    });
    assert.equal(reset.status, 200);
    assert.equal((await browser.ask('GET', '/factors')).status, 401);
    assert.equal((await browser.signIn('ivan')).body.next, 'nothing');
    assert.ok((await verifyAuditLog(gateway.db)).ok);
    const errors = gateway.logged.filter((fields) => 'err' in (fields as object));
    assert.deepEqual(errors, []);
  });
});

describe('an installation that requires a second factor', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await openGateway({ isSecondFactorRequired: true });
  });
  after(() => gateway.close());

  test('who has none can only add one, and is signed in with it', async () => {
    const token = await gateway.hire('owner', 'anna');
    assert.equal((await gateway.ask('/merchants', { token })).status, 403, 'a token does not get around it');
    const browser = openBrowser(gateway);
    const half = await browser.signIn('anna');
    assert.deepEqual([half.body.kind, half.body.next], ['half', 'enrol']);
    assert.equal((await browser.ask('GET', '/merchants')).status, 401);
    await enrolTotp(browser);
    assert.equal((await browser.ask('GET', '/merchants')).status, 200);
    assert.equal((await gateway.ask('/merchants', { token })).status, 200);
    assert.equal((await browser.ask('POST', '/totp/remove', { current_password })).status, 409, 'the last one stays');
    assert.equal((await enrolPasskey(browser, new Authenticator())).status, 201);
    assert.equal((await browser.ask('POST', '/totp/remove', { current_password })).status, 200);
  });

  test('a session from before the setting does nothing but add a factor', async () => {
    await gateway.hire('owner', 'boris');
    const browser = openBrowser(gateway);
    await browser.signIn('boris');
    await gateway.db.query(`update operator_session set kind = 'session' where kind = 'half'`);
    assert.equal((await browser.ask('GET', '/merchants')).status, 403);
    await enrolTotp(browser);
    assert.equal((await browser.ask('GET', '/merchants')).status, 200);
  });
});
