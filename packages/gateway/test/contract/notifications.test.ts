import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Received } from '../../src/demo/receiver.ts';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, openMerchant, type TestMerchant } from './merchant.ts';
import { openOperator, type TestOperator } from './operator.ts';

const hasPhp = (() => {
  try {
    execFileSync('php', ['-r', 'exit(function_exists("openssl_verify") ? 0 : 1);']);
    return true;
  } catch {
    return false;
  }
})();

describe('notifications as merchants receive them', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  let operator: TestOperator;
  before(async () => {
    gateway = await startDemoGateway();
    merchant = await openMerchant(gateway);
    operator = await openOperator(gateway);
  });
  after(() => gateway.close());

  /** What the demo's receiver kept for an order, once there are so many of them. */
  async function received(orderId: string, count: number): Promise<Received[]> {
    const givenUpAt = performance.now() + 30_000;
    while (performance.now() < givenUpAt) {
      const text = await readFile(join(gateway.dataDir, 'demo', 'notifications.ndjson'), 'utf8');
      const lines = text.split('\n').filter((line) => line !== '');
      const own = lines.map((line) => JSON.parse(line) as Received).filter((one) => one.orderId === orderId);
      if (own.length >= count) return own;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail(`no ${count} notifications of ${orderId}`);
  }

  test("PHP's json_encode of what was received verifies, by POST and by GET", {
    skip: !hasPhp && 'no php',
  }, async () => {
    const endpoints = await operator.call('GET', `${operator.merchantPath}/endpoints`);
    const [demo] = endpoints.json['items'] as { url: string }[];
    const url = `${demo?.url}/get`;
    const made = await operator.call('POST', `${operator.merchantPath}/endpoints`, { url, method: 'GET' });
    assert.equal(made.status, 201, made.text);
    const orders = ['plain', 'заказ/7 "ё" 😀'];
    for (const orderId of orders) {
      const order = { ...anOrder, order_id: orderId, notification_endpoint_id: 5 };
      await merchant.post('/v1/payout', order);
      await merchant.post('/v1/payout', {
        ...anOrder,
        order_id: `${orderId} get`,
        notification_endpoint_id: (made.json['endpoint'] as { id: number }).id,
      });
    }
    const partial = { ...anOrder, order_id: 'partial', number: '79990000005', notification_endpoint_id: 5 };
    await merchant.post('/v1/payout', partial);
    const kept = await Promise.all(
      [...orders, ...orders.map((id) => `${id} get`), 'partial'].map((id) => received(id, 1)),
    );
    const lines = kept.flat().map(({ method, body }) => JSON.stringify({ method, body }));
    assert.deepEqual([...new Set(kept.flat().map(({ method }) => method))].toSorted(), ['GET', 'POST']);
    const pem = join(gateway.dataDir, 'notification-public.pem');
    await writeFile(pem, gateway.demo.notificationPublicKey);
    const script = join(import.meta.dirname, 'verify-notification.php');
    const printed = execFileSync('php', [script, pem], { input: lines.join('\n') }).toString();
    assert.equal(printed, '1\n'.repeat(lines.length));
  });

  test('the endpoint id and the URL of one order are both told, identical targets once', async () => {
    const endpoints = await operator.call('GET', `${operator.merchantPath}/endpoints`);
    const [demo] = endpoints.json['items'] as { url: string }[];
    const order = { ...anOrder, notification_endpoint_id: 5 };
    await merchant.post('/v1/payout', { ...order, order_id: 'same url', notification_endpoint_url: demo?.url });
    await merchant.post('/v1/payout', { ...order, order_id: 'two', notification_endpoint_url: `${demo?.url}/other` });
    assert.equal((await received('two', 2)).length, 2);
    assert.equal((await received('same url', 1)).length, 1);
  });

  test('fail and cancel are told with nothing paid and no commission', async () => {
    await merchant.post('/v1/payout', {
      ...anOrder,
      order_id: 'failing',
      number: '79990000021',
      notification_endpoint_id: 5,
    });
    const [failing] = await received('failing', 1);
    const body = JSON.parse(failing?.body ?? '{}') as Record<string, unknown>;
    assert.deepEqual(Object.keys(body), [
      'type',
      'id',
      'order_id',
      'payment_status',
      'amount',
      'payment_amount',
      'commission_amount',
      'is_partial_payment',
      'account',
      'service',
      'desc',
      'sign',
    ]);
    assert.deepEqual(
      [body['payment_status'], body['payment_amount'], body['commission_amount']],
      ['fail', '0.00', '0.00'],
    );
    const status = await merchant.post('/v1/payout/status', { order_id: 'failing' });
    assert.equal(status.json['fail_reason'], 'recipient_not_found');
  });
});
