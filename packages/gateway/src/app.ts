import { createRegistry } from './connectors/registry.ts';
import { createSandboxConnector } from './connectors/sandbox.ts';
import type { Policy } from './core/payout.ts';
import { Refusal } from './core/problem.ts';
import { openDatabaseClock } from './db/clock.ts';
import type { Connection, Db } from './db/pool.ts';
import { closePools, openPools } from './db/pools.ts';
import { registerCallbackRoutes } from './http/routes/callbacks.ts';
import { registerConsoleRoutes } from './http/routes/console.ts';
import { registerHealthRoutes } from './http/routes/health.ts';
import { registerCabinetRoutes } from './http/routes/cabinet/routes.ts';
import { orderPayout } from './http/routes/merchant/create.ts';
import { preflightOrder } from './http/routes/merchant/preflight.ts';
import { registerMerchantRoutes } from './http/routes/merchant/routes.ts';
import { type Needs as OperatorNeeds, registerOperatorRoutes } from './http/routes/operator/routes.ts';
import { createServer, type HttpServer, type Log } from './http/server.ts';
import { openPresence } from './jobs/presence.ts';
import { createQueue, type JobKind } from './jobs/queue.ts';
import { type Rounds, startRounds } from './jobs/rounds.ts';
import { createWorker, type Worker } from './jobs/worker.ts';
import { type Directory, openDirectory } from './merchants/directory.ts';
import { createNonces, sweepNonces } from './merchants/nonces.ts';
import { createDeliverer, deliveryLease } from './notifications/deliver.ts';
import { resendNotification, testEndpoint } from './notifications/resend.ts';
import { sweepSignIns } from './operators/factors.ts';
import { createSignInGuard } from './operators/guard-sign-in.ts';
import { recordAction } from './operators/record-action.ts';
import { sweepTombstones } from './payouts/accept.ts';
import { cancelPayout } from './payouts/cancel.ts';
import { countPayouts } from './payouts/count-payouts.ts';
import { type Creator, createCreator } from './payouts/create.ts';
import { advancePayout, type Needs as PayoutNeeds } from './payouts/dispatch.ts';
import { createRecipientKeeper } from './payouts/forget-recipients.ts';
import { openPauses } from './payouts/heed-pauses.ts';
import { judgePayout } from './payouts/judge.ts';
import { createRecorder } from './payouts/record.ts';
import { createPayoutReader } from './payouts/store.ts';
import { type LedgerWatch, watchLedger } from './payouts/watch-ledger.ts';
import { openVault, type Vault } from './secrets/seal.ts';

export type AppOptions = {
  readonly connection: Connection;
  readonly connectionsMax: { readonly accept: number; readonly read: number; readonly work: number };
  readonly namedStatements: boolean;
  /** The present master key and the earlier ones. */
  readonly masterKeys: { readonly current: Uint8Array; readonly retired: readonly Uint8Array[] };
  readonly log: Log;
  /** What this process does: answer requests, do the queued work, or both. */
  readonly does: { readonly serve: boolean; readonly work: boolean };
  readonly policy: Policy;
  readonly callDeadlineMs: number;
  readonly notificationDeadlineMs: number;
  readonly sandbox: { readonly bookPath: string; readonly timeScale: number; readonly callbackUrl: string | undefined };
  readonly jobs: { readonly payoutsMax: number; readonly notificationsMax: number; readonly laneMax: number };
  readonly pollMs: number;
  /** 0: the audit beside the work is off. */
  readonly auditEveryMs: number;
  /** How long recipients' data are kept after the end of their payouts; 0 days: for ever. */
  readonly recipients: { readonly keepDays: number; readonly keepMasks: boolean };
  readonly createsWaitingMax: number;
  readonly allowLoopback: boolean;
  readonly supportContact: string;
  readonly isCookieSecure: boolean;
  readonly isOnePerson: boolean;
  readonly isSecondFactorRequired: boolean;
  readonly publicUrl: string | undefined;
  readonly trustedProxies: readonly string[];
};

export type App = {
  readonly server: HttpServer;
  readonly vault: Vault;
  readonly db: Db;
  readonly directory: Directory;
  /** Takes nothing new, ends what is in hand, and closes everything. */
  stop(): Promise<void>;
};

type Parts = Awaited<ReturnType<typeof openParts>>;

const monotonicMs = (): number => performance.now();
const overloaded = (): Error => new Refusal([{ code: 'overloaded', field: 'request' }]);
const claimMax = 64;
const sweepEveryMs = 60_000;
const recipientsEveryMs = 60_000;
const countEveryMs = 2_000;
const presenceEveryMs = 10_000;

/** The composition root: makes every room and gives each what it needs. */
export async function startApp(options: AppOptions): Promise<App> {
  const parts = await openParts(options);
  const { directory, log, payouts, pools, vault } = parts;
  const creator = createCreator({
    ...pools,
    clock: parts.clock,
    monotonicMs,
    vault,
    wake: parts.wake,
    waitingMax: options.createsWaitingMax,
    groupsMax: options.connectionsMax.accept,
    onLostAnswer: parts.report('the answer to an accept was lost'),
  });
  const server = createServer({ log, trustedProxies: options.trustedProxies });
  registerHealthRoutes(server, pools);
  if (options.does.serve) registerRoutes(server, { options, parts, creator });
  const deliverer = createDeliverer({
    directory,
    log,
    vault,
    overloaded,
    db: pools.workDb,
    allowLoopback: options.allowLoopback,
    deadlineMs: options.notificationDeadlineMs,
  });
  startWorkers(options, parts, {
    payout: (job) => advancePayout(payouts, job),
    notification: (job) => deliverer.handle(job),
  });
  const watch = startWatch(options, parts);
  const chores = startChores(options, parts);
  const sweep = setInterval(() => {
    sweepTombstones(pools.workDb).catch(parts.report('tombstones could not be swept'));
    sweepNonces(pools.workDb).catch(parts.report('nonces could not be swept'));
    sweepSignIns(pools.workDb).catch(parts.report('tries to sign in could not be swept'));
  }, sweepEveryMs);
  return {
    server,
    vault,
    directory,
    db: pools.readDb,
    async stop() {
      clearInterval(sweep);
      await server.close();
      await creator.drain();
      await Promise.all([watch.stop(), chores.stop(), ...[...parts.workers.values()].map((worker) => worker.stop())]);
      await Promise.all([payouts.pauses.close(), payouts.connectors.close(), deliverer.close(), directory.close()]);
      parts.clock.close();
      await closePools(pools);
    },
  };
}

type Served = { readonly options: AppOptions; readonly parts: Parts; readonly creator: Creator };

function registerRoutes(server: HttpServer, { options, parts, creator }: Served): void {
  const { directory, log, payouts, pools, vault } = parts;
  const { allowLoopback, supportContact } = options;
  const ordering = {
    creator,
    allowLoopbackUrls: allowLoopback,
    today: () => new Date().toISOString().slice(0, 10),
  };
  registerMerchantRoutes(server, {
    ...pools,
    ...ordering,
    directory,
    nonces: createNonces({
      db: pools.probeDb,
      overloaded,
      onError: parts.report('a nonce could not be remembered'),
    }),
    monotonicMs,
    log,
    supportContact,
    reader: createPayoutReader({
      db: pools.readDb,
      overloaded,
    }),
  });
  registerConsoleRoutes(server);
  registerCallbackRoutes(server, { ...payouts, workDb: pools.workDb });
  const wake = (): void => parts.wake('notification');
  const people = {
    directory,
    vault,
    log,
    monotonicMs,
    isCookieSecure: options.isCookieSecure,
    isOnePerson: options.isOnePerson,
    isSecondFactorRequired: options.isSecondFactorRequired,
    publicUrl: options.publicUrl,
    db: pools.readDb,
    guard: createSignInGuard({ db: pools.readDb }),
    connectors: payouts.connectors,
    allowLoopbackUrls: allowLoopback,
    orderPayout: (request) => orderPayout(ordering, request),
    preflightOrder: (request) => preflightOrder({ ...ordering, readDb: pools.readDb }, request),
    judgePayout: (input) => judgePayout(payouts, input),
    cancelPayout: (input) => cancelPayout(payouts, input),
    resendNotification: (input) =>
      resendNotification(
        {
          db: pools.readDb,
          wake,
        },
        input,
      ),
    testEndpoint: (input) =>
      testEndpoint(
        {
          directory,
          vault,
          allowLoopback,
        },
        input,
      ),
  } satisfies OperatorNeeds;
  registerOperatorRoutes(server, people);
  registerCabinetRoutes(server, people);
}

/** What requests and jobs both need. */
async function openParts(options: AppOptions) {
  const { log } = options;
  const report = (text: string) => (error: unknown) => log.error({ err: error }, text);
  const vault = openVault(options.masterKeys.current, options.masterKeys.retired);
  const pools = openPools({ ...options, onError: report('a database connection broke') });
  const clock = await openDatabaseClock({ db: pools.readDb, monotonicMs, onError: report('no clock of the database') });
  const directory = openDirectory({ db: pools.readDb, log });
  const workers = new Map<JobKind, Worker>();
  const wake = (kind: JobKind): void => workers.get(kind)?.wake();
  const { bookPath, timeScale, callbackUrl: url } = options.sandbox;
  const secret = vault.digest('sandbox callbacks').toString('hex');
  const sandbox = createSandboxConnector({
    bookPath,
    timeScale,
    ...(url === undefined ? {} : { callback: { url, secret } }),
  });
  const payouts = {
    reader: createPayoutReader({
      db: pools.workDb,
      overloaded,
    }),
    recorder: createRecorder({
      db: pools.workDb,
      overloaded,
    }),
    connectors: createRegistry([sandbox]),
    pauses: openPauses({
      db: pools.workDb,
      monotonicMs,
      wake: () => wake('payout'),
      onError: report('the pauses could not be read'),
    }),
    directory,
    vault,
    monotonicMs,
    wake,
    policy: options.policy,
    callDeadlineMs: options.callDeadlineMs,
    onIncident: (incident) =>
      log.error(
        {
          ...incident,
          payoutId: String(incident.payoutId),
        },
        'an incident was opened',
      ),
    onBug: (error, payoutId) =>
      log.error(
        {
          err: error,
          payoutId: String(payoutId),
        },
        'a payout could not go on',
      ),
  } satisfies PayoutNeeds;
  return { log, report, vault, pools, clock, directory, workers, wake, payouts };
}

/** The audit beside the work, where the work is. */
function startWatch(options: AppOptions, { pools, log, report }: Parts): LedgerWatch {
  return watchLedger({
    db: pools.workDb,
    monotonicMs,
    recordAction,
    everyMs: options.does.work ? options.auditEveryMs : 0,
    onViolation: ({ check }, text) => log.error({ check, violation: text }, 'the audit found what must never be'),
    onError: report('the audit beside the work failed'),
  });
}

/** What is done again and again beside the work. */
function startChores(options: AppOptions, { pools, vault, report, workers }: Parts): Rounds {
  const { work } = options.does;
  const keeping = report('recipients could not be looked after');
  const { workDb: db } = pools;
  const inHand = (kind: JobKind): number => workers.get(kind)?.inHand() ?? 0;
  const presence = openPresence({
    db,
    does: options.does,
    inHand: () => ({ payouts: inHand('payout'), notifications: inHand('notification') }),
  });
  const keepRecipients = createRecipientKeeper({ db, vault, ...options.recipients, onError: keeping });
  const chores = [
    startRounds({ run: keepRecipients, everyMs: work ? recipientsEveryMs : 0, onError: keeping }),
    startRounds({
      run: () => countPayouts(db),
      everyMs: work ? countEveryMs : 0,
      onError: report('payouts could not be counted'),
    }),
    startRounds({
      run: () => presence.note().then(() => false),
      everyMs: presenceEveryMs,
      onError: report('this process could not say that it is there'),
    }),
  ];
  return {
    async stop() {
      await Promise.all(chores.map((chore) => chore.stop()));
      // When the database is gone, seen_at tells the same.
      await presence.leave().catch(() => {});
    },
  };
}

type Handlers = Readonly<Record<JobKind, Parameters<typeof createWorker>[0]['handle']>>;

function startWorkers(options: AppOptions, parts: Parts, handlers: Handlers): void {
  if (!options.does.work) return;
  const queue = createQueue({ db: parts.pools.workDb });
  const kinds = [
    { kind: 'payout', leaseMs: 2 * options.policy.sendWithinMs, jobsMax: options.jobs.payoutsMax },
    {
      kind: 'notification',
      leaseMs: deliveryLease(options.notificationDeadlineMs),
      jobsMax: options.jobs.notificationsMax,
    },
  ] as const;
  for (const { kind, ...limits } of kinds) {
    const worker = createWorker({
      queue,
      kind,
      ...limits,
      claimMax,
      laneJobsMax: options.jobs.laneMax,
      pollMs: options.pollMs,
      handle: handlers[kind],
      onError: (error, job) =>
        parts.log.error(
          {
            err: error,
            kind,
            subjectId: String(job?.subjectId),
          },
          'a job failed',
        ),
    });
    parts.workers.set(kind, worker);
    worker.start();
  }
}
