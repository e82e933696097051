import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { auditNext } from '../../src/ledger/audit-slices.ts';
import { topUp } from '../../src/ledger/post.ts';
import { recordAction, verifyAuditLog } from '../../src/operators/record-action.ts';
import type { Creator } from '../../src/payouts/create.ts';
import { liftPause, listPauses } from '../../src/payouts/pause.ts';
import { type LedgerWatch, watchLedger } from '../../src/payouts/watch-ledger.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const options = { everyMs: 60_000, budgetMs: 5_000, monotonicMs };

describe('the audit beside the work', () => {
  let room: Room;
  let engine: Engine;
  let watch: LedgerWatch;
  let creator: Creator;
  const told: string[] = [];
  before(async () => {
    room = await openRoom(1_000_000n);
    engine = await startEngine(room);
    creator = await room.openCreator();
    watch = watchLedger({
      db: room.db,
      monotonicMs,
      recordAction,
      // Passes are made by hand here; the timer stays out of the way.
      everyMs: 600_000,
      firstAfterMs: 600_000,
      onViolation: (_, text) => told.push(text),
      onError: (error) => assert.fail(String(error)),
    });
  });
  after(async () => {
    await watch.stop();
    await engine.stop();
    await room.close();
  });

  /** As if the time for the next pass had come. */
  const makeDue = () => room.db.query(`update audit_progress set next_pass_at = '-infinity'`);
  async function pass() {
    await makeDue();
    return (await watch.pass()) ?? assert.fail('a pass was due');
  }
  /** What the database refuses otherwise. */
  async function plant(text: string): Promise<void> {
    await room.db.tx(async (tx) => {
      await tx.query('set local session_replication_role = replica');
      await tx.query(text);
    });
  }
  const incidents = () =>
    room.db.query<{ check: string; payout_id: bigint | null }>(
      `select detail ->> 'check' as check, payout_id from incident where kind = 'audit' order by incident_id`,
    );

  let ordered = 0;
  async function order(): Promise<bigint> {
    ordered += 1;
    const answer = await creator.create(checkedOrder(room, { orderId: `watched-${ordered}`, amountMinor: 100n }));
    assert.ok(answer.kind === 'created');
    return answer.payoutId;
  }

  test('finds nothing in sound work, reads new postings once, and is made by one process at a time', async () => {
    for (let count = 0; count < 5; count += 1) await engine.waitForEnd(await order());
    const first = await pass();
    assert.deepEqual([first.violations, first.accounts, first.postings], [[], 1, 16]);
    assert.equal(await watch.pass(), undefined, 'not due yet');
    assert.equal((await pass()).postings, 0);
    await engine.waitForEnd(await order());
    assert.equal((await pass()).postings, 3);
    await makeDue();
    const both = await Promise.all([auditNext(room.db, options), auditNext(room.db, options)]);
    assert.equal(both.filter((one) => one !== undefined).length, 1);
    assert.deepEqual(await incidents(), []);
    assert.equal(watch.figures().violations, 0);
  });

  test('is never disturbed by work that goes on meanwhile', async () => {
    let isEnding = false;
    const loading = [1, 2].map(async () => {
      for (; !isEnding; await sleep(10)) await order();
    });
    for (let count = 0; count < 15; count += 1) assert.deepEqual((await pass()).violations, []);
    isEnding = true;
    await Promise.all(loading);
  });

  test('a violation opens one incident and stops the account until a person lifts the pause', async () => {
    const good = await order();
    await engine.waitForEnd(good);
    await plant(`update payout set final_paid_minor = final_paid_minor - 1 where payout_id = ${good}`);
    assert.ok((await pass()).violations.length > 0);
    const [incident, ...others] = await incidents();
    assert.deepEqual([incident?.payout_id, others], [good, []]);
    const [pause] = await listPauses(room.db);
    assert.deepEqual([pause?.setBy, pause?.scope === 'account' && pause.accountId], ['system:audit', room.accountId]);
    assert.match(told.join(), new RegExp(`payout ${good}`));
    await engine.needs.pauses.refresh();
    const held = await order();
    await pass();
    assert.deepEqual([(await incidents()).length, told.length, watch.figures().violations], [1, 1, 1]);
    await sleep(200);
    const { state } = (await engine.needs.reader.findPayout({ merchantId: room.merchantId, payoutId: held })) ?? {};
    assert.equal(state, 'queued');
    await room.db.tx((tx) => liftPause(tx, pause?.pauseId ?? 0n));
    await pass();
    assert.deepEqual(await listPauses(room.db), [], 'the person who lifted it has the last word');
    assert.equal((await engine.waitForEnd(held)).state, 'paid');
    const rows = await room.db.query<{ actor: string; action: string }>('select actor, action from audit_log');
    assert.deepEqual(rows, [{ actor: 'system:audit', action: 'pause.set' }]);
    assert.ok((await verifyAuditLog(room.db)).ok);
    await plant(`update payout set final_paid_minor = final_paid_minor + 1 where payout_id = ${good}`);
    assert.deepEqual((await pass()).violations, []);
  });

  for (const [what, text, undo] of [
    [
      'a balance',
      'update balance set available_minor = available_minor + 1, funding_minor = funding_minor - 1',
      'update balance set available_minor = available_minor - 1, funding_minor = funding_minor + 1',
    ],
    [
      'reserved money',
      'update balance set held_minor = held_minor + 1, funding_minor = funding_minor - 1',
      'update balance set held_minor = held_minor - 1, funding_minor = funding_minor + 1',
    ],
    [
      'a new posting',
      `update posting set available_after_minor = available_after_minor + 1
      where posting_id = (select max(posting_id) from posting)`,
      `update posting
      set available_after_minor = available_after_minor - 1 where posting_id = (select max(posting_id) from posting)`,
    ],
  ] as const) {
    test(`finds ${what} that is wrong`, async () => {
      await pass();
      const { merchantId, accountId } = room;
      const movement = { merchantId, accountId, amountMinor: 5n, requestKey: what, actor: 'test', reason: 'test' };
      await room.db.tx((tx) => topUp(tx, movement));
      await plant(text);
      const { violations } = await pass();
      assert.ok(violations.every((one) => one.accountId === accountId) && violations.length > 0, what);
      await plant(undo);
      assert.deepEqual((await pass()).violations, []);
    });
  }
});
