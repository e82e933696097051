import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDemoGateway } from '../gateway.ts';
import { anOrder, openMerchant } from './merchant.ts';

test('more orders than may wait: the rest is refused at once and for certain, and each can be sent again', async () => {
  const gateway = await startDemoGateway({ env: { CREATES_WAITING_MAX: '5', ACCEPT_CONNECTIONS: '1' } });
  try {
    const merchant = await openMerchant(gateway);
    const posts = Array.from({ length: 400 }, (_, at) =>
      merchant.prepare('/v1/payout', { ...anOrder, amount: '1.00', order_id: `storm-${at}` }),
    );
    const answers = await Promise.all(posts.map((post) => post()));
    const refused = answers.flatMap((answer, at) => (answer.status === 200 ? [] : [{ answer, at }]));
    assert.ok(refused.length > 0, 'nothing was refused');
    assert.ok(refused.length < 400, 'everything was refused');
    for (const { answer } of refused) {
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('payout-created'), 'no');
      assert.equal(answer.headers.get('retry-after'), '1');
      assert.deepEqual(Object.keys(answer.json['errors'] ?? {}), ['request']);
    }
    const { at } = refused[0] ?? assert.fail();
    const absent = await merchant.post('/v1/payout/status', { order_id: `storm-${at}` });
    assert.equal(absent.status, 400);
    const again = await (posts[at] ?? assert.fail())();
    assert.equal(again.status, 200);
    assert.equal(again.headers.get('idempotent-replayed'), null);
  } finally {
    await gateway.close();
  }
});
