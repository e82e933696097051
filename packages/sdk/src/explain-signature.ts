// Owns the explanation of a Sign header that does not verify: what was signed instead, and with which key.
// Promises to say only what it proved: each finding is a signature or a digest that fits.
// Refuses to know accounts, settings and texts: it answers with codes that a caller words.
import { constants, createHash, type KeyObject, publicDecrypt, verify } from 'node:crypto';
import { encodeVariants } from './json-variants.ts';
import { type Digest, decodeCanonicalBase64, verifySignature } from './signature.ts';

/** A public key and what its owner calls it. */
export type NamedKey = { name: string; key: KeyObject };

export type SignatureFinding =
  /** The signature is right; `key` and `digest` say which ones fit. */
  | { code: 'valid'; key: string; digest: Digest }
  | { code: 'sign_missing' }
  /** Base64url, hexadecimal, line breaks, spaces, quotes: the bytes are there in another spelling. */
  | { code: 'sign_spelling'; spelling: 'base64url' | 'hex' | 'white_space' | 'unpadded' | 'quoted'; canonical: string }
  | { code: 'sign_not_base64' }
  /** A signature is as long as its key's modulus: this one was made with a key of another size. */
  | { code: 'sign_length'; bytes: number; expectedBytes: number; key: string }
  /** None of the keys made this signature. */
  | { code: 'other_key' }
  /** RSA-PSS instead of PKCS#1 v1.5. */
  | { code: 'other_padding'; key: string }
  /** The key is right, the algorithm is one the service does not take: SHA-512, MD5, … */
  | { code: 'other_digest'; key: string; digest: string }
  /** The key is right and other bytes were signed; `variant` names them when they could be found. */
  | { code: 'other_body'; key: string; digest: string; variant: string | undefined };

export type SignatureExplanation = {
  valid: boolean;
  findings: SignatureFinding[];
  /** What was verified: so many bytes, with this SHA-1. */
  body: { bytes: number; sha1: string; endsWithLineBreak: boolean; beginsWithBom: boolean };
};

const BODY_BYTES_MAX = 1_048_576;

/**
 * Says byte for byte what was verified, and what was signed instead when the signature does not fit. An RSA signature
 * gives its digest back to whoever has the public key, so "wrong key" and "wrong body" can be told apart.
 *
 * @param options.body the exact bytes that arrived
 * @param options.sign the value of the `Sign` header as it arrived
 * @param options.keys public RSA keys that may have signed
 * @param options.digests what the keys accept; default both
 */
export function explainSignature(options: {
  body: Uint8Array | string;
  sign: string | undefined;
  keys: readonly NamedKey[];
  digests?: readonly Digest[];
}): SignatureExplanation {
  const bytes = typeof options.body === 'string' ? Buffer.from(options.body, 'utf8') : Buffer.from(options.body);
  if (bytes.length > BODY_BYTES_MAX) throw new RangeError(`The body has more than ${BODY_BYTES_MAX} bytes.`);
  const body = {
    bytes: bytes.length,
    sha1: createHash('sha1').update(bytes).digest('hex'),
    endsWithLineBreak: bytes.at(-1) === 10,
    beginsWithBom: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf,
  };
  const findings = findReasons({ ...options, bytes });
  return { valid: findings.some(({ code }) => code === 'valid') && findings.length === 1, findings, body };
}

type Question = { bytes: Buffer; sign: string | undefined; keys: readonly NamedKey[]; digests?: readonly Digest[] };

function findReasons(question: Question): SignatureFinding[] {
  const { sign, keys } = question;
  if (sign === undefined || sign.trim() === '') return [{ code: 'sign_missing' }];
  const spelled = readSpelling(sign);
  if (spelled === undefined) return [{ code: 'sign_not_base64' }];
  const spelling: SignatureFinding[] = spelled.finding === undefined ? [] : [spelled.finding];
  const fitting = keys.filter(({ key }) => modulusBytes(key) === spelled.signature.length);
  const [first] = keys;
  if (fitting.length === 0) {
    if (first === undefined) return [...spelling, { code: 'other_key' }];
    const expectedBytes = modulusBytes(first.key);
    return [...spelling, { code: 'sign_length', bytes: spelled.signature.length, expectedBytes, key: first.name }];
  }
  for (const named of fitting) {
    const finding = judgeKey(question, { named, signature: spelled.signature });
    if (finding !== undefined) return [...spelling, finding];
  }
  return [...spelling, { code: 'other_key' }];
}

type Tried = { named: NamedKey; signature: Buffer };

/** What this key says about the signature, or undefined when it did not make it. */
function judgeKey({ bytes, digests = ['sha1', 'sha256'] }: Question, tried: Tried): SignatureFinding | undefined {
  const { named, signature } = tried;
  const { name, key } = named;
  const sign = signature.toString('base64');
  for (const digest of digests) {
    if (verifySignature({ body: bytes, sign, key, digest })) return { code: 'valid', key: name, digest };
  }
  const signed = recoverDigest({ key, signature });
  if (signed === undefined) return isPss({ bytes, key, signature }) ? { code: 'other_padding', key: name } : undefined;
  const { digest, hex } = signed;
  const fits = (candidate: Uint8Array) => createHash(digest).update(candidate).digest('hex') === hex;
  if (fits(bytes)) return { code: 'other_digest', key: name, digest };
  const variant = encodeVariants(bytes).find((candidate) => fits(candidate.bytes))?.name;
  return { code: 'other_body', key: name, digest, variant };
}

/** The DER headers of DigestInfo (RFC 8017, 9.2) and the digests they announce. */
const DIGEST_INFOS: readonly (readonly [digest: string, header: string])[] = [
  ['sha1', '3021300906052b0e03021a05000414'],
  ['sha256', '3031300d060960864801650304020105000420'],
  ['sha512', '3051300d060960864801650304020305000440'],
  ['sha384', '3041300d060960864801650304020205000430'],
  ['sha224', '302d300d06096086480165030402040500041c'],
  ['md5', '3020300c06082a864886f70d020505000410'],
];

/** What PKCS#1 v1.5 wrapped: the digest of the bytes that were signed. Undefined when the key did not make it. */
export function recoverDigest(signed: { key: KeyObject; signature: Uint8Array }) {
  let info: string;
  try {
    info = publicDecrypt({ key: signed.key, padding: constants.RSA_PKCS1_PADDING }, signed.signature).toString('hex');
  } catch {
    return undefined;
  }
  const found = DIGEST_INFOS.find(([, header]) => info.startsWith(header));
  return found === undefined ? undefined : { digest: found[0], hex: info.slice(found[1].length) };
}

function isPss(signed: { bytes: Buffer; key: KeyObject; signature: Buffer }): boolean {
  const { bytes, key, signature } = signed;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return ['sha1', 'sha256', 'sha512'].some((digest) =>
    verify(digest, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature),
  );
}

type Spelled = { signature: Buffer; finding: SignatureFinding | undefined };

function readSpelling(sign: string): Spelled | undefined {
  const canonical = decodeCanonicalBase64(sign);
  // Hexadecimal text of a signature is base64 as well, of something else.
  const isHex = /^[0-9a-f]{256,}$/i.test(sign);
  if (canonical !== undefined && !isHex) return { signature: Buffer.from(canonical), finding: undefined };
  const packed = sign.replace(/\s/g, '');
  const bare = packed.replace(/^["']|["']$/g, '');
  const spelled = (spelling: (SignatureFinding & { code: 'sign_spelling' })['spelling'], signature: Buffer) => ({
    signature,
    finding: { code: 'sign_spelling', spelling, canonical: signature.toString('base64') } as const,
  });
  if (/^[0-9a-f]+$/i.test(bare) && bare.length % 2 === 0) return spelled('hex', Buffer.from(bare, 'hex'));
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(bare)) return undefined;
  const signature = Buffer.from(bare, 'base64');
  if (/[-_]/.test(bare)) return spelled('base64url', signature);
  if (bare !== packed) return spelled('quoted', signature);
  return spelled(packed === sign ? 'unpadded' : 'white_space', signature);
}

function modulusBytes(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
