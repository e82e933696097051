// What every connector must hold, whoever the provider is. A connector's own test calls `connectorContract` with a
// provider (or its stand-in) whose list of executed transfers can be read.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CallbackRequest, Connector, InquiryOutcome, Outcome, SendOrder } from '../../src/connectors/connector.ts';

/** What the order makes the provider do. `lost_*`: no answer comes back. */
export type OrderStory = 'paid' | 'partial' | 'rejected' | 'later' | 'lost_executed' | 'lost_not_executed';

export type Subject = {
  readonly connector: Connector;
  /** A new order, with a reference and a payout of its own; undefined: this provider has no such story. */
  order(story: OrderStory): SendOrder | undefined;
  /** How often the provider's own list has this payout. */
  countExecutions(payoutId: bigint): number | Promise<number>;
  /** A valid callback about the reference, now; undefined: the provider sends none. */
  writeCallback(reference: string): CallbackRequest | undefined;
  /** A valid callback, signed too long ago to be believed. */
  writeStaleCallback(reference: string): CallbackRequest | undefined;
  close(): Promise<void>;
};

const patienceMs = 5_000;
/** After this we stop waiting for an answer that will not come. */
const lostAfterMs = 100;

/** Declares the tests of the contract for one connector. */
export function connectorContract(name: string, setup: () => Subject | Promise<Subject>): void {
  describe(`${name} holds the contract of connectors`, () => {
    let subject: Subject;
    before(async () => {
      subject = await setup();
    });
    after(() => subject.close());
    const story = (wanted: OrderStory) => {
      const order = subject.order(wanted);
      assert.ok(order, `${name} has no order of the story "${wanted}"`);
      return order;
    };

    it('declares plausible facts', () => {
      const { facts } = subject.connector;
      assert.ok(Number.isInteger(facts.idempotentForMs) && facts.idempotentForMs >= 0);
      assert.ok(facts.deliveryDelayMaxMs === undefined || facts.deliveryDelayMaxMs >= 0);
      assert.match(subject.connector.name, /^[a-z][a-z0-9_-]*$/);
    });
    it('pays what is due, once', async () => {
      const order = story('paid');
      const outcome = await sendToEnd(subject.connector, order);
      assert.equal(outcome.kind, 'succeeded');
      assert.equal(outcome.kind === 'succeeded' && outcome.paidMinor, order.amountMinor);
      assert.equal(await subject.countExecutions(order.payoutId), 1);
    });
    it('says so when it pays less', (context) => checkPartial(subject, context));
    it('executes nothing that it rejects', async () => {
      const order = story('rejected');
      const outcome = await sendToEnd(subject.connector, order);
      assert.ok(outcome.kind === 'rejected' || outcome.kind === 'cancelled', outcome.kind);
      assert.equal(await subject.countExecutions(order.payoutId), 0);
    });
    it('moves no second money for a reference it has seen', async () => {
      if (subject.connector.facts.idempotentForMs === 0) return;
      for (const wanted of ['paid', 'later', 'lost_executed'] as const) await checkRepeats(subject, story(wanted));
    });
    it('does not know a reference that was never sent', async () => {
      if (!subject.connector.facts.canInquire) return;
      const outcome = await inquireOnce(subject.connector, story('paid'));
      assert.equal(outcome.kind, 'not_found');
    });
    it('answers unknown when we stop waiting, and lets an inquiry tell what became of it', async () => {
      for (const wanted of ['paid', 'rejected', 'later', 'lost_executed', 'lost_not_executed'] as const) {
        await checkAborted(subject, story(wanted));
      }
    });
    it('sends nothing when it was stopped before it began', async () => {
      const order = story('paid');
      const outcome = await subject.connector.send(order, AbortSignal.abort());
      assert.equal(outcome.kind, 'unknown');
      assert.equal(await subject.countExecutions(order.payoutId), 0);
    });
    it('keeps no recipient in its evidence', () => checkEvidence(subject));
    it('believes only callbacks that are signed for these bytes and now', () => checkCallbacks(subject));
    it('can be closed twice, and is silent afterwards', async () => {
      await subject.connector.close();
      await subject.connector.close();
      const order = story('paid');
      assert.equal((await subject.connector.send(order, AbortSignal.timeout(lostAfterMs))).kind, 'unknown');
      assert.equal((await inquireOnce(subject.connector, order)).kind, 'unknown');
      assert.equal(await subject.countExecutions(order.payoutId), 0);
    });
  });
}

async function checkPartial({ connector, ...subject }: Subject, context: { skip(reason: string): void }) {
  const order = subject.order('partial');
  // A fact that the connector declares, not something that is missing here: such a provider has nothing to be tried.
  if (order === undefined) return context.skip('this provider pays in full or not at all');
  const outcome = await sendToEnd(connector, order);
  assert.ok(outcome.kind === 'succeeded' && outcome.paidMinor > 0n && outcome.paidMinor < order.amountMinor);
  assert.equal(await subject.countExecutions(order.payoutId), 1);
}

/** Together and one after the other: one execution, and the repeats neither fail nor contradict. */
async function checkRepeats({ connector, countExecutions }: Subject, order: SendOrder): Promise<void> {
  const signals = [1, 2, 3].map(() => AbortSignal.timeout(lostAfterMs));
  const together = await Promise.all(signals.map((signal) => connector.send(order, signal)));
  const later = await connector.send(order, AbortSignal.timeout(patienceMs));
  for (const { kind } of [...together, later]) {
    assert.ok(['succeeded', 'accepted', 'unknown'].includes(kind), `a repeat was answered "${kind}"`);
  }
  assert.equal((await inquireToEnd(connector, order)).kind, 'succeeded');
  assert.equal(await countExecutions(order.payoutId), 1);
}

/** Whatever the provider did with an order we stopped waiting for, its inquiry agrees with its own list. */
async function checkAborted({ connector, countExecutions }: Subject, order: SendOrder): Promise<void> {
  const stop = new AbortController();
  const answer = connector.send(order, stop.signal);
  stop.abort();
  assert.equal((await answer).kind, 'unknown');
  if (!connector.facts.canInquire) return;
  const outcome = await inquireToEnd(connector, order);
  assert.notEqual(outcome.kind, 'unknown', 'the inquiry tells nothing');
  const executions = await countExecutions(order.payoutId);
  assert.equal(executions, outcome.kind === 'succeeded' ? 1 : 0, `the list and "${outcome.kind}" disagree`);
}

async function checkEvidence({ connector, order: orderOf }: Subject): Promise<void> {
  for (const story of ['paid', 'partial', 'rejected', 'later', 'lost_executed', 'lost_not_executed'] as const) {
    const order = orderOf(story);
    if (order === undefined) continue;
    const outcomes = [
      await connector.send(order, AbortSignal.timeout(lostAfterMs)),
      await inquireOnce(connector, order),
    ];
    for (const outcome of outcomes) {
      const text = JSON.stringify(outcome, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
      assert.ok(!text.includes(order.number), `the outcome of "${story}" shows the recipient`);
      for (const value of Object.values(outcome.evidence)) assert.notEqual(typeof value, 'object');
    }
  }
}

async function checkCallbacks(subject: Subject): Promise<void> {
  const { connector } = subject;
  assert.equal(connector.readCallback({ headers: {}, body: Buffer.from('{}') }), undefined);
  const order = subject.order('paid');
  const valid = order && subject.writeCallback(order.reference);
  if (order === undefined || valid === undefined) return;
  assert.equal(connector.readCallback(valid)?.reference, order.reference);
  if (!connector.facts.hasSignedCallbacks) return;
  assert.equal(connector.readCallback({ ...valid, headers: {} }), undefined, 'unsigned');
  assert.equal(connector.readCallback({ ...valid, body: Buffer.concat([valid.body, Buffer.from(' ')]) }), undefined);
  const changed = Buffer.from(valid.body);
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
  assert.equal(connector.readCallback({ ...valid, body: changed }), undefined, 'one bit changed');
  const stale = subject.writeStaleCallback(order.reference);
  assert.ok(stale);
  assert.equal(connector.readCallback(stale), undefined, 'signed too long ago');
}

/** Sends, and asks until the provider has a final answer. */
export async function sendToEnd(connector: Connector, order: SendOrder): Promise<InquiryOutcome> {
  const outcome: Outcome = await connector.send(order, AbortSignal.timeout(lostAfterMs));
  if (outcome.kind !== 'accepted' && outcome.kind !== 'unknown') return outcome;
  return inquireToEnd(connector, order);
}

/** Asks until the answer is not `accepted`, for a few seconds. */
export async function inquireToEnd(connector: Connector, order: SendOrder): Promise<InquiryOutcome> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const outcome = await inquireOnce(connector, order);
    if (outcome.kind !== 'accepted') return outcome;
    assert.ok(outcome.askInMs >= 0 && Number.isFinite(outcome.askInMs));
    assert.ok(Date.now() < until, 'the provider keeps saying that it has accepted the order');
    await new Promise((resolve) => setTimeout(resolve, Math.min(outcome.askInMs, 200)));
  }
}

/** One inquiry, without having seen an answer. */
export function inquireOnce(connector: Connector, order: SendOrder): Promise<InquiryOutcome> {
  return connector.inquire({ order, sentAt: new Date(), providerId: undefined }, AbortSignal.timeout(patienceMs));
}
