import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, type HttpAnswer, merchantWith, openMerchant, type TestMerchant } from './merchant.ts';
import { openOperator } from './operator.ts';
import { openNeighbour } from './stage.ts';

const paths = ['/v1/payout', '/v1/payout/status', '/v1/account/balance', '/v1/account/info', '/v1/sandbox/advance'];
const noAccount = '7d3c1f6e-54b1-4a0c-9c0b-2f0f6a1e9b3d';
const noId = 100_999_999;
const noEndpoint = 43;

/** What an answer shows to whoever reads it closely. */
function shown({ status, text, headers }: HttpAnswer): object {
  const own = [...headers].filter(([name]) => name !== 'date' && name !== 'request-id');
  return { status, text, headers: Object.fromEntries(own) };
}

describe('one merchant sees nothing of another', () => {
  let gateway: DemoGateway;
  let own: TestMerchant;
  let other: TestMerchant;
  let ownId: number;
  let otherId: number;

  before(async () => {
    gateway = await startDemoGateway();
    own = await openMerchant(gateway);
    const operator = await openOperator(gateway);
    const { account, key, path } = await openNeighbour(operator, 'Neighbour');
    other = merchantWith(gateway, { account, key });
    const endpoint = { endpoint_id: 42, url: `${gateway.demo.baseUrl}/nobody` };
    assert.equal((await operator.call('POST', `${path}/endpoints`, endpoint)).status, 201);
    ownId = await pay(own, 'own');
    otherId = await pay(other, 'theirs');
  });
  after(() => gateway?.close());

  async function pay(merchant: TestMerchant, orderId: string): Promise<number> {
    const created = await merchant.post('/v1/payout', { ...anOrder, order_id: orderId });
    assert.equal(created.status, 200, created.text);
    await merchant.waitFinal({ order_id: orderId });
    return Number(created.json['id']);
  }

  test('another’s account answers as one that does not exist, and as a wrong signature, on every path', async () => {
    const stranger = merchantWith(gateway, { account: noAccount, key: own.key });
    const trespasser = merchantWith(gateway, { account: other.account, key: own.key });
    const forger = merchantWith(gateway, { account: own.account, key: other.key });
    for (const path of paths) {
      for (const body of ['[]', '{}', '{{', '', JSON.stringify({ ...anOrder, order_id: 'x', id: otherId })]) {
        const unknown = await stranger.post(path, body);
        const foreign = await trespasser.post(path, body);
        const forged = await forger.post(path, body);
        assert.equal(unknown.status, 400);
        assert.deepEqual(Object.keys(unknown.json['errors'] as object), ['account', 'sign']);
        assert.deepEqual(shown(foreign), shown(unknown), `${path} ${body}`);
        assert.deepEqual(shown(forged), shown(unknown), `${path} ${body}`);
      }
    }
  });

  test('another’s payout is not found by its id, in any spelling, alone or with an own order_id', async () => {
    for (const spell of [Number, String]) {
      const foreign = await own.post('/v1/payout/status', { id: spell(otherId) });
      assert.deepEqual(Object.keys(foreign.json['errors'] as object), ['id']);
      assert.deepEqual(shown(foreign), shown(await own.post('/v1/payout/status', { id: spell(noId) })));
      const mixed = await own.post('/v1/payout/status', { id: spell(otherId), order_id: 'own' });
      assert.deepEqual(shown(mixed), shown(await own.post('/v1/payout/status', { id: spell(noId), order_id: 'own' })));
      const theirs = await own.post('/v1/payout/status', { id: spell(otherId), order_id: 'theirs' });
      assert.deepEqual(shown(theirs), shown(await own.post('/v1/payout/status', { id: spell(noId), order_id: 'no' })));
    }
    assert.equal((await own.post('/v1/payout/status', { id: ownId })).status, 200);
    assert.equal((await other.post('/v1/payout/status', { id: otherId })).status, 200);
  });

  test('another’s order_id is not found, and names nothing', async () => {
    const foreign = await own.post('/v1/payout/status', { order_id: 'theirs' });
    assert.deepEqual(Object.keys(foreign.json['errors'] as object), ['order_id']);
    assert.deepEqual(shown(foreign), shown(await own.post('/v1/payout/status', { order_id: 'no' })));
    const mixed = await own.post('/v1/payout/status', { id: ownId, order_id: 'theirs' });
    assert.deepEqual(shown(mixed), shown(await own.post('/v1/payout/status', { id: ownId, order_id: 'no' })));
  });

  test('walking through the ids shows the own payouts only', async () => {
    const found: number[] = [];
    for (let id = Math.min(ownId, otherId) - 3; id < Math.max(ownId, otherId) + 20; id += 1) {
      const { status, json } = await other.post('/v1/payout/status', { id });
      if (status === 200) found.push(Number(json['id']));
    }
    assert.deepEqual(found, [otherId]);
  });

  test('another’s order_id is free: the same one is a new order with a hold of its own', async () => {
    const untouched = await other.post('/v1/payout/status', { order_id: 'theirs' });
    const balance = await other.post('/v1/account/balance', '[]');
    const id = await pay(own, 'theirs');
    assert.notEqual(id, otherId);
    const again = await own.post('/v1/payout', { ...anOrder, order_id: 'theirs' });
    assert.deepEqual([again.json['id'], again.headers.get('idempotent-replayed')], [id, 'true']);
    const changed = await own.post('/v1/payout', { ...anOrder, amount: '1.00', order_id: 'theirs' });
    assert.deepEqual([changed.status, changed.headers.get('payout-id')], [400, String(id)]);
    assert.deepEqual(shown(await other.post('/v1/payout/status', { order_id: 'theirs' })), shown(untouched));
    assert.equal((await other.post('/v1/account/balance', '[]')).text, balance.text);
  });

  test('another’s endpoint is as unknown as one that does not exist', async () => {
    const order = { ...anOrder, order_id: 'endpoint' };
    const foreign = await own.post('/v1/payout', { ...order, notification_endpoint_id: 42 });
    assert.deepEqual(Object.keys(foreign.json['errors'] as object), ['notification_endpoint_id']);
    assert.deepEqual(
      shown(foreign),
      shown(await own.post('/v1/payout', { ...order, notification_endpoint_id: noEndpoint })),
    );
    const reverse = await other.post('/v1/payout', { ...order, notification_endpoint_id: 5 });
    assert.deepEqual(shown(reverse), shown(foreign), 'the other way round as well');
    assert.equal((await own.post('/v1/payout', { ...order, notification_endpoint_id: 5 })).status, 200);
  });

  test('what the own account shows names nobody else', async () => {
    for (const path of ['/v1/account/balance', '/v1/account/info']) {
      const { text } = await own.post(path, { account: other.account, id: otherId, order_id: 'theirs' });
      assert.equal(text, (await own.post(path, '[]')).text, 'fields of the body change nothing');
      assert.ok(!text.includes(other.account) && !text.includes(String(otherId)), path);
    }
  });
});
