import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const masterKey = Buffer.alloc(32, 3);

export type Shop = { readonly merchantId: bigint; readonly account: string; readonly key: KeyObject };

/** What a receiver does with a notification. */
export type Manner = 'ok' | 'hang' | 'fail' | 'redirect' | 'drip';

/** Real processes on a real database, in a folder of their own. */
export type Site = {
  readonly folder: string;
  readonly port: number;
  readonly bookPath: string;
  db(): Db;
  /** Folder of the database's own socket. */
  readonly realSocket: string;
  /** Folder of the socket that processes use; a proxy may stand in between. */
  useSocket(folder: string): void;
  start(command: 'run' | 'serve' | 'work'): Promise<ChildProcess>;
  databasePid(): Promise<number>;
  restartDatabase(): Promise<void>;
  openShop(endpoint: string): Promise<Shop>;
  readonly receiver: { url(manner: Manner): string };
  close(): Promise<void>;
};

export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-faults-'));
  const dataDir = join(folder, 'data');
  let embedded: EmbeddedDatabase = await startEmbedded({ dataDir });
  await migrate({ connect: () => openSession(embedded.connection), folder: migrations });
  let db = openDb(embedded);
  const realSocket = embedded.connection.host;
  let socket = realSocket;
  const port = await findPort();
  const receiver = await startReceiver();
  const children: ChildProcess[] = [];
  const bookPath = join(folder, 'book.ndjson');
  return {
    folder,
    port,
    bookPath,
    realSocket,
    db: () => db,
    useSocket(path) {
      socket = path;
    },
    receiver: { url: (manner) => `http://127.0.0.1:${receiver.port}/${manner}` },
    async start(command) {
      const url = `postgres://vyplata@localhost/vyplata?host=${encodeURIComponent(socket)}`;
      const child = spawn(process.execPath, [main, command], {
        env: {
          ...process.env,
          ...environmentOf({
            url,
            port,
            bookPath,
            folder,
          }),
        },
        stdio: ['ignore', 'ignore', process.env['FAULTS_LOG'] === undefined ? 'ignore' : 'inherit'],
      });
      children.push(child);
      if (command !== 'work') await waitUntilLive(port);
      return child;
    },
    databasePid: async () =>
      Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]),
    async restartDatabase() {
      await embedded.exited;
      await db.close().catch(() => {});
      embedded = await startEmbedded({ dataDir });
      db = openDb(embedded);
    },
    openShop: (endpoint) => openShop(db, endpoint),
    async close() {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      receiver.server.closeAllConnections();
      receiver.server.close();
      await db.close().catch(() => {});
      await embedded.stop();
      await rm(folder, {
        recursive: true,
        force: true,
      });
    },
  };
}

function openDb({ connection }: EmbeddedDatabase): Db {
  return openPool({ connection, name: 'faults', connectionsMax: 4, queryTimeoutMs: 60_000, onError: () => {} });
}

type Paths = { readonly url: string; readonly port: number; readonly bookPath: string; readonly folder: string };

function environmentOf({ url, port, bookPath, folder }: Paths): Record<string, string> {
  return {
    DATABASE_URL: url,
    MASTER_KEY: masterKey.toString('base64'),
    PORT: String(port),
    DATA_DIR: join(folder, 'processes'),
    SANDBOX_BOOK: bookPath,
    SANDBOX_TIME_SCALE: '0.2',
    // A short patience with the provider: leases and recovery follow from it.
    CALL_DEADLINE_MS: '500',
    ALLOW_LOOPBACK: 'true',
    LOG_LEVEL: 'error',
  };
}

async function openShop(db: Db, endpointUrl: string): Promise<Shop> {
  const vault = openVault(masterKey);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return db.tx(async (tx) => {
    await seedServices(tx, shippedServices);
    const { merchantId } = await createMerchant({ tx, vault }, { name: 'Shop' });
    await uploadKey(tx, { merchantId, publicPem });
    await createEndpoint({ tx, vault, allowLoopback: true }, { merchantId, endpointId: 5, url: endpointUrl });
    const { accountId } = await createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' });
    await setAccountService(tx, { merchantId, accountId, serviceCode: 'qiwi_rub' });
    const money = { amountMinor: 10_000_000_000n, requestKey: 'first', actor: 'test', reason: 'test' };
    await topUp(tx, { merchantId, accountId, ...money });
    return { merchantId, account: accountId, key: privateKey };
  });
}

async function waitUntilLive(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const isLive = await fetch(`http://127.0.0.1:${port}/health/live`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isLive) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the gateway did not start');
}

async function startReceiver(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    request.resume();
    const manner = request.url?.slice(1) as Manner;
    if (manner === 'ok') response.end('ok');
    else if (manner === 'fail') response.writeHead(500).end('no');
    else if (manner === 'redirect') response.writeHead(302, { Location: '/ok' }).end();
    else if (manner === 'drip') {
      const timer = setInterval(() => response.write(' '), 500);
      response.once('close', () => clearInterval(timer));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

async function findPort(): Promise<number> {
  const server = createNetServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
