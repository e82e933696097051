import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Connector, Facts, SendOrder } from '../../src/connectors/connector.ts';
import { createQueue, type Job } from '../../src/jobs/queue.ts';
import { releaseParked } from '../../src/jobs/park.ts';
import { openDirectory } from '../../src/merchants/directory.ts';
import { advancePayout, type Needs } from '../../src/payouts/dispatch.ts';
import { openPauses, type PausesView } from '../../src/payouts/heed-pauses.ts';
import { liftPause, setPause } from '../../src/payouts/pause.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader } from '../../src/payouts/store.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

const minuteMs = 60_000;

describe('a provider that cannot be asked is asked by sending again', () => {
  let room: Room;
  let needs: Needs & { readonly pauses: PausesView };
  let facts: Facts;
  let close: () => Promise<void>;
  const sent: SendOrder[] = [];

  before(async () => {
    room = await openRoom(1_000_000n);
    const { db, vault } = room;
    const overloaded = (): Error => new Error('overloaded');
    const directory = openDirectory({ db, log: { warn: () => {}, info: () => {} } });
    const fail = (error: unknown): void => assert.fail(String(error));
    const pauses = openPauses({ db, monotonicMs, wake: () => {}, onError: fail });
    const mute = (): Connector => ({
      facts,
      name: 'mute',
      send(order) {
        sent.push(order);
        return Promise.resolve({ kind: 'unknown', evidence: {} });
      },
      inquire: () => assert.fail('it cannot be asked'),
      readCallback: () => undefined,
      close: () => Promise.resolve(),
    });
    needs = {
      vault,
      directory,
      pauses,
      monotonicMs,
      reader: createPayoutReader({ db, overloaded }),
      recorder: createRecorder({ db, overloaded }),
      connectors: { find: mute },
      policy: {
        askBaseMs: 1,
        askMaxMs: 1,
        unknownBudgetMs: 30 * minuteMs,
        acceptedBudgetMs: 30 * minuteMs,
        reviewAskMs: 1,
        sendWithinMs: 15_000,
      },
      callDeadlineMs: 10_000,
      wake: () => {},
      onIncident: () => assert.fail('an incident'),
      onBug: fail,
    };
    close = async () => {
      await pauses.close();
      await directory.close();
      await room.close();
    };
  });
  after(() => close());

  /** A payout whose first send was not answered, and the ways to move it. */
  async function sendFirst(orderId: string) {
    facts = {
      idempotentForMs: 10 * minuteMs,
      canInquire: false,
      deliveryDelayMaxMs: minuteMs,
      hasSignedCallbacks: true,
    };
    const { db, merchantId } = room;
    const creation = await (await room.openCreator()).create(checkedOrder(room, { orderId, amountMinor: 100n }));
    assert.ok(creation.kind === 'created');
    const { payoutId } = creation;
    const queue = createQueue({ db });
    const claim = async (): Promise<Job | undefined> => {
      await db.query(`update job set run_at = clock_timestamp() where subject_id = $1 and lane = ''`, [payoutId]);
      const jobs = await queue.claim({ kind: 'payout', countMax: 10, leaseMs: minuteMs, busyLanes: [] });
      return jobs.find((job) => job.subjectId === payoutId);
    };
    const step = async (): Promise<number> => {
      const job = await claim();
      assert.ok(job !== undefined);
      sent.length = 0;
      await advancePayout(needs, job);
      return sent.length;
    };
    assert.equal(await step(), 1);
    const age = (ms: number) =>
      db.query(`update attempt set started_at = clock_timestamp() - $2 * interval '1 ms' where payout_id = $1`, [
        payoutId,
        ms,
      ]);
    const state = async () => (await needs.reader.findPayout({ merchantId, payoutId }))?.state;
    return { payoutId, claim, step, age, state };
  }

  test('as long as the repeat arrives while the reference is known, and no longer', async () => {
    const { step, age, state } = await sendFirst('window');
    assert.equal(await step(), 1);
    assert.equal(sent[0]?.reference.endsWith('-1'), true, 'under the same reference');
    await age(4.9 * minuteMs);
    assert.equal(await step(), 1);
    await age(5 * minuteMs);
    assert.equal(await step(), 0, 'half of the time is left for what nobody measures');
    facts = { ...facts, deliveryDelayMaxMs: 8 * minuteMs };
    await age(1.9 * minuteMs);
    assert.equal(await step(), 1);
    await age(2 * minuteMs);
    assert.equal(await step(), 0, 'it may travel for eight minutes, and eight are left');
    assert.equal(await state(), 'sent');
  });

  test('not in review: what a person is finding out must not change any more', async () => {
    const { step, age, state } = await sendFirst('review');
    facts = { ...facts, idempotentForMs: 1_000 * minuteMs };
    await age(31 * minuteMs);
    assert.equal(await step(), 1);
    assert.equal(await state(), 'review');
    assert.equal(await step(), 0);
  });

  test('not while a pause holds it; what was claimed again since it was parked is not released', async () => {
    const { db } = room;
    const { payoutId, step, claim, state } = await sendFirst('paused');
    const { pause } = await db.tx((tx) => setPause(tx, { scope: 'all', reason: 'a test', setBy: 'operator:anna' }));
    await needs.pauses.refresh();
    assert.equal(await step(), 0);
    assert.equal(await state(), 'sent');
    assert.equal(await claim(), undefined, 'it is parked');
    await db.query(`update job set run_at = clock_timestamp() where subject_id = $1`, [payoutId]);
    const job = await claim();
    assert.ok(job !== undefined);
    await releaseParked(db, 'payout');
    assert.equal(await claim(), undefined, 'whoever has it keeps it');
    await needs.pauses.park(job, pause);
    await db.tx((tx) => liftPause(tx, pause.pauseId));
    await needs.pauses.refresh();
    assert.equal(await step(), 1);
  });
});
