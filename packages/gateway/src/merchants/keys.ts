import { fingerprintKey, type KeyArchive, type KeyRefusal, makeKeyArchive, vetPublicKey } from '@vyplata/sdk/archive';
import { createPublicKey } from 'node:crypto';
import { type ProblemCode, Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { lockMerchant } from './enroll.ts';
import type { DigestRule } from './load.ts';

/** A payouts certificate: the public half of the pair the merchant signs with. */
export type MerchantKey = {
  readonly keyId: bigint;
  /** SHA-256 of the SPKI DER, hex. */
  readonly fingerprint: string;
  readonly publicPem: string;
  readonly digestRule: DigestRule;
  readonly state: 'active' | 'retired';
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  readonly firstUsedAt: Date | null;
  readonly lastUsedAt: Date | null;
};

export type NewKey = {
  readonly merchantId: bigint;
  readonly digestRule?: DigestRule | undefined;
  /** null or absent: valid until it is retired. */
  readonly expiresAt?: Date | null | undefined;
};

type KeyId = { readonly merchantId: bigint; readonly keyId: bigint };

const selectKeys = `
  select k.key_id as "keyId", k.fingerprint, k.public_pem as "publicPem", k.digest_rule as "digestRule", k.state,
    k.expires_at as "expiresAt", k.created_at as "createdAt", k.retired_at as "retiredAt",
    u.first_used_at as "firstUsedAt", u.last_used_at as "lastUsedAt"
  from merchant_key k
  left join merchant_key_use u on u.merchant_id = k.merchant_id and u.key_id = k.key_id
  where k.merchant_id = $1`;

const codes: Readonly<Record<KeyRefusal, ProblemCode>> = {
  too_large: 'key_pem_too_large',
  not_pem: 'key_not_pem',
  several_blocks: 'key_several_blocks',
  private_key: 'key_is_private',
  not_public_key: 'key_not_public',
  not_rsa: 'key_not_rsa',
  key_too_short: 'key_too_short',
  key_too_long: 'key_too_long',
  bad_exponent: 'key_exponent_wrong',
  weak_modulus: 'key_weak',
};

/**
 * Makes a pair and keeps its public half. The archive exists in the returned value only: hand it over once.
 * Throws a Refusal when there is no such merchant.
 */
export async function generateKey(tx: Tx, input: NewKey): Promise<{ key: MerchantKey; archive: KeyArchive }> {
  const archive = await makeKeyArchive();
  const fingerprint = fingerprintKey(createPublicKey(archive.publicPem));
  const key = await insertKey(tx, { ...input, publicPem: archive.publicPem, fingerprint });
  return { key, archive };
}

/** Keeps a public key the merchant made. Throws a Refusal that says why a key cannot be used. */
export async function uploadKey(tx: Tx, input: NewKey & { readonly publicPem: string }): Promise<MerchantKey> {
  const vetted = vetPublicKey(input.publicPem, { allowEd25519: true });
  if (!vetted.ok) throw new Refusal([{ code: codes[vetted.code], field: 'public_pem' }]);
  return insertKey(tx, { ...input, publicPem: vetted.publicPem, fingerprint: vetted.fingerprint });
}

async function insertKey(tx: Tx, input: NewKey & { publicPem: string; fingerprint: string }): Promise<MerchantKey> {
  const { merchantId, fingerprint, publicPem, digestRule = 'sha1', expiresAt = null } = input;
  await lockMerchant(tx, merchantId);
  await checkFuture(tx, expiresAt);
  const [row] = await tx.query<{ id: bigint }>(
    `insert into merchant_key (merchant_id, fingerprint, public_pem, digest_rule, expires_at)
     values ($1, $2, $3, $4, $5) on conflict (merchant_id, fingerprint) do nothing returning key_id as id`,
    [merchantId, fingerprint, publicPem, digestRule, expiresAt],
  );
  // Also a retired one: whoever retired a key had a reason, and a new pair is quickly made.
  if (row === undefined) throw new Refusal([{ code: 'record_exists', field: 'public_pem' }]);
  return readKey(tx, { merchantId, keyId: row.id });
}

/** Changes an active key; absent values stay as they are, `expiresAt: null` removes the expiry. */
export async function updateKey(
  tx: Tx,
  input: KeyId & { digestRule?: DigestRule | undefined; expiresAt?: Date | null | undefined },
): Promise<MerchantKey> {
  const key = await readKey(tx, input);
  if (key.state === 'retired') throw new Refusal([{ code: 'key_retired', field: 'key_id' }]);
  const expiresAt = input.expiresAt === undefined ? key.expiresAt : input.expiresAt;
  if (input.expiresAt !== undefined) await checkFuture(tx, expiresAt);
  await tx.query(
    `update merchant_key set digest_rule = coalesce($3, digest_rule), expires_at = $4
     where merchant_id = $1 and key_id = $2`,
    [input.merchantId, input.keyId, input.digestRule ?? null, expiresAt],
  );
  return readKey(tx, input);
}

/** For ever; retiring it again changes nothing. Requests signed with it are refused from now on. */
export async function retireKey(tx: Tx, id: KeyId): Promise<MerchantKey> {
  await tx.query(
    `update merchant_key set state = 'retired', retired_at = clock_timestamp()
     where merchant_id = $1 and key_id = $2 and state = 'active'`,
    [id.merchantId, id.keyId],
  );
  return readKey(tx, id);
}

/** Active ones first, newest first. */
export function listKeys(sql: Sql, merchantId: bigint, limit = 200): Promise<MerchantKey[]> {
  return sql.query<MerchantKey>(`${selectKeys} order by (k.state = 'active') desc, k.key_id desc limit $2`, [
    merchantId,
    limit,
  ]);
}

async function readKey(sql: Sql, id: KeyId): Promise<MerchantKey> {
  const [key] = await sql.query<MerchantKey>(`${selectKeys} and k.key_id = $2`, [id.merchantId, id.keyId]);
  if (key === undefined) throw new Refusal([{ code: 'record_unknown', field: 'key_id' }]);
  return key;
}

/** By the database's clock: it is the one that decides about expiry. */
async function checkFuture(tx: Tx, expiresAt: Date | null): Promise<void> {
  if (expiresAt === null) return;
  const [row] = await tx.query<{ ahead: boolean }>('select $1::timestamptz > clock_timestamp() as ahead', [expiresAt]);
  if (row?.ahead !== true) throw new Refusal([{ code: 'date_not_future', field: 'expires_at' }]);
}
