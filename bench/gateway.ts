import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shippedServices } from '../packages/gateway/src/core/catalogue.ts';
import { topUp } from '../packages/gateway/src/ledger/post.ts';
import { createAccount } from '../packages/gateway/src/merchants/accounts.ts';
import { createEndpoint } from '../packages/gateway/src/merchants/endpoints.ts';
import { createMerchant } from '../packages/gateway/src/merchants/enroll.ts';
import { uploadKey } from '../packages/gateway/src/merchants/keys.ts';
import { seedServices, setAccountService } from '../packages/gateway/src/merchants/services.ts';
import { openVault } from '../packages/gateway/src/secrets/seal.ts';
import type { BenchDatabase } from './database.ts';

const ownRoot = fileURLToPath(new URL('..', import.meta.url));
const masterKey = Buffer.alloc(32, 1);

export type BenchGateway = { readonly port: number; readonly child: ChildProcess; stop(): Promise<void> };

export type GatewayOptions = {
  readonly command: 'run' | 'serve' | 'work';
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Of another checkout, whose program is started instead of ours. */
  readonly root?: string | undefined;
};

/** The real program in a process of its own. */
export async function startGateway(database: BenchDatabase, options: GatewayOptions): Promise<BenchGateway> {
  const { command, port, env = {}, nodeFlags = readStartFlags(), root = ownRoot } = options;
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'packages/gateway/src/main.ts'), command], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      MASTER_KEY: masterKey.toString('base64'),
      PORT: String(port),
      // The sandbox keeps a Book there, and ids begin anew in each database: it would know their orders already.
      DATA_DIR: join(database.folder, `gateway-${new URL(database.url).pathname.slice(1)}`),
      SANDBOX_TIME_SCALE: '0.02',
      ALLOW_LOOPBACK: 'true',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    await waitUntilReady(port, command);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    port,
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error('the gateway ended before it was asked');
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** The flags of Node that `npm start` gives: what is measured is what is started. */
function readStartFlags(): string[] {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const flags = `${manifest.scripts['start'] ?? ''} ${process.env['NODE_FLAGS'] ?? ''}`;
  return flags.split(' ').filter((word) => word.startsWith('--'));
}

async function waitUntilReady(port: number, command: string): Promise<void> {
  const url = command === 'work' ? undefined : `http://127.0.0.1:${port}/health/ready`;
  for (let tries = 0; url !== undefined && tries < 400; tries += 1) {
    const isReady = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  if (url !== undefined) throw new Error('the gateway did not start');
}

export type BenchMerchant = { readonly merchantId: bigint; readonly accounts: readonly string[] };

/** A merchant with funded sandbox accounts, an endpoint with the id 5 and the bench's key. */
export async function enrollMerchant(
  { db }: BenchDatabase,
  given: { readonly publicPem: string; readonly accounts: number; readonly receiverUrl: string },
): Promise<BenchMerchant> {
  const vault = openVault(masterKey);
  return db.tx(async (tx) => {
    await seedServices(tx, shippedServices);
    const { merchantId } = await createMerchant({ tx, vault }, { name: 'Bench' });
    await uploadKey(tx, { merchantId, publicPem: given.publicPem });
    await createEndpoint({ tx, vault, allowLoopback: true }, { merchantId, endpointId: 5, url: given.receiverUrl });
    const accounts: string[] = [];
    for (let at = 0; at < given.accounts; at += 1) {
      const { accountId } = await createAccount(tx, { merchantId, currency: 'RUB', mode: 'sandbox' });
      await setAccountService(tx, { merchantId, accountId, serviceCode: 'qiwi_rub' });
      const money = { amountMinor: 100_000_000_000n, requestKey: `bench-${at}`, actor: 'bench', reason: 'bench' };
      await topUp(tx, { merchantId, accountId, ...money });
      accounts.push(accountId);
    }
    return { merchantId, accounts };
  });
}
