import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Charge } from '../../src/core/commission.ts';
import type { Facts, InquiryOutcome } from '../../src/core/outcome.ts';
import { type Attempt, type Change, decidePayout, isFinal, type Payout, type Policy } from '../../src/core/payout.ts';
import type { PayoutEvent, PayoutState } from '../../src/core/payout.ts';

const charge: Charge = { dueMinor: 1_000n, debitMinor: 1_020n, commissionMinor: 20n, percentMinor: 10n };
const policy: Policy = {
  askBaseMs: 1_000,
  askMaxMs: 60_000,
  unknownBudgetMs: 600_000,
  acceptedBudgetMs: 6_000_000,
  reviewAskMs: 900_000,
  sendWithinMs: 15_000,
};
const facts: Facts = {
  idempotentForMs: 86_400_000,
  canInquire: true,
  deliveryDelayMaxMs: 60_000,
  hasSignedCallbacks: true,
};
const evidence = { note: 'test' };

function payoutIn(state: PayoutState, attempt?: Partial<Attempt>): Payout {
  const whole = { attemptNo: 1, connector: 'a', reference: '7-1', state: 'open', asks: 0, ...attempt } as Attempt;
  return { payoutId: 7n, state, charge, connectors: ['a', 'b'], attempt: attempt === undefined ? undefined : whole };
}

type Heard = { outcome: InquiryOutcome; ageMs?: number; attemptNo?: number; source?: 'inquiry' | 'callback' };

function hear({ outcome, ageMs = 0, attemptNo = 1, source = 'inquiry' }: Heard): PayoutEvent {
  return { kind: 'outcome', source, attemptNo, outcome, facts, ageMs };
}

function changeOf(payout: Payout, event: PayoutEvent): Change {
  const decision = decidePayout(payout, event, policy);
  assert.ok(decision.kind === 'change', `refused: ${decision.kind === 'refused' ? decision.why : ''}`);
  return decision.change;
}

test('sending commits an attempt with a deterministic reference and moves the debit to clearing', () => {
  const change = changeOf(payoutIn('queued'), { kind: 'send' });
  assert.equal(change.to, 'sent');
  assert.deepEqual(change.attempt, { attemptNo: 1, connector: 'a', reference: '7-1', state: 'open' });
  assert.deepEqual([change.posting?.heldMinor, change.posting?.clearingMinor], [-1_020n, 1_020n]);
});

test('after a restore a queued payout is asked about under the reference it may have been sent with', () => {
  const change = changeOf(payoutIn('queued'), { kind: 'restore' });
  assert.deepEqual(
    [change.to, change.attempt?.reference, change.attempt?.state, change.nextInMs],
    ['sent', '7-1', 'open', 0],
  );
  const second = changeOf(payoutIn('queued', { state: 'rejected' }), { kind: 'restore' });
  assert.deepEqual([second.attempt?.connector, second.attempt?.reference], ['b', '7-2']);
  assert.equal(decidePayout(payoutIn('sent', {}), { kind: 'restore' }, policy).kind, 'refused');
});

test('nothing is sent while an attempt is live, nor in any state but queued', () => {
  for (const state of ['open', 'accepted', 'unknown'] as const) {
    assert.equal(decidePayout(payoutIn('queued', { state }), { kind: 'send' }, policy).kind, 'refused');
  }
  for (const state of ['sent', 'review', 'paid', 'fail', 'cancel'] as const) {
    assert.equal(decidePayout(payoutIn(state), { kind: 'send' }, policy).kind, 'refused');
  }
});

test('paid in full captures everything; paid in part gives the rest and its share of the percentage back', () => {
  const full = changeOf(payoutIn('sent', {}), hear({ outcome: { kind: 'succeeded', paidMinor: 1_000n, evidence } }));
  assert.deepEqual([full.to, full.final?.paidMinor, full.final?.commissionMinor], ['paid', 1_000n, 20n]);
  assert.equal(full.posting?.availableMinor, 0n);
  const part = changeOf(payoutIn('sent', {}), hear({ outcome: { kind: 'succeeded', paidMinor: 500n, evidence } }));
  assert.deepEqual([part.final?.commissionMinor, part.posting?.availableMinor], [15n, 505n]);
});

test('a paid amount that cannot be goes to a person, with an incident, and no money is captured', () => {
  for (const paidMinor of [0n, -1n, 1_001n]) {
    const change = changeOf(payoutIn('sent', {}), hear({ outcome: { kind: 'succeeded', paidMinor, evidence } }));
    assert.deepEqual(
      [change.to, change.posting, change.incident?.kind],
      ['review', undefined, 'paid_amount_impossible'],
    );
  }
});

test('a rejection tries the next connector and, after the last, gives everything back', () => {
  const outcome = { kind: 'rejected', reason: 'card_expired', evidence } as const;
  const next = changeOf(payoutIn('sent', {}), hear({ outcome }));
  assert.deepEqual([next.to, next.posting?.kind, next.nextInMs], ['queued', 'recall', 0]);
  const again = changeOf({ ...payoutIn('queued', { state: 'rejected' }) }, { kind: 'send' });
  assert.deepEqual([again.attempt?.connector, again.attempt?.reference], ['b', '7-2']);
  const last = changeOf(payoutIn('sent', { attemptNo: 2, connector: 'b' }), hear({ outcome, attemptNo: 2 }));
  assert.deepEqual([last.to, last.final?.failReason, last.posting?.availableMinor], ['fail', 'card_expired', 1_020n]);
});

test('a refusal that a callback tells is asked about first, where the provider can be asked', () => {
  const outcome = { kind: 'rejected', reason: 'returned', evidence } as const;
  for (const state of ['sent', 'review'] as const) {
    const told = changeOf(payoutIn(state, {}), hear({ outcome, source: 'callback' }));
    assert.deepEqual([told.to, told.posting, told.attempt?.state, told.nextInMs], [state, undefined, 'open', 0]);
  }
  const mute = { ...hear({ outcome, source: 'callback' }), facts: { ...facts, canInquire: false } } as PayoutEvent;
  assert.equal(changeOf(payoutIn('sent', { connector: 'b', attemptNo: 1 }), mute).to, 'fail');
});

test('unknown is asked about until the budget ends, then a person decides; no money moves', () => {
  const outcome = { kind: 'unknown', evidence } as const;
  const early = changeOf(payoutIn('sent', { asks: 3 }), hear({ outcome, ageMs: 599_999 }));
  assert.deepEqual([early.to, early.posting, early.nextInMs], ['sent', undefined, 8_000]);
  const late = changeOf(payoutIn('sent', {}), hear({ outcome, ageMs: 600_000 }));
  assert.deepEqual([late.to, late.posting, late.final], ['review', undefined, undefined]);
});

test('"not found" ends nothing: the attempt stays live until the budget ends, then a person decides', () => {
  const outcome = { kind: 'not_found', evidence } as const;
  const early = changeOf(payoutIn('sent', {}), hear({ outcome, ageMs: 599_999 }));
  assert.deepEqual([early.to, early.attempt?.state, early.posting], ['sent', 'unknown', undefined]);
  const late = changeOf(payoutIn('sent', {}), hear({ outcome, ageMs: 9e12 }));
  assert.deepEqual([late.to, late.attempt?.state, late.posting], ['review', 'unknown', undefined]);
  const accepted = changeOf(payoutIn('sent', { state: 'accepted' }), hear({ outcome, ageMs: 599_999 }));
  assert.equal(accepted.attempt?.state, 'accepted', 'what was accepted cannot be unfound');
});

test('a contradiction after the end opens an incident and nothing else; a repeat changes nothing', () => {
  const rejected = { kind: 'rejected', reason: 'returned', evidence } as const;
  const late = changeOf(payoutIn('paid', { state: 'succeeded' }), hear({ outcome: rejected }));
  assert.deepEqual(
    [late.to, late.posting, late.final, late.incident?.kind],
    ['paid', undefined, undefined, 'refused_after_paid'],
  );
  const succeeded = { kind: 'succeeded', paidMinor: 1_000n, evidence } as const;
  assert.equal(
    changeOf(payoutIn('fail', { state: 'rejected' }), hear({ outcome: succeeded })).incident?.kind,
    'paid_after_end',
  );
  const repeat = decidePayout(payoutIn('paid', { state: 'succeeded' }), hear({ outcome: succeeded }), policy);
  assert.deepEqual(repeat, { kind: 'refused', why: 'already_known' });
});

const outcomes = fc.oneof(
  fc.record({
    kind: fc.constant('succeeded' as const),
    paidMinor: fc.bigInt(-1n, 1_100n),
    evidence: fc.constant(evidence),
  }),
  fc.record({ kind: fc.constant('accepted' as const), askInMs: fc.nat(10_000), evidence: fc.constant(evidence) }),
  fc.record({
    kind: fc.constant('rejected' as const),
    reason: fc.constant('returned' as const),
    evidence: fc.constant(evidence),
  }),
  fc.record({ kind: fc.constantFrom('unknown' as const, 'not_found' as const), evidence: fc.constant(evidence) }),
);
const events: fc.Arbitrary<PayoutEvent> = fc.oneof(
  fc.constant({ kind: 'send' } as const),
  fc.constant({ kind: 'cancel', reason: 'cancelled_by_operator', evidence } as const),
  fc
    .record({
      outcome: outcomes,
      ageMs: fc.nat(700_000),
      attemptNo: fc.integer({ min: 1, max: 3 }),
      source: fc.constantFrom('inquiry' as const, 'callback' as const),
    })
    .map(hear),
  fc.constantFrom<PayoutEvent>(
    { kind: 'judge', verdict: { kind: 'not_executed' }, evidence },
    { kind: 'judge', verdict: { kind: 'paid', paidMinor: 900n }, evidence },
  ),
);

test('whatever comes in whatever order: money is conserved, final is final, and the end accounts for the debit', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (list) => {
      let payout: Payout = payoutIn('queued');
      const sum = { available: -charge.debitMinor, held: charge.debitMinor, clearing: 0n, paid: 0n, commission: 0n };
      for (const event of list) {
        const decision = decidePayout(payout, event, policy);
        if (decision.kind === 'refused') continue;
        const { change } = decision;
        if (isFinal(payout.state)) assert.equal(change.to, payout.state);
        if (isFinal(payout.state)) assert.equal(change.posting, undefined);
        sum.available += change.posting?.availableMinor ?? 0n;
        sum.held += change.posting?.heldMinor ?? 0n;
        sum.clearing += change.posting?.clearingMinor ?? 0n;
        sum.paid += change.posting?.paidMinor ?? 0n;
        sum.commission += change.posting?.commissionMinor ?? 0n;
        assert.equal(sum.available + sum.held + sum.clearing + sum.paid + sum.commission, 0n);
        assert.ok(sum.held >= 0n && sum.clearing >= 0n && sum.available <= 0n);
        const attempt = change.attempt === undefined ? payout.attempt : { ...change.attempt, asks: 0 };
        payout = Object.assign(payoutIn(change.to), { attempt });
        const isOpen = !isFinal(payout.state);
        assert.equal(sum.held + sum.clearing, isOpen ? charge.debitMinor : 0n);
        if (payout.state === 'fail' || payout.state === 'cancel') assert.equal(sum.available, 0n);
        if (payout.state === 'paid') assert.ok(sum.paid > 0n && sum.paid <= charge.dueMinor);
      }
    }),
    { numRuns: 2_000 },
  );
});
