// Owns the second signature scheme: method, path, account, time, nonce and body under RSA-SHA256 or Ed25519.
// Promises that two different requests never have the same signed text.
// Refuses to know whether a nonce was seen before and what time it is: who verifies decides that.
import { createHash, type KeyObject, randomBytes, sign, verify } from 'node:crypto';

/** What the signature covers beside the body. */
export type SignedParts = {
  /** Upper case, `POST`. */
  method: string;
  /** As in the request line, without the query: `/v1/payout`. */
  path: string;
  /** UUID of the account in any case. */
  account: string;
  /** Seconds since 1970. */
  timeSeconds: number;
  /** 16 to 64 letters, digits, `-` or `_`; never used before by this merchant. */
  nonce: string;
  /** The exact bytes of the body. */
  body: Uint8Array | string;
};

/** The headers of a signed request. */
export type SignatureHeaders = { 'signature-v2': string; 'signature-time': string; 'signature-nonce': string };

/** The text that is signed: seven lines without a line break at the end. */
export function signedText(parts: SignedParts): string {
  const digest = createHash('sha256').update(parts.body).digest('hex');
  const { method, path, account, timeSeconds, nonce } = parts;
  return ['vyplata-v2', method, path, account.toLowerCase(), String(timeSeconds), nonce, digest].join('\n');
}

/**
 * Signs a request with a fresh nonce and the present time. Each try needs a signature of its own: the gateway accepts
 * a nonce once.
 *
 * @throws TypeError when the key is neither a private RSA nor a private Ed25519 key
 */
export function signRequestV2(
  parts: Omit<SignedParts, 'timeSeconds' | 'nonce'> & Partial<Pick<SignedParts, 'timeSeconds' | 'nonce'>>,
  key: KeyObject,
): SignatureHeaders {
  if (key.type !== 'private') throw new TypeError(`A private key is needed to sign, this one is ${key.type}.`);
  const { timeSeconds = Math.floor(Date.now() / 1000), nonce = randomBytes(18).toString('base64url') } = parts;
  const text = Buffer.from(signedText({ ...parts, timeSeconds, nonce }));
  return {
    'signature-v2': sign(digestFor(key), text, key).toString('base64'),
    'signature-time': String(timeSeconds),
    'signature-nonce': nonce,
  };
}

/**
 * Whether the signature was made with this key's private half over exactly these parts. The base64 has one spelling.
 *
 * @throws TypeError when the key is neither RSA nor Ed25519
 */
export function verifyRequestV2(parts: SignedParts, signature: { base64: string; key: KeyObject }): boolean {
  const bytes = Buffer.from(signature.base64, 'base64');
  if (bytes.toString('base64') !== signature.base64) return false;
  return verify(digestFor(signature.key), Buffer.from(signedText(parts)), signature.key, bytes);
}

/** PKCS#1 v1.5 is the default of a plain RSA key; Ed25519 has its digest built in. */
function digestFor(key: KeyObject): 'sha256' | null {
  if (key.asymmetricKeyType === 'rsa') return 'sha256';
  if (key.asymmetricKeyType === 'ed25519') return null;
  throw new TypeError(`An RSA or Ed25519 key is needed, this one is ${key.asymmetricKeyType ?? key.type}.`);
}
