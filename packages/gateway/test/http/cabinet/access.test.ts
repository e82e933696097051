import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { cabinetPrefix, cabinetRoutes } from '../../../src/http/routes/cabinet/routes.ts';
import { operatorRoutes } from '../../../src/http/routes/operator/routes.ts';
import { seedServices, setAccountService } from '../../../src/merchants/services.ts';
import { shippedServices } from '../../../src/core/catalogue.ts';
import { roles } from '../../../src/operators/roles.ts';
import {
  acceptPayouts,
  type Ask,
  type Gateway,
  hireForMerchant,
  openGateway,
  openShop,
  password,
  type Reply,
  type Shop,
} from '../operator/harness.ts';

const someAccount = '93d5df06-996c-48c3-9847-348d6b580b80';
const fill = (path: string, ids: Readonly<Record<string, string>> = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? (name === 'account_id' ? someAccount : '7'));

/** What a route of the table needs in its body to get as far as its ids. */
const bodies: Readonly<Record<string, object>> = {
  'endpoint.update': { name: 'x' },
  'signature.explain': { body: '', sign: 'x' },
};

describe('access to the API of merchants’ people', () => {
  let gateway: Gateway;
  let own: Shop;
  let other: Shop;
  let token: string;
  /** Everything of the other merchant that has an id. */
  let foreign: Record<string, string>;

  before(async () => {
    gateway = await openGateway();
    const { db } = gateway;
    await db.tx((tx) => seedServices(tx, shippedServices));
    own = await openShop(db);
    other = await openShop(db);
    token = await hireForMerchant(db, { merchantId: own.merchantId, login: 'masha' });
    foreign = await furnish(other);
    await furnish(own);
  });
  after(() => gateway.close());

  /** Something behind every kind of id. */
  async function furnish(shop: Shop): Promise<Record<string, string>> {
    const { db } = gateway;
    const owner = await gateway.hire('owner', `owner-${shop.merchantId}`);
    const base = `/merchants/${shop.merchantId}`;
    const serviceCode = 'payment_card_rub';
    await db.tx((tx) => setAccountService(tx, { ...shop, serviceCode, enabled: true }));
    const [payoutId = 0n] = await acceptPayouts(db, shop, [{ orderId: `of-${shop.merchantId}` }]);
    const key = await gateway.ask(`${base}/keys/generate`, { token: owner, body: {} });
    const endpointId = Number(shop.merchantId) + 70;
    const endpoint = { url: 'https://shop.example/n', endpoint_id: endpointId };
    assert.equal((await gateway.ask(`${base}/endpoints`, { token: owner, body: endpoint })).status, 201);
    const [notification] = await db.query<{ id: bigint }>(
      `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
       values ($1, nextval('notification_id'), $2, $3, 'https://shop.example/n', 'POST', '{}', 'pending')
       returning notification_id as id`,
      [shop.merchantId, payoutId, shop.accountId],
    );
    const user = await hireForMerchant(db, { merchantId: shop.merchantId, login: `user-${shop.merchantId}` });
    const session = await ask('/sessions/current', { token: user });
    const made = await ask('/tokens', { token: user, body: { label: 'x', days: 1 } });
    return {
      account_id: shop.accountId,
      payout_id: String(payoutId),
      key_id: String((key.body.key as { id: number }).id),
      endpoint_id: String(endpointId),
      notification_id: String(notification?.id),
      session_id: String(session.body.user_id),
      token_id: String((made.body as unknown as { token: { id: number } }).token.id),
      passkey_id: '1',
    };
  }

  const ask = (path: string, given: Ask = {}): Promise<Reply> => gateway.ask(cabinetPrefix + path, given);

  test('every route but signing in and accepting an invitation refuses who is not signed in', async () => {
    const open: string[] = [];
    for (const { method, path, name } of cabinetRoutes) {
      const reply = await ask(fill(path), { method, ...(method === 'GET' ? {} : { body: {} }) });
      if (reply.status !== 401) open.push(`${name} ${reply.status}`);
    }
    assert.deepEqual(open, [
      'session.create 400',
      'session.challenge 201',
      'session.show_passkey 400',
      'invitation.accept 400',
    ]);
  });

  test('no operator gets in here, whatever the role, and no merchant’s person gets in there', async () => {
    for (const role of roles) {
      const operator = await gateway.hire(role);
      for (const route of cabinetRoutes.filter(({ role: needed, reach }) => needed !== 'anyone' && reach !== 'half')) {
        const { method, path, name } = route;
        const reply = await ask(fill(path), { method, token: operator, ...(method === 'GET' ? {} : { body: {} }) });
        // What adds a factor takes no program's token at all.
        assert.equal(reply.status, route.reach === 'enrol' ? 400 : 403, `${role} ${name}`);
      }
    }
    for (const route of operatorRoutes.filter(({ role, reach }) => role !== 'anyone' && reach !== 'half')) {
      const { method, path, name } = route;
      const reply = await gateway.ask(fill(path), { method, token, ...(method === 'GET' ? {} : { body: {} }) });
      assert.equal(reply.status, route.reach === 'enrol' ? 400 : 403, name);
    }
  });

  test('every route is for the role merchant, takes one person, and names no merchant in its path', () => {
    for (const { name, role, takesTwo, path } of cabinetRoutes) {
      assert.ok(role === 'merchant' || role === 'anyone', name);
      assert.equal(takesTwo, false, name);
      assert.ok(!path.includes('merchant_id'), name);
    }
    const names = cabinetRoutes.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  test('passwords of one side sign nobody in on the other', async () => {
    const here = await ask('/sessions', { body: { login: 'masha', password } });
    assert.equal(here.status, 201, JSON.stringify(here.body));
    assert.deepEqual([here.body.role, here.body.merchant_id], ['merchant', Number(own.merchantId)]);
    assert.match(String(here.headers['set-cookie']), /Path=\/merchant\/v1/);
    assert.equal((await gateway.ask('/sessions', { body: { login: 'masha', password } })).status, 401);
    await gateway.hire('owner', 'boss');
    assert.equal((await ask('/sessions', { body: { login: 'boss', password } })).status, 401);
    const cookie = String(here.headers['set-cookie']).split(';')[0] ?? '';
    assert.equal((await ask('/merchant', { headers: { cookie } })).body.id, Number(own.merchantId));
    assert.equal((await gateway.ask('/merchants', { headers: { cookie } })).status, 403);
    assert.equal((await ask('/endpoints', { headers: { cookie }, body: { url: 'https://a.example' } })).status, 403);
  });

  test('on every route with an id, another merchant’s is answered like one that does not exist', async () => {
    const random: Record<string, string> = Object.fromEntries(
      Object.keys(foreign).map((name) => [name, name === 'account_id' ? randomUUID() : '987654321']),
    );
    let looked = 0;
    for (const { method, path, name, params } of cabinetRoutes) {
      const names = Object.keys(params?.shape ?? {});
      if (names.length === 0) continue;
      for (const one of names) assert.ok(foreign[one] !== undefined, `${name}: the test knows no foreign ${one}`);
      const body = method === 'GET' ? {} : { body: bodies[name] ?? {} };
      const theirs = await ask(fill(path, foreign), { method, token, ...body });
      const nobodys = await ask(fill(path, random), { method, token, ...body });
      assert.deepEqual([theirs.status, theirs.body], [nobodys.status, nobodys.body], name);
      assert.ok(theirs.status === 404 || name.startsWith('passkey.'), `${name}: ${theirs.status}`);
      looked += 1;
    }
    assert.ok(looked >= 12, `only ${looked} routes have ids`);
  });

  test('ids in bodies and queries of another merchant are as unknown', async () => {
    const form = { order_id: 'x', amount: '10.00', number: '4276110012343337', service: 'payment_card_rub' };
    for (const path of ['/payouts', '/payouts/preflight']) {
      const theirs = await ask(path, { token, body: { ...form, account_id: foreign['account_id'] } });
      const nobodys = await ask(path, { token, body: { ...form, account_id: randomUUID() } });
      assert.deepEqual([theirs.status, theirs.body], [404, nobodys.body], path);
      const endpoint = { ...form, account_id: own.accountId, notification_endpoint_id: Number(foreign['endpoint_id']) };
      const refused = await ask(path, { token, body: endpoint });
      const errors = refused.body.errors ?? {};
      assert.ok(errors['notification_endpoint_id'] !== undefined, JSON.stringify(refused.body));
    }
    const key = await ask('/signature/explain', { token, body: { body: '', sign: 'x', key_id: foreign['key_id'] } });
    assert.equal(key.status, 404);
    for (const query of [
      `account_id=${foreign['account_id']}`,
      `id=${foreign['payout_id']}`,
      `order_id=of-${other.merchantId}`,
    ]) {
      assert.deepEqual((await ask(`/payouts?${query}`, { token })).body.items, [], query);
    }
    assert.equal((await ask(`/payouts?merchant_id=${other.merchantId}`, { token })).status, 400);
    assert.deepEqual((await ask(`/notifications?endpoint_id=${foreign['endpoint_id']}`, { token })).body.items, []);
  });

  test('no answer of any read names anything of the other merchant', async () => {
    const strange = [other.accountId, `of-${other.merchantId}`, `user-${other.merchantId}`];
    let read = 0;
    for (const { method, path, params, name, reach } of cabinetRoutes) {
      if (method !== 'GET' || params !== undefined || reach === 'half') continue;
      const reply = await ask(path, { token });
      assert.equal(reply.status, 200, `${name}: ${JSON.stringify(reply.body)}`);
      for (const text of strange) assert.ok(!JSON.stringify(reply.body).includes(text), `${name} shows ${text}`);
      read += 1;
    }
    assert.ok(read >= 10, `only ${read} were read`);
    const ids = ((await ask('/payouts', { token })).body.items as { order_id: string }[]).map((item) => item.order_id);
    assert.deepEqual(ids, [`of-${own.merchantId}`]);
  });
});
