// Owns the request signature: RSA PKCS#1 v1.5 over the exact bytes of a body, as canonical base64.
// Promises that one signature has one spelling, and that a signature of the wrong length or form never verifies.
// Refuses to know what the bytes say, where a key came from and how strong it is (see key.ts).
import { constants, type KeyObject, sign, verify } from 'node:crypto';

export { type SignatureHeaders, type SignedParts, signRequestV2, verifyRequestV2 } from './signature-v2.ts';

/** SHA-1 is what the published contract uses; SHA-256 needs a key whose setting allows it. */
export type Digest = 'sha1' | 'sha256';

/**
 * Signs the exact bytes that will be sent. Sign once and send these very bytes: encoding the order again may change
 * them.
 *
 * @param options.body raw bytes, or text that is sent as UTF-8
 * @param options.key private RSA key
 * @returns standard base64 with padding and without line breaks: the value of the `Sign` header
 * @throws TypeError when the key is not a private RSA key
 */
export function signBody(options: { body: Uint8Array | string; key: KeyObject; digest?: Digest }): string {
  const { body, key, digest = 'sha1' } = options;
  assertRsa(key);
  if (key.type !== 'private') throw new TypeError(`A private key is needed to sign, this one is ${key.type}.`);
  const padding = constants.RSA_PKCS1_PADDING;
  return sign(digest, toBytes(body), { key, padding }).toString('base64');
}

/**
 * Checks a `Sign` value over the received bytes. Anything but the canonical spelling of a right signature is `false`.
 *
 * @param options.sign the header's text, or the bytes that `decodeCanonicalBase64` read from it
 * @throws TypeError when the key is not RSA: OpenSSL would verify an EC signature under the name "RSA-SHA1"
 */
export function verifySignature(options: {
  body: Uint8Array | string;
  sign: string | Uint8Array;
  key: KeyObject;
  digest: Digest;
}): boolean {
  const { body, key, digest } = options;
  assertRsa(key);
  const signature = typeof options.sign === 'string' ? decodeCanonicalBase64(options.sign) : options.sign;
  if (signature === undefined || signature.length !== signatureBytes(key)) return false;
  // For a plain RSA key PKCS#1 v1.5 is the default; naming it in an object costs half as much again as the check.
  return verify(digest, toBytes(body), key, signature);
}

/**
 * The same on Node's thread pool, for servers that verify many: where many are under way, the caller's thread pays a
 * sixth of it.
 *
 * @throws TypeError when the key is not RSA
 */
export async function verifySignatureAsync(options: {
  body: Uint8Array;
  sign: Uint8Array;
  key: KeyObject;
  digest: Digest;
}): Promise<boolean> {
  const { body, sign: signature, key, digest } = options;
  assertRsa(key);
  if (signature.length !== signatureBytes(key)) return false;
  return new Promise((resolve, reject) => {
    verify(digest, body, key, signature, (error, isRight) => {
      if (error === null) resolve(isRight);
      else reject(error);
    });
  });
}

/**
 * Decodes base64 in the one spelling an encoder writes: standard alphabet, padded, no line breaks, unused bits zero.
 * `Buffer.from` alone accepts eight spellings of one signature, so the text is encoded again and compared.
 */
export function decodeCanonicalBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function assertRsa(key: KeyObject): void {
  if (key.asymmetricKeyType === 'rsa') return;
  throw new TypeError(`An RSA key is needed, this one is ${key.asymmetricKeyType ?? key.type}.`);
}

const lengths = new WeakMap<KeyObject, number>();

/** Asked of the key once: details of a key object are made anew each time. */
function signatureBytes(key: KeyObject): number {
  const known = lengths.get(key);
  if (known !== undefined) return known;
  const length = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  lengths.set(key, length);
  return length;
}

function toBytes(body: Uint8Array | string): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
}
