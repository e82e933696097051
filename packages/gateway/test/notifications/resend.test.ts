import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { verifyNotification } from '@vyplata/sdk/notification';
import { Webhook } from 'standardwebhooks';
import { resendNotification, testEndpoint } from '../../src/notifications/resend.ts';
import { vault } from '../merchants/harness.ts';
import { type NotificationGround, openNotificationGround } from './ground.ts';
import { accept, openReceiver, type Receiver, withStatus } from './receiver.ts';

describe('notifications again, and samples', () => {
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

  describe('sending a notification again', () => {
    async function resend(notificationId: bigint, merchantId = ground.merchantId) {
      let isAwake = false;
      const wake = () => {
        isAwake = true;
      };
      const done = await resendNotification({ db: ground.db, wake }, { merchantId, notificationId });
      assert.equal(isAwake, done.ok, 'workers are woken when there is something to do');
      return done;
    }

    it('a dead letter: at once, with the whole schedule, the tries counted on', async () => {
      const deliverer = ground.makeDeliverer({ delaysMs: [0] });
      receiver.answer = withStatus(500);
      const notificationId = await ground.announce({ url: receiver.url });
      for (let n = 0; n < 2; n += 1) await deliverer.handle(await ground.claimOne());
      const dead = await ground.read(notificationId);
      assert.equal(dead.state, 'dead');
      assert.deepEqual(await resend(notificationId), { ok: true });
      const again = await ground.read(notificationId);
      assert.deepEqual([again.state, again.tries, again.ended_at, again.sign], ['pending', 2, null, dead.sign]);
      await deliverer.handle(await ground.claimOne());
      assert.equal((await ground.read(notificationId)).state, 'pending', 'the schedule has begun anew');
      receiver.answer = accept;
      await deliverer.handle(await ground.claimOne());
      assert.equal((await ground.read(notificationId)).state, 'delivered');
      assert.deepEqual(
        (await ground.deliveries(notificationId)).map((one) => one.status_code),
        [500, 500, 500, 200],
      );
      assert.equal(new Set(receiver.received.map((one) => one.body)).size, 1);
    });

    it('one that was announced dead', async () => {
      const notificationId = await ground.announce({ url: receiver.url, dead: true });
      assert.deepEqual(await ground.claim(), []);
      assert.deepEqual(await resend(notificationId), { ok: true });
      await ground.makeDeliverer().handle(await ground.claimOne());
      assert.equal((await ground.read(notificationId)).state, 'delivered');
    });

    it('a delivered one, which stays delivered whatever comes', async () => {
      const deliverer = ground.makeDeliverer({ delaysMs: [0] });
      const notificationId = await ground.announce({ url: receiver.url });
      await deliverer.handle(await ground.claimOne());
      assert.deepEqual(await resend(notificationId), { ok: true });
      receiver.answer = withStatus(500);
      for (let n = 0; n < 2; n += 1) {
        assert.equal((await ground.read(notificationId)).state, 'delivered');
        await deliverer.handle(await ground.claimOne());
      }
      assert.deepEqual(await ground.claim(), []);
      assert.equal((await ground.read(notificationId)).state, 'delivered');
      assert.equal((await ground.read(notificationId)).tries, 3);
    });

    it('one that waits for its next try is run now; one in hand is left alone', async () => {
      receiver.answer = withStatus(500);
      const notificationId = await ground.announce({ url: receiver.url });
      const delaysMs = [3_600_000, 3_600_000];
      await ground.makeDeliverer({ delaysMs }).handle(await ground.claimOne());
      assert.deepEqual(await ground.claim(), []);
      assert.deepEqual(await resend(notificationId), { ok: true });
      const inHand = await ground.claimOne();
      assert.deepEqual(await resend(notificationId), { ok: true });
      assert.deepEqual(await ground.claim(), [], 'nobody else gets it while it is in hand');
      await ground.makeDeliverer({ delaysMs }).handle(inHand);
      const row = await ground.read(notificationId);
      assert.deepEqual([row.state, row.tries, row.tries_before], ['pending', 2, 0]);
    });

    it('to the endpoint as it is now: another address, another method', async () => {
      const { endpointId } = await ground.addEndpoint('http://127.0.0.1:1/old');
      const notificationId = await ground.announce({ url: 'http://127.0.0.1:1/old', endpoint_id: endpointId });
      const deliverer = ground.makeDeliverer({ delaysMs: [3_600_000] });
      await deliverer.handle(await ground.claimOne());
      const { sign } = await ground.read(notificationId);
      assert.ok(sign !== null);
      await ground.changeEndpoint({ endpointId, url: receiver.url });
      assert.deepEqual(await resend(notificationId), { ok: true });
      assert.equal((await ground.read(notificationId)).sign, sign, 'the text is the same');
      // In hand when the endpoint takes another method: the old signature must not be written to the new text.
      const overtaken = await ground.claimOne();
      await ground.changeEndpoint({ endpointId, method: 'GET' });
      assert.deepEqual(await resend(notificationId), { ok: true });
      assert.equal((await ground.read(notificationId)).sign, null);
      await deliverer.handle(overtaken);
      assert.equal((await ground.read(notificationId)).state, 'pending');
      await deliverer.handle(await ground.claimOne());
      assert.equal((await ground.read(notificationId)).state, 'delivered');
      const url = receiver.received.at(-1)?.url ?? '';
      const verified = verifyNotification({ publicKey: ground.publicKey, method: 'GET', url });
      assert.equal(verified.valid && verified.notification.isPartialPayment, true);
    });

    it('not to an endpoint that is switched off or missing, but once it is there', async () => {
      const { endpointId } = await ground.addEndpoint(receiver.url);
      const refusal = (code: string) => ({ ok: false, problem: { code, field: 'notification_id' } });
      const off = await ground.announce({ url: receiver.url, endpoint_id: endpointId, dead: true });
      await ground.changeEndpoint({ endpointId, state: 'disabled' });
      assert.deepEqual(await resend(off), refusal('endpoint_disabled'));
      const missing = await ground.announce({ url: '', endpoint_id: endpointId + 1, dead: true });
      assert.deepEqual(await resend(missing), refusal('endpoint_unknown'));
      assert.deepEqual(await ground.db.query('select 1 from job'), []);
      assert.equal((await ground.addEndpoint(receiver.url)).endpointId, endpointId + 1);
      assert.deepEqual(await resend(missing), { ok: true });
      await ground.makeDeliverer().handle(await ground.claimOne());
      assert.equal((await ground.read(missing)).state, 'delivered');
    });

    it('many times at once makes one job', async () => {
      const notificationId = await ground.announce({ url: receiver.url, dead: true });
      await Promise.all(Array.from({ length: 8 }, () => resend(notificationId)));
      await ground.claimOne();
    });

    it('not for another merchant, nor one that does not exist', async () => {
      const notificationId = await ground.announce({ url: receiver.url, dead: true });
      const refused = { ok: false, problem: { code: 'record_unknown', field: 'notification_id' } };
      assert.deepEqual(await resend(notificationId, ground.merchantId + 1n), refused);
      assert.deepEqual(await resend(1n << 40n), refused);
      assert.equal((await ground.read(notificationId)).state, 'dead');
      assert.deepEqual(await ground.db.query('select 1 from job'), []);
    });
  });

  describe('testing an endpoint', () => {
    const test = (endpointId: number, allowLoopback = true) => {
      const { directory, merchantId } = ground;
      return testEndpoint({ directory, vault, allowLoopback }, { merchantId, endpointId });
    };

    for (const method of ['POST', 'GET'] as const) {
      it(`sends a sample by ${method} that verifies, and stores nothing`, async () => {
        const { endpointId, secret } = await ground.addEndpoint(receiver.url, method);
        const done = await test(endpointId);
        assert.ok(done.ok);
        assert.equal(done.statusCode, 200);
        assert.equal(done.error, null);
        assert.ok(done.durationMs >= 0);
        const [received] = receiver.received;
        assert.ok(received !== undefined);
        const { url, body, headers } = received;
        const verified = verifyNotification({
          publicKey: ground.publicKey,
          ...(method === 'GET' ? { method, url } : { method, body }),
        });
        assert.equal(verified.valid && verified.notification.desc, 'test notification');
        const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
        new Webhook(secret).verify(body, Object.fromEntries(names.map((name) => [name, String(headers[name])])));
        assert.deepEqual(await ground.db.query('select 1 from job'), []);
      });
    }

    it('tells how it went wrong', async () => {
      const { endpointId } = await ground.addEndpoint(receiver.url);
      receiver.answer = withStatus(404);
      const done = await test(endpointId);
      assert.equal(done.ok && done.statusCode, 404);
      const refused = await test(endpointId, false);
      assert.match((refused.ok && refused.error) || '', /not public/);
      assert.deepEqual(await test(999), { ok: false, problem: { code: 'record_unknown', field: 'endpoint_id' } });
    });
  });
});
