import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { readKeyArchive } from '@vyplata/sdk/archive';
import { shippedServices } from '../../../src/core/catalogue.ts';
import { seedServices } from '../../../src/merchants/services.ts';
import { type Gateway, openGateway, openShop, type Shop } from './harness.ts';

type Item = Record<string, unknown> & { readonly id: number };
const itemsOf = (body: Record<string, unknown>) => body.items as Item[];

describe('merchants, accounts and money in the operator API', () => {
  let gateway: Gateway;
  let token: string;
  let shop: Shop;
  let base: string;
  let account: string;
  before(async () => {
    gateway = await openGateway();
    token = await gateway.hire('owner', 'anna');
    await gateway.db.tx((tx) => seedServices(tx, shippedServices));
    shop = await openShop(gateway.db);
    base = `/merchants/${shop.merchantId}`;
    account = `${base}/accounts/${shop.accountId}`;
  });
  after(() => gateway.close());

  const get = (path: string) => gateway.ask(path, { token });
  const post = (path: string, body: object = {}) => gateway.ask(path, { token, body });
  const send = (method: string, path: string, body: object) => gateway.ask(path, { token, method, body });

  test('a merchant is added, renamed, disabled and found page by page', async () => {
    const made = await post('/merchants', { name: '  Магазин <b>  ' });
    assert.deepEqual([made.status, made.body.name, made.body.state], [201, 'Магазин <b>', 'active']);
    const path = `/merchants/${String(made.body.id)}`;
    const changed = await send('PATCH', path, { state: 'disabled' });
    assert.deepEqual([changed.body.state, changed.body.name], ['disabled', 'Магазин <b>']);
    assert.deepEqual((await get(path)).body, changed.body);
    const first = await get('/merchants?limit=1');
    assert.equal(itemsOf(first.body).length, 1);
    const second = await get(`/merchants?limit=1&cursor=${String(first.body.next_cursor)}`);
    assert.ok((itemsOf(second.body)[0]?.id ?? 0) > (itemsOf(first.body)[0]?.id ?? 0));
    assert.equal(second.body.next_cursor, null);
    const control = await post('/merchants', { name: 'a\u0000b' });
    assert.deepEqual(Object.keys(control.body.errors), ['json']);
    assert.deepEqual(Object.keys((await post('/merchants', { name: 'a\nb' })).body.errors), ['name']);
  });

  test('an account has its own currency and method for ever', async () => {
    const id = randomUUID();
    const body = { currency: 'EUR', mode: 'sandbox', account_id: id.toUpperCase(), notification_method: 'GET' };
    const made = await post(`${base}/accounts`, body);
    assert.deepEqual([made.status, made.body.id, made.body.currency], [201, id, 'EUR']);
    assert.equal((await post(`${base}/accounts`, body)).status, 409);
    const changed = await send('PATCH', `${base}/accounts/${id}`, { name: 'Euros', notification_method: 'POST' });
    assert.deepEqual([changed.body.name, changed.body.notification_method], ['Euros', 'POST']);
    const fixed = await send('PATCH', `${base}/accounts/${id}`, { currency: 'RUB' });
    assert.deepEqual(Object.keys(fixed.body.errors), ['currency']);
    const strange = await post(`${base}/accounts`, { currency: 'EU', mode: 'demo' });
    assert.deepEqual(Object.keys(strange.body.errors), ['mode']);
    const unknown = await post(`${base}/accounts`, { currency: 'EU', mode: 'live' });
    assert.deepEqual(Object.keys(unknown.body.errors), ['currency']);
    assert.equal(itemsOf((await get(`${base}/accounts`)).body).length, 2);
  });

  test('money is moved once per request key, and the statement shows it', async () => {
    const body = { amount: '500.05', request_key: 'k-1', reason: 'bank statement 7\nline 2' };
    const first = await post(`${account}/top-ups`, body);
    assert.deepEqual([first.status, first.body.is_replay], [200, false]);
    const again = await post(`${account}/top-ups`, { ...body });
    assert.deepEqual([again.body.is_replay, again.body.posting], [true, first.body.posting]);
    const other = await post(`${account}/top-ups`, { ...body, amount: '500.06' });
    assert.deepEqual([other.status, Object.keys(other.body.errors)], [409, ['request_key']]);
    assert.equal((await get(`${account}/balance`)).body.available, '10500.05');
    const more = await post(`${account}/withdrawals`, { amount: '10500.06', request_key: 'k-2', reason: 'x' });
    assert.deepEqual([more.status, Object.keys(more.body.errors)], [400, ['amount']]);
    await post(`${account}/freezes`, { amount: '100', request_key: 'k-3', reason: 'inquiry' });
    await post(`${account}/unfreezes`, { amount: '40.5', request_key: 'k-4', reason: 'done' });
    const withdrawn = await post(`${account}/withdrawals`, { amount: '0.05', request_key: 'k-5', reason: 'x' });
    assert.equal((withdrawn.body.posting as Item).actor, 'operator:anna');
    const balance = (await get(`${account}/balance`)).body;
    assert.deepEqual([balance.available, balance.frozen, balance.currency], ['10440.50', '59.50', 'RUB']);
    const page = await get(`${account}/statement?limit=4`);
    assert.deepEqual(
      itemsOf(page.body).map(({ kind }) => kind),
      ['withdrawal', 'unfreeze', 'freeze', 'top_up'],
    );
    assert.deepEqual(itemsOf(page.body)[1]?.available_after, '10440.55');
    const rest = await get(`${account}/statement?cursor=${String(page.body.next_cursor)}`);
    assert.deepEqual([itemsOf(rest.body).length, rest.body.next_cursor], [1, null]);
  });

  test('amounts are read as the merchant API reads them', async () => {
    for (const amount of ['0', '0.00', '-1', '1e3', '01', '1.005', ' 5', '5.', '1234567890123', '']) {
      const reply = await post(`${account}/top-ups`, { amount, request_key: `bad ${amount}`, reason: 'x' });
      assert.deepEqual([reply.status, Object.keys(reply.body.errors)], [400, ['amount']], amount);
    }
    const number = await post(`${account}/top-ups`, { amount: 5, request_key: 'n', reason: '' });
    assert.deepEqual(Object.keys(number.body.errors).sort(), ['amount', 'reason']);
  });

  test('keys: one made here with its archive, one uploaded, both changed and retired', async () => {
    const made = await post(`${base}/keys/generate`, { digest_rule: 'any' });
    assert.equal(made.status, 201);
    const archive = readKeyArchive(Buffer.from(String(made.body.archive), 'base64'));
    const key = made.body.key as Item;
    assert.equal(key.public_pem, archive.publicPem);
    const twice = await post(`${base}/keys`, { public_pem: archive.publicPem });
    assert.deepEqual([twice.status, Object.keys(twice.body.errors)], [409, ['public_pem']]);
    const leaked = await post(`${base}/keys`, { public_pem: archive.privatePem });
    assert.match(leaked.body.errors.public_pem?.[0] ?? '', /^This is a private key/);
    const path = `${base}/keys/${key.id}`;
    const past = await send('PATCH', path, { expires_at: '2020-01-01' });
    assert.deepEqual(Object.keys(past.body.errors), ['expires_at']);
    const changed = await send('PATCH', path, { expires_at: '2099-01-01T00:00:00+03:00', digest_rule: 'sha256' });
    assert.deepEqual([changed.body.expires_at, changed.body.digest_rule], ['2098-12-31T21:00:00.000Z', 'sha256']);
    assert.equal((await send('PATCH', path, { expires_at: null })).body.expires_at, null);
    assert.equal((await post(`${path}/retire`)).body.state, 'retired');
    assert.equal((await send('PATCH', path, { digest_rule: 'sha1' })).status, 409);
    assert.equal(itemsOf((await get(`${base}/keys`)).body).length, 1);
    assert.ok(!JSON.stringify((await get('/audit-log?limit=200')).body).includes(archive.password));
  });

  test('endpoints, secrets and notification keys', async () => {
    const made = await post(`${base}/endpoints`, { url: 'https://shop.example/n', subscribed: true, endpoint_id: 5 });
    const { endpoint, secret } = made.body as unknown as { endpoint: Item; secret: string };
    assert.deepEqual([made.status, endpoint.id, endpoint.subscribed], [201, 5, true]);
    const path = `${base}/endpoints/5`;
    assert.equal((await post(`${path}/secret/reveal`)).body.secret, secret);
    const rotated = (await post(`${path}/secret/rotate`)).body.secret;
    assert.notEqual(rotated, secret);
    assert.equal((await post(`${path}/secret/reveal`)).body.secret, rotated);
    const inside = await send('PATCH', path, { url: 'http://169.254.169.254/latest' });
    assert.deepEqual([inside.status, Object.keys(inside.body.errors)], [400, ['url']]);
    assert.equal((await send('PATCH', path, { state: 'disabled', method: 'GET' })).body.state, 'disabled');
    assert.deepEqual((await post(`${path}/test`)).body, { status_code: 204, duration_ms: 3, error: null });
    const revealed = (await post(`${base}/webhook-secret/reveal`)).body.secret;
    assert.notEqual((await post(`${base}/webhook-secret/rotate`)).body.secret, revealed);
    const key = await post(`${base}/notification-keys/rotate`);
    const keys = itemsOf((await get(`${base}/notification-keys`)).body);
    assert.deepEqual(
      keys.map(({ id, state }) => [id === key.body.id, state]),
      [
        [true, 'active'],
        [false, 'retired'],
      ],
    );
    const actions = itemsOf((await get('/audit-log?action=endpoint_secret.reveal')).body);
    assert.equal(actions.length, 2);
  });

  test('services: a new one, its limits, and the price for one account', async () => {
    const service = {
      service_code: 'wallet_rub',
      method: 'wallet',
      currency: 'RUB',
      recipient_kind: 'text',
      min: '1.00',
      max: '100.00',
      connectors: ['sandbox'],
      names: { en: 'Wallet', ru: 'Кошелёк' },
    };
    const unsent = await post('/services', { ...service, connectors: ['sandbox', 'not-here'] });
    assert.equal(unsent.status, 400);
    assert.match(unsent.body.errors['connectors']?.join() ?? '', /installed.*sandbox/);
    assert.equal((await post('/services', service)).status, 201);
    assert.equal((await post('/services', service)).status, 409);
    // What is there already may be said again: a connector may have been removed meanwhile.
    await gateway.db.query(`update service set connectors = '{sandbox,gone}' where service_code = 'wallet_rub'`);
    const kept = await send('PATCH', '/services/wallet_rub', { connectors: ['sandbox', 'gone'] });
    assert.deepEqual([kept.status, kept.body.connectors], [200, ['sandbox', 'gone']]);
    const moved = await send('PATCH', '/services/wallet_rub', { connectors: ['not-here'] });
    assert.deepEqual([moved.status, Object.keys(moved.body.errors)], [400, ['connectors']]);
    const changed = await send('PATCH', '/services/wallet_rub', { max: null, names: { en: 'Wallet 2' } });
    assert.deepEqual([changed.body.max, changed.body.names], [null, { en: 'Wallet 2', ru: 'Кошелёк' }]);
    const path = `${account}/services/wallet_rub`;
    const commission = { percent: '1.5', fixed: '10', min: '0', max: null, bearer: 'recipient' };
    const set = await send('PUT', path, { commission, min: '50' });
    assert.deepEqual((set.body.use as Item).commission, {
      ...commission,
      percent: '1.5000',
      fixed: '10.00',
      min: '0.00',
    });
    const listed = itemsOf((await get(`${account}/services`)).body);
    assert.equal(listed.length, 5);
    const mine = listed.find((item) => (item.service as Item).service_code === 'wallet_rub');
    assert.deepEqual(mine, set.body);
    for (const percent of ['100.0001', '1.00001', '-1', 'x', '']) {
      const reply = await send('PUT', path, { commission: { percent } });
      assert.deepEqual([reply.status, Object.keys(reply.body.errors)], [400, ['commission.percent']], percent);
    }
    const crossed = await send('PUT', path, { commission: { min: '5', max: '4' }, min: '9', max: '8' });
    assert.deepEqual(Object.keys(crossed.body.errors).sort(), ['commission.max', 'max']);
    const foreign = await send('PUT', `${account}/services/payment_card_eur`, {});
    assert.deepEqual([foreign.status, Object.keys(foreign.body.errors)], [400, ['service_code']]);
    assert.equal((await send('PUT', `${account}/services/nothing`, {})).status, 404);
  });

  test('another merchant’s ids are as unknown as random ones', async () => {
    const other = await openShop(gateway.db);
    const key = await gateway.ask(`/merchants/${other.merchantId}/keys/generate`, { token, body: {} });
    const endpoint = await post(`/merchants/${other.merchantId}/endpoints`, {
      url: 'https://x.example/',
      endpoint_id: 77,
    });
    assert.equal(endpoint.status, 201);
    const { id } = key.body.key as Item;
    const pairs = [
      ['GET', `${base}/accounts/${other.accountId}`, `${base}/accounts/${randomUUID()}`],
      ['GET', `${base}/accounts/${other.accountId}/balance`, `${base}/accounts/${randomUUID()}/balance`],
      ['GET', `${base}/accounts/${other.accountId}/statement`, `${base}/accounts/${randomUUID()}/statement`],
      ['GET', `${base}/accounts/${other.accountId}/services`, `${base}/accounts/${randomUUID()}/services`],
      ['PATCH', `${base}/accounts/${other.accountId}`, `${base}/accounts/${randomUUID()}`],
      ['PATCH', `${base}/keys/${id}`, `${base}/keys/987654321`],
      ['POST', `${base}/keys/${id}/retire`, `${base}/keys/987654321/retire`],
      ['PATCH', `${base}/endpoints/77`, `${base}/endpoints/987654321`],
      ['POST', `${base}/endpoints/77/secret/reveal`, `${base}/endpoints/987654321/secret/reveal`],
      ['POST', `${base}/endpoints/77/secret/rotate`, `${base}/endpoints/987654321/secret/rotate`],
      ['POST', `${base}/endpoints/77/test`, `${base}/endpoints/987654321/test`],
    ] as const;
    for (const [method, foreign, random] of pairs) {
      const body = method === 'GET' ? {} : { body: {} };
      const replies = [
        await gateway.ask(foreign, { method, token, ...body }),
        await gateway.ask(random, { method, token, ...body }),
      ];
      assert.deepEqual(replies[0]?.body, replies[1]?.body, foreign);
      assert.equal(replies[0]?.status, 404, foreign);
    }
    for (const path of ['/merchants/0', '/merchants/99999999999999999999', '/merchants/x', `${base}/accounts/x`]) {
      assert.equal((await get(path)).status, 404, path);
    }
  });
});
