import { randomBytes } from 'node:crypto';
import type { Vault } from '../secrets/seal.ts';
import type { MerchantEntry } from './load.ts';

/** What each sealed value is bound to: a value copied to another merchant or endpoint does not open. */
export const sealContexts = {
  webhookSecret: (merchantId: bigint) => `merchant:${merchantId}:webhook-secret`,
  endpointSecret: (merchantId: bigint, endpointId: number) => `endpoint:${merchantId}:${endpointId}:secret`,
  notificationKey: (merchantId: bigint, publicFingerprint: string) =>
    `notification-key:${merchantId}:${publicFingerprint}`,
} as const;

const secretBytes = 24;

/** A fresh secret for the Standard Webhooks signature, in the form its libraries read. */
export function makeWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}

/** The PEM of the private key that signs the merchant's notifications. Throws if the vault cannot open it. */
export function openNotificationKey(vault: Vault, merchant: MerchantEntry): string {
  const { privateSealed, publicFingerprint } = merchant.notificationKey;
  return vault.open(privateSealed, sealContexts.notificationKey(merchant.merchantId, publicFingerprint));
}
