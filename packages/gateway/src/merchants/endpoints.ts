import { checkEndpointUrl } from '../core/endpoint-url.ts';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';
import { lockMerchant } from './enroll.ts';
import type { Liveness, NotificationMethod } from './load.ts';
import { makeWebhookSecret, sealContexts } from './secrets.ts';

export type Endpoint = {
  readonly endpointId: number;
  readonly name: string;
  readonly url: string;
  readonly method: NotificationMethod;
  readonly state: Liveness;
  readonly subscribed: boolean;
  readonly createdAt: Date;
};

type EndpointId = { readonly merchantId: bigint; readonly endpointId: number };
type Needs = { readonly tx: Tx; readonly vault: Vault; readonly allowLoopback: boolean };

export type NewEndpoint = {
  readonly merchantId: bigint;
  /** The merchant's next free number when absent. */
  readonly endpointId?: number | undefined;
  readonly name?: string | undefined;
  readonly url: string;
  readonly method?: NotificationMethod | undefined;
  readonly subscribed?: boolean | undefined;
};

const columns = `endpoint_id as "endpointId", name, url, method, state, subscribed, created_at as "createdAt"`;

/**
 * An endpoint with its own secret; it counts for every account of the merchant. Throws a Refusal when the URL may not
 * be notified, the merchant is unknown or the given id is taken.
 */
export async function createEndpoint(
  needs: Needs,
  input: NewEndpoint,
): Promise<{ endpoint: Endpoint; secret: string }> {
  const { tx } = needs;
  checkUrl(needs, input.url);
  // Held to the end: two endpoints made at the same time must not get one number.
  await lockMerchant(tx, input.merchantId);
  const [next] = await tx.query<{ id: number }>(
    'select coalesce(max(endpoint_id), 0) + 1 as id from endpoint where merchant_id = $1',
    [input.merchantId],
  );
  const endpointId = input.endpointId ?? next?.id ?? 1;
  const secret = makeWebhookSecret();
  const sealed = needs.vault.seal(secret, sealContexts.endpointSecret(input.merchantId, endpointId));
  const [endpoint] = await tx.query<Endpoint>(
    `insert into endpoint (merchant_id, endpoint_id, name, url, method, subscribed, secret_sealed)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning ${columns}`,
    [
      input.merchantId,
      endpointId,
      input.name ?? '',
      input.url,
      input.method ?? 'POST',
      input.subscribed ?? false,
      sealed,
    ],
  );
  if (endpoint === undefined) throw new Refusal([{ code: 'record_exists', field: 'endpoint_id' }]);
  return { endpoint, secret };
}

export type EndpointChange = EndpointId & {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly method?: NotificationMethod | undefined;
  readonly state?: Liveness | undefined;
  readonly subscribed?: boolean | undefined;
};

/** Absent values stay as they are. Throws a Refusal when there is no such endpoint or the URL may not be notified. */
export async function updateEndpoint(needs: Omit<Needs, 'vault'>, input: EndpointChange): Promise<Endpoint> {
  if (input.url !== undefined) checkUrl(needs, input.url);
  const [endpoint] = await needs.tx.query<Endpoint>(
    `update endpoint set name = coalesce($3, name), url = coalesce($4, url), method = coalesce($5, method),
       state = coalesce($6, state), subscribed = coalesce($7, subscribed)
     where merchant_id = $1 and endpoint_id = $2 returning ${columns}`,
    [
      input.merchantId,
      input.endpointId,
      input.name ?? null,
      input.url ?? null,
      input.method ?? null,
      input.state ?? null,
      input.subscribed ?? null,
    ],
  );
  return endpoint ?? refuseEndpoint();
}

/** In the order of their ids. */
export function listEndpoints(sql: Sql, merchantId: bigint): Promise<Endpoint[]> {
  return sql.query<Endpoint>(`select ${columns} from endpoint where merchant_id = $1 order by endpoint_id`, [
    merchantId,
  ]);
}

/** Throws a Refusal when this merchant has no such endpoint. */
export async function readEndpoint(sql: Sql, id: EndpointId): Promise<Endpoint> {
  const [endpoint] = await sql.query<Endpoint>(
    `select ${columns} from endpoint where merchant_id = $1 and endpoint_id = $2`,
    [id.merchantId, id.endpointId],
  );
  return endpoint ?? refuseEndpoint();
}

/** Throws a Refusal when there is no such endpoint. */
export async function revealEndpointSecret(needs: { tx: Sql; vault: Vault }, id: EndpointId): Promise<string> {
  const [row] = await needs.tx.query<{ sealed: Buffer }>(
    'select secret_sealed as sealed from endpoint where merchant_id = $1 and endpoint_id = $2',
    [id.merchantId, id.endpointId],
  );
  if (row === undefined) return refuseEndpoint();
  return needs.vault.open(row.sealed, sealContexts.endpointSecret(id.merchantId, id.endpointId));
}

/** Makes a new one; the old one signs nothing from now on. Throws a Refusal when there is no such endpoint. */
export async function rotateEndpointSecret(needs: { tx: Tx; vault: Vault }, id: EndpointId): Promise<string> {
  const secret = makeWebhookSecret();
  const sealed = needs.vault.seal(secret, sealContexts.endpointSecret(id.merchantId, id.endpointId));
  const rows = await needs.tx.query(
    'update endpoint set secret_sealed = $3 where merchant_id = $1 and endpoint_id = $2 returning endpoint_id',
    [id.merchantId, id.endpointId, sealed],
  );
  return rows.length === 0 ? refuseEndpoint() : secret;
}

function checkUrl(needs: { allowLoopback: boolean }, url: string): void {
  const code = checkEndpointUrl(url, { allowLoopback: needs.allowLoopback });
  if (code !== undefined) throw new Refusal([{ code, field: 'url', values: { max: 255 } }]);
}

function refuseEndpoint(): never {
  throw new Refusal([{ code: 'record_unknown', field: 'endpoint_id' }]);
}
