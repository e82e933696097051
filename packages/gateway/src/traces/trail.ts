// Owns the steps of a payout's life as they can be followed: their names, what is told of each, one trace per payout.
// Promises that every process knows the trace of a payout from its id alone, and that no step tells of a recipient.
// Refuses to know where the steps go: to a receiver of traces, to the log, to both.
import { randomBytes } from 'node:crypto';
import { deriveTrace, isSampled, type Trace } from './derive.ts';
import type { Parent } from './read-parent.ts';

type Spec = {
  /** The name of its span, and of its `step` in the log. */
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** Its line in the log. */
  readonly says: string;
};

/** Everything that can be followed of a payout. The operators' guide has the same list. */
export const steps = {
  request: { name: 'payout.request', kind: 'server', says: 'an order was answered with a payout' },
  verify: { name: 'payout.verify', kind: 'internal', says: 'the signature of an order was verified' },
  accept: { name: 'payout.accept', kind: 'internal', says: 'a payout was accepted' },
  attempt: { name: 'payout.attempt', kind: 'client', says: 'a payout was sent to its provider' },
  inquiry: { name: 'payout.inquiry', kind: 'client', says: 'a provider was asked about a payout' },
  callback: { name: 'payout.callback', kind: 'server', says: 'a provider told about a payout' },
  settle: { name: 'payout.settle', kind: 'internal', says: 'a change of a payout was written' },
  sign: { name: 'notification.sign', kind: 'internal', says: 'a notification was signed' },
  deliver: { name: 'notification.deliver', kind: 'client', says: 'a notification was tried' },
} as const satisfies Readonly<Record<string, Spec>>;

export type StepName = keyof typeof steps;

/** What may be told of a step: a closed list, so that nothing of a recipient and no secret has a place in it. */
export type Facts = {
  readonly connector?: string;
  readonly attemptNo?: number;
  /** What the provider said. */
  readonly outcome?: string;
  /** How it was learnt: send, repeat, inquiry or callback. */
  readonly source?: string;
  readonly cause?: string;
  readonly state?: string;
  /** Orders in the group that was committed together. */
  readonly items?: number;
  readonly isReplay?: boolean;
  readonly notificationId?: string;
  readonly tryNo?: number;
  readonly statusCode?: number;
  /** The step did not reach what it is for. */
  readonly isFailed?: boolean;
};

export type PayoutKey = { readonly merchantId: bigint; readonly payoutId: bigint };

export type Step = {
  /** The W3C header to send on; undefined when nobody collects traces. */
  readonly traceparent: string | undefined;
  end(facts?: Facts): void;
};

type Past = {
  /** On the monotonic clock. */
  readonly startedMs: number;
  /** Default: now. */
  readonly endedMs?: number;
  readonly facts?: Facts;
  /** The first span of the trace: all others hang on it, also those of other processes. */
  readonly isFirst?: boolean;
  /** Where the caller's own trace was. */
  readonly parent?: Parent | undefined;
};

export type Trail = {
  begin(name: StepName, payout: PayoutKey): Step;
  /** A step that is over, or that began before its payout had an id. */
  note(name: StepName, payout: PayoutKey, past: Past): void;
};

type Place = { readonly traceId: string; readonly spanId: string };

/** A step that is over, as a span. Times are milliseconds since 1970. */
export type Span = Place & {
  readonly name: string;
  readonly kind: Spec['kind'];
  readonly parentSpanId: string | undefined;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly link: Place | undefined;
};

export type Needs = {
  /** A keyed digest of at least 32 bytes, the same in every process. */
  readonly digest: (text: string) => Uint8Array;
  readonly monotonicMs: () => number;
  readonly collector?: { write(span: Span): void } | undefined;
  /** Which share of the payouts is collected, 0 to 1. */
  readonly share?: number;
  /** One line for each step of each payout: for finding a fault, not for every day. */
  readonly log?: { debug(fields: object, text: string): void } | undefined;
};

/** undefined when nobody follows: then a step costs whoever takes it the look at this. */
export function createTrail(needs: Needs): Trail | undefined {
  if (needs.collector === undefined && needs.log === undefined) return undefined;
  return {
    begin(name, payout) {
      const startedMs = needs.monotonicMs();
      const trace = deriveTrace(needs.digest, payout.payoutId);
      const isKept = isSampled(trace, needs.share ?? 1);
      // Of a payout that is not collected there is nothing to tell apart.
      const spanId = isKept && needs.collector !== undefined ? makeSpanId() : trace.firstSpanId;
      return {
        traceparent: needs.collector && `00-${trace.traceId}-${spanId}-${isKept ? '01' : '00'}`,
        end: (facts = {}) => finish(needs, { name, payout, trace, spanId, startedMs, facts }),
      };
    },
    note(name, payout, past) {
      const trace = deriveTrace(needs.digest, payout.payoutId);
      finish(needs, { name, payout, trace, facts: {}, ...past });
    },
  };
}

type Ended = Past & {
  readonly name: StepName;
  readonly payout: PayoutKey;
  readonly trace: Trace;
  /** Default: one that nobody has been told. */
  readonly spanId?: string;
  readonly facts: Facts;
};

function finish(needs: Needs, ended: Ended): void {
  const { name, payout, trace, facts } = ended;
  const nowMs = needs.monotonicMs();
  const endedMs = ended.endedMs ?? nowMs;
  const place = writePlace(trace, payout);
  const durationMs = Math.round((endedMs - ended.startedMs) * 1_000) / 1_000;
  needs.log?.debug({ step: steps[name].name, ...place, ...facts, durationMs }, steps[name].says);
  if (needs.collector === undefined || !isSampled(trace, needs.share ?? 1)) return;
  // The wall clock is asked once: what lies between start and end is measured by the clock that nobody sets.
  const wallMs = Date.now() - nowMs;
  const { kind, name: spanName } = steps[name];
  const times = { startedAtMs: wallMs + ended.startedMs, endedAtMs: wallMs + endedMs };
  const { isFirst = false, spanId = isFirst ? trace.firstSpanId : makeSpanId() } = ended;
  const parentSpanId = isFirst ? undefined : trace.firstSpanId;
  const span = { name: spanName, kind, ...times, attributes: nameAttributes(payout, facts) };
  const { parent } = ended;
  needs.collector.write({ ...span, traceId: trace.traceId, spanId, parentSpanId, link: parent });
  if (parent?.isSampled !== true) return;
  // One span in the caller's own trace, from which one finds the payout's.
  const link = { traceId: trace.traceId, spanId };
  needs.collector.write({ ...span, traceId: parent.traceId, spanId: makeSpanId(), parentSpanId: parent.spanId, link });
}

/** The fields by which every line of the log that is about a payout names it, whoever writes the line. */
export type LoggedPlace = { readonly payoutId: string; readonly merchantId: string; readonly trace_id: string };

export function placeOf(digest: Needs['digest'], payout: PayoutKey): LoggedPlace {
  return writePlace(deriveTrace(digest, payout.payoutId), payout);
}

function writePlace({ traceId }: Trace, { payoutId, merchantId }: PayoutKey): LoggedPlace {
  return { payoutId: payoutId.toString(), merchantId: merchantId.toString(), trace_id: traceId };
}

/** `attemptNo` becomes `vyplata.attempt_no`. */
function nameAttributes({ payoutId, merchantId }: PayoutKey, facts: Facts): Span['attributes'] {
  const told = { payoutId: payoutId.toString(), merchantId: merchantId.toString(), ...facts };
  const named = Object.entries(told).map(([key, value]) => [
    `vyplata.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    value,
  ]);
  return Object.fromEntries(named) as Span['attributes'];
}

function makeSpanId(): string {
  return randomBytes(8).toString('hex');
}
