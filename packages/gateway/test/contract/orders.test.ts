import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, openMerchant, type TestMerchant } from './merchant.ts';
import { openOperator, type TestOperator } from './operator.ts';

describe('orders over HTTP', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  let operator: TestOperator;
  before(async () => {
    gateway = await startDemoGateway();
    merchant = await openMerchant(gateway);
    operator = await openOperator(gateway);
  });
  after(() => gateway.close());

  test('1,000 concurrent identical requests get one id, and one hold is made', async () => {
    const account = await operator.openAccount({ currency: 'RUB', amount: '10000.00' });
    const own = await openMerchant(gateway, account);
    const post = own.prepare('/v1/payout', { ...anOrder, order_id: 'thousand' });
    const answers = await Promise.all(Array.from({ length: 1_000 }, post));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    const ids = new Set(answers.map((answer) => answer.json['id']));
    assert.equal(ids.size, 1);
    const first = answers.filter((answer) => answer.headers.get('idempotent-replayed') === null);
    assert.equal(first.length, 1);
    await own.waitFinal({ order_id: 'thousand' });
    const { json } = await own.post('/v1/account/balance', '[]');
    assert.equal(json['balance'], '9500.00000000');
    const statement = await operator.call('GET', `${operator.merchantPath}/accounts/${account}/statement`);
    const holds = (statement.json['items'] as { kind: string }[]).filter((line) => line.kind === 'hold');
    assert.equal(holds.length, 1);
  });

  test('200 concurrent payouts on an account that can pay 50: 50 accepted, the rest refused, balance 0', async () => {
    const account = await operator.openAccount({ currency: 'RUB', amount: '25000.00' });
    const own = await openMerchant(gateway, account);
    const posts = Array.from({ length: 200 }, (_, at) =>
      own.prepare('/v1/payout', { ...anOrder, order_id: `d-${at}` }),
    );
    const answers = await Promise.all(posts.map((post) => post()));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 50);
    const refused = answers.filter((answer) => answer.status === 400);
    assert.equal(refused.length, 150);
    for (const answer of refused) {
      assert.deepEqual(Object.keys(answer.json['errors'] as object), ['amount']);
      assert.equal(answer.headers.get('payout-created'), 'no');
    }
    const { json } = await own.post('/v1/account/balance', '[]');
    assert.equal(json['balance'], '0.00000000');
  });

  test('a retry with other key order and spacing gets the same id, another amount is a conflict', async () => {
    const first = await merchant.post('/v1/payout', { ...anOrder, order_id: 'again', extra: [], customer_code: null });
    const spaced = ' { "service" : "qiwi_rub" , "order_id":"again","number":"79005554455","amount":500 } ';
    const second = await merchant.post('/v1/payout', spaced);
    assert.equal(first.status, 200, first.text);
    assert.equal(first.text, `{"payment_status":"wait","id":${String(first.json['id'])}}`);
    assert.equal(second.text, first.text);
    assert.equal(second.headers.get('idempotent-replayed'), 'true');
    const other = await merchant.post('/v1/payout', { ...anOrder, amount: '500.01', order_id: 'again' });
    assert.equal(other.status, 400);
    assert.deepEqual(Object.keys(other.json['errors'] as object), ['order_id']);
    assert.equal(other.headers.get('payout-created'), 'yes');
    assert.equal(other.headers.get('payout-id'), String(first.json['id']));
  });

  test('an accepted order is answered with its id even after its service was switched off', async () => {
    const account = await operator.openAccount({ currency: 'RUB', amount: '1000.00' });
    const own = await openMerchant(gateway, account);
    const first = await own.post('/v1/payout', { ...anOrder, order_id: 'switched' });
    const path = `${operator.merchantPath}/accounts/${account}/services/qiwi_rub`;
    assert.equal((await operator.call('PUT', path, { enabled: false })).status, 200);
    const repeat = await own.post('/v1/payout', { ...anOrder, order_id: 'switched' });
    assert.equal(repeat.text, first.text);
    const fresh = await own.post('/v1/payout', { ...anOrder, order_id: 'new one' });
    assert.deepEqual(Object.keys(fresh.json['errors'] as object), ['service']);
  });

  test('status has the documented keys in the documented order, by id, by order_id and by both', async () => {
    const order = { amount: '1000.44', number: '4276 3800 0000 0005', service: 'payment_card_rub', order_id: 'card' };
    const created = await merchant.post('/v1/payout', order);
    assert.equal(created.status, 200, created.text);
    const status = await merchant.waitFinal({ order_id: 'card' });
    assert.deepEqual(Object.keys(status), [
      'payment_status',
      'id',
      'order_id',
      'amount',
      'payment_amount',
      'is_partial_payment',
      'account_payment_amount',
      'commission_amount',
      'service_code',
      'card_mask',
      'RRN',
      'account_old_balance',
      'account_new_balance',
    ]);
    assert.equal(status['payment_status'], 'paid');
    assert.equal(status['card_mask'], '427638******0005');
    const { id } = created.json;
    for (const lookup of [{ id }, { id: String(id) }, { id, order_id: 'card' }]) {
      assert.deepEqual((await merchant.post('/v1/payout/status', lookup)).json, status);
    }
    const other = await merchant.post('/v1/payout', { ...anOrder, order_id: 'other' });
    const disagree = await merchant.post('/v1/payout/status', { id: other.json['id'], order_id: 'card' });
    assert.deepEqual(Object.keys(disagree.json['errors'] as object), ['order_id', 'id']);
    const absent = await merchant.post('/v1/payout/status', { order_id: 'never' });
    assert.equal(absent.status, 400);
    assert.equal(absent.headers.get('payout-created'), 'no');
  });

  test('info lists the services of the account with limits and commission', async () => {
    const { json } = await merchant.post('/v1/account/info', '{}');
    assert.equal(json['is_allowed_payout'], true);
    const payouts = json['payouts'] as Record<string, unknown>[];
    const qiwi = payouts.find((row) => row['service_code'] === 'qiwi_rub');
    assert.equal(qiwi?.['status'], 'active');
    assert.equal(qiwi?.['min'], '1.00');
    assert.ok(payouts.every((row) => row['currency'] === 'RUB'));
  });
});
