import type { Connector } from '../../src/connectors/connector.ts';
import type { Policy } from '../../src/core/payout.ts';
import type { Job } from '../../src/jobs/queue.ts';
import { type Creator, createCreator } from '../../src/payouts/create.ts';
import { advancePayout, type Needs as DispatchNeeds } from '../../src/payouts/dispatch.ts';
import { createRecorder, type Recorder } from '../../src/payouts/record.ts';
import type { PayoutReader, StoredPayout } from '../../src/payouts/store.ts';
import { type Line, openLine } from './database.ts';
import type { Mutant } from './mutants.ts';
import type { Provider } from './provider.ts';
import type { PayoutRow, Store } from './store.ts';
import { createProgram, type Program, type World } from './world.ts';

/** Everything the programs of one simulated installation share. */
export type Site = {
  readonly world: World;
  readonly store: Store;
  readonly line: Line;
  readonly providers: readonly Provider[];
  readonly mutant: Mutant | undefined;
  readonly incidents: string[];
  /** Each time somebody was told that there is no such payout. */
  readonly absences: { readonly orderId: string; readonly askedAt: number; readonly answeredAt: number }[];
};

export const merchantId = 1n;
export const accountId = '93d5df06-996c-48c3-9847-348d6b580b80';
export const callDeadlineMs = 10_000;

const policy: Policy = {
  askBaseMs: 1_000,
  askMaxMs: 30_000,
  unknownBudgetMs: 900_000,
  acceptedBudgetMs: 3_600_000,
  reviewAskMs: 900_000,
  sendWithinMs: callDeadlineMs + 5_000,
};
const leaseMs = 2 * policy.sendWithinMs;

const vault = {
  digest: (text: string): Buffer => Buffer.from(text),
  digestKey: 1,
  seal: (): Buffer => Buffer.alloc(0),
  open: (): string => '{"number":"79005554455","customer":{},"extra":{}}',
  rewrap: (): undefined => undefined,
  searchHash: (): Buffer => Buffer.alloc(16),
  searchHashes: (): Buffer[] => [],
};

const overloaded = (): Error => new Error('overloaded');

function toStored(row: PayoutRow, now: number): StoredPayout {
  const last = row.attempts.at(-1);
  return {
    merchantId,
    payoutId: row.payoutId,
    accountId: row.accountId,
    orderId: row.orderId,
    state: row.state,
    version: row.version,
    serviceCode: 'qiwi_rub',
    currency: 'RUB',
    amountMinor: row.amountMinor,
    charge: {
      dueMinor: row.dueMinor,
      debitMinor: row.debitMinor,
      commissionMinor: row.commissionMinor,
      percentMinor: row.percentMinor,
    },
    recipientKind: 'wallet_phone',
    recipientMask: '*',
    recipientSealed: Buffer.alloc(0),
    oldAvailableMinor: 0n,
    finalPaidMinor: row.finalPaidMinor,
    finalCommissionMinor: undefined,
    failReason: undefined,
    rrn: undefined,
    connectors: row.connectors,
    endpointId: 5,
    endpointUrl: undefined,
    createdAt: new Date(0),
    finalAt: undefined,
    attempt: last === undefined ? undefined : { ...last },
    providerId: undefined,
    attemptStartedAt: last === undefined ? undefined : new Date(last.startedAt),
    attemptAgeMs: last === undefined ? 0 : now - last.startedAt,
  };
}

function createReader(site: Site, program: Program): PayoutReader {
  const find = async (pick: () => PayoutRow | undefined): Promise<StoredPayout | undefined> => {
    await program.wait(site.world.between(0.2, 3));
    const row = pick();
    const stored = row === undefined ? undefined : toStored(row, site.world.now());
    await program.wait(site.world.between(0.2, 3));
    return stored;
  };
  return {
    findPayout: ({ payoutId }) => find(() => site.store.payouts.get(payoutId)),
    findByOrderId: ({ orderId }) =>
      find(() => {
        const order = site.store.orders.get(orderId);
        return order?.payoutId === undefined ? undefined : site.store.payouts.get(order.payoutId);
      }),
  };
}

const endpoint = {
  endpointId: 5,
  url: 'https://shop.example/n',
  method: 'POST',
  state: 'active',
  subscribed: false,
} as const;
const account = { currency: { digits: 2 }, notificationMethod: 'POST', endpoints: new Map([[5, endpoint]]) } as const;

/** What settles payouts, for a worker or for the callbacks of a provider. */
export function createSettling(site: Site, program: Program): DispatchNeeds {
  const sql = openLine(site.line, program);
  const real: Recorder = createRecorder({ db: sql, overloaded });
  const recorder = site.mutant?.recorder?.(real, site) ?? real;
  const find = (name: string): Connector | undefined => {
    const connector = site.providers.find((provider) => provider.name === name)?.connectorFor(program);
    return connector === undefined ? undefined : (site.mutant?.connector?.(connector) ?? connector);
  };
  return {
    reader: createReader(site, program),
    recorder,
    policy: site.mutant?.policy?.(policy) ?? policy,
    directory: { findAccount: () => Promise.resolve(account) },
    wake: () => {},
    onIncident: (incident) => site.incidents.push(incident.kind),
    connectors: { find },
    pauses: { find: () => Promise.resolve(undefined), park: () => Promise.resolve() },
    vault,
    monotonicMs: site.world.now,
    callDeadlineMs,
    onBug: (error) => site.incidents.push(`bug: ${String(error)}`),
  };
}

/** A worker process: claims what is due and moves it on, until it dies. */
export function startWorker(site: Site): Program {
  const { world, store } = site;
  const program = createProgram(world);
  const needs = createSettling(site, program);
  // A mutant may measure leases by the worker's own clock, which is wrong.
  const skewMs = site.mutant?.leaseByLocalClock === true ? world.between(-40_000, 40_000) : 0;

  async function claim(): Promise<Job[]> {
    await program.wait(world.between(0.2, 3));
    const due = [...store.jobs.values()].filter((job) => job.runAt <= world.now() + skewMs).slice(0, 6);
    const jobs = due.map((job) => {
      job.runAt = world.now() + skewMs + (site.mutant?.leaseMs ?? leaseMs);
      job.fence += 1;
      return { kind: 'payout', merchantId, subjectId: job.payoutId, lane: '', fence: job.fence, lateMs: 0 } as const;
    });
    await program.wait(world.between(0.2, 3));
    return jobs;
  }

  async function loop(): Promise<void> {
    for (;;) {
      const jobs = await claim();
      for (const job of jobs) void advancePayout(needs, job).catch(() => {});
      // A poll every moment would be most of the simulation; what matters is that it comes soon after work is due.
      const nextAt = Math.min(...[...store.jobs.values()].map((job) => job.runAt), world.now() + 2_000);
      await program.wait(jobs.length > 0 ? 5 : Math.max(nextAt - world.now(), 0) + world.between(50, 200));
    }
  }
  void loop();
  return program;
}

export type Gateway = { readonly program: Program; readonly creator: Creator; readonly reader: PayoutReader };

/** A gateway process that accepts orders and answers status. */
export function startGateway(site: Site): Gateway {
  const program = createProgram(site.world);
  const sql = openLine(site.line, program);
  const epoch = (ms: number): Date => new Date(ms);
  const creator = createCreator({
    acceptDb: sql,
    probeDb: sql,
    clock: { at: epoch, sync: () => Promise.resolve(), close: () => {} },
    monotonicMs: site.world.now,
    vault,
    wake: () => {},
    waitingMax: 1_000,
    groupsMax: 2,
    onLostAnswer: () => {},
  });
  return { program, creator, reader: createReader(site, program) };
}
