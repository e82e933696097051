import type { Operator } from '../../../operators/sessions.ts';

/** Whose person asks. The one place where a cabinet route learns it: never from the request itself. */
export function merchantOf({ operator }: { readonly operator: Operator }): bigint {
  if (operator.merchantId === null) throw new Error('somebody without a merchant reached a route of merchants');
  return operator.merchantId;
}
