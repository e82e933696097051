import { type Charge, chargeOfPartial } from './commission.ts';
import type { CancelReason, FailReason } from './fail-reason.ts';
import type { Evidence, Facts, InquiryOutcome } from './outcome.ts';
import { type Posting, postCapture, postRecall, postRelease, postSend } from './posting.ts';
import { backoffMs } from './retry.ts';

/**
 * `queued` waits to be sent; `sent` has a live attempt whose end is not known; `review` waits for a person. The rest is
 * final. On the wire the first three are `wait`.
 */
export type PayoutState = 'queued' | 'sent' | 'review' | FinalState;
export type FinalState = 'paid' | 'fail' | 'cancel';

/** `open`: committed, no answer yet. `void`: a person found that it was never executed. Live are the first three. */
export type AttemptState = 'open' | 'accepted' | 'unknown' | 'succeeded' | 'rejected' | 'void';

export type Attempt = {
  readonly attemptNo: number;
  readonly connector: string;
  readonly reference: string;
  readonly state: AttemptState;
  readonly asks: number;
};

/** What the decisions need to know of a payout. `attempt` is the latest one. */
export type Payout = {
  readonly payoutId: bigint;
  readonly state: PayoutState;
  readonly charge: Charge;
  /** The connectors it may go through, in order; attempt n goes through the n-th that is left. */
  readonly connectors: readonly string[];
  readonly attempt: Attempt | undefined;
};

/** How patient we are. Every number is a setting with a name. */
export type Policy = {
  readonly askBaseMs: number;
  readonly askMaxMs: number;
  /** An attempt whose end is unknown for longer than this goes to a person. */
  readonly unknownBudgetMs: number;
  /** The same for an attempt that the provider said it accepted. */
  readonly acceptedBudgetMs: number;
  /** A payout in review is still asked about, this rarely. */
  readonly reviewAskMs: number;
  /** From the commit of an attempt until its send at the latest, the call included: shorter than the lease. */
  readonly sendWithinMs: number;
};

export type PayoutEvent =
  | { readonly kind: 'send' }
  /** The database was restored to an earlier state: it may have been sent since, under the reference it gets now. */
  | { readonly kind: 'restore' }
  /** What was stored cannot be read, so nobody knows whom to pay. */
  | { readonly kind: 'unreadable'; readonly evidence: Evidence }
  | {
      readonly kind: 'outcome';
      readonly source: 'send' | 'repeat' | 'inquiry' | 'callback';
      readonly attemptNo: number;
      readonly outcome: InquiryOutcome;
      readonly facts: Facts;
      /** Since the attempt was committed, by the database's clock. */
      readonly ageMs: number;
    }
  | { readonly kind: 'cancel'; readonly reason: CancelReason; readonly evidence: Evidence }
  | { readonly kind: 'judge'; readonly verdict: Verdict; readonly evidence: Evidence };

/** What a person found out about a payout in review. */
export type Verdict = { readonly kind: 'paid'; readonly paidMinor: bigint } | { readonly kind: 'not_executed' };

export type Final = {
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
  readonly failReason?: FailReason | CancelReason;
  readonly rrn?: string;
};

/** Everything that one event does to a payout; written in one transaction or not at all. */
export type Change = {
  readonly to: PayoutState;
  /** What made it so, as a short code for the timeline. */
  readonly cause: string;
  readonly evidence?: Evidence;
  readonly posting?: Posting;
  readonly attempt?: AttemptChange;
  readonly final?: Final;
  /** When to look at it again: `lease` = when the lease of the worker that has it ends; undefined ends its job. */
  readonly nextInMs: number | 'lease' | undefined;
  readonly incident?: { readonly kind: string; readonly detail: Evidence };
};

export type AttemptChange = {
  readonly attemptNo: number;
  readonly connector: string;
  readonly reference: string;
  readonly state: AttemptState;
  readonly providerId?: string;
  readonly answer?: Evidence;
};

/** `refused`: the event does not fit the state, `why` says so in a word. Nothing is written then. */
export type Decision =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'refused'; readonly why: string };

export function isFinal(state: PayoutState): state is FinalState {
  return state === 'paid' || state === 'fail' || state === 'cancel';
}

/** The attempt whose end is not known yet, if there is one. */
function liveAttempt(payout: Payout): Attempt | undefined {
  const { attempt } = payout;
  return attempt !== undefined && ['open', 'accepted', 'unknown'].includes(attempt.state) ? attempt : undefined;
}

/** Deterministic, unique per attempt, and safe for any provider: digits and a dash. */
function referenceOf(payoutId: bigint, attemptNo: number): string {
  return `${payoutId}-${attemptNo}`;
}

/** The state machine of a payout: what `event` means for it. Pure; the caller writes the change. */
export function decidePayout(payout: Payout, event: PayoutEvent, policy: Policy): Decision {
  switch (event.kind) {
    case 'send':
      return decideSend(payout);
    case 'restore':
      return decideRestored(payout);
    case 'unreadable':
      return decideUnreadable(payout, event);
    case 'outcome':
      return decideOutcome(payout, event, policy);
    case 'cancel':
      return decideCancel(payout, event);
    case 'judge':
      return decideVerdict(payout, event);
    default:
      return event satisfies never;
  }
}

/** A new attempt needs a payout that is queued and an attempt before it, if any, that certainly moved nothing. */
function decideSend(payout: Payout): Decision {
  if (payout.state !== 'queued') return { kind: 'refused', why: 'not_queued' };
  if (liveAttempt(payout) !== undefined) return { kind: 'refused', why: 'attempt_is_live' };
  const connector = nextConnector(payout);
  if (connector === undefined) {
    return changed({ to: 'review', cause: 'no_connector', nextInMs: undefined });
  }
  const attemptNo = (payout.attempt?.attemptNo ?? 0) + 1;
  const reference = referenceOf(payout.payoutId, attemptNo);
  return changed({
    to: 'sent',
    cause: 'sent',
    posting: postSend(payout.charge.debitMinor, connector),
    attempt: { attemptNo, connector, reference, state: 'open' },
    nextInMs: 'lease',
  });
}

/** As if it had been sent: from here on it is asked about, and only what the provider does not have is sent. */
function decideRestored(payout: Payout): Decision {
  const decision = decideSend(payout);
  if (decision.kind === 'refused' || decision.change.to !== 'sent') return decision;
  return changed({ ...decision.change, cause: 'restored', nextInMs: 0 });
}

/** Nothing was sent, and nothing may be: a person looks at it, and the money stays held until then. */
function decideUnreadable(payout: Payout, event: Extract<PayoutEvent, { kind: 'unreadable' }>): Decision {
  if (payout.state !== 'queued') return { kind: 'refused', why: 'not_queued' };
  return changed({
    to: 'review',
    cause: 'recipient_unreadable',
    evidence: event.evidence,
    nextInMs: undefined,
    incident: { kind: 'recipient_unreadable', detail: event.evidence },
  });
}

/** A connector that rejected is not asked again. */
function nextConnector({ attempt, connectors }: Payout): string | undefined {
  return connectors[attempt === undefined ? 0 : connectors.indexOf(attempt.connector) + 1];
}

type OutcomeEvent = Extract<PayoutEvent, { kind: 'outcome' }>;

function decideOutcome(payout: Payout, event: OutcomeEvent, policy: Policy): Decision {
  if (payout.attempt === undefined) return { kind: 'refused', why: 'no_attempt' };
  const attempt = liveAttempt(payout);
  if (attempt === undefined || isFinal(payout.state) || attempt.attemptNo !== event.attemptNo) {
    return decideLate(payout, event);
  }
  const { outcome } = event;
  switch (outcome.kind) {
    case 'succeeded':
      return decidePaid(payout, attempt, outcome, event.source);
    case 'rejected':
    case 'cancelled':
      return event.source === 'callback' && event.facts.canInquire
        ? decideToConfirm(payout, attempt, outcome)
        : decideRefusedByProvider(payout, attempt, outcome);
    case 'accepted':
    case 'unknown':
    case 'not_found':
      return decideStillOpen(payout, attempt, event, policy);
    default:
      return outcome satisfies never;
  }
}

type Succeeded = Extract<InquiryOutcome, { kind: 'succeeded' }>;

function decidePaid(payout: Payout, attempt: Attempt, outcome: Succeeded, source: string): Decision {
  const { dueMinor } = payout.charge;
  if (outcome.paidMinor <= 0n || outcome.paidMinor > dueMinor) {
    // Nobody can be paid nothing or more than was ordered: the answer is wrong, and only a person can say what is true.
    return changed({
      to: 'review',
      cause: 'paid_amount_impossible',
      evidence: outcome.evidence,
      attempt: { ...attempt, state: 'unknown', answer: outcome.evidence },
      nextInMs: undefined,
      incident: {
        kind: 'paid_amount_impossible',
        detail: { paidMinor: outcome.paidMinor.toString(), dueMinor: dueMinor.toString(), source },
      },
    });
  }
  return changed({
    ...paidChange(payout, attempt, outcome.paidMinor),
    cause: `paid_by_${source}`,
    evidence: outcome.evidence,
    attempt: {
      ...attempt,
      state: 'succeeded',
      answer: outcome.evidence,
      ...(outcome.providerId === undefined ? {} : { providerId: outcome.providerId }),
    },
    ...(outcome.rrn === undefined ? {} : { final: { ...finalOf(payout, outcome.paidMinor), rrn: outcome.rrn } }),
  });
}

function finalOf(payout: Payout, paidMinor: bigint): Final {
  return { paidMinor, commissionMinor: chargeOfPartial(payout.charge, paidMinor).commissionMinor };
}

function paidChange(payout: Payout, attempt: Attempt, paidMinor: bigint): Omit<Change, 'cause'> {
  const partial = chargeOfPartial(payout.charge, paidMinor);
  return {
    to: 'paid',
    posting: postCapture(payout.charge, partial, attempt.connector),
    final: finalOf(payout, paidMinor),
    nextInMs: undefined,
  };
}

type Refused = Extract<InquiryOutcome, { kind: 'rejected' | 'cancelled' }>;

/**
 * A refusal gives the money back, so one that came by itself is only a reason to ask: a callback that is late, or about
 * something else, would let the merchant pay a second time.
 */
function decideToConfirm(payout: Payout, attempt: Attempt, outcome: Refused): Decision {
  return changed({
    to: payout.state,
    cause: 'refusal_to_confirm',
    attempt: { ...attempt, answer: { ...outcome.evidence, reason: outcome.reason } },
    nextInMs: 0,
  });
}

/** A certain refusal: the next connector, if the service has one, and else the end. */
function decideRefusedByProvider(payout: Payout, attempt: Attempt, outcome: Refused): Decision {
  const ended = { ...attempt, state: 'rejected', answer: outcome.evidence } as const;
  const { debitMinor } = payout.charge;
  const hasNext = nextConnector({ ...payout, attempt: ended }) !== undefined;
  if (hasNext && outcome.kind === 'rejected' && payout.state === 'sent') {
    return changed({
      to: 'queued',
      cause: 'rejected_next_connector',
      evidence: { ...outcome.evidence, reason: outcome.reason },
      posting: postRecall(debitMinor, attempt.connector),
      attempt: ended,
      nextInMs: 0,
    });
  }
  return changed({
    to: outcome.kind === 'cancelled' ? 'cancel' : 'fail',
    cause: outcome.kind,
    evidence: outcome.evidence,
    posting: postRelease(debitMinor, attempt.connector),
    attempt: ended,
    final: { paidMinor: 0n, commissionMinor: 0n, failReason: outcome.reason },
    nextInMs: undefined,
  });
}

/**
 * Still not known: ask again later, and when the budget ends let a person find out. No timer ever ends a payout, and
 * neither does "not found": whoever was to send it may have been stopped right before its first byte and go on at any
 * moment. It only allows a repeat under the same reference, which moves no second money whichever arrives first.
 */
function decideStillOpen(payout: Payout, attempt: Attempt, event: OutcomeEvent, policy: Policy): Decision {
  const { outcome } = event;
  const isAccepted = outcome.kind === 'accepted' || attempt.state === 'accepted';
  const next: AttemptChange = {
    ...attempt,
    state: isAccepted ? 'accepted' : 'unknown',
    answer: outcome.evidence,
    ...(outcome.kind === 'accepted' && outcome.providerId !== undefined ? { providerId: outcome.providerId } : {}),
  };
  const budgetMs = isAccepted ? policy.acceptedBudgetMs : policy.unknownBudgetMs;
  if (payout.state === 'review') {
    return changed({ to: 'review', cause: 'asked_in_review', attempt: next, nextInMs: policy.reviewAskMs });
  }
  if (event.ageMs >= budgetMs) {
    return changed({
      to: 'review',
      cause: isAccepted ? 'accepted_for_too_long' : 'unknown_for_too_long',
      evidence: outcome.evidence,
      attempt: next,
      nextInMs: policy.reviewAskMs,
    });
  }
  const waitMs = outcome.kind === 'accepted' ? outcome.askInMs : 0;
  const backMs = backoffMs(attempt.asks, { baseMs: policy.askBaseMs, maxMs: policy.askMaxMs });
  return changed({
    to: 'sent',
    cause: `${outcome.kind}_by_${event.source}`,
    attempt: next,
    nextInMs: Math.max(waitMs, backMs),
  });
}

/** An answer for an attempt that has ended. The same again means nothing; a contradiction is for people to see. */
function decideLate(payout: Payout, event: OutcomeEvent): Decision {
  const { outcome, attemptNo } = event;
  const { attempt } = payout;
  const succeeded = attempt?.attemptNo === attemptNo && attempt.state === 'succeeded';
  const isContradiction =
    (outcome.kind === 'succeeded' && !succeeded) ||
    ((outcome.kind === 'rejected' || outcome.kind === 'cancelled') && succeeded);
  if (!isContradiction) return { kind: 'refused', why: 'already_known' };
  return changed({
    to: payout.state,
    cause: 'contradiction',
    nextInMs: isFinal(payout.state) || payout.state === 'review' ? undefined : 0,
    incident: {
      kind: outcome.kind === 'succeeded' ? 'paid_after_end' : 'refused_after_paid',
      detail: { ...outcome.evidence, attemptNo, source: event.source, state: payout.state },
    },
  });
}

function decideCancel(payout: Payout, event: Extract<PayoutEvent, { kind: 'cancel' }>): Decision {
  if (payout.state !== 'queued') return { kind: 'refused', why: isFinal(payout.state) ? 'final' : 'sent' };
  return changed({
    to: 'cancel',
    cause: event.reason,
    evidence: event.evidence,
    posting: postRelease(payout.charge.debitMinor, undefined),
    final: { paidMinor: 0n, commissionMinor: 0n, failReason: event.reason },
    nextInMs: undefined,
  });
}

function decideVerdict(payout: Payout, event: Extract<PayoutEvent, { kind: 'judge' }>): Decision {
  if (payout.state !== 'review') return { kind: 'refused', why: 'not_in_review' };
  const { charge } = payout;
  const live = liveAttempt(payout);
  const { verdict, evidence } = event;
  if (verdict.kind === 'paid') {
    if (live === undefined) return { kind: 'refused', why: 'never_sent' };
    if (verdict.paidMinor <= 0n || verdict.paidMinor > charge.dueMinor) return { kind: 'refused', why: 'paid_amount' };
    return changed({
      ...paidChange(payout, live, verdict.paidMinor),
      cause: 'judged_paid',
      evidence,
      attempt: { ...live, state: 'succeeded', answer: evidence },
    });
  }
  return changed({
    to: 'fail',
    cause: 'judged_not_executed',
    evidence,
    posting: postRelease(charge.debitMinor, live?.connector),
    ...(live === undefined ? {} : { attempt: { ...live, state: 'void' as const, answer: evidence } }),
    final: { paidMinor: 0n, commissionMinor: 0n, failReason: 'not_executed' },
    nextInMs: undefined,
  });
}

function changed(change: Change): Decision {
  return { kind: 'change', change };
}
