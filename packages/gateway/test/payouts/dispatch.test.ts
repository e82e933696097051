import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { readBalance } from '../../src/ledger/read.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { judgePayout } from '../../src/payouts/judge.ts';
import type { StoredPayout } from '../../src/payouts/store.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

let room: Room;
let engine: Engine;

async function order(given: { orderId: string; number?: string; amountMinor?: bigint }): Promise<bigint> {
  const creator = await room.openCreator();
  const { orderId, number = '79005554455', amountMinor = 1_001n } = given;
  const checked = checkedOrder(room, { orderId, amountMinor });
  const recipient = { number, mask: checked.recipient.mask };
  const answer = await creator.create({ ...checked, order: { ...checked.order, number }, recipient });
  assert.ok(answer.kind === 'created');
  return answer.payoutId;
}

async function sumEntries(payoutId: bigint): Promise<Record<string, bigint>> {
  const rows = await room.db.query<{ ledger_account: string; amount: bigint }>(
    `select ledger_account, sum(amount_minor)::bigint as amount from entry where payout_id = $1
     group by 1 having sum(amount_minor) <> 0`,
    [payoutId],
  );
  return Object.fromEntries(rows.map((row) => [row.ledger_account, row.amount]));
}

function assertLedger(payout: StoredPayout, entries: Record<string, bigint>): void {
  if (payout.state === 'paid') {
    const paid = payout.finalPaidMinor ?? 0n;
    assert.deepEqual(entries, { available: -paid, paid });
  } else if (payout.state === 'review') {
    assert.deepEqual(entries, { available: -1_001n, clearing: 1_001n });
  } else {
    assert.deepEqual(entries, {}, 'everything went back');
  }
}

describe('payouts through the sandbox', () => {
  before(async () => {
    room = await openRoom(1_000_000n);
    engine = await startEngine(room);
  });

  after(async () => {
    await engine.stop();
    await room.close();
  });

  for (const script of sandboxScripts) {
    const expected = script.status === 'wait' ? 'review' : script.status;
    test(`sandbox script ${script.name} ends ${expected}`, async () => {
      const payoutId = await order({ orderId: script.name, number: script.phone });
      const payout = await engine.waitForEnd(payoutId);
      assert.equal(payout.state, expected);
      if (script.ending.kind === 'rejected') assert.equal(payout.failReason, script.ending.reason);
      if (payout.state === 'paid') assert.equal(payout.finalPaidMinor, script.name === 'partial' ? 500n : 1_001n);
      assertLedger(payout, await sumEntries(payoutId));
      const executed = countExecutions(engine.bookPath).get(payoutId.toString()) ?? 0;
      assert.equal(executed, payout.state === 'paid' ? 1 : 0, 'the Book agrees');
    });
  }

  test('a payout in review ends by a verdict, once, and the ledger follows', async () => {
    const silent = sandboxScripts.find((script) => script.name === 'never_answers') ?? assert.fail();
    for (const [verdict, state] of [
      ['paid', 'paid'],
      ['not_executed', 'fail'],
    ] as const) {
      const payoutId = await order({ orderId: `judged-${verdict}`, number: silent.phone });
      assert.equal((await engine.waitForEnd(payoutId)).state, 'review');
      const input = { merchantId: room.merchantId, payoutId, verdict, actor: 'operator test', evidence: 'statement' };
      const answers = await Promise.all([judgePayout(engine.needs, input), judgePayout(engine.needs, input)]);
      assert.equal(answers.filter((answer) => answer.ok).length, 1);
      const payout = await engine.waitForEnd(payoutId);
      assert.equal(payout.state, state);
      assertLedger(payout, await sumEntries(payoutId));
    }
  });

  test('what was sent cannot be cancelled, and a verdict needs a payout in review', async () => {
    const payoutId = await order({ orderId: 'plain' });
    await engine.waitForEnd(payoutId);
    const input = { merchantId: room.merchantId, payoutId, actor: 'operator test' };
    const cancelled = await cancelPayout(engine.needs, { ...input, reason: 'too late' });
    assert.ok(!cancelled.ok && cancelled.problem.code === 'payout_not_cancellable');
    const judged = await judgePayout(engine.needs, { ...input, verdict: 'paid', evidence: 'none' });
    assert.ok(!judged.ok && judged.problem.code === 'payout_not_in_review');
  });

  test('after all of it the balance is the sum of its postings, nothing is queued, and nothing was a bug', async () => {
    const balance = await readBalance(room.db, room);
    const [sum] = await room.db.query<{ available: bigint; held: bigint; clearing: bigint }>(
      `select sum(available_minor)::bigint as available, sum(held_minor)::bigint as held,
         sum(clearing_minor)::bigint as clearing from posting`,
    );
    assert.deepEqual(
      [balance.availableMinor, balance.heldMinor, balance.clearingMinor],
      [sum?.available, sum?.held, sum?.clearing],
    );
    const [open] = await room.db.query<{ count: bigint }>(
      `select count(*) from payout p where p.state in ('queued', 'sent')`,
    );
    assert.equal(open?.count, 0n);
    assert.deepEqual(engine.incidents, []);
  });
});
