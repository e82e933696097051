import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type App, type AppOptions, startApp } from '../app.ts';
import type { Config } from '../config.ts';
import { checkSchema } from '../db/migrate.ts';
import { type Connection, openSession } from '../db/pool.ts';
import { refuseUnsafe } from '../findings/examine.ts';
import { createMetricsServer } from '../http/routes/metrics.ts';
import type { Log } from '../http/server.ts';
import { firstOwnerToken, isOwnerless } from '../operators/first-owner.ts';
import { policyOf } from './policy.ts';
import { quarantineIfRestored } from './quarantine.ts';
import { describeInstallation } from './doctor.ts';
import { watchSchema } from './watch-schema.ts';
import { applyMigrations, connect, createLog, migrations, readMasterKeys, type Stops } from './connect.ts';

/** Connections that wait to be taken: Node's 511 are too few when thousands of clients come at once. */
const backlogMax = 4_096;

type Duties = AppOptions['does'];

export async function runGateway(config: Config, stops: Stops, does: Duties): Promise<void> {
  const log = createLog(config, 'stdout');
  if (does.serve) await assertPortIsFree({ host: config.HOST, port: config.PORT });
  const app = await openApp(config, stops, { log, does, port: config.PORT });
  if (does.serve) await app.server.listen({ host: config.HOST, port: config.PORT, backlog: backlogMax });
  log.info({ ...does, ...(does.serve ? { host: config.HOST, port: config.PORT } : {}) }, 'started');
  if (does.serve && (await isOwnerless(app.db))) tellSetup(config, app);
}

/** Beside the log and not in it: whoever may read logs must not become the owner. What follows `#` no proxy sees. */
function tellSetup(config: Config, { vault }: App): void {
  const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
  const base = config.PUBLIC_URL ?? `http://${host}:${config.PORT}`;
  const link = `${base.replace(/\/$/, '')}/console/#setup=${firstOwnerToken(vault)}`;
  process.stderr.write(`Nobody can sign in yet. Whoever opens this link becomes the owner: ${link}\n`);
}

export function needDatabaseUrl(config: Config, command: string): Config {
  if (config.DATABASE_URL !== undefined) return config;
  throw new Error(`${command} needs DATABASE_URL. To use the embedded PostgreSQL, start everything at once with: run`);
}

export async function openApp(
  config: Config,
  stops: Stops,
  given: { log: Log; does: Duties; port: number },
): Promise<App> {
  const { log, does, port } = given;
  const connection = await connect(config, stops, log);
  const isEmbedded = config.DATABASE_URL === undefined;
  if (isEmbedded) {
    await applyMigrations(config, connection, log);
    await quarantineIfRestored(config, connection, log);
  } else await checkDatabase(connection);
  await refuseUnsafe(describeInstallation(config, connection));
  const masterKeys = await readMasterKeys(config);
  const bookPath = config.SANDBOX_BOOK ?? join(config.DATA_DIR, 'sandbox', 'book.ndjson');
  await mkdir(dirname(bookPath), { recursive: true, mode: 0o700 });
  const callbackUrl = does.serve ? `http://127.0.0.1:${port}/callbacks/sandbox` : undefined;
  const timeScale = config.SANDBOX_TIME_SCALE;
  const sandbox = { bookPath, callbackUrl, timeScale };
  const app = await startApp({ ...optionsOf(config), connection, masterKeys, log, does, sandbox });
  stops.push(() => app.stop());
  await watchSchema(app.db, stops, log);
  await listenForMetrics(config, stops, app);
  return app;
}

async function listenForMetrics(config: Config, stops: Stops, app: App): Promise<void> {
  if (config.METRICS_PORT === undefined) return;
  const server = createMetricsServer(app.metrics);
  await assertPortIsFree({ host: config.METRICS_HOST, port: config.METRICS_PORT });
  await server.listen({ host: config.METRICS_HOST, port: config.METRICS_PORT });
  stops.push(() => server.close());
}

type Given = 'connection' | 'masterKeys' | 'log' | 'does' | 'sandbox';

/** The settings under the names of the rooms that they are for. */
function optionsOf(config: Config): Omit<AppOptions, Given> {
  return {
    connectionsMax: { accept: config.ACCEPT_CONNECTIONS, read: config.READ_CONNECTIONS, work: config.WORK_CONNECTIONS },
    namedStatements: config.NAMED_STATEMENTS,
    policy: policyOf(config),
    callDeadlineMs: config.CALL_DEADLINE_MS,
    notificationDeadlineMs: config.NOTIFICATION_DEADLINE_MS,
    jobs: {
      payoutsMax: config.PAYOUT_JOBS_MAX,
      notificationsMax: config.NOTIFICATION_JOBS_MAX,
      laneMax: config.LANE_JOBS_MAX,
    },
    pollMs: config.POLL_MS,
    auditEveryMs: config.AUDIT_EVERY_MS,
    recipients: { keepDays: config.RECIPIENT_KEEP_DAYS, keepMasks: config.RECIPIENT_KEEP_MASK },
    archiveAfterDays: config.ARCHIVE_AFTER_DAYS,
    answerKeepDays: config.ANSWER_KEEP_DAYS,
    keepDays: {
      sessions: config.SESSION_KEEP_DAYS,
      approvals: config.APPROVAL_KEEP_DAYS,
      incidents: config.INCIDENT_KEEP_DAYS,
      counts: config.COUNT_KEEP_DAYS,
    },
    createsWaitingMax: config.CREATES_WAITING_MAX,
    allowLoopback: config.ALLOW_LOOPBACK,
    supportContact: config.SUPPORT_CONTACT ?? '',
    isOnePerson: config.ONE_PERSON,
    isSecondFactorRequired: config.SECOND_FACTOR === 'required',
    publicUrl: config.PUBLIC_URL,
    isCookieSecure: config.PUBLIC_URL?.startsWith('https:') === true,
    trustedProxies: config.TRUSTED_PROXIES,
    isMeasured: config.METRICS_PORT !== undefined,
    dataFolder: config.DATABASE_URL === undefined ? config.DATA_DIR : undefined,
    traces: tracesOf(config),
    areStepsLogged: config.LOG_LEVEL === 'debug',
  };
}

function tracesOf(config: Config): AppOptions['traces'] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = config;
  if (endpoint === undefined) return undefined;
  return { endpoint, headers, serviceName: config.OTEL_SERVICE_NAME, share: config.OTEL_TRACES_SAMPLER_ARG };
}

async function checkDatabase(connection: Connection): Promise<void> {
  const session = await openSession(connection);
  try {
    await checkSchema({ db: session, folder: migrations });
  } finally {
    await session.end();
  }
}

/** A busy port is said before anything is started or made. */
export function assertPortIsFree({ host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', (error: Error & { code?: string }) => {
      const advice = 'Stop what listens there, or choose another port with PORT.';
      const why = error.code === 'EADDRINUSE' ? `is in use. ${advice}` : `cannot be used: ${error.message}. ${advice}`;
      reject(new Error(`Port ${port} on ${host} ${why}`));
    });
    probe.listen(port, host, () => probe.close(() => resolvePort()));
  });
}
