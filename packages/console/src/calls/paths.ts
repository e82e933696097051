import { isMerchantSide } from './side.ts';

/** A query string of what is set; an empty text is not. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

type Account = { readonly merchantId: string | number; readonly accountId: string };

/** People of merchants name no merchant: theirs is the only one they see. */
export function merchantPath(merchantId: string | number): string {
  if (isMerchantSide) return '';
  return `/merchants/${encodeURIComponent(merchantId)}`;
}

export function accountPath({ merchantId, accountId }: Account): string {
  return `${merchantPath(merchantId)}/accounts/${encodeURIComponent(accountId)}`;
}
