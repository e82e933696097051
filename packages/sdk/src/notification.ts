// Owns the notification's signed text, its two wire forms and its verification by a receiver.
// Promises the bytes PHP's json_encode and http_build_query would make, and to return only what was signed.
// Refuses to know how a notification is sent, retried or stored.
import { type KeyObject, sign as signBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { requirePublicKey } from './key.ts';
import { encodePhpJson, encodePhpQuery, isWellFormed, type PhpValue } from './php.ts';
import { decodeCanonicalBase64, verifySignature } from './signature.ts';

export { encodePhpJson, encodePhpQuery, type PhpValue } from './php.ts';

const signAsync = promisify(signBytes) as (digest: string, data: Uint8Array, key: KeyObject) => Promise<Buffer>;

/** The eleven signed fields in the order of the contract (section "Notifications"), no others. */
export const NOTIFICATION_FIELDS = [
  'type',
  'id',
  'order_id',
  'payment_status',
  'amount',
  'payment_amount',
  'commission_amount',
  'is_partial_payment',
  'account',
  'service',
  'desc',
] as const;

export type NotificationMethod = 'POST' | 'GET';
export type FinalStatus = 'paid' | 'fail' | 'cancel';

/** The fields as they stand on the wire. Amounts are decimal strings such as "300.00". */
export type NotificationFields = {
  type: 'payout';
  id: number;
  order_id: string;
  payment_status: FinalStatus;
  amount: string;
  payment_amount: string;
  commission_amount: string;
  is_partial_payment: boolean;
  account: string;
  service: string;
  desc: string;
};

/** The same, as a program reads it. */
export type Notification = {
  id: number;
  orderId: string;
  status: FinalStatus;
  amount: string;
  paymentAmount: string;
  commissionAmount: string;
  isPartialPayment: boolean;
  account: string;
  service: string;
  desc: string;
};

/** From the program's names to the wire's, in the order of the contract. */
export function toNotificationFields(notification: Notification): NotificationFields {
  return {
    type: 'payout',
    id: notification.id,
    order_id: notification.orderId,
    payment_status: notification.status,
    amount: notification.amount,
    payment_amount: notification.paymentAmount,
    commission_amount: notification.commissionAmount,
    is_partial_payment: notification.isPartialPayment,
    account: notification.account,
    service: notification.service,
    desc: notification.desc,
  };
}

/**
 * The exact text that is signed. Each value is signed as the receiver sees it: `id` is an integer in both methods,
 * `is_partial_payment` is a boolean in POST and the string "0" or "1" in GET.
 */
export function notificationText(options: { fields: NotificationFields; method: NotificationMethod }): string {
  const { fields, method } = options;
  const partial = method === 'GET' ? (fields.is_partial_payment ? '1' : '0') : fields.is_partial_payment;
  return encodePhpJson({ ...orderFields(fields), is_partial_payment: partial });
}

/** The JSON body of a POST notification: the signed text with `sign` as its last member. */
export function notificationBody(fields: NotificationFields, sign: string): string {
  const text = notificationText({ fields, method: 'POST' });
  return `${text.slice(0, -1)},${encodePhpJson({ sign }).slice(1)}`;
}

/** The query string of a GET notification, without a leading question mark. */
export function notificationQuery(fields: NotificationFields, sign: string): string {
  return encodePhpQuery({ ...orderFields(fields), sign });
}

/** The caller's object may have any order, and more members than are signed. */
function orderFields(fields: NotificationFields): Record<string, PhpValue> {
  const entries = NOTIFICATION_FIELDS.map((name): [string, PhpValue] => [name, fields[name]]);
  return Object.fromEntries(entries);
}

/**
 * Signs a notification's text on the thread pool: about 200 µs for 2048 bits, the dearest step of a payout's life.
 *
 * @returns canonical base64 of RSA PKCS#1 v1.5 SHA-1, the value of `sign`
 */
export async function signNotification(options: { text: string; key: KeyObject }): Promise<string> {
  const { text, key } = options;
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('Notifications are signed with an RSA key.');
  // For a plain RSA key PKCS#1 v1.5 is the default; naming it in an object costs the caller's thread 10 µs more.
  const signature = await signAsync('sha1', Buffer.from(text, 'utf8'), key);
  return signature.toString('base64');
}

/** `unsupported`: rightly signed, but of a type or status this version does not know. Update the package. */
export type NotificationRefusal =
  | 'too_large'
  | 'malformed'
  | 'field_missing'
  | 'field_repeated'
  | 'field_type'
  | 'sign_missing'
  | 'sign_not_base64'
  | 'sign_mismatch'
  | 'unsupported';

export type VerifiedNotification =
  | { valid: true; notification: Notification }
  | { valid: false; reason: NotificationRefusal; field?: string };

/** `body` and `query` may be raw (best) or already parsed, as Express and Fastify hand them over. */
export type VerifyNotificationOptions = { publicKey: KeyObject | string } & (
  | { method: 'POST'; body: string | Uint8Array | Readonly<Record<string, unknown>> }
  | { method: 'GET'; query: string | URLSearchParams | Readonly<Record<string, unknown>> }
  | { method: 'GET'; url: string | URL }
);

const RECEIVED_LENGTH_MAX = 65_536;
type Received = { signed: Record<string, unknown>; sign: unknown };
type Refused = { valid: false; reason: NotificationRefusal; field?: string };

/**
 * Decides whether a notification is real. Act on `notification` only: it holds what was signed and nothing else.
 * Compare `id`, `orderId` and `amount` with your own record, and act once per `id`: a notification may come again.
 *
 * @param options.publicKey PEM text or key of the *notifications* certificate, not of your own
 * @throws Error when the public key itself is unusable; a bad notification never throws
 */
export function verifyNotification(options: VerifyNotificationOptions): VerifiedNotification {
  const key = requirePublicKey(options.publicKey);
  const received = options.method === 'POST' ? readBody(options.body) : readQuery(options);
  if ('valid' in received) return received;
  const checked = checkFields(received.signed, options.method);
  if ('valid' in checked) return checked;
  if (typeof received.sign !== 'string' || received.sign === '') return refuse('sign_missing', 'sign');
  if (decodeCanonicalBase64(received.sign) === undefined) return refuse('sign_not_base64', 'sign');
  const body = encodePhpJson(checked.values);
  if (!verifySignature({ body, sign: received.sign, key, digest: 'sha1' })) return refuse('sign_mismatch', 'sign');
  return toNotification(checked.values);
}

/**
 * Makes a signed notification for a merchant's own tests, exactly as the gateway would send it.
 *
 * @param options.key a private key made for the test; give its public half to the code under test
 * @param options.fields what differs from a paid payout of 300.00
 */
export async function signTestNotification(options: {
  key: KeyObject;
  method?: NotificationMethod;
  fields?: Partial<NotificationFields>;
}): Promise<{ method: NotificationMethod; fields: NotificationFields; sign: string; body: string; query: string }> {
  const { key, method = 'POST' } = options;
  const fields: NotificationFields = { ...TEST_FIELDS, ...options.fields };
  const sign = await signNotification({ text: notificationText({ fields, method }), key });
  const isPost = method === 'POST';
  const body = isPost ? notificationBody(fields, sign) : '';
  return { method, fields, sign, body, query: isPost ? '' : notificationQuery(fields, sign) };
}

const TEST_FIELDS: NotificationFields = {
  type: 'payout',
  id: 100_000_536,
  order_id: 'test-1',
  payment_status: 'paid',
  amount: '300.00',
  payment_amount: '300.00',
  commission_amount: '10.00',
  is_partial_payment: false,
  account: '00000000-0000-4000-8000-000000000000',
  service: 'payment_card_rub',
  desc: 'payout',
};

function refuse(reason: NotificationRefusal, field?: string): Refused {
  return field === undefined ? { valid: false, reason } : { valid: false, reason, field };
}

function readBody(body: string | Uint8Array | Readonly<Record<string, unknown>>): Received | Refused {
  let value: unknown = body;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (body.length > RECEIVED_LENGTH_MAX) return refuse('too_large');
    try {
      const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
      value = JSON.parse(text);
    } catch {
      return refuse('malformed');
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('malformed');
  return pickFields((name) => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined));
}

/** Other parameters are left alone: the endpoint's own address may carry some. */
function readQuery(options: { method: 'GET' } & VerifyNotificationOptions): Received | Refused {
  const query = 'url' in options ? searchOf(options.url) : options.query;
  if (typeof query === 'object' && !(query instanceof URLSearchParams)) return readBody(query);
  if (typeof query === 'string' && query.length > RECEIVED_LENGTH_MAX) return refuse('too_large');
  const parameters = typeof query === 'string' ? new URLSearchParams(query) : query;
  for (const name of [...NOTIFICATION_FIELDS, 'sign']) {
    if (parameters.getAll(name).length > 1) return refuse('field_repeated', name);
  }
  return pickFields((name) => parameters.get(name) ?? undefined);
}

/** Takes a full address or the path with its query, as `request.url` of node:http holds it. */
function searchOf(url: string | URL): string {
  if (typeof url !== 'string') return url.search;
  const withoutHash = url.split('#', 1)[0] ?? '';
  const mark = withoutHash.indexOf('?');
  return mark === -1 ? '' : withoutHash.slice(mark + 1);
}

function pickFields(read: (name: string) => unknown): Received {
  const signed = Object.fromEntries(NOTIFICATION_FIELDS.map((name) => [name, read(name)]));
  return { signed, sign: read('sign') };
}

type CheckedFields = { values: Record<string, string | number | boolean> };

function checkFields(signed: Record<string, unknown>, method: NotificationMethod): CheckedFields | Refused {
  const values: Record<string, string | number | boolean> = {};
  for (const name of NOTIFICATION_FIELDS) {
    const value = signed[name];
    if (value === undefined || value === null) return refuse('field_missing', name);
    const checked = checkField({ name, value, method });
    if (checked === undefined) return refuse('field_type', name);
    values[name] = checked;
  }
  return { values };
}

function checkField(options: { name: string; value: unknown; method: NotificationMethod }) {
  const { name, value, method } = options;
  if (name === 'id') return readId(value, method);
  if (name === 'is_partial_payment' && method === 'POST') return typeof value === 'boolean' ? value : undefined;
  if (name === 'is_partial_payment') return value === '0' || value === '1' ? value : undefined;
  return typeof value === 'string' && isWellFormed(value) ? value : undefined;
}

function readId(value: unknown, method: NotificationMethod): number | undefined {
  const isDigits = typeof value === 'string' && /^[1-9][0-9]{0,15}$/.test(value);
  const id = method === 'GET' ? (isDigits ? Number(value) : undefined) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

function toNotification(values: CheckedFields['values']): VerifiedNotification {
  const text = (name: keyof NotificationFields) => String(values[name]);
  const status = text('payment_status');
  if (text('type') !== 'payout') return refuse('unsupported', 'type');
  if (status !== 'paid' && status !== 'fail' && status !== 'cancel') return refuse('unsupported', 'payment_status');
  const partial = values.is_partial_payment;
  return {
    valid: true,
    notification: {
      id: Number(values.id),
      orderId: text('order_id'),
      status,
      amount: text('amount'),
      paymentAmount: text('payment_amount'),
      commissionAmount: text('commission_amount'),
      isPartialPayment: partial === true || partial === '1',
      account: text('account'),
      service: text('service'),
      desc: text('desc'),
    },
  };
}
