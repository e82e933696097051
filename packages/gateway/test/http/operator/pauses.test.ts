import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Gateway, openGateway, openShop, type Shop } from './harness.ts';

type Pause = { id: number; scope: string; account_id: string | null; set_by: string };

describe('pauses in the operator API', () => {
  let gateway: Gateway;
  let shop: Shop;
  let operator: string;
  let anna: string;
  let boris: string;
  before(async () => {
    gateway = await openGateway({ isOnePerson: false });
    shop = await openShop(gateway.db);
    operator = await gateway.hire('operator');
    anna = await gateway.hire('owner', 'anna');
    boris = await gateway.hire('owner', 'boris');
  });
  after(() => gateway.close());

  const put = (body: object, token = operator) => gateway.ask('/pauses', { method: 'PUT', token, body });
  const list = async () => (await gateway.ask('/pauses', { token: operator })).body.items as Pause[];

  test('an operator pauses everything, a connector or an account at once; a viewer does not', async () => {
    const merchantId = Number(shop.merchantId);
    const account = { scope: 'account', merchant_id: merchantId, account_id: shop.accountId, reason: 'odd orders' };
    for (const body of [
      { scope: 'all', reason: 'an outage' },
      { scope: 'connector', connector: 'sandbox', reason: 'x' },
      account,
    ]) {
      assert.equal((await put(body)).status, 200);
    }
    const shown = await list();
    assert.deepEqual(
      shown.map(({ scope, account_id: id, set_by: by }) => [scope, id, by]),
      [
        ['all', null, 'operator:operator'],
        ['connector', null, 'operator:operator'],
        ['account', shop.accountId, 'operator:operator'],
      ],
    );
    assert.deepEqual((await put({ scope: 'all', reason: 'again' })).body.id, shown[0]?.id);
    assert.equal((await put(account, await gateway.hire('viewer'))).status, 403);
    const rows = await gateway.db.query<{ subject: string }>(
      `select subject from audit_log where action = 'pause.set' order by row_no limit 3`,
    );
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ['everything', 'connector:sandbox', `merchant:${shop.merchantId}/account:${shop.accountId}`],
    );
  });

  test('a pause that would stop nothing, or another thing than it seems to, is refused', async () => {
    const wrong = async (body: object) => Object.keys((await put(body)).body.errors).toSorted();
    assert.deepEqual(await wrong({ scope: 'all' }), ['reason']);
    assert.deepEqual(await wrong({ scope: 'connector', reason: 'x' }), ['connector']);
    const misspelt = await put({ scope: 'connector', connector: 'sandbux', reason: 'x' });
    assert.equal(misspelt.status, 400);
    assert.match(misspelt.body.errors['connector']?.join() ?? '', /installed.*sandbox/);
    assert.deepEqual(await wrong({ scope: 'all', connector: 'sandbox', reason: 'x' }), ['connector']);
    assert.deepEqual(await wrong({ scope: 'account', reason: 'x' }), ['account_id', 'merchant_id']);
    const foreign = {
      scope: 'account',
      merchant_id: Number(shop.merchantId) + 1,
      account_id: shop.accountId,
      reason: 'x',
    };
    assert.deepEqual(await wrong(foreign), ['account_id']);
    assert.deepEqual(await wrong({ scope: 'merchant', reason: 'x' }), ['scope']);
  });

  test('lifting takes an owner and a second person', async () => {
    const [pause] = await list();
    const path = `/pauses/${pause?.id}`;
    const lift = (token: string) => gateway.ask(path, { method: 'DELETE', token, body: {} });
    assert.equal((await lift(operator)).status, 403);
    const asked = await lift(anna);
    assert.equal(asked.status, 202);
    assert.equal((await list()).length, 3, 'it holds until somebody else agrees');
    const { id } = asked.body.approval as { id: number };
    assert.equal((await gateway.ask(`/approvals/${id}/approve`, { token: boris, body: {} })).status, 200);
    assert.deepEqual(
      (await list()).map(({ scope }) => scope),
      ['connector', 'account'],
    );
    const rows = await gateway.db.query<{ actor: string; subject: string }>(
      `select actor, subject from audit_log where action = 'pause.lift'`,
    );
    assert.deepEqual(rows, [{ actor: 'operator:anna', subject: 'everything' }]);
  });
});
