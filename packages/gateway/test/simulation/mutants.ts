import type { Connector, SendOrder } from '../../src/connectors/connector.ts';
import type { Policy } from '../../src/core/payout.ts';
import type { Recorder } from '../../src/payouts/record.ts';
import type { Site } from './programs.ts';

/** A deliberately broken design. What it names in the store is broken there. */
export type Mutant = {
  readonly name: string;
  readonly breaks: string;
  readonly connector?: (connector: Connector) => Connector;
  readonly recorder?: (recorder: Recorder, site: Site) => Recorder;
  readonly policy?: (policy: Policy) => Policy;
  readonly leaseMs?: number;
  readonly leaseByLocalClock?: boolean;
  /** Status trusts a plain look instead of the probe. */
  readonly statusWithoutProbe?: boolean;
  /** An answer that was lost counts as a definite refusal. */
  readonly lostAnswerIsRefusal?: boolean;
  /** 200 before the commit is known. */
  readonly answersBeforeCommit?: boolean;
  /** Commits do not wait for the server that may take over. */
  readonly standbyIgnored?: boolean;
};

function renamed(order: SendOrder): SendOrder {
  return { ...order, reference: `${order.reference}x` };
}

const reject = { kind: 'rejected', reason: 'bank_unavailable', evidence: {} } as const;

export const mutants: readonly Mutant[] = [
  { name: 'no-guards', breaks: 'neither fence nor version stops a late write', leaseMs: 4_000 },
  { name: 'no-version', breaks: 'a change is written upon a state it was not decided for' },
  { name: 'read-then-write', breaks: 'orders of a group all see the balance from before it' },
  { name: 'capture-twice', breaks: 'the capture is posted twice' },
  { name: 'job-forgotten', breaks: 'the next step of a payout is not queued' },
  { name: 'order-key-forgotten', breaks: 'an order_id may be used again' },
  { name: 'notification-lost', breaks: 'the notification is not in the transaction that ends the payout' },
  { name: 'tombstone-ignored', breaks: 'a create commits after status said that there is none' },
  {
    name: 'status-without-probe',
    breaks: 'status says "not found" while a create may commit',
    statusWithoutProbe: true,
  },
  { name: 'lost-answer-is-refusal', breaks: 'a cut connection counts as "not created"', lostAnswerIsRefusal: true },
  { name: 'answers-before-commit', breaks: '200 is said before the commit is known', answersBeforeCommit: true },
  { name: 'asynchronous-standby', breaks: 'a commit counts before the standby has it', standbyIgnored: true },
  {
    name: 'release-on-timeout',
    breaks: 'a time-out of the provider counts as its refusal',
    connector: (connector) => ({
      ...connector,
      send: async (order, signal) => {
        const outcome = await connector.send(order, signal);
        return outcome.kind === 'unknown' ? reject : outcome;
      },
    }),
  },
  {
    name: 'resend-on-unknown',
    breaks: 'what is unknown is sent again under a new reference',
    connector: (connector) => ({
      ...connector,
      inquire: async (inquiry, signal) => {
        const outcome = await connector.inquire(inquiry, signal);
        return outcome.kind === 'unknown' ? connector.send(renamed(inquiry.order), signal) : outcome;
      },
    }),
  },
  {
    name: 'resend-on-not-found',
    breaks: 'what was not found is sent again under a new reference, however long ago it was sent',
    connector: (connector) => ({
      ...connector,
      inquire: async (inquiry, signal) => {
        const outcome = await connector.inquire(inquiry, signal);
        return outcome.kind === 'not_found' ? connector.send(renamed(inquiry.order), signal) : outcome;
      },
    }),
  },
  {
    name: 'not-found-is-refusal',
    breaks: '"not found" counts as proof that nothing will be executed',
    connector: (connector) => ({
      ...connector,
      inquire: async (inquiry, signal) => {
        const outcome = await connector.inquire(inquiry, signal);
        return outcome.kind === 'not_found' ? reject : outcome;
      },
    }),
  },
  {
    name: 'callback-believed',
    breaks: 'a refusal that a callback tells counts although the provider could be asked',
    connector: (connector) => ({ ...connector, facts: { ...connector.facts, canInquire: false } }),
  },
  {
    name: 'repeats-for-ever',
    breaks: 'a reference is sent again after the provider has forgotten it',
    connector: (connector) => ({
      ...connector,
      facts: { ...connector.facts, idempotentForMs: Number.POSITIVE_INFINITY, canInquire: false },
      // Nothing but callbacks tells anything, so that there is a reason to go on.
      send: (order, signal) => connector.send(order, signal).then(() => ({ kind: 'unknown', evidence: {} })),
    }),
  },
  {
    name: 'garbage-is-success',
    breaks: 'an answer that makes no sense counts as paid',
    connector: (connector) => ({
      ...connector,
      send: async (order, signal) => {
        const outcome = await connector.send(order, signal);
        const isGarbage = outcome.kind === 'unknown' && outcome.evidence['note'] === 'garbage';
        return isGarbage ? { kind: 'succeeded', paidMinor: order.amountMinor, evidence: {} } : outcome;
      },
    }),
  },
  {
    name: 'notify-before-commit',
    breaks: 'merchants are told before what they are told is committed',
    recorder: (recorder, site) => ({
      ...recorder,
      record(record) {
        if (record.announcements.length > 0) {
          const payout = site.store.payouts.get(record.payout.payoutId);
          payout?.notifications.push(record.change.to);
          return recorder.record({ ...record, announcements: [] });
        }
        return recorder.record(record);
      },
    }),
  },
  {
    name: 'gives-up-into-failure',
    breaks: 'a payout that is unknown for too long is failed instead of reviewed',
    recorder: (recorder) => ({
      ...recorder,
      record(record) {
        const { change, payout } = record;
        if (change.to !== 'review') return recorder.record(record);
        const { debitMinor } = payout.charge;
        const none = { heldMinor: 0n, paidMinor: 0n, commissionMinor: 0n };
        const posting = {
          kind: 'release',
          connector: 'a',
          ...none,
          clearingMinor: -debitMinor,
          availableMinor: debitMinor,
        };
        const final = { paidMinor: 0n, commissionMinor: 0n, failReason: 'not_executed' } as const;
        return recorder.record({
          ...record,
          change: { ...change, to: 'fail', posting: { ...posting, kind: 'release' }, final, nextInMs: undefined },
        });
      },
    }),
    policy: (policy) => ({ ...policy, unknownBudgetMs: 5_000, acceptedBudgetMs: 20_000 }),
  },
  {
    name: 'lease-by-local-clock',
    breaks: 'leases are measured by the clock of each worker',
    leaseByLocalClock: true,
    recorder: (recorder) => ({
      ...recorder,
      record({ fence: _fence, ...record }) {
        return recorder.record(record);
      },
    }),
    connector: (connector) => ({
      ...connector,
      inquire: async (inquiry, signal) => connector.send(renamed(inquiry.order), signal),
    }),
  },
];
