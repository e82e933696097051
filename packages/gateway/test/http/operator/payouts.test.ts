import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { acceptPayouts, type Gateway, openGateway, openShop, putIntoReview, type Shop } from './harness.ts';

type Item = Record<string, unknown> & { readonly id: number };
type History = Record<
  'transitions' | 'attempts' | 'postings' | 'notifications' | 'deliveries' | 'incidents',
  Item[]
> & {
  readonly payout: Item;
};
const itemsOf = (body: Record<string, unknown>) => body.items as Item[];

describe('payouts in the operator API', () => {
  let gateway: Gateway;
  let token: string;
  let shop: Shop;
  let other: Shop;
  let ids: bigint[];
  before(async () => {
    gateway = await openGateway();
    token = await gateway.hire('approver', 'anna');
    shop = await openShop(gateway.db);
    other = await openShop(gateway.db, { currency: 'KWD', amountMinor: 10_000_000n });
    ids = await acceptPayouts(gateway.db, shop, [
      { orderId: 'a-1' },
      { orderId: 'a-2', amountMinor: 20_050n, mask: '*******3344' },
      { orderId: '=cmd()', mask: '220220******3_%4' },
      { orderId: 'a-4', service: 'qiwi_rub' },
    ]);
    // 100.000 in a currency of three digits is the same amount as 100.00 in one of two.
    ids.push(...(await acceptPayouts(gateway.db, other, [{ orderId: 'a-1', amountMinor: 100_000n, currency: 'KWD' }])));
  });
  after(() => gateway.close());

  const get = (path: string) => gateway.ask(path, { token });
  const post = (path: string, body: object = {}) => gateway.ask(path, { token, body });
  const idAt = (index: number) => Number(ids[index]);

  async function found(query: string): Promise<number[]> {
    const reply = await get(`/payouts?${query}`);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return itemsOf(reply.body).map(({ id }) => ids.indexOf(BigInt(id)));
  }

  test('the list is newest first and goes on by its cursor', async () => {
    assert.deepEqual(await found(''), [4, 3, 2, 1, 0]);
    const first = await get('/payouts?limit=2');
    assert.equal(first.body.next_cursor, String(idAt(3)));
    assert.deepEqual(await found(`limit=2&cursor=${idAt(3)}`), [2, 1]);
    const last = await get('/payouts?limit=5');
    assert.equal(last.body.next_cursor, null);
    const [line] = itemsOf(last.body);
    assert.deepEqual(
      [line?.amount, line?.debit, line?.commission, line?.payment_status, line?.state, line?.paid],
      ['100.000', '100.100', '0.100', 'wait', 'queued', null],
    );
  });

  test('each filter finds what it names, and all of them must fit', async () => {
    assert.deepEqual(await found(`merchant_id=${shop.merchantId}`), [3, 2, 1, 0]);
    assert.deepEqual(await found(`account_id=${other.accountId}`), [4]);
    assert.deepEqual(await found('order_id=a-1'), [4, 0]);
    assert.deepEqual(await found(`order_id=a-1&merchant_id=${shop.merchantId}`), [0]);
    assert.deepEqual(await found(`order_id=${encodeURIComponent('=cmd()')}`), [2]);
    assert.deepEqual(await found(`id=${idAt(1)}`), [1]);
    assert.deepEqual(await found('service_code=qiwi_rub'), [3]);
    assert.deepEqual(await found('recipient_end=3344'), [1]);
    assert.deepEqual(await found('recipient_end=3333'), [4, 3, 0]);
    assert.deepEqual(await found(`recipient_end=${encodeURIComponent('_%4')}`), [2], 'wildcards are plain characters');
    assert.deepEqual(await found(`recipient_end=${encodeURIComponent('%')}`), []);
    assert.deepEqual(await found('amount=100'), [4, 3, 2, 0]);
    assert.deepEqual(await found('amount=100.00&currency=RUB'), [3, 2, 0]);
    assert.deepEqual(await found('amount=100.000'), [4]);
    assert.deepEqual(await found('amount_from=100.01'), [1]);
    assert.deepEqual(await found('amount_to=200.49'), [4, 3, 2, 0]);
    assert.deepEqual(await found('amount=abc'), []);
    assert.deepEqual(await found('payment_status=wait&state=queued'), [4, 3, 2, 1, 0]);
    assert.deepEqual(await found('payment_status=paid&state=queued'), []);
    assert.deepEqual(await found('created_from=2020-01-01&created_to=2020-01-02T00:00:00Z'), []);
    assert.deepEqual(await found('created_from=2020-01-01T00:00:00%2B03:00'), [4, 3, 2, 1, 0]);
  });

  test('what is no filter is refused', async () => {
    const reply = await get('/payouts?state=lost&created_from=yesterday&id=x&account_id=1&recipient_end=12345&limit=0');
    const fields = ['account_id', 'created_from', 'id', 'limit', 'recipient_end', 'state'];
    assert.deepEqual(Object.keys(reply.body.errors).sort(), fields);
  });

  test('a payout that was not sent is cancelled with its hold returned, once', async () => {
    const path = `/payouts/${idAt(0)}`;
    const done = await post(`${path}/cancel`, { reason: 'the merchant asked' });
    const history = done.body as unknown as History;
    assert.equal(done.status, 200);
    assert.deepEqual(
      [history.payout.payment_status, history.payout.fail_reason, history.payout.paid],
      ['cancel', 'cancelled_by_operator', '0.00'],
    );
    assert.deepEqual(
      history.postings.map(({ kind }) => kind),
      ['hold', 'release'],
    );
    assert.deepEqual(
      history.transitions.map(({ from, to, actor, evidence }) => [from, to, actor, evidence]),
      [['queued', 'cancel', 'operator:anna', { reason: 'the merchant asked' }]],
    );
    assert.deepEqual(
      history.notifications.map(({ url, state }) => [url, state]),
      [['https://shop.example/notify', 'pending']],
    );
    const again = await post(`${path}/cancel`, { reason: 'again' });
    assert.deepEqual([again.status, Object.keys(again.body.errors)], [409, ['id']]);
    const rows = itemsOf((await get('/audit-log?limit=3')).body).map(({ action, subject }) => [action, subject]);
    const subject = `merchant:${shop.merchantId}/payout:${idAt(0)}`;
    assert.deepEqual(rows, [
      ['payout.cancel.refused', subject],
      ['payout.cancel', subject],
      ['payout.cancel', subject],
    ]);
    assert.equal((await post('/payouts/42/cancel', { reason: 'x' })).status, 404);
    assert.deepEqual(Object.keys((await post(`${path}/cancel`)).body.errors), ['reason']);
  });

  test('a payout in review ends by a person’s verdict with evidence', async () => {
    const path = `/payouts/${idAt(1)}`;
    const early = await post(`${path}/review`, { verdict: 'paid', evidence: 'x' });
    assert.deepEqual([early.status, Object.keys(early.body.errors)], [409, ['id']]);
    await putIntoReview(gateway.db, shop, ids[1] ?? 0n);
    assert.deepEqual(await found('state=review'), [1]);
    const open = await get('/incidents?open=true');
    const [incident] = itemsOf(open.body);
    assert.deepEqual(
      [incident?.payout_id, incident?.kind, incident?.detail],
      [idAt(1), 'test_incident', { note: 'look' }],
    );
    const missing = await post(`${path}/review`, { verdict: 'maybe' });
    assert.deepEqual(Object.keys(missing.body.errors).sort(), ['evidence', 'verdict']);
    const tooMuch = await post(`${path}/review`, { verdict: 'paid', paid_amount: '200.51', evidence: 'x' });
    assert.deepEqual([tooMuch.status, Object.keys(tooMuch.body.errors)], [400, ['paid_amount']]);
    const evidence = 'bank statement of 24 November\nline 7';
    const done = await post(`${path}/review`, { verdict: 'paid', paid_amount: '100.25', evidence });
    const history = done.body as unknown as History;
    assert.equal(done.status, 200, JSON.stringify(done.body));
    assert.deepEqual(
      [history.payout.payment_status, history.payout.paid, history.payout.final_commission],
      ['paid', '100.25', '0.50'],
    );
    assert.deepEqual(history.transitions.at(-1)?.evidence, { text: evidence });
    assert.deepEqual(
      history.attempts.map(({ state }) => state),
      ['succeeded'],
    );
    assert.deepEqual(
      history.postings.map(({ kind }) => kind),
      ['hold', 'send', 'capture'],
    );
    assert.equal(history.incidents.length, 1);
    const closed = await post(`/incidents/${String(incident?.id)}/close`, { reason: 'checked' });
    assert.equal(closed.body.closed_by, 'operator:anna');
    assert.deepEqual(itemsOf((await get('/incidents?open=true')).body), []);
    assert.equal(itemsOf((await get('/incidents?open=false')).body).length, 1);
  });

  test('a dead letter is listed with its tries and sent again', async () => {
    const { db } = gateway;
    await db.query(`update notification set state = 'dead', ended_at = now(), tries = 1 where payout_id = $1`, [
      ids[0],
    ]);
    await db.query(
      `insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
       select merchant_id, notification_id, 1, now(), 12, 500, '<script>' from notification where payout_id = $1`,
      [ids[0]],
    );
    const dead = itemsOf((await get('/notifications/dead')).body);
    assert.deepEqual(
      dead.map((line) => [line.payout_id, line.state, line.tries]),
      [[idAt(0), 'dead', 1]],
    );
    const history = (await get(`/payouts/${idAt(0)}`)).body as unknown as History;
    assert.deepEqual(
      history.deliveries.map((line) => [line.notification_id, line.status_code, line.answer]),
      [[dead[0]?.id, 500, '<script>']],
    );
    const path = `/notifications/${String(dead[0]?.id)}/resend`;
    const sent = await post(path, { merchant_id: Number(shop.merchantId) });
    assert.equal(sent.status, 200);
    const notificationId = BigInt(dead[0]?.id ?? 0);
    assert.deepEqual(gateway.resent, [{ merchantId: shop.merchantId, notificationId, actor: 'operator:anna' }]);
    assert.equal((await post(path, { merchant_id: Number(other.merchantId) })).status, 404);
    assert.equal(gateway.resent.length, 1);
    assert.deepEqual(itemsOf((await get(`/notifications/dead?merchant_id=${other.merchantId}`)).body), []);
  });
});
