import type { Connector, Facts, InquiryOutcome, SendOrder } from '../connectors/connector.ts';
import { findCurrency } from '../core/currency.ts';
import { decidePayout, isFinal } from '../core/payout.ts';
import type { Job } from '../jobs/queue.ts';
import type { Vault } from '../secrets/seal.ts';
import type { Step } from '../traces/trail.ts';
import { type Pauses, pauseViewMaxMs } from './heed-pauses.ts';
import { openRecipient, type RecipientData } from './recipient-seal.ts';
import { type Needs as SettleNeeds, type Settlement, settlePayout } from './settle.ts';
import type { PayoutKey, StoredPayout } from './store.ts';

export type Needs = SettleNeeds & {
  readonly connectors: { find(name: string): Connector | undefined };
  readonly vault: Pick<Vault, 'open'>;
  readonly pauses: Pauses;
  /** Monotonic milliseconds: deadlines must not move with the wall clock. */
  readonly monotonicMs: () => number;
  /** Longest a provider may take over one call; with the wait before it, shorter than the lease of the job. */
  readonly callDeadlineMs: number;
  readonly onBug: (error: unknown, payout: PayoutKey) => void;
};

/**
 * One step of a payout that is not final: send it, or ask about the attempt that is under way. `known` is the payout as
 * whoever queued the job has just written it; without it, it is read.
 */
export async function advancePayout(needs: Needs, job: Job, known?: StoredPayout): Promise<void> {
  const readAtMs = needs.monotonicMs();
  const payout = known ?? (await needs.reader.findPayout({ merchantId: job.merchantId, payoutId: job.subjectId }));
  if (payout === undefined) throw new Error(`job of payout ${job.subjectId}: there is no such payout`);
  if (isFinal(payout.state)) return;
  if (payout.state === 'queued') await sendPayout(needs, payout, job);
  else await askAboutPayout(needs, { payout, readAtMs }, job);
}

/** Intent first: the attempt and its reference are committed before a byte leaves; then the call, outside any tx. */
async function sendPayout(needs: Needs, payout: StoredPayout, job: Job): Promise<void> {
  const pause = await findPause(needs, payout);
  if (pause !== undefined) return needs.pauses.park(job, pause);
  const source = { actor: 'worker', fence: job.fence };
  const recipient = readRecipient(needs, payout);
  if (recipient === undefined) {
    const evidence = { note: 'the stored recipient cannot be opened: it was changed, or its master key is missing' };
    await settlePayout(needs, { payout, event: { kind: 'unreadable', evidence }, source });
    return;
  }
  const committedAtMs = needs.monotonicMs();
  const intent = await settlePayout(needs, { payout, event: { kind: 'send' }, source });
  if (intent.kind !== 'applied' || intent.change.attempt === undefined) return;
  const sent = withAttempt(intent);
  const connector = connectorOf(needs, sent);
  if (connector === undefined) return;
  const order = orderOf(sent, recipient);
  // When the commit took long, a pause that was set meanwhile holds too: that nothing was sent is found out by asking.
  const isLate = needs.monotonicMs() - committedAtMs > pauseViewMaxMs;
  if (isLate && (await findPause(needs, payout)) !== undefined) return;
  // Past this moment the lease may end before the answer comes, and another worker would ask while this one sends.
  const leftMs = committedAtMs + needs.policy.sendWithinMs - needs.monotonicMs();
  if (leftMs < needs.callDeadlineMs) return;
  const call = { payout: sent, connector: connector.name, asked: 'send' } as const;
  const outcome = await callProvider(needs, call, (signal, traced) => connector.send({ ...order, ...traced }, signal));
  await settleOutcome(needs, { payout: sent, outcome, connector, job, via: 'send' });
}

/** The pause that keeps the next attempt of a queued payout from being started. */
function findPause(needs: Needs, payout: StoredPayout): ReturnType<Pauses['find']> {
  const next = decidePayout(payout, { kind: 'send' }, needs.policy);
  const connector = next.kind === 'change' ? next.change.attempt?.connector : undefined;
  return needs.pauses.find({ merchantId: payout.merchantId, accountId: payout.accountId, connector });
}

/** The payout as the intent left it: the next decision is made upon this without reading it again. */
function withAttempt(intent: Extract<Settlement, { kind: 'applied' }>): StoredPayout {
  const { payout, change } = intent;
  const attempt = change.attempt === undefined ? payout.attempt : { ...change.attempt, asks: 0 };
  return {
    ...payout,
    state: change.to,
    version: payout.version + 1,
    attempt,
    providerId: undefined,
    attemptStartedAt: new Date(),
    attemptAgeMs: 0,
  };
}

/** A payout with the moment before which it was certainly not read yet. */
type Read = { readonly payout: StoredPayout; readonly readAtMs: number };

/**
 * Asks how the live attempt went. Where the provider does not have it, or cannot be asked, the same reference again
 * moves no second money and tells how the first went: a way of asking, also if the first is still on its way.
 */
async function askAboutPayout(needs: Needs, read: Read, job: Job): Promise<void> {
  const { payout } = read;
  const connector = connectorOf(needs, payout);
  const recipient = readRecipient(needs, payout);
  if (connector === undefined || recipient === undefined) {
    const evidence = { note: 'its connector is not in this installation, or its recipient cannot be read' };
    return settleOutcome(needs, { payout, job, outcome: { kind: 'unknown', evidence }, via: 'inquiry' });
  }
  const order = orderOf(payout, recipient);
  const answer = { payout, connector, job };
  if (connector.facts.canInquire) {
    const sentAt = payout.attemptStartedAt ?? payout.createdAt;
    const call = { payout, connector: connector.name, asked: 'inquiry' } as const;
    const outcome = await callProvider(needs, call, (signal, traced) =>
      connector.inquire({ order: { ...order, ...traced }, sentAt, providerId: payout.providerId }, signal),
    );
    if (outcome.kind !== 'not_found' || !isRepeatSafe(needs, read, connector.facts)) {
      return settleOutcome(needs, { ...answer, outcome, via: 'inquiry' });
    }
  }
  // If nothing has arrived yet, a repeat is what moves the money: a pause holds it like a first send.
  if (isRepeatSafe(needs, read, connector.facts)) {
    const { merchantId, accountId } = payout;
    const pause = await needs.pauses.find({ merchantId, accountId, connector: connector.name });
    if (pause !== undefined) return needs.pauses.park(job, pause);
  }
  // Once more: the pauses may have been read for a while.
  if (!isRepeatSafe(needs, read, connector.facts)) {
    const evidence = { note: 'the provider tells nothing, and it is too late to send the same again' };
    return settleOutcome(needs, { ...answer, outcome: { kind: 'unknown', evidence }, via: 'inquiry' });
  }
  const call = { payout, connector: connector.name, asked: 'repeat' } as const;
  const outcome = await callProvider(needs, call, (signal, traced) => connector.send({ ...order, ...traced }, signal));
  await settleOutcome(needs, { ...answer, outcome, via: 'repeat' });
}

/**
 * A repeat has to arrive while the provider still knows the reference. Half of that time is left for what we cannot
 * measure: a process that is stopped, a clock that was set back, a request that travels; more where the provider's own
 * longest delay asks for it. Not in review: what a person is about to find out must not change any more. What the
 * provider once accepted is not sent again, whatever it says now.
 */
function isRepeatSafe(needs: Needs, { payout, readAtMs }: Read, facts: Facts): boolean {
  const { idempotentForMs, deliveryDelayMaxMs } = facts;
  const ageMs = payout.attemptAgeMs + needs.monotonicMs() - readAtMs;
  const isKnown = ageMs + Math.max(deliveryDelayMaxMs ?? 0, idempotentForMs / 2) < idempotentForMs;
  return isKnown && payout.state === 'sent' && payout.attempt?.state !== 'accepted';
}

/** What is promised by a connector that is not there. */
const noFacts: Facts = {
  idempotentForMs: 0,
  canInquire: false,
  deliveryDelayMaxMs: undefined,
  hasSignedCallbacks: false,
};

type Answer = {
  readonly payout: StoredPayout;
  readonly outcome: InquiryOutcome;
  /** undefined: nobody was asked. */
  readonly connector?: Connector;
  readonly job: Job;
  readonly via: 'send' | 'repeat' | 'inquiry';
};

async function settleOutcome(needs: Needs, { payout, outcome, connector, job, via }: Answer): Promise<void> {
  await settlePayout(needs, {
    payout,
    event: {
      kind: 'outcome',
      source: via,
      attemptNo: payout.attempt?.attemptNo ?? 0,
      outcome,
      facts: connector?.facts ?? noFacts,
      ageMs: payout.attemptAgeMs,
    },
    source: { actor: connector === undefined ? 'worker' : `connector ${connector.name}`, fence: job.fence },
  });
}

type Question = {
  readonly payout: StoredPayout;
  readonly connector: string;
  readonly asked: 'send' | 'repeat' | 'inquiry';
};
type Traced = Pick<SendOrder, 'traceparent'>;
type Call = (signal: AbortSignal, traced: Traced) => Promise<InquiryOutcome>;

/** Whatever happens in a call that is not a clear answer is unknown, never a failure. */
async function callProvider(needs: Needs, question: Question, call: Call): Promise<InquiryOutcome> {
  const { payout, connector, asked } = question;
  const startedMs = needs.monotonicMs();
  const step = needs.trail?.begin(asked === 'inquiry' ? 'inquiry' : 'attempt', payout);
  const outcome = await callInTime(needs, payout, (signal) => call(signal, tracedBy(step)));
  needs.meter?.noteCall({ connector, asked, seconds: (needs.monotonicMs() - startedMs) / 1_000 });
  const attemptNo = payout.attempt?.attemptNo ?? 0;
  const failed = outcome.kind === 'unknown' ? { isFailed: true } : {};
  step?.end({ connector, attemptNo, source: asked, outcome: outcome.kind, ...failed });
  return outcome;
}

function tracedBy(step: Step | undefined): Traced {
  return step?.traceparent === undefined ? {} : { traceparent: step.traceparent };
}

async function callInTime(
  needs: Needs,
  payout: StoredPayout,
  call: (signal: AbortSignal) => Promise<InquiryOutcome>,
): Promise<InquiryOutcome> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), needs.callDeadlineMs);
  const late = new Promise<InquiryOutcome>((resolve) => {
    deadline.signal.addEventListener('abort', () =>
      resolve({ kind: 'unknown', evidence: { note: 'no answer in time', waitedMs: needs.callDeadlineMs } }),
    );
  });
  try {
    return await Promise.race([call(deadline.signal), late]);
  } catch (error) {
    needs.onBug(error, payout);
    return { kind: 'unknown', evidence: { note: 'the connector failed while it spoke to the provider' } };
  } finally {
    clearTimeout(timer);
  }
}

function connectorOf(needs: Needs, payout: StoredPayout): Connector | undefined {
  const name = payout.attempt?.connector;
  const connector = name === undefined ? undefined : needs.connectors.find(name);
  if (connector === undefined) {
    needs.onBug(new Error(`connector ${name} of a payout under way is not in this installation`), payout);
  }
  return connector;
}

/** Before anything is committed: a payout whose recipient cannot be read must not look as if it had been sent. */
function readRecipient(needs: Needs, payout: StoredPayout): RecipientData | undefined {
  try {
    return openRecipient(needs.vault, payout);
  } catch (error) {
    needs.onBug(error, payout);
    return undefined;
  }
}

function orderOf(payout: StoredPayout, recipient: RecipientData): SendOrder {
  return {
    reference: payout.attempt?.reference ?? '',
    payoutId: payout.payoutId,
    amountMinor: payout.charge.dueMinor,
    currency: payout.currency,
    digits: findCurrency(payout.currency)?.digits ?? 2,
    serviceCode: payout.serviceCode,
    recipientKind: payout.recipientKind,
    ...recipient,
  };
}
