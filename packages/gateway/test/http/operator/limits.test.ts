import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Gateway, openGateway, openShop, type Shop } from './harness.ts';

let gateway: Gateway;
let token: string;
let shop: Shop;
let other: Shop;
before(async () => {
  gateway = await openGateway();
  token = await gateway.hire('operator');
  shop = await openShop(gateway.db);
  other = await openShop(gateway.db);
});
after(() => gateway.close());

const send = (method: string, path: string, body?: object) =>
  gateway.ask(path, { method, token, ...(body === undefined ? {} : { body }) });

test('limits, networks and the signature rule are set, read, and refused in a wrong form', async () => {
  const base = `/merchants/${shop.merchantId}`;
  const account = `${base}/accounts/${shop.accountId}`;
  assert.deepEqual((await send('PATCH', `${base}/limits`, { orders_per_minute: 60 })).body, { orders_per_minute: 60 });
  const set = await send('PATCH', `${account}/limits`, { orders_per_minute: 5, amount_per_day: '1000.5' });
  assert.deepEqual(set.body, { orders_per_minute: 5, amount_per_day: '1000.50' });
  const changed = await send('PATCH', `${account}/limits`, { orders_per_minute: null });
  assert.deepEqual(changed.body, { orders_per_minute: null, amount_per_day: '1000.50' });
  assert.deepEqual((await send('GET', `${account}/limits`)).body, changed.body);
  assert.deepEqual((await send('GET', `${base}/limits`)).body, { orders_per_minute: 60 });
  const wrong = await send('PATCH', `${account}/limits`, { amount_per_day: '1e3' });
  assert.deepEqual([wrong.status, Object.keys(wrong.body.errors)], [400, ['amount_per_day']]);
  const networks = await send('PUT', `${base}/networks`, { networks: ['203.0.113.7/24'] });
  assert.deepEqual(networks.body, { networks: ['203.0.113.0/24'] });
  const named = await send('PUT', `${base}/networks`, { networks: ['203.0.113.0/24', 'shop.example'] });
  assert.deepEqual([named.status, Object.keys(named.body.errors)], [400, ['networks.1']]);
  assert.deepEqual((await send('GET', `${base}/networks`)).body, networks.body);
  const rule = await send('PUT', `${account}/signature-rule`, { signature_rule: 'v2' });
  assert.equal(rule.body.signature_rule, 'v2');
  const undone = await send('PATCH', account, { signature_rule: 'v1' });
  assert.deepEqual([undone.status, Object.keys(undone.body.errors)], [400, ['signature_rule']]);
});

test('an account of another merchant is as unknown as a random one', async () => {
  const ask = (accountId: string) => `/merchants/${shop.merchantId}/accounts/${accountId}`;
  const calls = [
    ['GET', '/limits', undefined],
    ['PATCH', '/limits', { orders_per_minute: 1 }],
    ['PUT', '/signature-rule', { signature_rule: 'v2' }],
  ] as const;
  for (const [method, path, body] of calls) {
    const foreign = await send(method, ask(other.accountId) + path, body);
    const random = await send(method, ask(randomUUID()) + path, body);
    assert.deepEqual([foreign.status, foreign.body], [404, random.body], path);
  }
  for (const path of ['/limits', '/networks']) {
    assert.equal((await send('GET', `/merchants/987654321${path}`)).status, 404);
  }
});
