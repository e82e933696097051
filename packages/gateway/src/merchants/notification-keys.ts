import { createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { fingerprintKey } from '@vyplata/sdk/archive';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import { sealContexts } from './secrets.ts';

/** What a merchant needs to verify notifications. */
export type NotificationKey = {
  readonly keyId: bigint;
  readonly publicPem: string;
  readonly state: 'active' | 'retired';
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
};

export type NotificationPair = { readonly privatePem: string; readonly publicPem: string };

const generateKeyPairAsync = promisify(generateKeyPair);
const columns = `key_id as "keyId", public_pem as "publicPem", state, created_at as "createdAt",
  retired_at as "retiredAt"`;

/** RSA 2048: the size the published receivers know; a larger one would slow every notification down. */
export async function makeNotificationPair(): Promise<NotificationPair> {
  const { privateKey, publicKey } = await generateKeyPairAsync('rsa', { modulusLength: 2048 });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** Stores a pair as the active one; the private half only sealed. */
export async function insertNotificationKey(
  needs: { tx: Tx; vault: Vault },
  input: { merchantId: bigint; pair: NotificationPair },
): Promise<NotificationKey> {
  const { merchantId, pair } = input;
  const context = sealContexts.notificationKey(merchantId, fingerprintKey(createPublicKey(pair.publicPem)));
  const [key] = await needs.tx.query<NotificationKey>(
    `insert into notification_key (merchant_id, private_sealed, public_pem) values ($1, $2, $3) returning ${columns}`,
    [merchantId, needs.vault.seal(pair.privatePem, context), pair.publicPem],
  );
  return key as NotificationKey;
}

/**
 * A new active pair. Notifications made from now on are signed with it, so the merchant must have the new public key
 * first or accept both for a while. Throws a Refusal when there is no such merchant.
 */
export async function rotateNotificationKey(
  needs: { tx: Tx; vault: Vault },
  merchantId: bigint,
): Promise<NotificationKey> {
  const pair = await makeNotificationPair();
  const rows = await needs.tx.query(
    `update notification_key set state = 'retired', retired_at = clock_timestamp()
     where merchant_id = $1 and state = 'active' returning key_id`,
    [merchantId],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'record_unknown', field: 'merchant_id' }]);
  return insertNotificationKey(needs, { merchantId, pair });
}

/** The active one first, then the retired ones, newest first. */
export function listNotificationKeys(sql: Sql, merchantId: bigint, limit = 100): Promise<NotificationKey[]> {
  return sql.query<NotificationKey>(
    `select ${columns} from notification_key where merchant_id = $1
     order by (state = 'active') desc, key_id desc limit $2`,
    [merchantId, limit],
  );
}
