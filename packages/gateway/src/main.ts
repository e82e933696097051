import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { type App, type AppOptions, startApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { startEmbedded } from './db/embedded.ts';
import { checkSchema, migrate } from './db/migrate.ts';
import { type Connection, openPool, openSession } from './db/pool.ts';
import { startReceiver } from './demo/receiver.ts';
import { type Demo, seedDemo } from './demo/seed.ts';
import { showPayout } from './demo/show.ts';
import { demoTexts } from './demo/texts.ts';
import type { Log } from './http/server.ts';
import { recordAction } from './operators/record-action.ts';
import { createUser } from './operators/users.ts';
import { rotateSealedValues } from './secrets/rotate.ts';
import { openVault } from './secrets/seal.ts';
import { readMasterKey, readRetiredKeys } from './secrets/master-key.ts';

const migrations = fileURLToPath(new URL('../migrations', import.meta.url));
const stopWithinMs = 30_000;

const usage = `Usage: node packages/gateway/src/main.ts <command>

  dev       the demo: embedded PostgreSQL, demo merchant, one payout from order to notification (npm start)
  run       everything in one process, with the embedded PostgreSQL or DATABASE_URL
  serve     answers requests only; needs DATABASE_URL
  work      sends payouts and delivers notifications only; needs DATABASE_URL
  migrate   brings the database to this version's schema
  rotate-keys   wraps everything sealed under MASTER_KEY that MASTER_KEYS_RETIRED sealed before
  owner <login>   adds a person who may do everything, and prints their first password

Settings are environment variables: see the table in README.md.`;

/** What has to be stopped, in the order in which it was started. */
type Stops = (() => Promise<unknown>)[];

async function main(): Promise<void> {
  const command = process.argv[2] ?? '';
  const config = readConfig();
  const stops: Stops = [];
  closeWithGrace({ delay: stopWithinMs, logger: false }, async ({ err }) => {
    if (err !== undefined) process.stderr.write(`${err.stack ?? err.message}\n`);
    for (const stop of stops.toReversed()) await stop();
  });
  switch (command) {
    case 'dev':
      return runDemo(config, stops);
    case 'run':
      return runGateway(config, stops, { serve: true, work: true });
    case 'serve':
      return runGateway(needDatabaseUrl(config, command), stops, { serve: true, work: false });
    case 'work':
      return runGateway(needDatabaseUrl(config, command), stops, { serve: false, work: true });
    case 'migrate':
      return runMigrations(config, stops);
    case 'rotate-keys':
      return rotateKeys(config, stops);
    case 'owner':
      return addOwner(config, stops, process.argv[3]);
    default:
      process.stdout.write(`${usage}\n`);
      if (command !== '' && command !== 'help' && command !== '--help') process.exitCode = 2;
  }
}

function needDatabaseUrl(config: Config, command: string): Config {
  if (config.DATABASE_URL !== undefined) return config;
  throw new Error(`${command} needs DATABASE_URL. To use the embedded PostgreSQL, start everything at once with: run`);
}

/** stdout belongs to the log of a service; in the demo it belongs to the person who watches. */
function createLog(config: Config, out: 'stdout' | 'stderr'): Log {
  const redact = ['*.number', '*.password', '*.privatePem', '*.authorization', '*.cookie'];
  return pino({ level: config.LOG_LEVEL, redact }, pino.destination(out === 'stdout' ? 1 : 2));
}

async function connect(config: Config, stops: Stops, log: Log): Promise<Connection> {
  if (config.DATABASE_URL !== undefined) return { url: config.DATABASE_URL };
  const database = await startEmbedded({
    dataDir: config.DATA_DIR,
    log: (line) => log.info({ part: 'postgresql' }, line),
  });
  let isStopping = false;
  stops.push(() => {
    isStopping = true;
    return database.stop();
  });
  void database.exited.then((code) => {
    if (isStopping) return;
    process.stderr.write(`PostgreSQL ended by itself with code ${code}: see ${join(config.DATA_DIR, 'logs')}\n`);
    process.exit(1);
  });
  return database.connection;
}

function applyMigrations(connection: Connection, log: Log): Promise<string[]> {
  return migrate({
    connect: () => openSession(connection),
    folder: migrations,
    log: (line) => log.info({ part: 'migrate' }, line),
  });
}

async function runMigrations(config: Config, stops: Stops): Promise<void> {
  const log = createLog(config, 'stdout');
  await applyMigrations(await connect(config, stops, log), log);
  for (const stop of stops.toReversed()) await stop();
}

async function rotateKeys(config: Config, stops: Stops): Promise<void> {
  const log = createLog(config, 'stderr');
  const connection = await connect(config, stops, log);
  const { current, retired } = await readMasterKeys(config);
  const db = openPool({ connection, name: 'vyplata rotate-keys', connectionsMax: 1 });
  stops.push(() => db.close());
  const count = await rotateSealedValues({ db, vault: openVault(current, retired) }, (line) =>
    process.stdout.write(`${line}\n`),
  );
  process.stdout.write(`${count} values are sealed under the present master key now.\n`);
  for (const stop of stops.toReversed()) await stop();
}

/** The first people of an installation come from its own machine: there is nobody yet who could approve them. */
async function addOwner(config: Config, stops: Stops, login: string | undefined): Promise<void> {
  if (login === undefined) throw new Error('Say who: node packages/gateway/src/main.ts owner <login>');
  const log = createLog(config, 'stderr');
  const connection = await connect(config, stops, log);
  if (config.DATABASE_URL === undefined) await applyMigrations(connection, log);
  const db = openPool({ connection, name: 'vyplata owner', connectionsMax: 1 });
  stops.push(() => db.close());
  const password = randomBytes(15).toString('base64url');
  await db.tx(async (tx) => {
    const user = await createUser(tx, { login, password, role: 'owner' });
    const subject = `user:${user.userId}`;
    await recordAction(tx, { actor: 'system', action: 'user.create', subject, detail: { login, role: 'owner' } });
  });
  process.stdout.write(`${login} is an owner now. First password, to be changed after signing in: ${password}\n`);
  for (const stop of stops.toReversed()) await stop();
}

type Duties = AppOptions['does'];

async function openApp(config: Config, stops: Stops, given: { log: Log; does: Duties; port: number }): Promise<App> {
  const { log, does, port } = given;
  const connection = await connect(config, stops, log);
  const isEmbedded = config.DATABASE_URL === undefined;
  if (isEmbedded) await applyMigrations(connection, log);
  else await checkDatabase(connection);
  const masterKeys = await readMasterKeys(config);
  const bookPath = config.SANDBOX_BOOK ?? join(config.DATA_DIR, 'sandbox', 'book.ndjson');
  await mkdir(dirname(bookPath), { recursive: true, mode: 0o700 });
  const callbackUrl = does.serve ? `http://127.0.0.1:${port}/callbacks/sandbox` : undefined;
  const timeScale = config.SANDBOX_TIME_SCALE;
  const sandbox = { bookPath, callbackUrl, timeScale };
  const app = await startApp({ ...optionsOf(config), connection, masterKeys, log, does, sandbox });
  stops.push(() => app.stop());
  return app;
}

/** The embedded database keeps a key of its own beside it; one that is run by somebody else needs one that is given. */
async function readMasterKeys(config: Config): Promise<AppOptions['masterKeys']> {
  const current = await readMasterKey({
    value: config.MASTER_KEY,
    file: config.MASTER_KEY_FILE,
    ownFile: config.DATABASE_URL === undefined ? join(config.DATA_DIR, 'master.key') : undefined,
  });
  return { current, retired: readRetiredKeys(config.MASTER_KEYS_RETIRED) };
}

type Given = 'connection' | 'masterKeys' | 'log' | 'does' | 'sandbox';

/** The settings under the names of the rooms that they are for. */
function optionsOf(config: Config): Omit<AppOptions, Given> {
  return {
    connectionsMax: { accept: config.ACCEPT_CONNECTIONS, read: config.READ_CONNECTIONS, work: config.WORK_CONNECTIONS },
    namedStatements: config.NAMED_STATEMENTS,
    policy: {
      attemptsMax: config.ATTEMPTS_MAX,
      askBaseMs: 1_000,
      askMaxMs: 300_000,
      unknownBudgetMs: config.UNKNOWN_BUDGET_MS,
      acceptedBudgetMs: config.ACCEPTED_BUDGET_MS,
      reviewAskMs: 900_000,
      // A call has to start early enough to end before this, and the lease of its job is longer still.
      sendWithinMs: config.CALL_DEADLINE_MS + 5_000,
    },
    callDeadlineMs: config.CALL_DEADLINE_MS,
    jobs: {
      payoutsMax: config.PAYOUT_JOBS_MAX,
      notificationsMax: config.NOTIFICATION_JOBS_MAX,
      laneMax: config.LANE_JOBS_MAX,
    },
    pollMs: config.POLL_MS,
    createsWaitingMax: config.CREATES_WAITING_MAX,
    allowLoopback: config.ALLOW_LOOPBACK,
    supportContact: config.SUPPORT_CONTACT ?? '',
    isOnePerson: config.ONE_PERSON,
    isCookieSecure: config.PUBLIC_URL?.startsWith('https:') === true,
    trustedProxies: config.TRUSTED_PROXIES,
  };
}

async function checkDatabase(connection: Connection): Promise<void> {
  const session = await openSession(connection);
  try {
    await checkSchema({ db: session, folder: migrations });
  } finally {
    await session.end();
  }
}

async function runGateway(config: Config, stops: Stops, does: Duties): Promise<void> {
  const log = createLog(config, 'stdout');
  if (does.serve) await assertPortIsFree({ host: config.HOST, port: config.PORT });
  const app = await openApp(config, stops, { log, does, port: config.PORT });
  if (does.serve) await app.server.listen({ host: config.HOST, port: config.PORT });
  log.info({ ...does, ...(does.serve ? { host: config.HOST, port: config.PORT } : {}) }, 'started');
}

/** A busy port is said before anything is started or made. */
function assertPortIsFree({ host, port }: { host: string; port: number }): Promise<void> {
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

async function runDemo(given: Config, stops: Stops): Promise<void> {
  if (given.DATABASE_URL !== undefined) {
    throw new Error('The demo makes a merchant with money, so it never runs on a DATABASE_URL. Unset it, or use: run');
  }
  const config: Config = {
    ...given,
    HOST: '127.0.0.1',
    ALLOW_LOOPBACK: true,
    ONE_PERSON: true,
    LOG_LEVEL: given.LOG_LEVEL === 'info' ? 'warn' : given.LOG_LEVEL,
  };
  const address = { host: config.HOST, port: config.PORT };
  await assertPortIsFree(address);
  const log = createLog(config, 'stderr');
  const app = await openApp(config, stops, { log, does: { serve: true, work: true }, port: config.PORT });
  await app.server.listen(address);
  const folder = resolve(config.DATA_DIR, 'demo');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let publicPem = '';
  const receiver = await startReceiver({
    preferredPort: config.PORT < 65_535 ? config.PORT + 1 : undefined,
    publicPem: () => publicPem,
    keepIn: join(folder, 'notifications.ndjson'),
  });
  stops.push(() => receiver.close());
  const { db, vault } = app;
  const baseUrl = `http://127.0.0.1:${config.PORT}`;
  const demo = await seedDemo({ db, vault, folder, baseUrl, receiverUrl: receiver.url });
  publicPem = demo.notificationPublicKey;
  await app.directory.refresh();
  await announceDemo(config, demo, { db, receiver });
}

async function announceDemo(
  config: Config,
  demo: Demo,
  parts: Pick<Parameters<typeof showPayout>[0], 'db' | 'receiver'>,
): Promise<void> {
  const language = config.LANG?.startsWith('ru') === true ? 'ru' : 'en';
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await showPayout({ demo, ...parts, print, language });
  print(
    demoTexts[language].next({
      baseUrl: demo.baseUrl,
      consoleUrl: demo.consoleUrl,
      ...demo.operator,
      account: demo.accounts[0]?.id ?? '',
      certDir: demo.certDir,
      dataDir: config.DATA_DIR,
    }),
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  // Whatever was started is stopped by the signal handler of close-with-grace, in the right order.
  process.kill(process.pid, 'SIGTERM');
}
