// Owns what makes an RSA key acceptable, and reading private keys with their passwords.
// Promises that a vetted public key is RSA of 2048 to 4096 bits with a sane exponent and no known weakness.
// Refuses to know files, archives and whose key it is.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { isWeakModulus } from './modulus.ts';

export const KEY_BITS_MIN = 2048;
export const KEY_BITS_MAX = 4096;
/** A 4096-bit SPKI PEM takes about 800 characters. */
export const PEM_LENGTH_MAX = 8192;
const EXPONENT_MIN = 65_537n;
/** Larger exponents only make each verification slower, and Go reads none of 32 bits or more. */
const EXPONENT_MAX = 2n ** 31n - 1n;

export type KeyRefusal =
  | 'too_large'
  | 'not_pem'
  | 'several_blocks'
  | 'private_key'
  | 'not_public_key'
  | 'not_rsa'
  | 'key_too_short'
  | 'key_too_long'
  | 'bad_exponent'
  | 'weak_modulus';

export type VettedKey =
  | { ok: true; key: KeyObject; publicPem: string; fingerprint: string }
  | { ok: false; code: KeyRefusal };

/**
 * Decides whether a public key from outside may ever verify anything.
 *
 * Needed because `crypto.verify` itself accepts a key with exponent 1 (anyone can forge its signatures), keys of
 * 512 bits, and EC keys under the name "RSA-SHA1".
 *
 * @param pem text of one PEM block, `PUBLIC KEY` or `RSA PUBLIC KEY`
 * @param options.allowEd25519 accept such keys too; they sign in the second scheme only
 * @returns the key, its normalised SPKI PEM and its fingerprint (SHA-256 of the SPKI DER, hex); or a code
 */
export function vetPublicKey(pem: string, options: { allowEd25519?: boolean } = {}): VettedKey {
  const block = findPublicBlock(pem);
  if (!block.ok) return block;
  let key: KeyObject;
  try {
    key = createPublicKey(block.pem);
  } catch {
    return { ok: false, code: 'not_pem' };
  }
  const isEd25519 = options.allowEd25519 === true && key.asymmetricKeyType === 'ed25519';
  const code = isEd25519 ? judgeEd25519(key) : judgeKey(key);
  if (code !== undefined) return { ok: false, code };
  const publicPem = key.export({ type: 'spki', format: 'pem' }).toString();
  return { ok: true, key, publicPem, fingerprint: fingerprintKey(key) };
}

/** SHA-256 of the SPKI DER, lower-case hex: the same for a private key and its public half. */
export function fingerprintKey(key: KeyObject): string {
  const der = toPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}

/** The public half of a private key; a public key as it is (createPublicKey refuses one). */
export function toPublicKey(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

/**
 * Reads a private RSA key. A line break after the password is dropped: editors and `echo` add it.
 *
 * @throws Error with a sentence that says what to do; it never contains the password or the key
 */
export function loadPrivateKey(options: { pem: string; password?: string }): KeyObject {
  const passphrase = options.password?.replace(/[\r\n]+$/, '');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: options.pem, format: 'pem', ...(passphrase ? { passphrase } : {}) });
  } catch (cause) {
    throw new Error(explainPrivateKey(options.pem, passphrase), { cause });
  }
  if (key.asymmetricKeyType !== 'rsa') {
    throw new Error(`The private key is ${key.asymmetricKeyType}; an RSA key is needed.`);
  }
  return key;
}

function explainPrivateKey(pem: string, passphrase: string | undefined): string {
  if (!pem.includes('PRIVATE KEY-----')) {
    return 'The text is not a private key in PEM form: it has no "BEGIN … PRIVATE KEY" line. Use private.pem.';
  }
  if (/ENCRYPTED/.test(pem) && !passphrase) {
    return 'The private key is encrypted and no password was given. Pass the text of password.txt.';
  }
  return 'The private key cannot be read: the password does not belong to it, or the file is damaged.';
}

/**
 * The public key of a certificate to verify with. Text is vetted and the last one remembered, so that a receiver may
 * pass the file's text each time.
 *
 * @throws Error when the text is not an acceptable public key
 */
export function requirePublicKey(key: KeyObject | string): KeyObject {
  if (typeof key !== 'string') return key;
  if (lastRequired?.pem === key) return lastRequired.key;
  const vetted = vetPublicKey(key);
  if (!vetted.ok) throw new Error(`The public key cannot be used (${vetted.code}): ${KEY_REFUSALS[vetted.code]}`);
  lastRequired = { pem: key, key: vetted.key };
  return vetted.key;
}

let lastRequired: { pem: string; key: KeyObject } | undefined;

/** What each refusal means and what to do, in English. */
export const KEY_REFUSALS: Readonly<Record<KeyRefusal, string>> = {
  too_large: `the text is longer than ${PEM_LENGTH_MAX} characters. Pass public.pem alone.`,
  not_pem: 'the text is not a whole PEM block. Pass public.pem from "-----BEGIN" to "-----END …-----".',
  several_blocks: 'the text holds several PEM blocks. Pass exactly one public key.',
  private_key: 'this is a private key. Never hand it out; pass public.pem.',
  not_public_key: 'the PEM block is not a public key. Pass the block that begins "BEGIN PUBLIC KEY".',
  not_rsa: 'only RSA keys are accepted (not RSA-PSS, EC or Ed25519).',
  key_too_short: `the key is shorter than ${KEY_BITS_MIN} bits. Make a new pair.`,
  key_too_long: `the key is longer than ${KEY_BITS_MAX} bits. Make a new pair.`,
  bad_exponent: 'the public exponent must be odd, at least 65537 and below 2^31. Make a new pair with 65537.',
  weak_modulus: 'the modulus can be factored. Do not use this pair anywhere; make a new one with current software.',
};

type FoundBlock = { ok: true; pem: string } | { ok: false; code: KeyRefusal };

function findPublicBlock(pem: string): FoundBlock {
  if (pem.length > PEM_LENGTH_MAX) return { ok: false, code: 'too_large' };
  if (pem.includes('PRIVATE KEY-----')) return { ok: false, code: 'private_key' };
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1]);
  if (labels.length === 0) return { ok: false, code: 'not_pem' };
  if (labels.length > 1) return { ok: false, code: 'several_blocks' };
  if (labels[0] !== 'PUBLIC KEY' && labels[0] !== 'RSA PUBLIC KEY') return { ok: false, code: 'not_public_key' };
  const whole = /^-----BEGIN ((?:RSA )?PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----$/;
  const trimmed = pem.trim();
  return whole.test(trimmed) ? { ok: true, pem: trimmed } : { ok: false, code: 'not_pem' };
}

function judgeKey(key: KeyObject): KeyRefusal | undefined {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  // 'rsa-pss' is another type: such keys forbid the PKCS#1 v1.5 padding of the contract.
  if (key.asymmetricKeyType !== 'rsa' || modulusLength === undefined || publicExponent === undefined) return 'not_rsa';
  if (modulusLength < KEY_BITS_MIN) return 'key_too_short';
  if (modulusLength > KEY_BITS_MAX) return 'key_too_long';
  if (publicExponent < EXPONENT_MIN || publicExponent > EXPONENT_MAX || publicExponent % 2n === 0n) {
    return 'bad_exponent';
  }
  return isWeakModulus(readModulus(key)) ? 'weak_modulus' : undefined;
}

/** Points of small order (y, little-endian, without the sign bit): anybody can forge signatures of such a "key". */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function judgeEd25519(key: KeyObject): KeyRefusal | undefined {
  const point = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  point[31] = (point[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(point.toString('hex')) ? 'weak_modulus' : undefined;
}

function readModulus(key: KeyObject): bigint {
  const { n } = key.export({ format: 'jwk' });
  if (n === undefined) throw new Error('An RSA key exports no modulus.');
  return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
}
