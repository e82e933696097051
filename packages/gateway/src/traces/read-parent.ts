/** Where a caller's own trace was when it called. */
export type Parent = { readonly traceId: string; readonly spanId: string; readonly isSampled: boolean };

/** W3C Trace Context, 3.2: version 00, in lower case, and nothing after it. */
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const nothing = /^0+$/;

/** undefined: there is none, or it is not one. Two headers reach us joined by a comma and are none. */
export function readParent(header: string | readonly string[] | undefined): Parent | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId = '', spanId = '', flags = ''] = form.exec(header) ?? [];
  if (nothing.test(traceId) || nothing.test(spanId) || traceId === '') return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
