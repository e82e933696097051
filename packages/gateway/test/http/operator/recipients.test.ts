import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { vault } from '../../merchants/harness.ts';
import { acceptPayouts, type Gateway, openGateway, openShop, type Shop } from './harness.ts';

const card = '4276110012343337';

describe('recipients in the operator API', () => {
  let gateway: Gateway;
  let shop: Shop;
  let token: string;
  let ids: bigint[];
  before(async () => {
    gateway = await openGateway();
    shop = await openShop(gateway.db);
    token = await gateway.hire('approver');
    ids = await acceptPayouts(gateway.db, shop, [{ orderId: 'a' }, { orderId: 'b' }, { orderId: 'c' }]);
    await gateway.db.query('update payout set recipient_hash = $1 where payout_id = any($2)', [
      vault.searchHash(card),
      ids.slice(0, 2),
    ]);
  });
  after(() => gateway.close());

  const search = async (body: object) => {
    const reply = await gateway.ask('/payouts/search', { token, body });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return {
      cursor: reply.body['next_cursor'],
      ids: (reply.body.items as { id: number }[]).map(({ id }) => BigInt(id)),
    };
  };

  test('a whole number finds its payouts, however it is written, page by page', async () => {
    const [first = 0n, second = 0n] = ids;
    assert.deepEqual((await search({ recipient: card })).ids, [second, first]);
    assert.deepEqual((await search({ recipient: ' 4276 1100-1234 3337 ' })).ids, [second, first]);
    assert.deepEqual((await search({ recipient: '4276110012343338' })).ids, []);
    assert.deepEqual((await search({ recipient: card, merchant_id: Number(shop.merchantId) + 1 })).ids, []);
    const page = await search({ recipient: card, limit: 1 });
    assert.deepEqual(page.ids, [second]);
    assert.deepEqual((await search({ recipient: card, limit: 1, cursor: page.cursor })).ids, [first]);
  });

  test('who looked for which mask is written down, and the number nowhere', async () => {
    await search({ recipient: card });
    const rows = await gateway.db.query<{ text: string }>(
      `select detail::text as text from audit_log where action = 'payout.search' order by row_no desc limit 1`,
    );
    assert.equal(rows[0]?.text, '{"recipient": "************3337"}');
    assert.ok(!JSON.stringify(gateway.logged).includes(card));
    const lost = await gateway.ask(`/payouts/search?recipient=${card}`, { token, body: {} });
    assert.deepEqual([lost.status, Object.keys(lost.body.errors)], [400, ['recipient']]);
    assert.ok(!JSON.stringify(lost.body).includes(card));
  });

  test('a legal hold is set, shown and lifted', async () => {
    const path = `/merchants/${shop.merchantId}/recipient-hold`;
    const none = { is_held: false, reason: null, set_by: null, set_at: null };
    assert.deepEqual((await gateway.ask(path, { token })).body, none);
    const set = await gateway.ask(path, { token, method: 'PUT', body: { reason: 'Court order 17' } });
    assert.deepEqual([set.status, set.body.reason, set.body.set_by], [200, 'Court order 17', 'operator:approver']);
    assert.deepEqual((await gateway.ask(path, { token })).body, set.body);
    assert.deepEqual((await gateway.ask(path, { token, method: 'DELETE' })).body, none);
    assert.equal((await gateway.ask(path, { token, method: 'DELETE' })).status, 404);
    assert.equal((await gateway.ask('/merchants/999/recipient-hold', { token })).status, 404);
  });
});
