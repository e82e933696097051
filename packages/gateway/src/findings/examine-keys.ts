import { fingerprintKey, vetPublicKey } from '@vyplata/sdk/archive';
import { signBody, verifySignature } from '@vyplata/sdk/signature';
import { createPublicKey, generateKeyPair } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Sql } from '../db/pool.ts';
import { sealContexts } from '../merchants/secrets.ts';
import { type MasterKeySource, readMasterKey } from '../secrets/master-key.ts';
import { openVault } from '../secrets/seal.ts';
import { type Finding, fine, refuse, warn } from './finding.ts';

const keysMax = 100_000;
const weakShown = 20;

type Needs = {
  /** Absent: there is no database yet, so nothing is sealed. */
  readonly db: Sql | undefined;
  readonly source: MasterKeySource;
  readonly retired: readonly Uint8Array[];
};

/** Reads the key and never makes one: a new one beside an old database would open nothing. */
export async function examineMasterKey({ db, source, retired }: Needs): Promise<Finding[]> {
  const path = source.value === undefined ? (source.file ?? source.ownFile) : undefined;
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
  const sealed = db === undefined ? [] : await readSealed(db);
  if (source.value === undefined && source.file === undefined && source.ownFile !== undefined && found === undefined) {
    // The first start makes it.
    return sealed.length === 0 ? [] : [refuse('master_key_missing', { why: `${source.ownFile} is not there` })];
  }
  let current: Uint8Array;
  try {
    current = await readMasterKey(source);
  } catch (error) {
    return [refuse('master_key_missing', { why: reasonOf(error) })];
  }
  const isOpen = found !== undefined && path !== undefined && (found.mode & 0o007) !== 0;
  const open = isOpen ? [warn('master_key_open', { path })] : [];
  const vault = openVault(current, retired);
  for (const { merchantId, privateSealed, publicPem } of sealed) {
    const context = sealContexts.notificationKey(merchantId, fingerprintKey(createPublicKey(publicPem)));
    try {
      vault.open(privateSealed, context);
    } catch (error) {
      return [...open, refuse('master_key_wrong', { why: reasonOf(error) })];
    }
  }
  return [...open, fine('master_key_fine')];
}

type Sealed = { readonly merchantId: bigint; readonly privateSealed: Buffer; readonly publicPem: string };

/** A value for each master key that sealed one: its number is in the first five bytes. Every merchant has some. */
function readSealed(db: Sql): Promise<Sealed[]> {
  return db.query<Sealed>(
    `select distinct on (substring(private_sealed from 1 for 5)) merchant_id as "merchantId",
       private_sealed as "privateSealed", public_pem as "publicPem"
     from notification_key order by substring(private_sealed from 1 for 5), merchant_id`,
  );
}

/** Keys that were imported are vetted; this finds what came into the table on another way, or before a rule. */
export async function examineKeys(db: Sql): Promise<Finding[]> {
  const keys = await db.query<{ merchant: bigint; pem: string; use: 'orders' | 'notifications' }>(
    `select merchant_id as merchant, public_pem as pem, 'orders' as use from merchant_key where state = 'active'
     union all
     select merchant_id, public_pem, 'notifications' from notification_key where state = 'active'
     limit ${keysMax}`,
  );
  const weak = keys.flatMap(({ merchant, pem, use }) => {
    const vetted = vetPublicKey(pem, { allowEd25519: true });
    if (vetted.ok) return [];
    const why = vetted.code.replaceAll('_', ' ');
    return [warn(`key_weak_${use}`, { fingerprint: fingerprintOf(pem), merchant: String(merchant), why })];
  });
  return weak.length > 0 ? weak.slice(0, weakShown) : [fine('keys_fine', { count: keys.length })];
}

function fingerprintOf(pem: string): string {
  try {
    return fingerprintKey(createPublicKey(pem)).slice(0, 16);
  } catch {
    return '?';
  }
}

/** Really signs and verifies: a policy of the system may forbid what the program brings. */
export async function examineSignatures(): Promise<Finding> {
  try {
    const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    for (const digest of ['sha1', 'sha256'] as const) {
      const body = 'an order';
      const sign = signBody({ body, key: privateKey, digest });
      const isRight = verifySignature({ body, sign, key: publicKey, digest });
      if (!isRight)
        return refuse('sha1_unusable', { why: `a signature with ${digest} that was just made is not accepted` });
    }
    return fine('sha1_fine');
  } catch (error) {
    return refuse('sha1_unusable', { why: reasonOf(error) });
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
