import type { Connector, InquiryOutcome, Outcome, SendOrder } from '../../src/connectors/connector.ts';
import type { Program, World } from './world.ts';

/** What a simulated provider did with a reference. */
type Entry = {
  readonly payoutId: string;
  readonly arrivedAt: number;
  readonly amountMinor: bigint;
  readonly finalAt: number;
  readonly end: 'executed' | 'rejected';
  readonly paidMinor: bigint;
};

export type Provider = {
  readonly name: string;
  connectorFor(program: Program): Connector;
  executions(payoutId: string): number;
};

export type ProviderOptions = {
  readonly name: string;
  readonly world: World;
  /** From 0, all is well, to 1, everything that can go wrong does so often. */
  readonly trouble: () => number;
  readonly callDeadlineMs: number;
  /** An answer that comes by itself, some time after the end. */
  readonly callBack: (reference: string, outcome: Outcome) => void;
};

const deliveryDelayMaxMs = 20_000;
/** After this the provider has forgotten a reference, and would move money for it again. */
const idempotentForMs = 300_000;

const mistaken: Outcome = { kind: 'rejected', reason: 'returned', evidence: { note: 'mistaken' } };

/** A provider that loses answers, delivers late, answers slowly, says garbage and calls back twice. */
export function createProvider(options: ProviderOptions): Provider {
  const { name, world } = options;
  /** The Book, and what is still known by its reference. */
  const book: Entry[] = [];
  const known = new Map<string, Entry>();

  function arrive(order: SendOrder): Entry {
    const first = known.get(order.reference);
    if (first !== undefined && world.now() - first.arrivedAt <= idempotentForMs) return first;
    const isRejected = world.chance(0.12);
    const isPartial = !isRejected && order.amountMinor > 1n && world.chance(0.05);
    const entry: Entry = {
      payoutId: order.payoutId.toString(),
      arrivedAt: world.now(),
      amountMinor: order.amountMinor,
      finalAt: world.now() + (world.chance(0.15) ? world.between(1_000, 120_000) : 0),
      end: isRejected ? 'rejected' : 'executed',
      paidMinor: isPartial ? order.amountMinor / 2n : order.amountMinor,
    };
    book.push(entry);
    known.set(order.reference, entry);
    if (world.chance(0.2)) void callLater(order.reference, entry);
    return entry;
  }

  async function callLater(reference: string, entry: Entry): Promise<void> {
    await world.sleep(Math.max(0, entry.finalAt - world.now()) + world.between(0, 60_000));
    const times = world.chance(0.3) ? 2 : 1;
    // A callback may be somebody else's truth: what the inquiry says counts.
    const isMistaken = world.chance(0.1);
    for (let at = 0; at < times; at += 1) {
      options.callBack(reference, isMistaken ? mistaken : tell(entry));
      await world.sleep(world.between(0, 5_000));
    }
  }

  function tell(entry: Entry): Outcome {
    const evidence = { provider: name };
    if (world.now() < entry.finalAt) return { kind: 'accepted', askInMs: world.between(500, 5_000), evidence };
    if (entry.end === 'rejected') return { kind: 'rejected', reason: 'rejected_by_provider', evidence };
    return { kind: 'succeeded', paidMinor: entry.paidMinor, evidence };
  }

  const desk: Desk = { ...options, arrive, tell, find: (reference) => known.get(reference) };
  return {
    name,
    connectorFor: (program) => ({
      name,
      facts: { idempotentForMs, canInquire: true, deliveryDelayMaxMs, hasSignedCallbacks: true },
      send: (order) => send(desk, program, order),
      inquire: ({ order }) => inquire(desk, program, order.reference),
      readCallback: () => undefined,
      close: () => Promise.resolve(),
    }),
    executions: (payoutId) => book.filter((entry) => entry.payoutId === payoutId && entry.end === 'executed').length,
  };
}

/** What a provider does with requests, and what it knows. */
type Desk = ProviderOptions & {
  readonly arrive: (order: SendOrder) => Entry;
  readonly tell: (entry: Entry) => Outcome;
  readonly find: (reference: string) => Entry | undefined;
};

const unknown = (note: string): Outcome => ({ kind: 'unknown', evidence: { note } });

async function send(desk: Desk, program: Program, order: SendOrder): Promise<Outcome> {
  const { world, trouble, callDeadlineMs, arrive, tell } = desk;
  // A process can be stopped for any time between its last look at the clock and the first byte that leaves it.
  if (world.chance(0.03 * trouble())) program.pause(world.between(1_000, 90_000));
  await program.wait(0);
  let entry: Entry | undefined;
  const isLost = world.chance(0.08 * trouble());
  const isLate = world.chance(0.08 * trouble());
  const travelMs = isLate ? world.between(1_000, deliveryDelayMaxMs) : world.between(5, 50);
  // The request travels on its own: whoever sent it may be dead when it arrives.
  const travel = world.sleep(travelMs).then(() => {
    if (!isLost) entry = arrive(order);
  });
  if (isLost || travelMs > callDeadlineMs || world.chance(0.08 * trouble())) {
    await program.wait(callDeadlineMs);
    return unknown('no answer in time');
  }
  await travel;
  await program.wait(world.between(1, 50));
  if (world.chance(0.03 * trouble())) return unknown('garbage');
  return entry === undefined ? unknown('nothing') : tell(entry);
}

async function inquire(desk: Desk, program: Program, reference: string): Promise<InquiryOutcome> {
  const { world, trouble } = desk;
  await program.wait(world.between(5, 100));
  if (world.chance(0.15 * trouble())) return unknown('no answer');
  const entry = desk.find(reference);
  if (entry === undefined) return { kind: 'not_found', evidence: { provider: desk.name } };
  return desk.tell(entry);
}
