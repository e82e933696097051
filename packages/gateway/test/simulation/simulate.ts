import { accountOf, checkWorld } from './check.ts';
import { placeOrders } from './client.ts';
import { type Line, openStandby } from './database.ts';
import type { Mutant } from './mutants.ts';
import {
  accountId,
  callDeadlineMs,
  createSettling,
  type Gateway,
  type Site,
  startGateway,
  startWorker,
} from './programs.ts';
import { createProvider, type Provider } from './provider.ts';
import { createStore } from './store.ts';
import { createProgram, createWorld, type Program, type World } from './world.ts';
import { settlePayout } from '../../src/payouts/settle.ts';

export type Result = {
  readonly seed: number;
  readonly payouts: number;
  readonly virtualMs: number;
  /** What must never be; empty = all is well. */
  readonly violations: readonly string[];
};

const ordersPerSeed = 24;
const troubleMs = 240_000;
const quietMs = 7_200_000;
const quietStepMs = 120_000;

/** One world: orders and faults for some minutes, then peace until nothing moves, then the claims are checked. */
export async function simulate(seed: number, mutant?: Mutant): Promise<Result> {
  const world = createWorld(seed);
  let isCalm = false;
  const share = world.random();
  const trouble = (): number => (isCalm ? 0 : share);
  let frozenUntil = 0;
  // The database's clock may be set anew, by its administrator or because another server took over.
  let clockErrorMs = 0;
  const store = createStore({ now: () => world.now() + clockErrorMs, mutant: mutant?.name });
  const standby = openStandby({ world, store, isIgnored: mutant?.standbyIgnored === true });
  const line: Line = {
    world,
    store,
    standby,
    cutShare: () => 0.02 * trouble(),
    frozenUntil: () => frozenUntil,
  };
  const providers: Provider[] = [];
  const site: Site = {
    world,
    store,
    line,
    providers,
    mutant,
    incidents: [],
    absences: [],
    requestsUnderWay: new Set(),
  };
  const callbacks = createSettling(site, createProgram(world));
  for (const name of ['a', 'b']) {
    const callBack = (reference: string, outcome: Parameters<typeof tellCallback>[1]['outcome']): void => {
      void tellCallback(callbacks, { site, name, reference, outcome }).catch(() => {});
    };
    providers.push(createProvider({ name, world, trouble, callDeadlineMs, callBack }));
  }
  // Enough for most of the orders, so that lack of funds happens too.
  store.accounts.set(accountId, accountOf(BigInt(Math.floor(ordersPerSeed * world.between(60_000, 130_000)))));
  const funded = store.accounts.get(accountId)?.available ?? 0n;
  const gateways: Gateway[] = [startGateway(site), startGateway(site)];
  const workers: Program[] = [startWorker(site), startWorker(site)];
  void breakThings(world, {
    site,
    gateways,
    workers,
    isCalm: () => isCalm,
    freeze: (until) => (frozenUntil = until),
    setClock: (errorMs) => (clockErrorMs = errorMs),
  });
  const clients = placeOrders({ world, site, gateways, count: ordersPerSeed, spreadMs: troubleMs / 2 });
  await world.run(troubleMs);
  isCalm = true;
  // Nothing more can happen once no payout has a next step, but for what providers and clients still have to say.
  for (let until = troubleMs; until < troubleMs + quietMs && hasWork(site); ) {
    until += quietStepMs;
    await world.run(until);
  }
  await world.run(world.now() + quietStepMs);
  return {
    seed,
    payouts: store.payouts.size,
    virtualMs: world.now(),
    violations: checkWorld(site, { clients, funded }),
  };
}

/** Payouts in review are asked about now and then for ever: they wait for a person. */
function hasWork({ store }: Site): boolean {
  return [...store.payouts.values()].some(({ state }) => state === 'queued' || state === 'sent');
}

type Told = {
  readonly site: Site;
  readonly name: string;
  readonly reference: string;
  readonly outcome: Awaited<ReturnType<ReturnType<Provider['connectorFor']>['send']>>;
};

/** A provider's callback as the route settles it. */
async function tellCallback(needs: ReturnType<typeof createSettling>, told: Told): Promise<void> {
  const { site, name, reference, outcome } = told;
  const [id = '', attempt = ''] = reference.split('-');
  const payout = await needs.reader.findPayout({ merchantId: 1n, payoutId: BigInt(id) });
  const connector = needs.connectors.find(name);
  if (payout === undefined || connector === undefined) return;
  const attemptNo = Number.parseInt(attempt, 10);
  const row = site.store.payouts.get(payout.payoutId)?.attempts.find((one) => one.attemptNo === attemptNo);
  if (row === undefined || row.connector !== name) return;
  const ageMs = site.store.now() - row.startedAt;
  const event = { kind: 'outcome', source: 'callback', attemptNo, outcome, facts: connector.facts, ageMs } as const;
  await settlePayout(needs, { payout, event, source: { actor: 'callback' } });
}

type Parts = {
  readonly site: Site;
  readonly gateways: Gateway[];
  readonly workers: Program[];
  readonly isCalm: () => boolean;
  readonly freeze: (until: number) => void;
  readonly setClock: (errorMs: number) => void;
};

const clockErrorMaxMs = 60_000;

/**
 * Crashes, pauses longer than a lease, a database that hangs, one that takes over and may lose what was not confirmed,
 * and clocks that are set, for as long as there is trouble. What an order that is on its way may expect of a clock that
 * is set back meanwhile is not claimed: docs/reliability.md.
 */
async function breakThings(world: World, parts: Parts): Promise<void> {
  const { site, gateways, workers, isCalm, freeze, setClock } = parts;
  while (!isCalm()) {
    await world.sleep(world.between(500, 20_000));
    if (isCalm()) return;
    const which = world.chance(0.5) ? 0 : 1;
    const kind = Math.floor(world.random() * 7);
    if (kind === 0) {
      workers[which]?.crash();
      workers[which] = startWorker(site);
    } else if (kind === 1) {
      gateways[which]?.program.crash();
      gateways[which] = startGateway(site);
    } else if (kind === 2) workers[which]?.pause(world.between(1_000, 90_000));
    else if (kind === 3) gateways[which]?.program.pause(world.between(500, 30_000));
    else if (kind === 4) freeze(world.now() + world.between(100, 12_000));
    else if (kind === 5) await site.line.standby.takeOver();
    else if (site.requestsUnderWay.size === 0) setClock(world.between(-clockErrorMaxMs, clockErrorMaxMs));
  }
}
