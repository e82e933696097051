import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnnouncedEndpoint, announcePayout, type FinalPayout, laneOf } from '../../src/notifications/announce.ts';

const accountId = '11111111-2222-4333-8444-555555555555';
const url = 'https://shop.example/notify';

function endpoint(endpointId: number, rest: Partial<AnnouncedEndpoint> = {}): AnnouncedEndpoint {
  return {
    endpointId,
    url: `https://shop.example/${endpointId}`,
    method: 'POST',
    state: 'active',
    subscribed: false,
    ...rest,
  };
}

type Differences = Partial<Omit<FinalPayout, 'payout' | 'endpoints'>> & {
  readonly payout?: Partial<FinalPayout['payout']>;
  readonly endpoints?: readonly AnnouncedEndpoint[];
};

function announce({ payout, endpoints = [], ...rest }: Differences) {
  return announcePayout({
    payout: {
      merchantId: 7n,
      payoutId: 100_000_536n,
      orderId: 'A/1 я',
      accountId,
      serviceCode: 'payment_card_rub',
      digits: 2,
      amountMinor: 30_000n,
      endpointId: undefined,
      endpointUrl: undefined,
      ...payout,
    },
    state: 'paid',
    paidMinor: 30_000n,
    commissionMinor: 1_000n,
    dueMinor: 30_000n,
    endpoints: new Map(endpoints.map((one) => [one.endpointId, one])),
    defaultMethod: 'POST',
    ...rest,
  });
}

const targets = (differences: Differences) =>
  announce(differences).map(({ endpoint_id, method, url: to, dead }) => [endpoint_id, method, to, dead]);

const fieldsOf = (differences: Differences): Record<string, unknown> =>
  JSON.parse(announce({ ...differences, payout: { endpointUrl: url, ...differences.payout } })[0]?.signed_text ?? '');

describe('whom a final payout is told to', () => {
  it('nobody when nobody is named or subscribed', () => {
    assert.deepEqual(announce({ endpoints: [endpoint(1)] }), []);
  });

  it('the endpoint of the order, its URL, and every subscribed endpoint', () => {
    const endpoints = [endpoint(1), endpoint(2, { subscribed: true, method: 'GET' }), endpoint(3)];
    assert.deepEqual(targets({ payout: { endpointId: 3, endpointUrl: url }, endpoints, defaultMethod: 'GET' }), [
      [3, 'POST', 'https://shop.example/3', false],
      [2, 'GET', 'https://shop.example/2', false],
      [null, 'GET', url, false],
    ]);
  });

  it('identical targets once, with the secret of the endpoint; another method is another target', () => {
    const same = [endpoint(1, { url, subscribed: true }), endpoint(2, { url, subscribed: true })];
    assert.deepEqual(targets({ payout: { endpointId: 2, endpointUrl: url }, endpoints: same }), [
      [2, 'POST', url, false],
    ]);
    const other = [endpoint(1, { url, subscribed: true, method: 'GET' })];
    assert.equal(targets({ payout: { endpointUrl: 'https://SHOP.example:443/notify' }, endpoints: other }).length, 2);
    const spelled = { payout: { endpointUrl: 'https://SHOP.example:443/notify' }, defaultMethod: 'GET' as const };
    assert.equal(targets({ ...spelled, endpoints: other }).length, 1);
  });

  it('a dead letter when the named endpoint is switched off or missing', () => {
    const off = endpoint(4, { state: 'disabled', subscribed: true });
    assert.deepEqual(targets({ payout: { endpointId: 4 }, endpoints: [off] }), [[4, 'POST', off.url, true]]);
    assert.deepEqual(targets({ payout: { endpointId: 9 } }), [[9, 'POST', '', true]]);
    assert.deepEqual(targets({ endpoints: [off] }), [], 'a subscription that is switched off is none');
    const told = { payout: { endpointId: 4, endpointUrl: off.url }, endpoints: [off] };
    assert.deepEqual(targets(told), [[null, 'POST', off.url, false]]);
  });

  it('lanes keep merchants and servers apart', () => {
    assert.equal(laneOf(7n, 'https://shop.example/a'), laneOf(7n, 'https://shop.example:443/b?c'));
    assert.notEqual(laneOf(7n, url), laneOf(8n, url));
    assert.notEqual(laneOf(7n, url), laneOf(7n, 'http://shop.example/notify'));
    assert.equal(announce({ payout: { endpointUrl: url } })[0]?.lane, laneOf(7n, url));
  });
});

describe('what a final payout is told as', () => {
  it('the eleven fields in the order of the contract, as PHP encodes them', () => {
    const [post] = announce({ payout: { endpointUrl: url } });
    assert.equal(
      post?.signed_text,
      '{"type":"payout","id":100000536,"order_id":"A\\/1 \\u044f","payment_status":"paid","amount":"300.00",' +
        '"payment_amount":"300.00","commission_amount":"10.00","is_partial_payment":false,' +
        `"account":"${accountId}","service":"payment_card_rub","desc":"payout paid"}`,
    );
    const [get] = announce({ payout: { endpointUrl: url }, defaultMethod: 'GET' });
    assert.equal(get?.signed_text, post?.signed_text.replace('"is_partial_payment":false', '"is_partial_payment":"0"'));
  });

  it('partial only when it was paid and less than due', () => {
    assert.equal(fieldsOf({ paidMinor: 29_999n }).is_partial_payment, true);
    assert.equal(fieldsOf({ dueMinor: 29_000n, paidMinor: 29_000n }).is_partial_payment, false);
    assert.equal(fieldsOf({ state: 'fail', paidMinor: 0n }).is_partial_payment, false);
  });

  it('zero amounts on fail and cancel, and a text that is never empty', () => {
    for (const state of ['fail', 'cancel'] as const) {
      const fields = fieldsOf({ state, paidMinor: 30_000n });
      assert.equal(fields.payment_amount, '0.00');
      assert.equal(fields.commission_amount, '0.00');
      assert.match(String(fields.desc), /^[ -~]+$/);
    }
  });

  it('amounts with the digits of the currency', () => {
    assert.equal(fieldsOf({ payout: { digits: 0 } }).amount, '30000');
    assert.equal(fieldsOf({ payout: { digits: 3 } }).amount, '30.000');
  });

  it('no id that JSON numbers cannot carry', () => {
    assert.throws(() => announce({ payout: { endpointUrl: url, payoutId: 2n ** 53n } }), RangeError);
  });
});
