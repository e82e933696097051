import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, describe, it } from 'node:test';
import { verifyNotification } from '@vyplata/sdk/notification';
import { Webhook } from 'standardwebhooks';
import { delayWithJitter, notificationDelaysMs } from '../../src/core/retry.ts';
import type { Sql } from '../../src/db/pool.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createWorker } from '../../src/jobs/worker.ts';
import { rotateNotificationKey } from '../../src/merchants/notification-keys.ts';
import { decideNext, deliveryLeaseMs } from '../../src/notifications/deliver.ts';
import { deliveryDeadlineMs } from '../../src/notifications/send.ts';
import { placeOf } from '../../src/traces/trail.ts';
import { vault } from '../merchants/harness.ts';
import { type NotificationGround, openNotificationGround } from './ground.ts';
import { accept, openReceiver, type Received, type Receiver, withStatus } from './receiver.ts';

const webhookHeaders = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(headers[name])]),
  );

describe('delivering notifications', () => {
  let ground: NotificationGround;
  let receiver: Receiver;
  before(async () => {
    ground = await openNotificationGround();
    receiver = await openReceiver();
  });
  beforeEach(async () => {
    await ground.db.query('delete from job');
    receiver.answer = accept;
    receiver.received.length = 0;
  });
  after(async () => {
    await ground.close();
    await receiver.close();
  });

  /** What the receiver got last, whatever it answered. */
  function lastReceived(): Received {
    const received = receiver.received.at(-1);
    assert.ok(received !== undefined, 'the receiver got something');
    return received;
  }

  it('posts what the SDK and the Standard Webhooks verify, records it, and has no more to do', async () => {
    const { endpointId, secret } = await ground.addEndpoint(receiver.url);
    const notificationId = await ground.announce({ url: receiver.url, endpoint_id: endpointId });
    await ground.makeDeliverer().handle(await ground.claimOne());
    const received = lastReceived();
    const verified = verifyNotification({ publicKey: ground.publicKey, method: 'POST', body: received.body });
    assert.equal(verified.valid && verified.notification.orderId, 'A/1 я');
    assert.equal(verified.valid && verified.notification.isPartialPayment, true);
    assert.equal(received.headers['webhook-id'], `ntf_${notificationId}`);
    assert.ok(new Webhook(secret).verify(received.body, webhookHeaders(received)));
    const row = await ground.read(notificationId);
    assert.equal(row.state, 'delivered');
    assert.ok(row.ended_at !== null);
    assert.equal(JSON.parse(received.body).sign, row.sign);
    const deliveries = await ground.deliveries(notificationId);
    assert.deepEqual(deliveries, [{ try_no: 1, status_code: 200, error: null, answer: 'OK' }]);
    assert.deepEqual(await ground.db.query('select 1 from job'), []);
  });

  it('gets with the values in the query, signed by the secret of the merchant for the URL of an order', async () => {
    const notificationId = await ground.announce({ url: `${receiver.url}?shop=1`, method: 'GET' });
    await ground.makeDeliverer().handle(await ground.claimOne());
    const received = lastReceived();
    const verified = verifyNotification({ publicKey: ground.publicKey, method: 'GET', url: received.url });
    assert.equal(verified.valid && verified.notification.isPartialPayment, true);
    assert.match(received.url, /^\/notify\?shop=1&type=payout&.*&is_partial_payment=1&/);
    new Webhook(ground.webhookSecret).verify('', webhookHeaders(received));
    assert.equal((await ground.read(notificationId)).state, 'delivered');
  });

  it('tries again with the same id, body and sign, until the last try makes a dead letter', async () => {
    const given: object[] = [];
    const log = { warn: (facts: object) => given.push(facts) };
    const deliverer = ground.makeDeliverer({ delaysMs: [0, 0, 0], random01: () => 0.5, log });
    receiver.answer = (response) => response.writeHead(400).end('status is not paid\n');
    const notificationId = await ground.announce({ url: receiver.url });
    for (const state of ['pending', 'pending', 'pending', 'dead']) {
      await deliverer.handle(await ground.claimOne());
      assert.equal((await ground.read(notificationId)).state, state);
      // Between the tries the merchant's key changes: what was signed once stays as it is.
      await ground.db.tx((tx) => rotateNotificationKey({ tx, vault }, ground.merchantId));
      await ground.directory.refresh();
    }
    assert.deepEqual(await ground.claim(), []);
    assert.equal(new Set(receiver.received.map((one) => `${String(one.headers['webhook-id'])} ${one.body}`)).size, 1);
    const { endpoints: _, notificationKey } = await ground.directory.findMerchant(ground.merchantId);
    const { body } = lastReceived();
    assert.equal(verifyNotification({ publicKey: notificationKey.publicPem, method: 'POST', body }).valid, false);
    const deliveries = await ground.deliveries(notificationId);
    assert.deepEqual(
      deliveries.map((one) => one.try_no),
      [1, 2, 3, 4],
    );
    assert.deepEqual(deliveries[3], { try_no: 4, status_code: 400, error: null, answer: 'status is not paid\\u{a}' });
    assert.equal((await ground.read(notificationId)).tries, 4);
    const payout = { merchantId: ground.merchantId, payoutId: BigInt((JSON.parse(body) as { id: number }).id) };
    const facts = { notificationId: String(notificationId), tries: 4 };
    assert.deepEqual(given, [{ ...placeOf(vault.digest, payout), ...facts }]);
  });

  it('waits as long as the schedule says, with its jitter', async () => {
    receiver.answer = withStatus(500);
    await ground.announce({ url: receiver.url });
    await ground.makeDeliverer({ random01: () => 1 }).handle(await ground.claimOne());
    const [row] = await ground.db.query<{ ms: number }>(
      'select (extract(epoch from run_at - clock_timestamp()) * 1000)::float8 as ms from job',
    );
    const expectedMs = delayWithJitter(notificationDelaysMs[0] ?? 0, 1);
    assert.equal(expectedMs, 5_500);
    assert.ok(row !== undefined && row.ms > expectedMs - 500 && row.ms <= expectedMs, String(row?.ms));
  });

  it('records why there was no answer, and says nothing about a try that was overtaken', async () => {
    const deliverer = ground.makeDeliverer({ deadlineMs: 60, delaysMs: [0, 0] });
    receiver.answer = () => undefined;
    const notificationId = await ground.announce({ url: receiver.url });
    const slow = await ground.claimOne(0);
    const quick = await ground.claimOne();
    assert.ok(quick.fence > slow.fence);
    await deliverer.handle(slow);
    assert.deepEqual(await ground.deliveries(notificationId), [], 'the lease had ended: another worker owns the job');
    assert.equal((await ground.read(notificationId)).tries, 0);
    await deliverer.handle(quick);
    const [first] = await ground.deliveries(notificationId);
    assert.deepEqual(first, { try_no: 1, status_code: null, error: 'No answer within 0.06 s.', answer: null });
  });

  it('sends the same bytes again after a crash between the answer and its record', async () => {
    const lost: Sql = {
      query: (text, values) => ground.db.query(text, values),
      run: (statement, values) =>
        statement.name === 'record_deliveries' ? Promise.reject(new Error('gone')) : ground.db.run(statement, values),
    };
    const notificationId = await ground.announce({ url: receiver.url });
    await assert.rejects(ground.makeDeliverer({ db: lost }).handle(await ground.claimOne(0)), /gone/);
    assert.equal((await ground.read(notificationId)).state, 'pending');
    await ground.makeDeliverer().handle(await ground.claimOne());
    const [one, two, ...others] = receiver.received;
    assert.equal(others.length, 0);
    assert.equal(one?.body, two?.body);
    assert.equal(one?.headers['webhook-id'], two?.headers['webhook-id']);
    assert.equal((await ground.read(notificationId)).state, 'delivered');
  });

  it('sends nothing to a private address, nor to an endpoint that has none', async () => {
    const deliverer = ground.makeDeliverer({ allowLoopback: false, delaysMs: [] });
    const inside = await ground.announce({ url: receiver.url });
    await deliverer.handle(await ground.claimOne());
    assert.equal(receiver.received.length, 0);
    assert.equal((await ground.read(inside)).state, 'dead');
    assert.match((await ground.deliveries(inside))[0]?.error ?? '', /not public/);
    const nowhere = await ground.announce({ url: '' });
    await deliverer.handle(await ground.claimOne());
    assert.equal((await ground.read(nowhere)).state, 'dead');
    assert.match((await ground.deliveries(nowhere))[0]?.error ?? '', /no address/);
  });

  it('gives up at once when the endpoint is switched off', async () => {
    const { endpointId } = await ground.addEndpoint(receiver.url);
    const notificationId = await ground.announce({ url: receiver.url, endpoint_id: endpointId });
    await ground.changeEndpoint({ endpointId, state: 'disabled' });
    await ground.makeDeliverer().handle(await ground.claimOne());
    assert.equal(receiver.received.length, 0);
    assert.equal((await ground.read(notificationId)).state, 'dead');
    assert.match((await ground.deliveries(notificationId))[0]?.error ?? '', /switched off/);
    assert.deepEqual(await ground.db.query('select 1 from job'), []);
  });

  it('keeps a text with quotes, Cyrillic, NUL and a card number of an answer apart from trouble', async () => {
    receiver.answer = (response) => response.end('{"ошибка":"\\u0000\u0000 4276 1111 1111 3333"}\ud800');
    const notificationId = await ground.announce({ url: receiver.url });
    await ground.makeDeliverer().handle(await ground.claimOne());
    const [row] = await ground.deliveries(notificationId);
    assert.equal(row?.answer, '{"ошибка":"\\u0000\\u{0} **** **** **** ****"}\ufffd');
  });

  it('throws when the job names no notification', async () => {
    await ground.announce({ url: receiver.url });
    const job = await ground.claimOne();
    await assert.rejects(ground.makeDeliverer().handle({ ...job, subjectId: 1n << 40n }), /is not there/);
  });

  it('delivers many through a worker while a dead receiver holds its own lane only', async () => {
    const dead = await openReceiver();
    dead.answer = () => undefined;
    const count = 40;
    for (let n = 0; n < count; n += 1) await ground.announce({ url: dead.url });
    for (let n = 0; n < count; n += 1) await ground.announce({ url: receiver.url, lane: `shop ${n % 20}` });
    const deliverer = ground.makeDeliverer({ deadlineMs: 1_000 });
    const errors: unknown[] = [];
    const worker = createWorker({
      queue: createQueue({ db: ground.db }),
      kind: 'notification',
      leaseMs: deliveryLeaseMs,
      pollMs: 20,
      jobsMax: 32,
      claimMax: 16,
      laneJobsMax: 4,
      handle: (job) => deliverer.handle(job),
      onError: (error) => errors.push(error),
    });
    const startedAt = performance.now();
    worker.start();
    while (receiver.received.length < count && performance.now() - startedAt < 5_000) await sleep(10);
    const elapsedMs = performance.now() - startedAt;
    await worker.stop();
    await dead.close();
    assert.deepEqual(errors, []);
    assert.equal(receiver.received.length, count);
    assert.ok(elapsedMs < 1_000, `the others took ${elapsedMs} ms`);
  });
});

describe('the end of a try', () => {
  const delaysMs = [10, 20];
  const decide = (state: 'pending' | 'delivered', tries: number, triesBefore: number, isAcknowledged = false) =>
    decideNext({ notification: { state, tries, triesBefore }, made: { isAcknowledged }, delaysMs });

  it('follows the schedule, counted from the last time somebody asked', () => {
    assert.deepEqual(decide('pending', 0, 0), { state: 'pending', delayMs: 10 });
    assert.deepEqual(decide('pending', 1, 0), { state: 'pending', delayMs: 20 });
    assert.deepEqual(decide('pending', 2, 0), { state: 'dead', delayMs: undefined });
    assert.deepEqual(decide('pending', 3, 3), { state: 'pending', delayMs: 10 });
    assert.deepEqual(decide('pending', 2, 0, true), { state: 'delivered', delayMs: undefined });
  });

  it('leaves a delivered one delivered', () => {
    assert.deepEqual(decide('delivered', 1, 1), { state: 'delivered', delayMs: 10 });
    assert.deepEqual(decide('delivered', 3, 1), { state: 'delivered', delayMs: undefined });
  });

  it('is owned for longer than the try may take', () => {
    assert.equal(deliveryDeadlineMs, 15_000);
    assert.ok(deliveryLeaseMs >= deliveryDeadlineMs + 10_000);
  });
});
