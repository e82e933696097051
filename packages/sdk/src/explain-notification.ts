// Owns the explanation of a notification that does not verify: which key, which method, which changed field.
// Promises to say only what it proved.
// Refuses to know where the notification came from.
import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { NOTIFICATION_FIELDS, type NotificationMethod } from './notification.ts';
import { encodePhpJson, type PhpValue } from './php.ts';
import { decodeCanonicalBase64 } from './signature.ts';

export type NotificationFinding =
  /** The signature was made with another key than the one given. */
  | 'other_key'
  /** It was signed for the other method: POST signs a boolean, GET "0" or "1". */
  | 'other_method'
  /** The value arrived as another type: a number as text, a boolean as 0 or 1. */
  | 'types_changed'
  /** Somebody took the white space off the ends, or put some there. */
  | 'white_space'
  /** A plus of the query was read as it stands instead of as a space, or the other way round. */
  | 'plus_or_space'
  /** The key is right, and the values are not those that were signed. */
  | 'values_changed';

type Values = Record<string, unknown>;

/**
 * Why a notification with all its fields does not verify.
 *
 * @param options.values the eleven fields and `sign`, as they were received and decoded
 */
export function explainNotification(options: {
  values: Readonly<Values>;
  method: NotificationMethod;
  key: KeyObject;
}): NotificationFinding {
  const { values, method, key } = options;
  const signature = decodeCanonicalBase64(String(values.sign));
  const signed = signature === undefined ? undefined : openSignature(key, signature);
  if (signed === undefined) return 'other_key';
  const fits = (candidate: Values) => {
    const text = encode(candidate);
    return text !== undefined && createHash('sha1').update(text).digest('hex') === signed;
  };
  const own = method === 'POST' ? asPost(values) : asGet(values);
  const other = method === 'POST' ? asGet(values) : asPost(values);
  if (fits(own)) return 'types_changed';
  if (fits(other)) return 'other_method';
  const changes: [NotificationFinding, (text: string) => string][] = [
    ['white_space', (text) => text.trim()],
    ['white_space', (text) => `${text} `],
    ['plus_or_space', (text) => text.replaceAll(' ', '+')],
    ['plus_or_space', (text) => text.replaceAll('+', ' ')],
  ];
  for (const [finding, change] of changes) {
    for (const name of NOTIFICATION_FIELDS) {
      const value = own[name];
      if (typeof value === 'string' && fits({ ...own, [name]: change(value) })) return finding;
    }
  }
  return 'values_changed';
}

function asPost(values: Readonly<Values>): Values {
  const partial = ['1', 'true', 1, true].includes(values.is_partial_payment as string);
  return { ...values, id: Number(values.id), is_partial_payment: partial };
}

function asGet(values: Readonly<Values>): Values {
  const { is_partial_payment: partial, ...rest } = asPost(values);
  return { ...rest, is_partial_payment: partial === true ? '1' : '0' };
}

function encode(values: Values): string | undefined {
  const ordered = NOTIFICATION_FIELDS.map((name) => [name, values[name]] as [string, PhpValue]);
  try {
    return encodePhpJson(Object.fromEntries(ordered));
  } catch {
    return undefined;
  }
}

/** What stands in front of a SHA-1 digest in a PKCS#1 v1.5 signature (RFC 8017, 9.2). */
const SHA1_PREFIX = '3021300906052b0e03021a05000414';

/** An RSA signature shows whoever has the public key the digest that was signed; another key shows nothing. */
function openSignature(key: KeyObject, signature: Uint8Array): string | undefined {
  try {
    const block = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature).toString('hex');
    return block.startsWith(SHA1_PREFIX) ? block.slice(SHA1_PREFIX.length) : undefined;
  } catch {
    return undefined;
  }
}
