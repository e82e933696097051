import { createPublicKey, type KeyObject } from 'node:crypto';
import { fingerprintKey } from '@vyplata/sdk/archive';
import type { CommissionRule } from '../core/commission.ts';
import { type Currency, findCurrency } from '../core/currency.ts';
import { type Network, toNetwork } from '../core/network.ts';
import type { RecipientKind, Service } from '../core/service.ts';
import type { Sql, Statement } from '../db/pool.ts';

export type DigestRule = 'sha1' | 'any' | 'sha256';
export type NotificationMethod = 'POST' | 'GET';
/** Which of the two signature schemes an account's requests may use. */
export type SignatureRule = 'v1' | 'v1_or_v2' | 'v2';
export type Liveness = 'active' | 'disabled';

/** A certificate of the merchant that is active and had not expired when it was handed out. */
export type KeyEntry = {
  readonly keyId: bigint;
  readonly key: KeyObject;
  /** The first signature scheme knows RSA only. */
  readonly isRsa: boolean;
  readonly digestRule: DigestRule;
  readonly expiresAt: Date | undefined;
};

/** A service of the catalogue as one account sees it; `minMinor` and `maxMinor` are the limits in force. */
export type ServiceEntry = {
  readonly service: Service;
  /** Both the service and its use by this account are switched on. */
  readonly enabled: boolean;
  readonly commission: CommissionRule;
  readonly minMinor: bigint;
  readonly maxMinor: bigint | null;
};

export type EndpointEntry = {
  readonly endpointId: number;
  readonly url: string;
  readonly method: NotificationMethod;
  readonly state: Liveness;
  /** Told about every final payout of the merchant, whether or not the order names it. */
  readonly subscribed: boolean;
  readonly secretSealed: Buffer;
};

export type AccountEntry = {
  readonly merchantId: bigint;
  /** Lower case. */
  readonly accountId: string;
  readonly currency: Currency;
  readonly state: Liveness;
  readonly merchantState: Liveness;
  readonly mode: 'live' | 'sandbox';
  readonly notificationMethod: NotificationMethod;
  readonly signatureRule: SignatureRule;
  /** From where its merchant's requests may come; empty: from anywhere. */
  readonly networks: readonly Network[];
  readonly keys: readonly KeyEntry[];
  /** Every service of the catalogue by its code, also those this account may not use (`enabled` is false then). */
  readonly services: ReadonlyMap<string, ServiceEntry>;
  /** The services of the account's currency in the order of their codes: what `/v1/account/info` lists. */
  readonly allServices: readonly ServiceEntry[];
  readonly endpoints: ReadonlyMap<number, EndpointEntry>;
  readonly webhookSecretSealed: Buffer;
};

export type NotificationKeyEntry = {
  readonly keyId: bigint;
  readonly privateSealed: Buffer;
  readonly publicPem: string;
  /** Part of the context the private key is sealed with. */
  readonly publicFingerprint: string;
};

export type MerchantEntry = {
  readonly merchantId: bigint;
  readonly name: string;
  readonly state: Liveness;
  readonly endpoints: ReadonlyMap<number, EndpointEntry>;
  readonly webhookSecretSealed: Buffer;
  readonly notificationKey: NotificationKeyEntry;
};

type EndpointRow = {
  endpoint_id: number;
  url: string;
  method: NotificationMethod;
  state: Liveness;
  subscribed: boolean;
  secret: string;
};

type KeyRow = { key_id: string; public_pem: string; digest_rule: DigestRule; expires_at: string | null };

type ServiceRow = {
  code: string;
  method: string;
  currency: string;
  recipient_kind: RecipientKind;
  min_minor: string;
  max_minor: string | null;
  connectors: string[];
  name_en: string;
  name_ru: string;
  enabled: boolean;
  rule: {
    enabled: boolean;
    percent_ppm: number;
    fixed_minor: string;
    commission_min_minor: string;
    commission_max_minor: string | null;
    bearer: CommissionRule['bearer'];
    min_minor: string | null;
    max_minor: string | null;
  } | null;
};

type AccountRow = {
  merchant_id: bigint;
  account_id: string;
  currency: string;
  state: Liveness;
  merchant_state: Liveness;
  mode: 'live' | 'sandbox';
  notification_method: NotificationMethod;
  signature_rule: SignatureRule;
  networks: string[];
  webhook_secret_sealed: Buffer;
  keys: KeyRow[];
  services: ServiceRow[];
  endpoints: EndpointRow[];
};

type MerchantRow = {
  merchant_id: bigint;
  name: string;
  state: Liveness;
  webhook_secret_sealed: Buffer;
  endpoints: EndpointRow[];
  key_id: bigint | null;
  private_sealed: Buffer;
  public_pem: string;
};

// One statement sees one moment: an account is never made of two revisions. Ids and amounts travel as text inside JSON.
const endpointsJson = `
  coalesce((select json_agg(json_build_object('endpoint_id', e.endpoint_id, 'url', e.url, 'method', e.method,
      'state', e.state, 'subscribed', e.subscribed, 'secret', encode(e.secret_sealed, 'base64')) order by e.endpoint_id)
    from endpoint e where e.merchant_id = m.merchant_id), '[]') as endpoints`;

const selectAccount: Statement = {
  name: 'directory_account',
  text: `
  select a.merchant_id, a.account_id, a.currency, a.state, m.state as merchant_state, a.mode, a.notification_method,
    a.signature_rule, m.webhook_secret_sealed, ${endpointsJson},
    coalesce((select json_agg(n.network::text) from merchant_network n where n.merchant_id = a.merchant_id), '[]')
      as networks,
    coalesce((select json_agg(json_build_object('key_id', k.key_id::text, 'public_pem', k.public_pem,
        'digest_rule', k.digest_rule, 'expires_at', k.expires_at) order by k.key_id desc)
      from merchant_key k where k.merchant_id = a.merchant_id and k.state = 'active'
        and (k.expires_at is null or k.expires_at > clock_timestamp())), '[]') as keys,
    coalesce((select json_agg(json_build_object('code', s.service_code, 'method', s.method, 'currency', s.currency,
        'recipient_kind', s.recipient_kind, 'min_minor', s.min_minor::text, 'max_minor', s.max_minor::text,
        'connectors', s.connectors, 'name_en', s.name_en, 'name_ru', s.name_ru, 'enabled', s.enabled,
        'rule', case when r.service_code is not null then json_build_object('enabled', r.enabled,
          'percent_ppm', r.percent_ppm, 'fixed_minor', r.fixed_minor::text,
          'commission_min_minor', r.commission_min_minor::text, 'commission_max_minor', r.commission_max_minor::text,
          'bearer', r.bearer, 'min_minor', r.min_minor::text, 'max_minor', r.max_minor::text) end)
        order by s.service_code)
      from service s
      left join account_service r on r.merchant_id = a.merchant_id and r.account_id = a.account_id
        and r.service_code = s.service_code), '[]') as services
  from account a
  join merchant m on m.merchant_id = a.merchant_id
  where a.account_id = $1
  order by a.created_at, a.merchant_id
  limit 1`,
};

const selectMerchant: Statement = {
  name: 'directory_merchant',
  text: `
  select m.merchant_id, m.name, m.state, m.webhook_secret_sealed, ${endpointsJson}, k.key_id, k.private_sealed,
    k.public_pem
  from merchant m
  left join notification_key k on k.merchant_id = m.merchant_id and k.state = 'active'
  where m.merchant_id = $1`,
};

/** Everything the public API needs about an account; `accountId` must be a UUID. */
export async function loadAccount(db: Sql, accountId: string): Promise<AccountEntry | undefined> {
  const [row] = await db.run<AccountRow>(selectAccount, [accountId]);
  if (row === undefined) return undefined;
  const currency = findCurrency(row.currency);
  if (currency === undefined) throw new Error(`account ${accountId} has the unknown currency ${row.currency}`);
  const entries = row.services.map(toServiceEntry);
  return {
    merchantId: row.merchant_id,
    accountId: row.account_id,
    currency,
    state: row.state,
    merchantState: row.merchant_state,
    mode: row.mode,
    notificationMethod: row.notification_method,
    signatureRule: row.signature_rule,
    networks: row.networks.map(toNetwork),
    keys: row.keys.map(toKeyEntry),
    services: new Map(entries.map((entry) => [entry.service.code, entry])),
    allServices: entries.filter((entry) => entry.service.currency === currency.code),
    endpoints: toEndpoints(row.endpoints),
    webhookSecretSealed: row.webhook_secret_sealed,
  };
}

/** Throws when there is no such merchant, or when it lost its notification key: ids come from our own rows. */
export async function loadMerchant(db: Sql, merchantId: bigint): Promise<MerchantEntry> {
  const [row] = await db.run<MerchantRow>(selectMerchant, [merchantId]);
  if (row === undefined) throw new Error(`there is no merchant ${merchantId}`);
  if (row.key_id === null)
    throw new Error(`merchant ${merchantId} has no active notification key: rotate it to make one`);
  return {
    merchantId: row.merchant_id,
    name: row.name,
    state: row.state,
    endpoints: toEndpoints(row.endpoints),
    webhookSecretSealed: row.webhook_secret_sealed,
    notificationKey: {
      keyId: row.key_id,
      privateSealed: row.private_sealed,
      publicPem: row.public_pem,
      publicFingerprint: fingerprintKey(createPublicKey(row.public_pem)),
    },
  };
}

function toKeyEntry(row: KeyRow): KeyEntry {
  const key = createPublicKey(row.public_pem);
  return {
    keyId: BigInt(row.key_id),
    key,
    isRsa: key.asymmetricKeyType === 'rsa',
    digestRule: row.digest_rule,
    expiresAt: row.expires_at === null ? undefined : new Date(row.expires_at),
  };
}

function toServiceEntry(row: ServiceRow): ServiceEntry {
  const { rule } = row;
  const service: Service = {
    code: row.code,
    method: row.method,
    currency: row.currency,
    recipientKind: row.recipient_kind,
    minMinor: BigInt(row.min_minor),
    maxMinor: toMinorOrNull(row.max_minor),
    connectors: row.connectors,
    names: { en: row.name_en, ru: row.name_ru },
    enabled: row.enabled,
  };
  return {
    service,
    enabled: service.enabled && (rule?.enabled ?? false),
    commission: {
      percentPpm: rule?.percent_ppm ?? 0,
      fixedMinor: BigInt(rule?.fixed_minor ?? 0),
      minMinor: BigInt(rule?.commission_min_minor ?? 0),
      maxMinor: toMinorOrNull(rule?.commission_max_minor ?? null),
      bearer: rule?.bearer ?? 'account',
    },
    ...narrowLimits(service, {
      minMinor: toMinorOrNull(rule?.min_minor ?? null),
      maxMinor: toMinorOrNull(rule?.max_minor ?? null),
    }),
  };
}

type Limits = { readonly minMinor: bigint | null; readonly maxMinor: bigint | null };

/** An account's own limits narrow those of the service and never widen them: what the rail cannot do stays undone. */
export function narrowLimits(service: Pick<Service, 'minMinor' | 'maxMinor'>, own: Limits) {
  const maxima = [service.maxMinor, own.maxMinor].filter((limit) => limit !== null);
  return {
    minMinor: own.minMinor !== null && own.minMinor > service.minMinor ? own.minMinor : service.minMinor,
    maxMinor: maxima.length === 0 ? null : maxima.reduce((least, limit) => (limit < least ? limit : least)),
  };
}

function toEndpoints(rows: readonly EndpointRow[]): ReadonlyMap<number, EndpointEntry> {
  return new Map(
    rows.map(({ endpoint_id, secret, ...rest }) => [
      endpoint_id,
      { ...rest, endpointId: endpoint_id, secretSealed: Buffer.from(secret, 'base64') },
    ]),
  );
}

function toMinorOrNull(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
