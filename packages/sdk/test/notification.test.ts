import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import * as api from '../src/notification.ts';
import { notificationVectors, parseJson, readVector, valuesOf } from './vectors.ts';

const key = createPrivateKey(readVector('notification/private.pem'));
const publicKey = readVector('notification/public.pem');
const first = notificationVectors[0];
assert.ok(first);
const paid = valuesOf(first);

for (const vector of notificationVectors) {
  test(`notification vector: ${vector.method} ${vector.name}`, async () => {
    const { method, sign } = vector;
    const fields = valuesOf(vector);
    const text = api.notificationText({ fields, method });
    assert.equal(text, Buffer.from(vector.signed_text_base64, 'base64').toString());
    assert.equal(await api.signNotification({ text, key }), sign);
    const query = api.notificationQuery(fields, sign);
    if (method === 'GET') assert.equal(query, vector.query);
    const body = api.notificationBody(fields, sign);
    const result =
      method === 'GET'
        ? api.verifyNotification({ method, query, publicKey })
        : api.verifyNotification({ method, body, publicKey });
    assert.ok(result.valid);
    assert.deepEqual(api.toNotificationFields(result.notification), fields);
  });
}

test('the body is the signed text with sign as its last member', () => {
  const body = api.notificationBody(paid, 'a/b+c==');
  assert.equal(body, `${api.notificationText({ fields: paid, method: 'POST' }).slice(0, -1)},"sign":"a\\/b+c=="}`);
  assert.deepEqual(JSON.parse(body), { ...paid, sign: 'a/b+c==' });
});

test('every form of a received notification is understood', async () => {
  const post = await api.signTestNotification({ key, fields: { order_id: 'заказ/1 ~' } });
  for (const body of [post.body, Buffer.from(post.body), parseJson(post.body), `${post.body}\n`]) {
    assert.ok(api.verifyNotification({ method: 'POST', body, publicKey }).valid);
  }
  const get = await api.signTestNotification({ key, method: 'GET', fields: { order_id: 'заказ/1 ~' } });
  const method = 'GET';
  const parsed = new URLSearchParams(get.query);
  for (const query of [get.query, `?${get.query}`, parsed, Object.fromEntries(parsed)]) {
    assert.ok(api.verifyNotification({ method, query, publicKey }).valid);
  }
  const address = `https://shop.example/hook?token=1&${get.query}#top`;
  for (const url of [address, new URL(address), `/hook?${get.query}`]) {
    const result = api.verifyNotification({ method, url, publicKey });
    assert.ok(result.valid);
    assert.equal(result.notification.orderId, 'заказ/1 ~');
  }
});

test('reordered and additional members of the JSON do not matter, and are not returned', async () => {
  const { fields, sign } = await api.signTestNotification({ key });
  const body = { note: 'x', sign, ...Object.fromEntries(Object.entries(fields).reverse()) };
  const result = api.verifyNotification({ method: 'POST', body, publicKey });
  assert.ok(result.valid);
  assert.ok(!('note' in result.notification));
});

test('one changed value of any field is refused', async () => {
  const { fields, sign } = await api.signTestNotification({ key });
  for (const name of api.NOTIFICATION_FIELDS) {
    const value = fields[name];
    const changed = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}1`;
    const result = api.verifyNotification({ method: 'POST', body: { ...fields, [name]: changed, sign }, publicKey });
    assert.deepEqual(result, { valid: false, reason: 'sign_mismatch', field: 'sign' }, name);
  }
});

test('each refusal has its reason', async () => {
  const { fields, sign, body } = await api.signTestNotification({ key });
  const verify = (received: string | Record<string, unknown>) => {
    const result = api.verifyNotification({ method: 'POST', body: received, publicKey });
    return result.valid ? 'valid' : `${result.reason} ${result.field ?? ''}`.trim();
  };
  assert.equal(verify('{'), 'malformed');
  assert.equal(verify('null'), 'malformed');
  assert.equal(verify('[]'), 'malformed');
  assert.equal(verify(' '.repeat(70_000)), 'too_large');
  assert.equal(verify(fields), 'sign_missing sign');
  assert.equal(verify({ ...fields, sign: '' }), 'sign_missing sign');
  assert.equal(verify({ ...fields, sign: sign.replaceAll('+', '-').replaceAll('/', '_') }), 'sign_not_base64 sign');
  assert.equal(verify({ ...fields, sign: `${sign}\n` }), 'sign_not_base64 sign');
  assert.equal(verify({ ...fields, sign: 'AAAA' }), 'sign_mismatch sign');
  assert.equal(verify({ ...fields, sign, desc: null }), 'field_missing desc');
  assert.equal(verify({ ...fields, sign, id: '100000536' }), 'field_type id');
  assert.equal(verify({ ...fields, sign, amount: 300 }), 'field_type amount');
  assert.equal(verify({ ...fields, sign, is_partial_payment: '0' }), 'field_type is_partial_payment');
  assert.equal(verify({ ...fields, sign, order_id: '\ud800' }), 'field_type order_id');
  assert.equal(verify(body.replace('"id":100000536', '"id":9007199254740993')), 'field_type id');
});

test('a repeated parameter is refused: programs disagree about which one counts', async () => {
  const { query } = await api.signTestNotification({ key, method: 'GET' });
  const result = api.verifyNotification({ method: 'GET', query: `amount=900.00&${query}`, publicKey });
  assert.deepEqual(result, { valid: false, reason: 'field_repeated', field: 'amount' });
});

test('a signature made for one method does not verify in the other', async () => {
  const { fields, sign } = await api.signTestNotification({ key, method: 'POST' });
  const query = api.notificationQuery(fields, sign);
  assert.deepEqual(api.verifyNotification({ method: 'GET', query, publicKey }), {
    valid: false,
    reason: 'sign_mismatch',
    field: 'sign',
  });
});

test('rightly signed news of an unknown kind is not passed on', async () => {
  const statusText: string = 'refunded';
  const unknown = { payment_status: statusText as 'paid' };
  const { body } = await api.signTestNotification({ key, fields: unknown });
  const result = api.verifyNotification({ method: 'POST', body, publicKey });
  assert.deepEqual(result, { valid: false, reason: 'unsupported', field: 'payment_status' });
});

test('another pair does not verify, and an unusable public key is said clearly', async () => {
  const { body } = await api.signTestNotification({ key });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const result = api.verifyNotification({ method: 'POST', body, publicKey: other });
  assert.equal(result.valid, false);
  const pem = readVector('notification/private.pem');
  assert.throws(() => api.verifyNotification({ method: 'POST', body, publicKey: pem }), /this is a private key/);
});
