import { createHmac, createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { signNotification } from '@vyplata/sdk/notification';
import type { MerchantEntry } from '../merchants/directory.ts';
import { openNotificationKey, sealContexts } from '../merchants/secrets.ts';
import type { Vault } from '../secrets/seal.ts';

export type Needs = {
  readonly directory: { findMerchant(merchantId: bigint): Promise<MerchantEntry> };
  readonly vault: Vault;
  /** How many opened keys, and how many opened secrets, are kept in memory. */
  readonly keysMax?: number;
};

export type TimedSignature = {
  readonly merchantId: bigint;
  readonly endpointId: number | null;
  /** The same for every try to send one notification: `ntf_123`. */
  readonly webhookId: string;
  readonly body: string;
  readonly now: Date;
};

export type Signer = {
  /** Base64 of RSA-SHA1 over the text, by the merchant's active notification key. Runs on the thread pool. */
  sign(input: { readonly merchantId: bigint; readonly text: string }): Promise<string>;
  /**
   * The headers of the Standard Webhooks, with the secret of the endpoint, or of the merchant for a URL that only an
   * order named. A GET notification has no body, so what they sign is the id, the time and an empty text: its values
   * are covered by `sign` alone.
   */
  makeHeaders(input: TimedSignature): Promise<Record<string, string>>;
};

const keysMaxByDefault = 2_000;

/** Both throw what the directory throws, and when the vault does not open what it sealed. */
export function createSigner({ directory, vault, keysMax = keysMaxByDefault }: Needs): Signer {
  const keys = new Map<string, KeyObject>();
  const secrets = new Map<string, Opened>();

  return {
    async sign({ merchantId, text }) {
      const merchant = await directory.findMerchant(merchantId);
      const name = `${merchantId} ${merchant.notificationKey.keyId}`;
      const key = keys.get(name) ?? createPrivateKey(openNotificationKey(vault, merchant));
      keep(keys, { name, value: key, countMax: keysMax });
      return signNotification({ text, key });
    },
    async makeHeaders({ merchantId, endpointId, webhookId, body, now }) {
      const { sealed, context } = secretOf(await directory.findMerchant(merchantId), endpointId);
      const kept = secrets.get(context);
      const opened = kept?.sealed.equals(sealed) ? kept : { sealed, secret: readSecret(vault.open(sealed, context)) };
      keep(secrets, { name: context, value: opened, countMax: keysMax });
      const timestamp = Math.floor(now.getTime() / 1000);
      const signature = createHmac('sha256', opened.secret)
        .update(`${webhookId}.${timestamp}.${body}`)
        .digest('base64');
      return {
        'webhook-id': webhookId,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signature}`,
      };
    },
  };
}

/** A secret that was changed is another sealed value: it is opened anew. */
type Opened = { readonly sealed: Buffer; readonly secret: KeyObject };

const secretPrefix = 'whsec_';

/** The key in a secret as Standard Webhooks write it; their own package hashes in JavaScript, ten times slower. */
function readSecret(text: string): KeyObject {
  return createSecretKey(Buffer.from(text.slice(secretPrefix.length), 'base64'));
}

function secretOf(merchant: MerchantEntry, endpointId: number | null): { sealed: Buffer; context: string } {
  const { merchantId } = merchant;
  const endpoint = endpointId === null ? undefined : merchant.endpoints.get(endpointId);
  if (endpoint === undefined) {
    return { sealed: merchant.webhookSecretSealed, context: sealContexts.webhookSecret(merchantId) };
  }
  return { sealed: endpoint.secretSealed, context: sealContexts.endpointSecret(merchantId, endpoint.endpointId) };
}

/** Puts an entry at the young end and lets the one unused for longest go when there are too many. */
function keep<Value>(map: Map<string, Value>, entry: { name: string; value: Value; countMax: number }): void {
  map.delete(entry.name);
  map.set(entry.name, entry.value);
  if (map.size > entry.countMax) map.delete(map.keys().next().value as string);
}
