import type { Connector, InquiryOutcome, SendOrder } from '../connectors/connector.ts';
import { findCurrency } from '../core/currency.ts';
import { isFinal } from '../core/payout.ts';
import type { Job } from '../jobs/queue.ts';
import type { Vault } from '../secrets/seal.ts';
import { openRecipient } from './recipient-seal.ts';
import { type Needs as SettleNeeds, type Settlement, settlePayout } from './settle.ts';
import type { StoredPayout } from './store.ts';

export type Needs = SettleNeeds & {
  readonly connectors: { find(name: string): Connector | undefined };
  readonly vault: Pick<Vault, 'open'>;
  /** Monotonic milliseconds: deadlines must not move with the wall clock. */
  readonly monotonicMs: () => number;
  /** Longest a provider may take over one call; with the wait before it, shorter than the lease of the job. */
  readonly callDeadlineMs: number;
  readonly onBug: (error: unknown, payoutId: bigint) => void;
};

/** One step of a payout that is not final: send it, or ask about the attempt that is under way. */
export async function advancePayout(needs: Needs, job: Job): Promise<void> {
  const payout = await needs.reader.findPayout({ merchantId: job.merchantId, payoutId: job.subjectId });
  if (payout === undefined) throw new Error(`job of payout ${job.subjectId}: there is no such payout`);
  if (isFinal(payout.state)) return;
  if (payout.state === 'queued') await sendPayout(needs, payout, job);
  else await askAboutPayout(needs, payout, job);
}

/** Intent first: the attempt and its reference are committed before a byte leaves; then the call, outside any tx. */
async function sendPayout(needs: Needs, payout: StoredPayout, job: Job): Promise<void> {
  const source = { actor: 'worker', fence: job.fence };
  const committedAtMs = needs.monotonicMs();
  const intent = await settlePayout(needs, { payout, event: { kind: 'send' }, source });
  if (intent.kind !== 'applied' || intent.change.attempt === undefined) return;
  const sent = withAttempt(intent);
  const connector = connectorOf(needs, sent);
  if (connector === undefined) return;
  const order = orderOf(needs, sent);
  // Past this moment "not found" may already count as proof that nothing was sent: then it must not be sent any more.
  const leftMs = committedAtMs + needs.policy.sendWithinMs - needs.monotonicMs();
  if (leftMs < needs.callDeadlineMs) return;
  const outcome = await callProvider(needs, sent, (signal) => connector.send(order, signal));
  await settleOutcome(needs, { payout: sent, outcome, connector, job, via: 'send' });
}

/** The payout as the intent left it: the next decision is made upon this without reading it again. */
function withAttempt(intent: Extract<Settlement, { kind: 'applied' }>): StoredPayout {
  const { payout, change } = intent;
  const attempt = change.attempt === undefined ? payout.attempt : { ...change.attempt, asks: 0 };
  return { ...payout, state: change.to, version: payout.version + 1, attempt, providerId: undefined, attemptAgeMs: 0 };
}

async function askAboutPayout(needs: Needs, payout: StoredPayout, job: Job): Promise<void> {
  const connector = connectorOf(needs, payout);
  if (connector === undefined || payout.attempt === undefined) return;
  const order = orderOf(needs, payout);
  const { facts } = connector;
  let ask: (signal: AbortSignal) => Promise<InquiryOutcome>;
  if (facts.canInquire) {
    const sentAt = payout.attemptStartedAt ?? payout.createdAt;
    ask = (signal) => connector.inquire({ order, sentAt, providerId: payout.providerId }, signal);
  } else if (payout.attemptAgeMs + needs.callDeadlineMs < facts.idempotentForMs) {
    // The same reference again moves no second money and tells how the first went: a way of asking.
    ask = (signal) => connector.send(order, signal);
  } else {
    ask = () => Promise.resolve({ kind: 'unknown', evidence: { note: 'this provider cannot be asked' } });
  }
  const outcome = await callProvider(needs, payout, ask);
  await settleOutcome(needs, { payout, outcome, connector, job, via: 'inquiry' });
}

type Answer = {
  readonly payout: StoredPayout;
  readonly outcome: InquiryOutcome;
  readonly connector: Connector;
  readonly job: Job;
  readonly via: 'send' | 'inquiry';
};

async function settleOutcome(needs: Needs, { payout, outcome, connector, job, via }: Answer): Promise<void> {
  await settlePayout(needs, {
    payout,
    event: {
      kind: 'outcome',
      source: via,
      attemptNo: payout.attempt?.attemptNo ?? 0,
      outcome,
      facts: connector.facts,
      ageMs: payout.attemptAgeMs,
    },
    source: { actor: `connector ${connector.name}`, fence: job.fence },
  });
}

/** Whatever happens in a call that is not a clear answer is unknown, never a failure. */
async function callProvider(
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
    needs.onBug(error, payout.payoutId);
    return { kind: 'unknown', evidence: { note: 'the connector failed while it spoke to the provider' } };
  } finally {
    clearTimeout(timer);
  }
}

function connectorOf(needs: Needs, payout: StoredPayout): Connector | undefined {
  const name = payout.attempt?.connector;
  const connector = name === undefined ? undefined : needs.connectors.find(name);
  if (connector === undefined) {
    needs.onBug(new Error(`connector ${name} of a payout under way is not in this installation`), payout.payoutId);
  }
  return connector;
}

function orderOf(needs: Needs, payout: StoredPayout): SendOrder {
  const recipient = openRecipient(needs.vault, payout);
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
