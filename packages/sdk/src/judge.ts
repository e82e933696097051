// Owns what an answer means: accepted, refused, in conflict, or worth another try; and whether that is certain.
// Promises caution: without the gateway's header only a documented 400 to a first try says "not created".
// Refuses to know the network and the clock: decisions over plain data.
import type { Reply, Sent } from './transport.ts';

export const PAYOUT_STATUSES = ['wait', 'paid', 'cancel', 'fail'] as const;
export type PayoutStatusName = (typeof PAYOUT_STATUSES)[number];

/** `certain`: this try, taken alone, created nothing and never will. */
export type CreateVerdict =
  | { kind: 'created'; id: number; status: PayoutStatusName; isReplayed: boolean }
  | { kind: 'conflict'; payoutId: number | undefined }
  | { kind: 'refused'; certain: boolean; isOrderTaken: boolean }
  | { kind: 'again'; certain: boolean };

export type ReadVerdict = { kind: 'answered' } | { kind: 'refused' } | { kind: 'garbled' } | { kind: 'again' };

export function judgeCreate(sent: Sent, isFirstTry: boolean): CreateVerdict {
  if (!sent.ok) return sent.reason === 'aborted' ? uncertain('refused') : uncertain('again');
  const { reply } = sent;
  const fields = readFields(reply.json);
  const said = reply.headers.get('payout-created');
  const accepted = reply.status === 200 && fields === undefined ? readAccepted(reply) : undefined;
  if (accepted !== undefined) return accepted;
  if (isTransient(reply.status)) return { kind: 'again', certain: said === 'no' };
  if (said === 'no') return { kind: 'refused', certain: true, isOrderTaken: false };
  if (said === 'yes' && reply.status !== 200) return { kind: 'conflict', payoutId: readPayoutId(reply) };
  if (said !== null || reply.status === 200) return uncertain(fields === undefined ? 'again' : 'refused');
  // No header: another server that speaks the published contract, or something in between.
  if (reply.status !== 400 || fields === undefined || !isFirstTry) return uncertain('refused');
  const isOrderTaken = 'order_id' in fields;
  return { kind: 'refused', certain: !isOrderTaken, isOrderTaken };
}

export function judgeRead(sent: Sent): ReadVerdict {
  if (!sent.ok) return { kind: 'again' };
  const { status, json } = sent.reply;
  if (isTransient(status)) return { kind: 'again' };
  if (readFields(json) !== undefined) return { kind: 'refused' };
  return status === 200 && isRecord(json) ? { kind: 'answered' } : { kind: 'garbled' };
}

/** The per-field texts of a refusal. One real server answers 200 with `errors`: a truthy `errors` decides. */
export function readFields(json: unknown): Record<string, string[]> | undefined {
  if (!isRecord(json) || !json.errors) return undefined;
  if (!isRecord(json.errors)) return { request: toTexts(json.errors) };
  return Object.fromEntries(Object.entries(json.errors).map(([name, texts]) => [name, toTexts(texts)]));
}

function readPayoutId(reply: Reply): number | undefined {
  return toId(reply.headers.get('payout-id'));
}

/** `Retry-After` in seconds or as an HTTP date, as milliseconds from `nowMs`. */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

export function toId(value: unknown): number | undefined {
  const isDigits = typeof value === 'string' && /^[1-9][0-9]{0,15}$/.test(value);
  const id = isDigits ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

export function toStatusName(value: unknown): PayoutStatusName | undefined {
  return PAYOUT_STATUSES.find((name) => name === value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readAccepted(reply: Reply): CreateVerdict | undefined {
  if (!isRecord(reply.json)) return undefined;
  const id = toId(reply.json.id);
  const status = toStatusName(reply.json.payment_status);
  if (id === undefined || status === undefined) return undefined;
  const isReplayed = reply.headers.get('idempotent-replayed') === 'true';
  return { kind: 'created', id, status, isReplayed };
}

function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function uncertain(kind: 'refused' | 'again'): CreateVerdict {
  return kind === 'again' ? { kind, certain: false } : { kind, certain: false, isOrderTaken: false };
}

function toTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(toText);
  return [toText(value)];
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
