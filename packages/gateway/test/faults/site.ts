import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shippedServices } from '../../src/core/catalogue.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Db, openPool, openSession } from '../../src/db/pool.ts';
import { topUp } from '../../src/ledger/post.ts';
import { createAccount } from '../../src/merchants/accounts.ts';
import { createEndpoint } from '../../src/merchants/endpoints.ts';
import { createMerchant } from '../../src/merchants/enroll.ts';
import { uploadKey } from '../../src/merchants/keys.ts';
import { seedServices, setAccountService } from '../../src/merchants/services.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { findFreePort } from '../gateway.ts';
import { type Disk, mountDisk, moveLog } from './disk.ts';
import { merchantKey } from './orders.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
export const masterKey = Buffer.alloc(32, 3);
const startMaxMs = 30_000;

export type Command = 'run' | 'serve' | 'work';

/** How a command ended, and all that it said. */
export type Ended = { readonly code: number | null; readonly said: string };

/** A merchant with one account and one endpoint, and the number of the order that it sends next. */
export type Shop = { readonly merchantId: bigint; readonly account: string; nextOrder: number };

/** Real processes on a real, durable PostgreSQL, in a folder of their own. */
export type Site = {
  readonly folder: string;
  readonly port: number;
  readonly bookPath: string;
  readonly receiver: Receiver;
  readonly shops: readonly Shop[];
  /** The small disk, on a site that has one. */
  readonly disk: Disk | undefined;
  db(): Db;
  /** Path of the database's own socket, and the folder it is in. */
  readonly realSocket: string;
  readonly socketFolder: string;
  /** Folder of the socket that processes use from now on; a proxy may listen there. */
  useSocket(folder: string): void;
  /**
   * Starts a process; one that answers requests is answering them when this is done. `own`: another port than the
   * site's. `program`: another version's main.ts.
   */
  start(command: Command, own?: number, program?: string): Promise<ChildProcess>;
  /** Runs another command of a version to its end, or kills it after a while. */
  run(command: readonly string[], program?: string, killAfterMs?: number): Promise<Ended>;
  /** Ends a process by a signal; answers its exit code, null when the signal ended it. */
  end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** The last words of processes that ended and were not asked to. */
  readCrashes(): Promise<string[]>;
  database: { pid(): Promise<number>; exited(): Promise<unknown>; restart(): Promise<void> };
  openShop(endpoint: string): Promise<Shop>;
  close(): Promise<void>;
};

/** What clients need of a site, and those who look at it afterwards. */
export type Watched = Pick<Site, 'folder' | 'port' | 'bookPath' | 'receiver' | 'db' | 'readCrashes'>;

export type SiteOptions = {
  /** Environment of the processes, over what every site has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Migrations of another version, which make the database. */
  readonly schema?: string;
  /** Puts PostgreSQL's data or its log on a disk of this size. */
  readonly disk?: { readonly holds: 'data' | 'log'; readonly sizeMiB: number };
};

/** Answers undefined where the disk that was asked for cannot be made. */
export async function openSite(options: SiteOptions = {}): Promise<Site | undefined> {
  const folder = await makeFolder();
  const dataDir = join(folder, 'data');
  const { holds, sizeMiB = 0 } = options.disk ?? {};
  const diskFolder = holds === 'data' ? dataDir : join(folder, 'disk');
  const disk = holds === undefined ? undefined : await mountDisk(diskFolder, sizeMiB);
  if (holds !== undefined && disk === undefined) {
    await removeFolder(folder);
    return undefined;
  }
  if (options.schema === undefined) {
    await cp(await (template ??= makeTemplate()), dataDir, { recursive: true, preserveTimestamps: true });
  }
  if (disk !== undefined) {
    const log = holds === 'log' ? disk.folder : join(folder, 'log');
    await mkdir(log, { recursive: true });
    await moveLog(join(dataDir, 'postgres'), log);
  }
  let embedded = await startEmbedded({ dataDir });
  const { schema } = options;
  if (schema !== undefined) await migrate({ connect: () => openSession(embedded.connection), folder: schema });
  let socket = embedded.connection.host;
  const url = (): string => `postgres://vyplata@localhost/vyplata?host=${encodeURIComponent(socket)}`;
  const processes = createProcesses({ folder, url, port: await findFreePort(), settings: options.settings ?? {} });
  let db = openDb(embedded);
  const receiver = await startReceiver();
  const shops: Shop[] = [];
  const realSocket = join(embedded.connection.host, `.s.PGSQL.${embedded.connection.port}`);
  return {
    ...processes,
    folder,
    realSocket,
    socketFolder: embedded.connection.host,
    receiver,
    shops,
    disk,
    db: () => db,
    useSocket(path) {
      socket = path;
    },
    database: {
      pid: async () => Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]),
      exited: () => embedded.exited,
      async restart() {
        await embedded.exited;
        await db.close().catch(() => {});
        embedded = await startEmbedded({ dataDir });
        db = openDb(embedded);
      },
    },
    async openShop(endpoint) {
      const shop = await openShop(db, endpoint);
      shops.push(shop);
      return shop;
    },
    async close() {
      await processes.endAll();
      await receiver.close();
      await db.close().catch(() => {});
      await embedded.stop();
      disk?.remove();
      await removeFolder(folder);
    },
  };
}

const folders = new Set<string>();
// Whatever ends this process, its folders go with it.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-faults-'));
  folders.add(folder);
  return folder;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
}

let template: Promise<string> | undefined;

/** An empty database with its schema, made once and copied for every site. */
async function makeTemplate(): Promise<string> {
  const dataDir = await makeFolder();
  const embedded = await startEmbedded({ dataDir });
  await migrate({ connect: () => openSession(embedded.connection), folder: migrations });
  await embedded.stop();
  return dataDir;
}

function openDb({ connection }: EmbeddedDatabase): Db {
  return openPool({ connection, name: 'faults', connectionsMax: 4, queryTimeoutMs: 60_000, onError: () => {} });
}

type Place = {
  readonly folder: string;
  readonly port: number;
  /** Where the database is for whoever is started now. */
  readonly url: () => string;
  readonly settings: Readonly<Record<string, string>>;
};

/** The gateway's processes; what they say is in their own files in the folder. */
export function createProcesses({ folder, port, url, settings }: Place) {
  const children: { readonly child: ChildProcess; readonly logPath: string }[] = [];
  const asked = new Set<ChildProcess>();
  const bookPath = join(folder, 'book.ndjson');

  async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    // It ended by itself, which is told as a crash. Its end is not told a second time: nobody may wait for it.
    if (!isRunning(child)) return child.exitCode;
    const exited = once(child, 'exit');
    asked.add(child);
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  const environment = (own: number): NodeJS.ProcessEnv => ({
    ...process.env,
    ...environmentOf({ folder, bookPath, url: url(), port: own }),
    ...settings,
  });

  return {
    port,
    bookPath,
    async run(command: readonly string[], program: string = main, killAfterMs?: number): Promise<Ended> {
      const words = ['--pdeathsig', 'KILL', process.execPath, program, ...command];
      const child = spawn('setpriv', words, { env: environment(port), stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
      }
      const death = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      const [code] = (await once(child, 'close')) as [number | null];
      clearTimeout(death);
      return { code, said };
    },
    async start(command: Command, own: number = port, program: string = main): Promise<ChildProcess> {
      const env = environment(own);
      const logPath = join(folder, `${command}-${children.length}.log`);
      const log = await open(logPath, 'a');
      // Whatever becomes of this process, none of its gateways outlives it.
      const words = ['--pdeathsig', 'KILL', process.execPath, program, command];
      const child = spawn('setpriv', words, { env, stdio: ['ignore', log.fd, log.fd] });
      await log.close();
      children.push({ child, logPath });
      if (command !== 'work') await waitUntilLive({ port: own, child, logPath });
      return child;
    },
    end,
    async endAll(): Promise<void> {
      for (const { child } of children.filter((one) => isRunning(one.child))) await end(child, 'SIGKILL');
    },
    async readCrashes(): Promise<string[]> {
      const crashed = children.filter(({ child }) => !isRunning(child) && !asked.has(child));
      return Promise.all(crashed.map(async ({ logPath }) => `${basename(logPath)}: ${await readEnd(logPath)}`));
    },
  };
}

async function readEnd(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).slice(-2_000);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

type Paths = { readonly folder: string; readonly url: string; readonly port: number; readonly bookPath: string };

function environmentOf({ folder, url, port, bookPath }: Paths): Record<string, string> {
  return {
    DATABASE_URL: url,
    MASTER_KEY: masterKey.toString('base64'),
    PORT: String(port),
    DATA_DIR: join(folder, 'processes'),
    SANDBOX_BOOK: bookPath,
    SANDBOX_TIME_SCALE: '0.5',
    // A short patience with providers and receivers: leases follow from it, and so does the time to recover.
    CALL_DEADLINE_MS: '500',
    NOTIFICATION_DEADLINE_MS: '1500',
    ALLOW_LOOPBACK: 'true',
    LOG_LEVEL: 'warn',
  };
}

export async function openShop(db: Db, endpointUrl: string): Promise<Shop> {
  const vault = openVault(masterKey);
  const publicPem = merchantKey.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return db.tx(async (tx) => {
    await seedServices(tx, shippedServices);
    const { merchantId } = await createMerchant({ tx, vault }, { name: 'Shop' });
    await uploadKey(tx, { merchantId, publicPem });
    await createEndpoint({ tx, vault, allowLoopback: true }, { merchantId, endpointId: 5, url: endpointUrl });
    const { accountId } = await createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' });
    await setAccountService(tx, { merchantId, accountId, serviceCode: 'qiwi_rub' });
    const money = { amountMinor: 10_000_000_000n, requestKey: 'first', actor: 'test', reason: 'test' };
    await topUp(tx, { merchantId, accountId, ...money });
    return { merchantId, account: accountId, nextOrder: 0 };
  });
}

async function waitUntilLive(watch: {
  readonly port: number;
  readonly child: ChildProcess;
  readonly logPath: string;
}): Promise<void> {
  const { port, child, logPath } = watch;
  const startedAt = performance.now();
  while (isRunning(child) && performance.now() - startedAt < startMaxMs) {
    const isLive = await fetch(`http://127.0.0.1:${port}/health/live`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isLive) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`The gateway did not start. It said:\n${await readEnd(logPath)}`);
}
