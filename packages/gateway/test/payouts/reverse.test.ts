import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { Refusal } from '../../src/core/problem.ts';
import { topUp, withdraw } from '../../src/ledger/post.ts';
import { readBalance } from '../../src/ledger/read.ts';
import { readPayoutHistory } from '../../src/payouts/history.ts';
import { reversePayout } from '../../src/payouts/reverse.ts';
import { settlePayout } from '../../src/payouts/settle.ts';
import { type Engine, startEngine } from './engine.ts';
import { assertSound, checkedOrder, openRoom, type Room } from './harness.ts';

const funded = 10_000n;
const facts = { idempotentForMs: 1, canInquire: true, deliveryDelayMaxMs: 1, hasSignedCallbacks: true };

describe('what was found wrong about a final status is put right in the ledger', () => {
  let room: Room;
  let engine: Engine;
  before(async () => {
    room = await openRoom(funded);
    engine = await startEngine(room);
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  /** A payout that has ended, and a provider that says the contrary afterwards. */
  async function contradict(orderId: string, ends: 'paid' | 'fail'): Promise<{ payoutId: bigint; incidentId: bigint }> {
    const script = sandboxScripts.find(({ name }) => name === (ends === 'paid' ? 'paid' : 'fail_returned'));
    const checked = checkedOrder(room, { orderId, amountMinor: 1_000n });
    const number = script?.phone ?? assert.fail();
    const recipient = { number, mask: checked.recipient.mask };
    const creator = await room.openCreator();
    const answer = await creator.create({ ...checked, order: { ...checked.order, number }, recipient });
    assert.ok(answer.kind === 'created');
    const payout = await engine.waitForEnd(answer.payoutId);
    assert.equal(payout.state, ends);
    const evidence = { note: 'a callback' };
    const outcome =
      ends === 'paid'
        ? ({ kind: 'rejected', reason: 'returned', evidence } as const)
        : ({ kind: 'succeeded', paidMinor: 1_000n, evidence } as const);
    const event = { kind: 'outcome', source: 'callback', attemptNo: 1, outcome, facts, ageMs: 0 } as const;
    await settlePayout(engine.needs, { payout, event, source: { actor: 'test' } });
    const { incidents } = await readPayoutHistory(room.db, answer.payoutId);
    return { payoutId: answer.payoutId, incidentId: incidents[0]?.incidentId ?? assert.fail('no incident') };
  }

  const reverse = (incidentId: bigint, paidMinor?: bigint) =>
    room.db.tx((tx) => reversePayout(tx, { incidentId, paidMinor, actor: 'operator:anna', reason: 'the statement' }));
  const balance = async () => {
    const { availableMinor, receivableMinor, paidMinor } = await readBalance(room.db, room);
    return [availableMinor, receivableMinor, paidMinor];
  };
  const refusedWith = (code: string) => (error: unknown) =>
    error instanceof Refusal && error.problems[0]?.code === code;
  const movement = (amountMinor: bigint, requestKey: string) => {
    const { merchantId, accountId } = room;
    return { merchantId, accountId, amountMinor, requestKey, actor: 'test', reason: 'test' };
  };

  test('money of a paid payout that came back is the account’s again, once, whoever says so at once', async () => {
    const { payoutId, incidentId } = await contradict('returned', 'paid');
    assert.deepEqual(await balance(), [9_000n, 0n, 1_000n]);
    await assert.rejects(reverse(incidentId, 400n), refusedWith('returns_whole'));
    const answers = await Promise.allSettled([reverse(incidentId), reverse(incidentId), reverse(incidentId)]);
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.ok(refusedWith('incident_closed')(answer.reason));
    }
    assert.deepEqual(await balance(), [10_000n, 0n, 0n]);
    const { payout, incidents, postings } = await readPayoutHistory(room.db, payoutId);
    assert.equal(payout.state, 'paid', 'final is final');
    assert.deepEqual([incidents[0]?.closedBy, incidents[0]?.reason], ['operator:anna', 'the statement']);
    assert.equal(postings.at(-1)?.postingId, incidents[0]?.postingId);
    await assertSound(room);
  });

  test('what was paid after a failure is charged; what is not there is owed, paid with the next money', async () => {
    const { incidentId } = await contradict('executed', 'fail');
    await room.db.tx((tx) => withdraw(tx, movement(9_600n, 'out')));
    await assert.rejects(reverse(incidentId, 1_001n), refusedWith('verdict_amount'));
    await assert.rejects(reverse(incidentId, 0n), refusedWith('verdict_amount'));
    const line = await reverse(incidentId);
    assert.ok(line.postingId !== null && line.closedAt !== null);
    assert.deepEqual(await balance(), [0n, -600n, 1_000n]);
    await assertSound(room);
    await room.db.tx((tx) => topUp(tx, movement(500n, 'in')));
    assert.deepEqual(await balance(), [0n, -100n, 1_000n]);
    await room.db.tx((tx) => topUp(tx, movement(500n, 'in again')));
    assert.deepEqual(await balance(), [400n, 0n, 1_000n]);
    await assertSound(room);
  });

  test('two incidents of one payout move its money once, also at the same time', async () => {
    await room.db.tx((tx) => topUp(tx, movement(5_000n, 'for two')));
    const { payoutId, incidentId } = await contradict('told twice', 'fail');
    const [second] = await room.db.query<{ id: bigint }>(
      `insert into incident (merchant_id, payout_id, kind, detail) values ($1, $2, 'paid_after_end', '{}')
       returning incident_id as id`,
      [room.merchantId, payoutId],
    );
    const earlier = await balance();
    let other: Promise<unknown> = Promise.resolve();
    await room.db.tx(async (tx) => {
      await reversePayout(tx, { incidentId, paidMinor: undefined, actor: 'operator:anna', reason: 'the statement' });
      other = reverse(second?.id ?? 0n).catch((error: unknown) => error);
      await sleep(200);
    });
    assert.ok(refusedWith('incident_not_reversible')(await other), String(await other));
    const [available = 0n, owed, paid = 0n] = earlier;
    assert.deepEqual(await balance(), [available - 1_000n, owed, paid + 1_000n]);
    await assertSound(room);
  });

  test('an incident without money behind it can only be closed', async () => {
    await room.db.tx((tx) => topUp(tx, movement(5_000n, 'more')));
    const { payoutId } = await contradict('other', 'fail');
    const [row] = await room.db.query<{ id: bigint }>(
      `insert into incident (merchant_id, payout_id, kind, detail) values ($1, $2, 'paid_amount_impossible', '{}')
       returning incident_id as id`,
      [room.merchantId, payoutId],
    );
    await assert.rejects(reverse(row?.id ?? 0n), refusedWith('incident_not_reversible'));
    await assert.rejects(reverse(999_999n), refusedWith('record_unknown'));
  });
});
