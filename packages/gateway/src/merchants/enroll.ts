import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import type { Liveness } from './load.ts';
import { insertNotificationKey, makeNotificationPair } from './notification-keys.ts';
import { makeWebhookSecret, sealContexts } from './secrets.ts';

export type Merchant = {
  readonly merchantId: bigint;
  readonly name: string;
  readonly state: Liveness;
  readonly createdAt: Date;
};

const columns = 'merchant_id as "merchantId", name, state, created_at as "createdAt"';

/** A merchant with a webhook secret and a key pair for its notifications; it has no account yet. */
export async function createMerchant(needs: { tx: Tx; vault: Vault }, input: { name: string }): Promise<Merchant> {
  const { tx, vault } = needs;
  // Made first: the thread pool needs a tenth of a second for it, and until here the transaction holds no lock.
  const pair = await makeNotificationPair();
  const [drawn] = await tx.query<{ id: bigint }>(
    `select nextval(pg_get_serial_sequence('merchant', 'merchant_id')) as id`,
  );
  const merchantId = drawn?.id ?? 0n;
  const sealed = vault.seal(makeWebhookSecret(), sealContexts.webhookSecret(merchantId));
  const [merchant] = await tx.query<Merchant>(
    `insert into merchant (merchant_id, name, webhook_secret_sealed) values ($1, $2, $3) returning ${columns}`,
    [merchantId, input.name, sealed],
  );
  await insertNotificationKey(needs, { merchantId, pair });
  return merchant as Merchant;
}

/** Absent values stay as they are. Throws a Refusal when there is no such merchant. */
export async function updateMerchant(
  tx: Tx,
  input: { merchantId: bigint; name?: string | undefined; state?: Liveness | undefined },
): Promise<Merchant> {
  const [merchant] = await tx.query<Merchant>(
    `update merchant set name = coalesce($2, name), state = coalesce($3, state) where merchant_id = $1
     returning ${columns}`,
    [input.merchantId, input.name ?? null, input.state ?? null],
  );
  return merchant ?? refuseMerchant();
}

/** In the order of their ids, after `afterId`. */
export function listMerchants(sql: Sql, page: { afterId: bigint; limit: number }): Promise<Merchant[]> {
  return sql.query<Merchant>(`select ${columns} from merchant where merchant_id > $1 order by merchant_id limit $2`, [
    page.afterId,
    page.limit,
  ]);
}

/** Throws a Refusal when there is no such merchant. */
export async function readMerchant(sql: Sql, merchantId: bigint): Promise<Merchant> {
  const [merchant] = await sql.query<Merchant>(`select ${columns} from merchant where merchant_id = $1`, [merchantId]);
  return merchant ?? refuseMerchant();
}

/** The secret of notifications that go to the URL of an order. Throws a Refusal when there is no such merchant. */
export async function revealWebhookSecret(needs: { tx: Sql; vault: Vault }, merchantId: bigint): Promise<string> {
  const [row] = await needs.tx.query<{ sealed: Buffer }>(
    'select webhook_secret_sealed as sealed from merchant where merchant_id = $1',
    [merchantId],
  );
  if (row === undefined) return refuseMerchant();
  return needs.vault.open(row.sealed, sealContexts.webhookSecret(merchantId));
}

/** Makes a new one; the old one signs nothing from now on. */
export async function rotateWebhookSecret(needs: { tx: Tx; vault: Vault }, merchantId: bigint): Promise<string> {
  const secret = makeWebhookSecret();
  const rows = await needs.tx.query(
    'update merchant set webhook_secret_sealed = $2 where merchant_id = $1 returning merchant_id',
    [merchantId, needs.vault.seal(secret, sealContexts.webhookSecret(merchantId))],
  );
  return rows.length === 0 ? refuseMerchant() : secret;
}

/** Keeps others from changing the merchant's set of rows until the end of `tx`. Throws a Refusal without a merchant. */
export async function lockMerchant(tx: Tx, merchantId: bigint): Promise<void> {
  const rows = await tx.query('select 1 from merchant where merchant_id = $1 for no key update', [merchantId]);
  if (rows.length === 0) refuseMerchant();
}

function refuseMerchant(): never {
  throw new Refusal([{ code: 'record_unknown', field: 'merchant_id' }]);
}
