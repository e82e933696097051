import { type KeepOptions, startChores } from './chores/start.ts';
import { createRegistry } from './connectors/registry.ts';
import { createSandboxConnector, type SandboxConnector } from './connectors/sandbox.ts';
import type { Policy } from './core/payout.ts';
import { Refusal } from './core/problem.ts';
import { openDatabaseClock } from './db/clock.ts';
import type { Connection, Db } from './db/pool.ts';
import { closePools, openPools } from './db/pools.ts';
import { registerCallbackRoutes } from './http/routes/callbacks.ts';
import { registerConsoleRoutes } from './http/routes/console.ts';
import { registerHealthRoutes } from './http/routes/health.ts';
import { noteRequests } from './http/routes/metrics.ts';
import { registerCabinetRoutes } from './http/routes/cabinet/routes.ts';
import { orderPayout } from './http/routes/merchant/create.ts';
import { preflightOrder } from './http/routes/merchant/preflight.ts';
import { registerMerchantRoutes } from './http/routes/merchant/routes.ts';
import { type Needs as OperatorNeeds, registerOperatorRoutes } from './http/routes/operator/routes.ts';
import { createServer, type HttpServer, type Log } from './http/server.ts';
import { createVerifier } from './http/verify-signatures.ts';
import { createQueue, type Job, type JobKind } from './jobs/queue.ts';
import type { Reserve } from './jobs/seat.ts';
import { createWorker, type Worker } from './jobs/worker.ts';
import { type Directory, openDirectory } from './merchants/directory.ts';
import { createNonces } from './merchants/nonces.ts';
import { type Metrics, openMetrics } from './metrics/measure.ts';
import { createDeliverer, deliveryLease } from './notifications/deliver.ts';
import type { StoredNotification } from './notifications/store.ts';
import { resendNotification, testEndpoint } from './notifications/resend.ts';
import { createSignInGuard } from './operators/guard-sign-in.ts';
import { recordAction } from './operators/record-action.ts';
import { cancelPayout } from './payouts/cancel.ts';
import { type Creator, createCreator } from './payouts/create.ts';
import { advancePayout, type Needs as PayoutNeeds } from './payouts/dispatch.ts';
import { openPauses } from './payouts/heed-pauses.ts';
import { judgePayout } from './payouts/judge.ts';
import { createRecorder } from './payouts/record.ts';
import { skipWaits } from './payouts/skip-waits.ts';
import { createPayoutReader, type StoredPayout } from './payouts/store.ts';
import { type LedgerWatch, watchLedger } from './payouts/watch-ledger.ts';
import { openVault, type Vault } from './secrets/seal.ts';
import { openTrail, type TraceOptions } from './traces/follow.ts';
import { placeOf } from './traces/trail.ts';

export type AppOptions = TraceOptions &
  KeepOptions & {
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
    readonly sandbox: {
      readonly bookPath: string;
      readonly timeScale: number;
      readonly callbackUrl: string | undefined;
    };
    readonly jobs: { readonly payoutsMax: number; readonly notificationsMax: number; readonly laneMax: number };
    readonly pollMs: number;
    /** 0: the audit beside the work is off. */
    readonly auditEveryMs: number;
    readonly createsWaitingMax: number;
    readonly allowLoopback: boolean;
    readonly supportContact: string;
    readonly isCookieSecure: boolean;
    readonly isOnePerson: boolean;
    readonly isSecondFactorRequired: boolean;
    readonly publicUrl: string | undefined;
    readonly trustedProxies: readonly string[];
    /** Whether the figures for Prometheus are kept: it costs each request a little. */
    readonly isMeasured: boolean;
    /** The folder of the embedded database. */
    readonly dataFolder: string | undefined;
  };

export type App = {
  readonly server: HttpServer;
  readonly metrics: Metrics;
  readonly vault: Vault;
  readonly db: Db;
  readonly directory: Directory;
  /** Takes nothing new, ends what is in hand, and closes everything. */
  stop(): Promise<void>;
};

/** None where the process does not work. */
type Workers = { payout?: Worker<StoredPayout>; notification?: Worker<StoredNotification> };

type Parts = Awaited<ReturnType<typeof openParts>>;

const monotonicMs = (): number => performance.now();
const overloaded = (): Error => new Refusal([{ code: 'overloaded', field: 'request' }]);
const claimMax = 64;
const dayMs = 86_400_000;

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
    reserve: parts.reservePayout,
    waitingMax: options.createsWaitingMax,
    groupsMax: options.connectionsMax.accept,
    onLostAnswer: parts.report('the answer to an accept was lost'),
    trail: parts.trail,
    ...(options.isMeasured ? { onGroup: parts.metrics.noteGroups('accept') } : {}),
  });
  const server = createServer({ log, trustedProxies: options.trustedProxies });
  if (options.isMeasured) noteRequests(server, parts.metrics.noteRequest);
  parts.gauged.creator = creator;
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
    trail: parts.trail,
    ...(options.isMeasured ? { meter: parts.metrics, onGroup: parts.metrics.noteGroups('deliver') } : {}),
  });
  startWorkers(options, parts, {
    payout: (job, known) => advancePayout(payouts, job, known),
    notification: (job, known) => deliverer.handle(job, known),
  });
  const watch = startWatch(options, parts);
  parts.gauged.watch = watch;
  const inHand = (kind: JobKind): number => parts.workers[kind]?.inHand() ?? 0;
  const chores = startChores({
    ...options,
    db: pools.workDb,
    vault,
    report: parts.report,
    inHand: () => ({ payouts: inHand('payout'), notifications: inHand('notification') }),
  });
  return {
    server,
    vault,
    directory,
    metrics: parts.metrics,
    db: pools.readDb,
    async stop() {
      await server.close();
      await creator.drain();
      const { payout, notification } = parts.workers;
      await Promise.all([watch.stop(), chores.stop(), payout?.stop(), notification?.stop()]);
      await Promise.all([payouts.pauses.close(), payouts.connectors.close(), deliverer.close(), directory.close()]);
      parts.clock.close();
      await Promise.all([closePools(pools), parts.collector?.stop()]);
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
    today: createToday(),
    trail: parts.trail,
    meter: options.isMeasured ? parts.metrics : undefined,
  };
  registerMerchantRoutes(server, {
    ...pools,
    ...ordering,
    directory,
    nonces: createNonces({ db: pools.probeDb, overloaded, onError: parts.report('a nonce could not be remembered') }),
    verifier: createVerifier(),
    monotonicMs,
    log,
    supportContact,
    reader: createPayoutReader({ db: pools.readDb, isConfirmed: true, overloaded }),
    skipWaits: (input) => skipWaits({ db: pools.readDb, wake: parts.wake, skipDelay: parts.sandbox.skipDelay }, input),
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
    resendNotification: (input) => resendNotification({ db: pools.readDb, wake }, input),
    testEndpoint: (input) => testEndpoint({ directory, vault, allowLoopback }, input),
  } satisfies OperatorNeeds;
  registerOperatorRoutes(server, people);
  registerCabinetRoutes(server, people);
}

/** The date in UTC, which every order asks for: written out once a day. */
function createToday(): () => string {
  let day = 0;
  let text = '';
  return () => {
    const now = Date.now();
    const today = Math.floor(now / dayMs);
    if (today !== day) text = new Date(now).toISOString().slice(0, 10);
    day = today;
    return text;
  };
}

/** What requests and jobs both need. */
async function openParts(options: AppOptions) {
  const { log, isMeasured } = options;
  const report = (text: string) => (error: unknown) => log.error({ err: error }, text);
  const vault = openVault(options.masterKeys.current, options.masterKeys.retired);
  const follow = await openTrail({ ...options, digest: vault.digest, monotonicMs });
  const pools = openPools({ ...options, onError: report('a database connection broke') });
  const clock = await openDatabaseClock({ db: pools.readDb, monotonicMs, onError: report('no clock of the database') });
  const directory = openDirectory({ db: pools.readDb, log });
  const workers: Workers = {};
  const wake = (kind: JobKind): void => workers[kind]?.wake();
  // Rooms that are made later and asked for their figures.
  const gauged: { creator?: Creator; watch?: LedgerWatch } = {};
  const pauses = openPauses({
    db: pools.workDb,
    monotonicMs,
    wake: () => wake('payout'),
    onError: report('the pauses could not be read'),
  });
  const metrics = openMetrics(
    { db: pools.readDb, monotonicMs },
    {
      pools: { accept: pools.acceptDb, probe: pools.probeDb, read: pools.readDb, work: pools.workDb },
      workers,
      ordersWaiting: () => gauged.creator?.waiting() ?? 0,
      clockOffsetMs: () => clock.at(monotonicMs()).getTime() - Date.now(),
      dataFolder: options.dataFolder,
      pauses: pauses.count,
      audit: () => gauged.watch?.figures() ?? { passes: 0, failures: 0, violations: 0 },
    },
  );
  const sandbox = openSandbox(options, vault);
  const payouts = {
    ...(isMeasured ? { meter: metrics } : {}),
    trail: follow.trail,
    reader: createPayoutReader({ db: pools.workDb, overloaded }),
    recorder: createRecorder({
      db: pools.workDb,
      overloaded,
      wake,
      reserve: (lane) => workers.notification?.reserve(lane),
      ...(isMeasured ? { onGroup: metrics.noteGroups('settle') } : {}),
    }),
    connectors: createRegistry([sandbox]),
    pauses,
    directory,
    vault,
    monotonicMs,
    wake,
    policy: options.policy,
    callDeadlineMs: options.callDeadlineMs,
    onIncident: ({ kind, ...payout }) =>
      log.error({ ...placeOf(vault.digest, payout), incident: kind }, 'an incident was opened'),
    onBug: (error, payout) => log.error({ ...placeOf(vault.digest, payout), err: error }, 'a payout could not go on'),
  } satisfies PayoutNeeds;
  const reservePayout: Reserve<StoredPayout> = (lane) => workers.payout?.reserve(lane);
  const made = { workers, wake, reservePayout, sandbox, payouts, metrics, gauged };
  return { log, report, vault, pools, clock, directory, ...follow, ...made };
}

function openSandbox({ sandbox }: AppOptions, vault: Vault): SandboxConnector {
  const { bookPath, timeScale, callbackUrl: url } = sandbox;
  const secret = vault.digest('sandbox callbacks').toString('hex');
  return createSandboxConnector({ bookPath, timeScale, ...(url === undefined ? {} : { callback: { url, secret } }) });
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

function describeJob({ digest }: Vault, job: Job | undefined): object {
  if (job === undefined) return {};
  const { kind, merchantId, subjectId } = job;
  if (kind === 'payout') return { kind, ...placeOf(digest, { merchantId, payoutId: subjectId }) };
  return { kind, merchantId: merchantId.toString(), notificationId: subjectId.toString() };
}

type Handle<Known> = Parameters<typeof createWorker<Known>>[0]['handle'];
type Handlers = { readonly payout: Handle<StoredPayout>; readonly notification: Handle<StoredNotification> };

function startWorkers(options: AppOptions, parts: Parts, handlers: Handlers): void {
  if (!options.does.work) return;
  const { jobs, policy, notificationDeadlineMs } = options;
  const shared = {
    queue: createQueue({ db: parts.pools.workDb }),
    claimMax,
    laneJobsMax: jobs.laneMax,
    pollMs: options.pollMs,
    onError: (error: unknown, job: Job | undefined) =>
      parts.log.error({ ...describeJob(parts.vault, job), err: error }, 'a job failed'),
  };
  parts.workers.payout = createWorker({
    ...shared,
    kind: 'payout',
    leaseMs: 2 * policy.sendWithinMs,
    jobsMax: jobs.payoutsMax,
    handle: handlers.payout,
  });
  parts.workers.notification = createWorker({
    ...shared,
    kind: 'notification',
    leaseMs: deliveryLease(notificationDeadlineMs),
    jobsMax: jobs.notificationsMax,
    handle: handlers.notification,
  });
  parts.workers.payout.start();
  parts.workers.notification.start();
}
