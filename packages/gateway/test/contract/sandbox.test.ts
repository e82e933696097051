import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, merchantWith, openMerchant, type TestMerchant } from './merchant.ts';
import { openOperator } from './operator.ts';

const path = '/v1/sandbox/advance';

describe('a sandbox account decides what happens, and when', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  before(async () => {
    gateway = await startDemoGateway();
    merchant = await openMerchant(gateway);
  });
  after(() => gateway?.close());

  async function order(orderId: string, extra: object): Promise<void> {
    const created = await merchant.post('/v1/payout', { ...anOrder, order_id: orderId, extra });
    assert.equal(created.status, 200, created.text);
  }

  test('the outcome is named in the order', async () => {
    await order('named', { sandbox_script: 'fail_card_expired' });
    const final = await merchant.waitFinal({ order_id: 'named' });
    assert.deepEqual([final['payment_status'], final['fail_reason']], ['fail', 'card_expired']);
  });

  test('a wish that cannot be is refused, and nothing is created', async () => {
    const extra = { sandbox_script: 'explode', sandbox_after: 'soon' };
    const refused = await merchant.post('/v1/payout', { ...anOrder, order_id: 'wrong', extra });
    assert.equal(refused.status, 400);
    assert.equal(refused.headers.get('payout-created'), 'no');
    assert.deepEqual(Object.keys(refused.json['errors'] as object), ['extra.sandbox_script', 'extra.sandbox_after']);
  });

  test('a payout that would take a day ends when time passes for it', async () => {
    await order('slow', { sandbox_after: '86400' });
    await order('slower', { sandbox_after: '86400' });
    const sent = async () => {
      const { json } = await merchant.post(path, { order_id: 'slow', seconds: 60 });
      return json['advanced_payouts'];
    };
    assert.equal(await sent(), 0, 'a minute is not enough');
    for (let advanced = 0; advanced === 0; ) {
      const answer = await merchant.post(path, { order_id: 'slow' });
      assert.equal(answer.status, 200, answer.text);
      advanced = Number(answer.json['advanced_payouts']);
    }
    assert.equal((await merchant.waitFinal({ order_id: 'slow' }))['payment_status'], 'paid');
    const other = await merchant.post('/v1/payout/status', { order_id: 'slower' });
    assert.equal(other.json['payment_status'], 'wait', 'for the other one no time has passed');
    for (let advanced = 0; advanced === 0; ) {
      advanced = Number((await merchant.post(path, { seconds: 90_000 })).json['advanced_payouts']);
    }
    assert.equal((await merchant.waitFinal({ order_id: 'slower' }))['payment_status'], 'paid');
  });

  test('wrong requests are refused by field', async () => {
    const fieldsOf = async (body: object) => Object.keys((await merchant.post(path, body)).json['errors'] as object);
    assert.deepEqual(await fieldsOf({ seconds: 0 }), ['seconds']);
    assert.deepEqual(await fieldsOf({ seconds: '2592001' }), ['seconds']);
    assert.deepEqual(await fieldsOf({ order_id: 'never ordered' }), ['order_id']);
    assert.deepEqual(await fieldsOf({ id: 100_999_999 }), ['id']);
    assert.deepEqual(await fieldsOf({ id: 'x' }), ['id']);
  });

  test('a live account has no such thing, and what it orders is not judged by the sandbox', async () => {
    const operator = await openOperator(gateway);
    const live = { currency: 'RUB', mode: 'live' };
    const opened = await operator.call('POST', `${operator.merchantPath}/accounts`, live);
    assert.equal(opened.status, 201, opened.text);
    const account = String(opened.json['id']);
    const real = merchantWith(gateway, { account, key: merchant.key });
    assert.deepEqual(Object.keys((await real.post(path, {})).json['errors'] as object), ['account']);
    const extra = { sandbox_script: 'explode' };
    const refused = await real.post('/v1/payout', { ...anOrder, order_id: 'live', extra });
    assert.deepEqual(Object.keys(refused.json['errors'] as object), ['service']);
    await order('own', { sandbox_after: '86400' });
    const second = await operator.openAccount({ currency: 'RUB', amount: '100' });
    const sibling = merchantWith(gateway, { account: second, key: merchant.key });
    const foreign = await sibling.post(path, { order_id: 'own' });
    assert.deepEqual(Object.keys(foreign.json['errors'] as object), ['order_id'], 'of another account');
  });
});
