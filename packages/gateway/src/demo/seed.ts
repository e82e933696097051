// Owns the demo: a merchant with money, keys and an endpoint, and one payout shown from order to notification.
// Promises that all of it stays on this machine: loopback addresses, files for the owner's eyes only.
// Refuses to know any mode but dev: serve and work never make demo data.
import { createPublicKey, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintKey, makeKeyArchive } from '@vyplata/sdk/archive';
import { shippedServices } from '../core/catalogue.ts';
import type { Db, Tx } from '../db/pool.ts';
import { topUp } from '../ledger/post.ts';
import { createAccount } from '../merchants/accounts.ts';
import { createEndpoint, updateEndpoint } from '../merchants/endpoints.ts';
import { createMerchant } from '../merchants/enroll.ts';
import { listKeys, uploadKey } from '../merchants/keys.ts';
import { listNotificationKeys } from '../merchants/notification-keys.ts';
import { seedServices, setAccountService } from '../merchants/services.ts';
import { createUser, listUsers, updateUser } from '../operators/users.ts';
import type { Vault } from '../secrets/seal.ts';

/** What `DATA_DIR/demo/demo.json` holds. */
export type Demo = {
  readonly baseUrl: string;
  readonly consoleUrl: string;
  readonly accounts: readonly { readonly id: string; readonly currency: string }[];
  /** The folder with password.txt, private.pem and public.pem. */
  readonly certDir: string;
  /** PEM text. */
  readonly notificationPublicKey: string;
  readonly operator: { readonly login: string; readonly password: string };
  /** A person of the demo merchant, for `/merchant/v1`. */
  readonly person: { readonly login: string; readonly password: string };
};

export type Needs = {
  readonly db: Db;
  readonly vault: Vault;
  /** `DATA_DIR/demo`. */
  readonly folder: string;
  readonly baseUrl: string;
  /** Where the demo's receiver listens in this run. */
  readonly receiverUrl: string;
};

/** The account of the published samples, and one more in euros. */
const accounts = [
  { id: '93d5df06-996c-48c3-9847-348d6b580b80', currency: 'RUB', fundedMinor: 1_000_000_000n },
  { id: '5b0c1d3e-4f7a-4c52-9a64-0e8f2d7b6c15', currency: 'EUR', fundedMinor: 10_000_000n },
] as const;

const endpointId = 5;
const login = 'demo';
const personLogin = 'demo-merchant';
const actor = 'demo';

/** Makes what is missing of the demo and leaves the rest; a start that was cut short is completed by the next one. */
export async function seedDemo(needs: Needs): Promise<Demo> {
  const certDir = join(needs.folder, 'cert', 'payout');
  await makePrivateFolder(needs.folder);
  await makePrivateFolder(join(needs.folder, 'cert'));
  await makePrivateFolder(certDir);
  const publicPem = await ensureKeyFiles(certDir);
  const merchantId = await needs.db.tx((tx) => ensureMerchant({ ...needs, tx }));
  await needs.db.tx((tx) => ensureKey(tx, merchantId, publicPem));
  const password = await ensureUser(needs, { login, role: 'owner' });
  const personPassword = await ensureUser(needs, { login: personLogin, role: 'merchant', merchantId });
  const keys = await listNotificationKeys(needs.db, merchantId);
  const demo: Demo = {
    baseUrl: needs.baseUrl,
    consoleUrl: `${needs.baseUrl}/console/`,
    accounts: accounts.map(({ id, currency }) => ({ id, currency })),
    certDir,
    notificationPublicKey: keys.find((key) => key.state === 'active')?.publicPem ?? '',
    operator: { login, password },
    person: { login: personLogin, password: personPassword },
  };
  await writePrivateFile(join(needs.folder, 'demo.json'), `${JSON.stringify(demo, null, 2)}\n`);
  return demo;
}

/** One transaction: either the whole merchant is there with its money, or nothing of it. */
async function ensureMerchant(needs: Needs & { readonly tx: Tx }): Promise<bigint> {
  const { tx, vault } = needs;
  const [known] = await tx.query<{ merchant_id: bigint }>('select merchant_id from account where account_id = $1', [
    accounts[0].id,
  ]);
  if (known !== undefined) {
    const { merchant_id: merchantId } = known;
    await updateEndpoint({ tx, allowLoopback: true }, { merchantId, endpointId, url: needs.receiverUrl });
    return merchantId;
  }
  await seedServices(tx, shippedServices);
  const { merchantId } = await createMerchant({ tx, vault }, { name: 'Demo' });
  for (const { id: accountId, currency, fundedMinor } of accounts) {
    await createAccount(tx, { merchantId, accountId, currency, name: `Demo ${currency}`, mode: 'sandbox' });
    for (const service of shippedServices.filter((candidate) => candidate.currency === currency)) {
      await setAccountService(tx, { merchantId, accountId, serviceCode: service.code });
    }
    const requestKey = `demo-${currency}`;
    await topUp(tx, { merchantId, accountId, amountMinor: fundedMinor, requestKey, actor, reason: 'demo money' });
  }
  await createEndpoint(
    { tx, vault, allowLoopback: true },
    { merchantId, endpointId, name: 'Demo receiver', url: needs.receiverUrl },
  );
  return merchantId;
}

/** The files of the key archive; made anew when one of them is missing. Answers the public key. */
async function ensureKeyFiles(certDir: string): Promise<string> {
  const names = ['password.txt', 'private.pem', 'public.pem'] as const;
  const texts = await Promise.all(names.map((name) => readText(join(certDir, name))));
  const publicPem = texts[2];
  if (publicPem !== undefined && texts.every((text) => text !== undefined)) return publicPem;
  const archive = await makeKeyArchive();
  await writePrivateFile(join(certDir, 'password.txt'), archive.password);
  await writePrivateFile(join(certDir, 'private.pem'), archive.privatePem);
  await writePrivateFile(join(certDir, 'public.pem'), archive.publicPem);
  return archive.publicPem;
}

async function ensureKey(tx: Tx, merchantId: bigint, publicPem: string): Promise<void> {
  const fingerprint = fingerprintKey(createPublicKey(publicPem));
  const keys = await listKeys(tx, merchantId);
  if (keys.some((key) => key.fingerprint === fingerprint)) return;
  await uploadKey(tx, { merchantId, publicPem });
}

type DemoUser = { readonly login: string } & (
  | { readonly role: 'owner' }
  | { readonly role: 'merchant'; readonly merchantId: bigint }
);

/** The password is in demo.json alone; if that is lost, the user gets a new one. */
async function ensureUser(needs: Needs, wanted: DemoUser): Promise<string> {
  const merchantId = wanted.role === 'merchant' ? wanted.merchantId : null;
  const user = (await listUsers(needs.db, merchantId)).find((candidate) => candidate.login === wanted.login);
  const known = readPassword(await readText(join(needs.folder, 'demo.json')), wanted.role);
  if (user !== undefined && known !== undefined) return known;
  const password = randomBytes(12).toString('base64url');
  await needs.db.tx(async (tx) => {
    if (user === undefined) await createUser(tx, { ...wanted, password });
    else await updateUser(tx, { userId: user.userId, merchantId, byUserId: 0n, password });
  });
  return password;
}

function readPassword(text: string | undefined, role: DemoUser['role']): string | undefined {
  try {
    const demo = JSON.parse(text ?? 'null') as Partial<Demo> | null;
    return (role === 'owner' ? demo?.operator : demo?.person)?.password;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}

/** Written beside and renamed: a reader never sees half of it. */
async function writePrivateFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}
