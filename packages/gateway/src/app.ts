import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import { createRegistry } from './connectors/registry.ts';
import { createSandboxConnector } from './connectors/sandbox.ts';
import type { Policy } from './core/payout.ts';
import { Refusal } from './core/problem.ts';
import { type DatabaseClock, openDatabaseClock } from './db/clock.ts';
import { type Connection, type Db, openPool } from './db/pool.ts';
import { registerCallbackRoutes } from './http/routes/callbacks.ts';
import { registerHealthRoutes } from './http/routes/health.ts';
import { registerMerchantRoutes } from './http/routes/merchant/routes.ts';
import { registerOperatorRoutes } from './http/routes/operator/routes.ts';
import { createServer, type Log } from './http/server.ts';
import { createQueue, type Job, type JobKind } from './jobs/queue.ts';
import { createWorker, type Worker } from './jobs/worker.ts';
import { type Directory, openDirectory } from './merchants/directory.ts';
import { createDeliverer, deliveryLeaseMs } from './notifications/deliver.ts';
import { resendNotification, testEndpoint } from './notifications/resend.ts';
import { sweepTombstones } from './payouts/accept.ts';
import { cancelPayout } from './payouts/cancel.ts';
import { createCreator } from './payouts/create.ts';
import { advancePayout } from './payouts/dispatch.ts';
import { judgePayout } from './payouts/judge.ts';
import { createRecorder } from './payouts/record.ts';
import { createPayoutReader } from './payouts/store.ts';
import { openVault, type Vault } from './secrets/seal.ts';

export type AppOptions = {
  readonly config: Config;
  readonly connection: Connection;
  readonly masterKey: Uint8Array;
  readonly log: Log;
  /** What this process does: answer requests, do the queued work, or both. */
  readonly does: { readonly serve: boolean; readonly work: boolean };
  readonly sandbox: { readonly bookPath: string; readonly callbackUrl: string | undefined };
};

export type App = {
  readonly server: FastifyInstance;
  readonly vault: Vault;
  readonly db: Db;
  readonly directory: Directory;
  /** Takes nothing new, ends what is in hand, and closes everything. */
  stop(): Promise<void>;
};

const monotonicMs = (): number => performance.now();
const overloaded = (): Error => new Refusal([{ code: 'overloaded', field: 'request' }]);
const payoutLeaseMs = 30_000;
const sweepEveryMs = 60_000;

/** The composition root: makes every room and gives each what it needs. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log } = options;
  const vault = openVault(options.masterKey);
  const pools = openPools(options);
  const clock = await openDatabaseClock({ db: pools.readDb, monotonicMs, onError: logAs(log, 'clock') });
  const directory = openDirectory({ db: pools.readDb, log });
  const connectors = createRegistry([createSandboxConnector(sandboxOptions(options, vault))]);
  const workers: Partial<Record<JobKind, Worker>> = {};
  const wake = (kind: JobKind): void => workers[kind]?.wake();
  const payoutNeeds = {
    reader: createPayoutReader({ db: pools.workDb, overloaded }),
    recorder: createRecorder({ db: pools.workDb, overloaded }),
    policy: policyOf(config),
    directory,
    connectors,
    vault,
    monotonicMs,
    callDeadlineMs: config.CALL_DEADLINE_MS,
    workDb: pools.workDb,
    wake,
    onIncident: (incident: object) => log.error(incident, 'an incident was opened'),
    onBug: (error: unknown, payoutId: bigint) => log.error({ err: error, payoutId: payoutId.toString() }, 'payout'),
  };
  const deliverer = createDeliverer({
    db: pools.workDb,
    directory,
    vault,
    log,
    allowLoopback: config.ALLOW_LOOPBACK,
    overloaded,
  });
  const handlers: Record<JobKind, (job: Job) => Promise<void>> = {
    payout: (job) => advancePayout(payoutNeeds, job),
    notification: (job) => deliverer.handle(job),
  };
  if (options.does.work) {
    const queue = createQueue({ db: pools.workDb });
    const shared = { queue, pollMs: config.POLL_MS, onError: logAs(log, 'worker') };
    const payout = { kind: 'payout', leaseMs: payoutLeaseMs, jobsMax: config.PAYOUT_JOBS_MAX } as const;
    const notification = {
      kind: 'notification',
      leaseMs: deliveryLeaseMs,
      jobsMax: config.NOTIFICATION_JOBS_MAX,
    } as const;
    for (const kind of [payout, notification]) {
      const limits = { claimMax: 64, laneJobsMax: config.LANE_JOBS_MAX };
      workers[kind.kind] = createWorker({ ...shared, ...kind, ...limits, handle: handlers[kind.kind] });
    }
  }
  const creator = createCreator({
    acceptDb: pools.acceptDb,
    probeDb: pools.probeDb,
    clock,
    monotonicMs,
    vault,
    wake,
    waitingMax: config.CREATES_WAITING_MAX,
    groupsMax: config.ACCEPT_CONNECTIONS,
    onLostAnswer: logAs(log, 'the answer to an accept was lost'),
  });
  const server = createServer({ log, trustedProxies: config.TRUSTED_PROXIES });
  registerHealthRoutes(server, pools);
  if (options.does.serve) {
    const reader = createPayoutReader({ db: pools.readDb, overloaded });
    registerMerchantRoutes(server, {
      ...{ directory, creator, reader, monotonicMs, log, ...pools },
      allowLoopbackUrls: config.ALLOW_LOOPBACK,
      supportContact: config.SUPPORT_CONTACT ?? '',
      today: () => new Date().toISOString().slice(0, 10),
    });
    registerCallbackRoutes(server, payoutNeeds);
    registerOperatorRoutes(server, {
      db: pools.readDb,
      ...{ directory, vault, log },
      allowLoopback: config.ALLOW_LOOPBACK,
      judgePayout: (input) => judgePayout(payoutNeeds, input),
      cancelPayout: (input) => cancelPayout(payoutNeeds, input),
      resendNotification: (input) => resendNotification({ db: pools.readDb, wake: () => wake('notification') }, input),
      testEndpoint: (input) => testEndpoint({ ...{ directory, vault }, allowLoopback: config.ALLOW_LOOPBACK }, input),
    });
  }
  for (const worker of Object.values(workers)) worker.start();
  const sweep = setInterval(() => void sweepTombstones(pools.workDb).catch(logAs(log, 'tombstones')), sweepEveryMs);
  sweep.unref();
  const parts = { server, creator, workers, connectors, deliverer, directory, clock, pools, sweep };
  return { server, vault, db: pools.readDb, directory, stop: () => stopParts(parts) };
}

type Pools = { readonly acceptDb: Db; readonly probeDb: Db; readonly readDb: Db; readonly workDb: Db };

/** Each stage has its own connections, so that a storm of orders cannot hide outcomes, status and balances. */
function openPools({ config, connection, log }: AppOptions): Pools {
  const open = (name: string, connectionsMax: number, within: { statementTimeoutMs: number; queryTimeoutMs: number }) =>
    openPool({
      connection,
      name: `vyplata ${name}`,
      connectionsMax,
      ...within,
      namedStatements: config.NAMED_STATEMENTS,
      onError: logAs(log, `database ${name}`),
    });
  // Create answers within 12 s: an accept may take 8 s, and a probe after it 3 s.
  return {
    acceptDb: open('accept', config.ACCEPT_CONNECTIONS, { statementTimeoutMs: 8_000, queryTimeoutMs: 8_000 }),
    probeDb: open('probe', 4, { statementTimeoutMs: 2_500, queryTimeoutMs: 2_900 }),
    readDb: open('read', config.READ_CONNECTIONS, { statementTimeoutMs: 20_000, queryTimeoutMs: 22_000 }),
    workDb: open('work', config.WORK_CONNECTIONS, { statementTimeoutMs: 20_000, queryTimeoutMs: 25_000 }),
  };
}

function policyOf(config: Config): Policy {
  return {
    attemptsMax: config.ATTEMPTS_MAX,
    askBaseMs: 1_000,
    askMaxMs: 300_000,
    unknownBudgetMs: config.UNKNOWN_BUDGET_MS,
    acceptedBudgetMs: config.ACCEPTED_BUDGET_MS,
    reviewAskMs: 900_000,
    // The call has to start early enough to end before this, and the lease of its job is longer still.
    sendWithinMs: config.CALL_DEADLINE_MS + 5_000,
  };
}

function sandboxOptions(options: AppOptions, vault: Vault): Parameters<typeof createSandboxConnector>[0] {
  const { bookPath, callbackUrl } = options.sandbox;
  const secret = vault.digest('sandbox callbacks').toString('hex');
  return {
    bookPath,
    timeScale: options.config.SANDBOX_TIME_SCALE,
    ...(callbackUrl === undefined ? {} : { callback: { url: callbackUrl, secret } }),
  };
}

function logAs(log: Log, what: string): (error: unknown, job?: Job) => void {
  return (error, job) => log.error({ err: error, kind: job?.kind, subjectId: job?.subjectId.toString() }, what);
}

type Parts = {
  readonly server: FastifyInstance;
  readonly creator: { drain(): Promise<void> };
  readonly workers: Partial<Record<JobKind, Worker>>;
  readonly connectors: { close(): Promise<void> };
  readonly deliverer: { close(): Promise<void> };
  readonly directory: Directory;
  readonly clock: DatabaseClock;
  readonly pools: Pools;
  readonly sweep: NodeJS.Timeout;
};

/** From the outside in: no new requests, then no new jobs, then the connections that both of them needed. */
async function stopParts(parts: Parts): Promise<void> {
  await parts.server.close();
  await parts.creator.drain();
  await Promise.all(Object.values(parts.workers).map((worker) => worker.stop()));
  await parts.connectors.close();
  await parts.deliverer.close();
  await parts.directory.close();
  parts.clock.close();
  clearInterval(parts.sweep);
  await Promise.all(Object.values(parts.pools).map((pool) => pool.close()));
}
