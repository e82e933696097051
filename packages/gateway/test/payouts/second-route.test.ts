import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Connector, InquiryOutcome, Outcome } from '../../src/connectors/connector.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { openDirectory } from '../../src/merchants/directory.ts';
import { settleCallback } from '../../src/payouts/callback.ts';
import { advancePayout, type Needs } from '../../src/payouts/dispatch.ts';
import { judgePayout } from '../../src/payouts/judge.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader } from '../../src/payouts/store.ts';
import { assertSound, checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

const evidence = { note: 'test' };
const refusal = { kind: 'rejected', reason: 'card_expired', evidence } as const;
const success = { kind: 'succeeded', paidMinor: 100n, evidence } as const;

describe('after a refusal', () => {
  let room: Room;
  let needs: Needs;
  let closeDirectory: () => Promise<void>;
  let answerSend: () => Promise<Outcome>;
  let answerInquiry: InquiryOutcome;
  const sent: string[] = [];
  const incidents: string[] = [];
  const bugs: string[] = [];
  const installed = new Set(['a', 'b']);

  before(async () => {
    room = await openRoom(1_000_000n);
    const { db, vault } = room;
    const overloaded = (): Error => new Error('overloaded');
    const directory = openDirectory({ db, log: { warn: () => {}, info: () => {} } });
    closeDirectory = () => directory.close();
    const connector = (name: string): Connector => ({
      name,
      facts: { idempotentForMs: 600_000, canInquire: true, deliveryDelayMaxMs: 1_000, hasSignedCallbacks: true },
      send({ reference }) {
        sent.push(`${name} ${reference.split('-')[1]}`);
        return answerSend();
      },
      inquire: () => Promise.resolve(answerInquiry),
      readCallback: () => undefined,
      close: () => Promise.resolve(),
    });
    needs = {
      vault,
      directory,
      monotonicMs,
      pauses: { find: () => Promise.resolve(undefined), park: () => assert.fail('no pause stands') },
      reader: createPayoutReader({ db, overloaded }),
      recorder: createRecorder({ db, overloaded }),
      connectors: { find: (name) => (installed.has(name) ? connector(name) : undefined) },
      policy: {
        askBaseMs: 1,
        askMaxMs: 1,
        unknownBudgetMs: 60_000,
        acceptedBudgetMs: 60_000,
        reviewAskMs: 60_000,
        sendWithinMs: 15_000,
      },
      callDeadlineMs: 10_000,
      wake: () => {},
      onIncident: ({ kind }) => incidents.push(kind),
      onBug: (error) => bugs.push(String(error)),
    };
  });
  after(async () => {
    await closeDirectory();
    await room.close();
  });

  async function order(orderId: string) {
    const { db, merchantId } = room;
    sent.length = 0;
    incidents.length = 0;
    bugs.length = 0;
    const checked = { ...checkedOrder(room, { orderId, amountMinor: 100n }), connectors: ['a', 'b'] };
    const creation = await (await room.openCreator()).create(checked);
    assert.ok(creation.kind === 'created');
    const { payoutId } = creation;
    const queue = createQueue({ db });
    const claim = async () => {
      await db.query(`update job set run_at = clock_timestamp() where subject_id = $1`, [payoutId]);
      const jobs = await queue.claim({ kind: 'payout', countMax: 10, leaseMs: 60_000, busyLanes: [] });
      return jobs.find((job) => job.subjectId === payoutId);
    };
    const step = async (): Promise<void> => {
      const job = await claim();
      if (job !== undefined) await advancePayout(needs, job);
    };
    const payout = async () => (await needs.reader.findPayout({ merchantId, payoutId })) ?? assert.fail('it is gone');
    return { payoutId, step, claim, payout };
  }

  const callBack = (payoutId: bigint) =>
    settleCallback(
      { ...needs, workDb: room.db },
      {
        connector: needs.connectors.find('a') ?? assert.fail(),
        callback: { reference: `${payoutId}-1`, outcome: success },
      },
    );

  test('a callback that says it was paid after all stops the second route before it is sent', async () => {
    const { payoutId, step, payout } = await order('paid after all');
    answerSend = () => Promise.resolve(refusal);
    await step();
    assert.equal((await payout()).state, 'queued');
    await callBack(payoutId);
    await step();
    assert.deepEqual([sent, incidents, (await payout()).state], [['a 1'], ['paid_after_end'], 'review']);
    await assertSound(room);
    const input = { merchantId: room.merchantId, payoutId, actor: 'operator:anna', evidence: 'statement' };
    assert.deepEqual(await judgePayout(needs, { ...input, verdict: 'paid' }), { ok: true });
    const { state, finalPaidMinor } = await payout();
    assert.deepEqual([state, finalPaidMinor], ['paid', 100n]);
    await assertSound(room);
  });

  test('so does the late answer of a worker that was overtaken meanwhile', async () => {
    const { step, claim, payout } = await order('overtaken');
    const answer = Promise.withResolvers<Outcome>();
    const isSent = Promise.withResolvers<void>();
    answerSend = () => {
      isSent.resolve();
      return answer.promise;
    };
    const job = await claim();
    assert.ok(job !== undefined);
    const slow = advancePayout(needs, job);
    await isSent.promise;
    answerInquiry = refusal;
    await step();
    assert.equal((await payout()).state, 'queued');
    answer.resolve(success);
    await slow;
    answerSend = () => Promise.resolve(success);
    await step();
    assert.deepEqual([sent, incidents, (await payout()).state], [['a 1'], ['paid_after_end'], 'review']);
    await assertSound(room);
  });

  test('a payout whose connector is not there any more comes to a person when its time is over', async () => {
    const { payoutId, step, payout } = await order('gone');
    installed.delete('a');
    await step();
    await step();
    assert.equal((await payout()).state, 'sent');
    await room.db.query(`update attempt set started_at = started_at - interval '1 hour' where payout_id = $1`, [
      payoutId,
    ]);
    await step();
    assert.deepEqual([sent, (await payout()).state], [[], 'review']);
    assert.match(bugs[0] ?? '', /connector a .*not in this installation/);
    installed.add('a');
    await assertSound(room);
  });
});
