import type { Detail } from '../../../operators/record-action.ts';

/** How the audit log names what an action concerned. */
export function nameMerchant(merchantId: bigint): string {
  return `merchant:${merchantId}`;
}

export function nameAccount(id: { readonly merchantId: bigint; readonly accountId: string }): string {
  return `${nameMerchant(id.merchantId)}/account:${id.accountId}`;
}

export function namePayout(id: { readonly merchantId: bigint; readonly payoutId: bigint }): string {
  return `${nameMerchant(id.merchantId)}/payout:${id.payoutId}`;
}

/** The body of a request as facts of the audit log. Only for bodies without secrets. */
export function toDetail(body: object): Detail {
  return JSON.parse(JSON.stringify(body)) as Detail;
}
