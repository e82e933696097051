import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { parkJob } from '../../src/jobs/park.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createAccount } from '../../src/merchants/accounts.ts';
import { topUp } from '../../src/ledger/post.ts';
import type { Statement } from '../../src/db/pool.ts';
import type { Creator } from '../../src/payouts/create.ts';
import { openPauses } from '../../src/payouts/heed-pauses.ts';
import { liftPause, listPauses, type PauseScope, setPause } from '../../src/payouts/pause.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const reason = 'a test';

describe('pauses', () => {
  let room: Room;
  let engine: Engine;
  let creator: Creator;
  let otherAccountId: string;
  let ordered = 0;
  before(async () => {
    room = await openRoom(10_000_000n);
    engine = await startEngine(room);
    creator = await room.openCreator();
    const { merchantId } = room;
    otherAccountId = await room.db.tx(async (tx) => {
      const { accountId } = await createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' });
      const movement = { merchantId, accountId, amountMinor: 1_000_000n, requestKey: 'other', actor: 'test', reason };
      await topUp(tx, movement);
      return accountId;
    });
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  async function order(given: { accountId?: string; number?: string } = {}): Promise<bigint> {
    ordered += 1;
    const checked = checkedOrder(room, { orderId: `paused-${ordered}`, amountMinor: 100n });
    const { accountId = room.accountId, number = checked.order.number } = given;
    const recipient = { number, mask: '*' };
    const answer = await creator.create({ ...checked, accountId, order: { ...checked.order, number }, recipient });
    assert.ok(answer.kind === 'created');
    return answer.payoutId;
  }

  const set = (scope: PauseScope) => room.db.tx((tx) => setPause(tx, { ...scope, reason, setBy: 'operator:anna' }));
  const lift = (pauseId: bigint) => room.db.tx((tx) => liftPause(tx, pauseId));
  const stateOf = async (payoutId: bigint) =>
    (await engine.needs.reader.findPayout({ merchantId: room.merchantId, payoutId }))?.state;

  async function assertPaidSoon(payoutIds: readonly bigint[]): Promise<void> {
    const startedAt = monotonicMs();
    for (const payoutId of payoutIds) assert.equal((await engine.waitForEnd(payoutId)).state, 'paid');
    assert.ok(monotonicMs() - startedAt < 20_000, 'they go on at once, not when their turn comes again');
  }

  test('within 2 s no new attempt starts, under load too; lifted, everything that waited is paid', async () => {
    let isEnding = false;
    const payoutIds: bigint[] = [];
    const loading = (async () => {
      for (; !isEnding; await sleep(15)) payoutIds.push(await order());
    })();
    await sleep(300);
    const { pause } = await set({ scope: 'all' });
    await sleep(3_000);
    isEnding = true;
    await loading;
    const late = await room.db.query(
      `select a.payout_id from attempt a, pause p where a.started_at > p.set_at + interval '2 seconds'`,
    );
    assert.deepEqual(late, []);
    const waiting = await Promise.all(payoutIds.map(stateOf));
    assert.ok(waiting.filter((state) => state === 'queued').length > 5, waiting.join());
    assert.ok(waiting.some((state) => state === 'paid'));
    await lift(pause.pauseId);
    await assertPaidSoon(payoutIds);
    assert.deepEqual(engine.incidents, []);
  });

  test('what was sent before is still asked about', async () => {
    const slow = sandboxScripts.find((script) => script.name === 'paid_after_5s') ?? assert.fail();
    const sent = await order({ number: slow.phone });
    while ((await stateOf(sent)) !== 'sent') await sleep(5);
    const { pause } = await set({ scope: 'all' });
    await engine.needs.pauses.refresh();
    assert.equal((await engine.waitForEnd(sent)).state, 'paid');
    assert.equal((await listPauses(room.db)).length, 1);
    await lift(pause.pauseId);
    await engine.needs.pauses.refresh();
  });

  test('an account is paused alone, and so is a connector', async () => {
    const { merchantId, accountId } = room;
    const account = await set({ scope: 'account', merchantId, accountId });
    // What waits for a pause that has lasted so long looks again after minutes only.
    await room.db.query(`update pause set set_at = set_at - interval '1 hour'`);
    await engine.needs.pauses.refresh();
    const held = await order();
    await assertPaidSoon([await order({ accountId: otherAccountId })]);
    assert.equal(await stateOf(held), 'queued');
    const other = await set({ scope: 'connector', connector: 'another' });
    await lift(account.pause.pauseId);
    await assertPaidSoon([held, await order()]);
    const sandbox = await set({ scope: 'connector', connector: 'sandbox' });
    await engine.needs.pauses.refresh();
    const both = [await order(), await order({ accountId: otherAccountId })];
    await sleep(300);
    assert.deepEqual(await Promise.all(both.map(stateOf)), ['queued', 'queued']);
    assert.equal(engine.needs.pauses.count(), 2);
    await lift(sandbox.pause.pauseId);
    await assertPaidSoon(both);
    await lift(other.pause.pauseId);
  });

  test('what is paused already keeps its first reason, and is lifted once', async () => {
    const first = await set({ scope: 'all' });
    const again = await room.db.tx((tx) => setPause(tx, { scope: 'all', reason: 'another', setBy: 'operator:boris' }));
    assert.deepEqual([again.isNew, again.pause], [false, first.pause]);
    await lift(first.pause.pauseId);
    await assert.rejects(() => lift(first.pause.pauseId));
    assert.deepEqual(await listPauses(room.db), []);
  });

  test('a pause takes part in no other job, and what was parked before a restart goes on after it', async () => {
    await engine.needs.pauses.close();
    const queue = createQueue({ db: room.db });
    await room.db.query(`insert into job (kind, merchant_id, subject_id) values ('test', 1, 1), ('payout', 1, 1)`);
    const claim = { countMax: 10, leaseMs: 60_000, busyLanes: [] };
    const [job] = await queue.claim({ ...claim, kind: 'test' as 'payout' });
    assert.ok(job !== undefined);
    await parkJob(room.db, { ...job, fence: job.fence - 1 }, 1_000_000);
    await parkJob(room.db, job, 1_000_000);
    await room.db.query(`update job set kind = 'payout', subject_id = 2 where kind = 'test'`);
    const lanes = () =>
      room.db.query(`select lane, run_at <= clock_timestamp() as is_due from job where merchant_id = 1
        and subject_id = 2 and kind = 'payout'`);
    assert.deepEqual(await lanes(), [{ lane: 'parked 1', is_due: false }]);
    let woken = 0;
    const pauses = openPauses({
      db: room.db,
      monotonicMs,
      wake: () => (woken += 1),
      onError: (error) => assert.fail(String(error)),
    });
    await pauses.refresh();
    await pauses.close();
    assert.ok(woken > 0);
  });

  test('what is parked at the moment of the lift, after the others were released, goes on as well', async () => {
    const { pause } = await set({ scope: 'all' });
    const gate = Promise.withResolvers<void>();
    const pauses = openPauses({
      db: {
        query: room.db.query,
        async run<R>(statement: Statement, values?: readonly unknown[]): Promise<R[]> {
          if (statement.name === 'park_job') await gate.promise;
          return room.db.run<R>(statement, values);
        },
      },
      monotonicMs,
      wake: () => {},
      onError: (error) => assert.fail(String(error)),
      pollMs: 100_000,
    });
    await pauses.refresh();
    await room.db.query(
      `insert into job (kind, merchant_id, subject_id, fence, run_at)
       values ('payout', 1, 3, 1, now() + interval '1 hour')`,
    );
    const job = { kind: 'payout', merchantId: 1n, subjectId: 3n, lane: '', fence: 1, lateMs: 0 } as const;
    const parking = pauses.park(job, pause);
    await lift(pause.pauseId);
    await pauses.refresh();
    gate.resolve();
    await parking;
    const lanes = await room.db.query('select lane from job where merchant_id = 1 and subject_id = 3');
    await pauses.close();
    assert.deepEqual(lanes, [{ lane: '' }]);
  });

  test('nothing is sent upon a view that is too old', async () => {
    let isBroken = false;
    let answerMs = 0;
    const pauses = openPauses({
      db: {
        query: () => Promise.reject(new Error('no database')),
        run: async <R>(): Promise<R[]> => {
          await sleep(answerMs);
          if (isBroken) throw new Error('no database');
          return [];
        },
      },
      monotonicMs,
      wake: () => {},
      onError: () => {},
      pollMs: 100_000,
    });
    const sending = { merchantId: 1n, accountId: room.accountId, connector: 'sandbox' };
    assert.equal(await pauses.find(sending), undefined);
    isBroken = true;
    assert.equal(await pauses.find(sending), undefined, 'a moment later the view is still good');
    await sleep(1_000);
    await assert.rejects(() => pauses.find(sending));
    isBroken = false;
    answerMs = 1_000;
    await assert.rejects(() => pauses.find(sending), /fast enough/);
    answerMs = 0;
    assert.equal(await pauses.find(sending), undefined);
    await pauses.close();
  });
});
