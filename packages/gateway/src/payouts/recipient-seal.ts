import type { Order } from '../core/order.ts';
import { writeJson } from '../core/json.ts';
import type { Vault } from '../secrets/seal.ts';

/** What only the connector may see in plain: the recipient's number and what the order says of the person. */
export type RecipientData = {
  readonly number: string;
  readonly customer: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;
};

/** Bound to merchant and order, which are known before the payout has an id. */
function contextOf(key: { readonly merchantId: bigint; readonly orderId: string }): string {
  return `recipient:${key.merchantId}:${key.orderId}`;
}

/** Seals the recipient's data of an order under its normalised number. */
export function sealRecipient(
  vault: Pick<Vault, 'seal'>,
  input: { readonly merchantId: bigint; readonly order: Order; readonly number: string },
): Buffer {
  const { order, number } = input;
  const customer = JSON.stringify({ ...order.customer, projectUrl: order.projectUrl });
  const text = `{"number":${JSON.stringify(number)},"customer":${customer},"extra":${writeJson(order.extra)}}`;
  return vault.seal(text, contextOf({ merchantId: input.merchantId, orderId: order.orderId }));
}

export function openRecipient(
  vault: Pick<Vault, 'open'>,
  payout: { readonly merchantId: bigint; readonly orderId: string; readonly recipientSealed: Uint8Array },
): RecipientData {
  return JSON.parse(vault.open(payout.recipientSealed, contextOf(payout))) as RecipientData;
}
