import { hash } from 'node:crypto';
import type { Connector, Evidence, InquiryOutcome, Outcome, SendOrder } from './connector.ts';
import { type Book, type BookEntry, type Decision, openBook } from './sandbox-book.ts';
import { type Caller, createCaller, readMessage, type SandboxMessage } from './sandbox-callback.ts';
import { createDelays, type Delays } from './sandbox-delay.ts';
import { chooseScript } from './sandbox-choice.ts';
import type { PlannedCallback, SandboxScript } from './sandbox-script.ts';

export type SandboxOptions = {
  /** The file of executed transfers, the same for all processes of the installation. */
  readonly bookPath: string;
  readonly clock?: { now(): number };
  /** How long every answer takes; default: 20 to 80 ms, decided by the reference. */
  readonly latencyMs?: number;
  /** 1 = real; 0.01 makes every delay of the scripts and the default latency a hundredth. */
  readonly timeScale?: number;
  /** The gateway's own callback address and the secret they share; without it scripts are resolved by inquiry only. */
  readonly callback?: { readonly url: string; readonly secret: string };
  readonly deliveryDelayMaxMs?: number;
};

export type SandboxConnector = Connector & {
  /**
   * Makes the ending of an order final now if it would be within `byMs`. False: the sandbox has no such order, or
   * nothing about it is still to come. Every process that shares the Book sees it.
   */
  skipDelay(reference: string, byMs: number): boolean;
};

const name = 'sandbox';
const dayMs = 24 * 3_600_000;
/** A send that will not be answered is given up after this, should nobody abort it. */
const silenceMaxMs = 120_000;
const callbacksPendingMax = 10_000;
/** How much later than a callback is due the gateway should ask: the callback normally wins. */
const callbackGraceMs = 3_000;

type Sandbox = {
  readonly book: Book;
  readonly delays: Delays;
  readonly caller: Caller | undefined;
  readonly clock: { now(): number };
  readonly latencyMs: number | undefined;
  readonly timeScale: number;
};

/**
 * A provider that moves no money, for demos and tests: `sandboxScripts` says which recipients and amounts behave how,
 * everything else is paid at once. It decides when an order arrives and writes that to its Book before it answers, so
 * after a crash at any moment an inquiry tells the truth. The same reference moves nothing twice. Throws if the Book
 * cannot be opened.
 */
export function createSandboxConnector(options: SandboxOptions): SandboxConnector {
  const { callback, clock = Date, latencyMs, timeScale = 1, deliveryDelayMaxMs = 2_000 } = options;
  const book = openBook(options.bookPath);
  const delays = createDelays({ plansMax: callbacksPendingMax });
  const caller = callback && createCaller({ ...callback, clock });
  const sandbox: Sandbox = { book, delays, caller, clock, latencyMs, timeScale };
  let closing: Promise<void> | undefined;
  return {
    name,
    facts: { idempotentForMs: dayMs, canInquire: true, deliveryDelayMaxMs, hasSignedCallbacks: true },
    async send(order, signal) {
      if (closing !== undefined || signal.aborted) return unknown('not sent');
      return trust(() => takeOrder(sandbox, order, signal));
    },
    async inquire({ order }, signal) {
      if (closing !== undefined) return unknown('not asked');
      return trust(() => answerInquiry(sandbox, order.reference, signal));
    },
    readCallback(request) {
      const message = callback && readMessage({ ...request, secret: callback.secret, now: clock.now() });
      return message && { reference: message.reference, outcome: outcomeOfMessage(message) };
    },
    skipDelay(reference, byMs) {
      return closing === undefined && skipDelay(sandbox, reference, byMs);
    },
    close() {
      closing ??= closeAll(sandbox);
      return closing;
    },
  };
}

async function closeAll({ delays, caller, book }: Sandbox): Promise<void> {
  delays.close();
  await caller?.close();
  book.close();
}

/** A Book that cannot be written or read is the provider's outage, and tells nothing about the order. */
async function trust<T>(answer: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await answer();
  } catch (error) {
    return unknown(error instanceof Error ? error.message : 'the sandbox failed');
  }
}

async function takeOrder(sandbox: Sandbox, order: SendOrder, signal: AbortSignal): Promise<Outcome> {
  const { delays, clock } = sandbox;
  const script = chooseScript(order);
  const { entry, isNew } = recordArrival(sandbox, order, script);
  if (!isAnswered(entry, script, isNew)) {
    await delays.wait(silenceMaxMs, signal);
    return unknown('no answer');
  }
  const askAt = isNew ? planCallbacks(sandbox, entry, script?.callbacks ?? []) : undefined;
  const identity = identify(order.reference);
  const waited = await delays.wait(latencyOf(sandbox, identity), signal);
  if (waited === 'stopped') return unknown('no answer');
  if (isNew && script?.answer === 'garbage') return unknown('the answer makes no sense');
  return outcomeOfEntry(withSkip(sandbox, entry), { now: clock.now(), askAt, identity });
}

/** The moment of truth: after this line is written the provider has the order, whatever happens to us. */
function recordArrival({ book, clock, timeScale }: Sandbox, order: SendOrder, script: SandboxScript | undefined) {
  const facts = { order, script, at: clock.now(), timeScale };
  const first = book.record(decide({ ...facts, decision: endingOf(order, script) }));
  if (first.entry.decision !== 'lost' || first.isNew) return first;
  return book.record(decide({ ...facts, decision: { decision: 'executed', paidMinor: order.amountMinor } }));
}

/** A script that loses answers loses the first one; a repeat of the same reference is answered. */
function isAnswered(entry: BookEntry, script: SandboxScript | undefined, isNew: boolean): boolean {
  if (entry.decision === 'lost' || entry.decision === 'silent') return false;
  return !(isNew && script?.answer === 'nothing');
}

async function answerInquiry(sandbox: Sandbox, reference: string, signal: AbortSignal): Promise<InquiryOutcome> {
  const identity = identify(reference);
  const waited = await sandbox.delays.wait(latencyOf(sandbox, identity), signal);
  if (waited === 'stopped') return unknown('no answer');
  const entry = sandbox.book.find(reference);
  if (entry === undefined) return { kind: 'not_found', evidence: { provider: name } };
  return outcomeOfEntry(withSkip(sandbox, entry), { now: sandbox.clock.now(), askAt: undefined, identity });
}

/** A line of its own in the Book, as every fact of the sandbox: it survives the process. */
function skipDelay({ book, clock }: Sandbox, reference: string, byMs: number): boolean {
  const entry = book.find(reference);
  const now = clock.now();
  if (entry === undefined || entry.decision === 'silent' || entry.decision === 'lost') return false;
  if (entry.finalAt > now + byMs) return false;
  if (entry.finalAt > now) {
    const { payoutId, amountMinor, currency } = entry;
    const fact = {
      payoutId,
      amountMinor,
      currency,
      script: 'skip',
      at: now,
      finalAt: now,
      decision: 'silent',
    } as const;
    book.record({ reference: skipOf(reference), ...fact });
  }
  return true;
}

function withSkip({ book, clock }: Sandbox, entry: BookEntry): BookEntry {
  if (clock.now() >= entry.finalAt || book.find(skipOf(entry.reference)) === undefined) return entry;
  return { ...entry, finalAt: entry.at };
}

function skipOf(reference: string): string {
  return `skip ${reference}`;
}

function endingOf(order: SendOrder, script: SandboxScript | undefined): Decision {
  const ending = script?.ending ?? { kind: 'executed', share: 'full' };
  switch (ending.kind) {
    case 'executed':
      return {
        decision: 'executed',
        paidMinor: ending.share === 'half' ? halve(order.amountMinor) : order.amountMinor,
      };
    case 'rejected':
      return { decision: 'rejected', reason: ending.reason };
    case 'cancelled':
      return { decision: 'cancelled', reason: ending.reason };
    case 'silent':
      return { decision: 'silent' };
    case 'lost_once':
      return { decision: 'lost' };
    default:
      return ending satisfies never;
  }
}

/** Rounded down, but nobody can be paid nothing. */
function halve(amountMinor: bigint): bigint {
  return amountMinor > 1n ? amountMinor / 2n : amountMinor;
}

/** A lost order is kept under its payout, so that its own reference stays unknown to every inquiry. */
function decide(facts: {
  readonly order: SendOrder;
  readonly script: SandboxScript | undefined;
  readonly at: number;
  readonly timeScale: number;
  readonly decision: Decision;
}): BookEntry {
  const { order, script, at, timeScale, decision } = facts;
  return {
    reference: decision.decision === 'lost' ? `lost ${order.payoutId}` : order.reference,
    payoutId: order.payoutId.toString(),
    ...decision,
    amountMinor: order.amountMinor,
    currency: order.currency,
    script: script?.name ?? 'none',
    at,
    finalAt: at + Math.ceil((script?.finalAfterMs ?? 0) * timeScale),
  };
}

type Moment = {
  readonly now: number;
  /** Until when the gateway may rely on a callback, milliseconds since 1970. */
  readonly askAt: number | undefined;
  readonly identity: Identity;
};

function outcomeOfEntry(entry: BookEntry, { now, askAt, identity }: Moment): Outcome {
  const evidence: Evidence = { provider: name, script: entry.script, arrivedAt: new Date(entry.at).toISOString() };
  const { providerId, rrn } = identity;
  if (entry.decision === 'silent' || entry.decision === 'lost') return unknown('no answer');
  if (now < entry.finalAt) return { kind: 'accepted', providerId, askInMs: (askAt ?? entry.finalAt) - now, evidence };
  switch (entry.decision) {
    case 'executed':
      return { kind: 'succeeded', paidMinor: entry.paidMinor, providerId, rrn, evidence };
    case 'rejected':
      return { kind: 'rejected', reason: entry.reason, evidence };
    case 'cancelled':
      return { kind: 'cancelled', reason: entry.reason, evidence };
    default:
      return entry satisfies never;
  }
}

function outcomeOfMessage(message: SandboxMessage): Outcome {
  const evidence: Evidence = { provider: name, callback: true };
  switch (message.kind) {
    case 'executed': {
      const { paidMinor, providerId, rrn } = message;
      return { kind: 'succeeded', paidMinor, providerId, rrn, evidence };
    }
    case 'rejected':
      return { kind: 'rejected', reason: message.reason, evidence };
    case 'cancelled':
      return { kind: 'cancelled', reason: message.reason, evidence };
    default:
      return message satisfies never;
  }
}

function unknown(fault: string): Outcome {
  return { kind: 'unknown', evidence: { provider: name, fault } };
}

/** Answers when the gateway should ask itself if it was not called; undefined: it will not be called. */
function planCallbacks(
  { delays, caller, timeScale, clock }: Sandbox,
  entry: BookEntry,
  planned: readonly PlannedCallback[],
): number | undefined {
  if (caller === undefined) return undefined;
  let askAt: number | undefined;
  for (const { afterMs, tells } of planned) {
    const message = tells === 'ending' ? writeMessage(entry) : writeContradiction(entry.reference);
    if (message === undefined) continue;
    const dueAt = entry.at + Math.ceil(afterMs * timeScale);
    const isPlanned = delays.plan(dueAt - clock.now(), () => void caller.post(message));
    if (isPlanned) askAt = dueAt + Math.ceil(callbackGraceMs * timeScale);
  }
  return askAt;
}

function writeMessage(entry: BookEntry): SandboxMessage | undefined {
  const { reference } = entry;
  switch (entry.decision) {
    case 'executed':
      return { kind: 'executed', reference, paidMinor: entry.paidMinor, ...identityFields(reference) };
    case 'rejected':
      return { kind: 'rejected', reference, reason: entry.reason };
    case 'cancelled':
      return { kind: 'cancelled', reference, reason: entry.reason };
    default:
      return undefined;
  }
}

function writeContradiction(reference: string): SandboxMessage {
  return { kind: 'rejected', reference, reason: 'returned' };
}

type Identity = { readonly providerId: string; readonly rrn: string; readonly share01: number };

/** What a provider would make up, derived from the reference so that every process and every repeat says the same. */
function identify(reference: string): Identity {
  const hex = hash('sha256', reference);
  return {
    providerId: `sbx_${hex.slice(0, 16)}`,
    rrn: (Number.parseInt(hex.slice(16, 28), 16) % 1e12).toString().padStart(12, '0'),
    share01: Number.parseInt(hex.slice(28, 32), 16) / 0xffff,
  };
}

function identityFields(reference: string): { readonly providerId: string; readonly rrn: string } {
  const { providerId, rrn } = identify(reference);
  return { providerId, rrn };
}

function latencyOf(sandbox: Sandbox, identity: Identity): number {
  return sandbox.latencyMs ?? Math.round((20 + 60 * identity.share01) * sandbox.timeScale);
}
