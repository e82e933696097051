// Owns the answer to "why was my signature refused": what was verified, byte for byte, and what likely went wrong.
// Promises to be a pure function: the same request and keys give the same explanation, and nothing is ever accepted
// by it. Refuses to know accounts, the network and where keys come from.
import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { fingerprintKey } from './key.ts';
import { repairSign } from './sign-spelling.ts';
import { listBodyVariants } from './body-variants.ts';
import { verifySignature } from './signature.ts';
import type { SignatureFinding } from './signature-finding.ts';

export { describeFinding, type ExplainLanguage } from './explain-signature-texts.ts';
export type { BodyVariant } from './body-variants.ts';
export type { Spelling } from './sign-spelling.ts';
export type { SignatureFinding } from './signature-finding.ts';

/** A public key to try, as the gateway or a file has it. */
export type ExplainedKey = {
  readonly label: string;
  readonly key: KeyObject;
  /** Which digests the gateway accepts of this key. */
  readonly digestRule: 'sha1' | 'any' | 'sha256';
  /** Only an active key counts; a retired or expired one explains a refusal. */
  readonly state: 'active' | 'retired' | 'expired';
};

export type SignatureExplanation = {
  /** Whether the gateway accepts this signature over these bytes with one of these keys. */
  readonly isAccepted: boolean;
  /** The key and digest that the signature was made with, right or not, as far as it can be read from it. */
  readonly signedBy: { readonly label: string; readonly fingerprint: string; readonly digest: string } | null;
  /** The digest that the signer computed, hex: to be compared with those of the body. */
  readonly signedDigest: string | null;
  readonly body: {
    readonly bytes: number;
    readonly sha1: string;
    readonly sha256: string;
    /** The first and the last bytes, hex with a space between two: an invisible line break or BOM shows here. */
    readonly head: string;
    readonly tail: string;
  };
  readonly findings: readonly SignatureFinding[];
};

export type SignedBytes = {
  /** The exact bytes that were sent. */
  readonly body: Uint8Array;
  /** The value of the header, as it was sent. */
  readonly sign: string;
  readonly keys: readonly ExplainedKey[];
};

const edgeBytes = 24;

/** Explains one `Sign` header of the first scheme. Keys that are not RSA are passed over: they sign the second one. */
export function explainSignature({ body, sign, keys }: SignedBytes): SignatureExplanation {
  const shown = {
    bytes: body.length,
    sha1: hash('sha1', body),
    sha256: hash('sha256', body),
    head: hexOf(body.subarray(0, edgeBytes)),
    tail: hexOf(body.subarray(Math.max(0, body.length - edgeBytes))),
  };
  const nothing = { isAccepted: false, signedBy: null, signedDigest: null, body: shown };
  if (sign === '') return { ...nothing, findings: [{ code: 'sign_missing' }] };
  const repaired = repairSign(sign);
  if (repaired === undefined) return { ...nothing, findings: [{ code: 'sign_not_base64' }] };
  const spelling: SignatureFinding[] =
    repaired.spelling === undefined ? [] : [{ code: 'sign_spelling', spelling: repaired.spelling }];
  const usable = keys.filter(({ key }) => key.asymmetricKeyType === 'rsa');
  if (usable.length === 0) return { ...nothing, findings: [...spelling, { code: 'no_keys' }] };
  const opened = openSignature(repaired.bytes, usable);
  if (opened.entry === undefined) return { ...nothing, findings: [...spelling, opened.finding] };
  const { entry, digestName, digestHex } = opened;
  const findings = [...spelling, ...judge({ body, entry, digestName, digestHex })];
  return {
    isAccepted: findings.length === 0 && isVerified({ body, sign, entry, digestName }),
    signedBy: { label: entry.label, fingerprint: fingerprintKey(entry.key), digest: digestName },
    signedDigest: digestHex,
    body: shown,
    findings,
  };
}

type Opened = {
  readonly entry: ExplainedKey;
  /** As OpenSSL calls it; `none` when the bare digest was signed. */
  readonly digestName: string;
  readonly digestHex: string;
};

/** What stands in front of the digest in a PKCS#1 v1.5 signature (RFC 8017, 9.2). */
const prefixes: Readonly<Record<string, string>> = {
  md5: '3020300c06082a864886f70d020505000410',
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** A signature opened by the public key of its pair shows the digest that was signed, and by which algorithm. */
function openSignature(
  bytes: Uint8Array,
  keys: readonly ExplainedKey[],
): Opened | { readonly entry?: never; readonly finding: SignatureFinding } {
  const fitting = keys.filter(({ key }) => lengthOf(key) === bytes.length);
  for (const entry of fitting) {
    const block = openBlock(entry.key, bytes, constants.RSA_PKCS1_PADDING);
    if (block !== undefined) return { entry, ...readDigest(block) };
  }
  for (const { key, label } of fitting) {
    // The last byte of a PSS block is this one by its definition (RFC 8017, 9.1), of any other one in 256.
    const block = openBlock(key, bytes, constants.RSA_NO_PADDING);
    if (block?.at(-1) === 0xbc && (block[0] ?? 0xff) < 0x80) return { finding: { code: 'padding_pss', label } };
  }
  if (fitting.length > 0) return { finding: { code: 'key_unknown' } };
  const keyBytes = [...new Set(keys.map(({ key }) => lengthOf(key)))].join(', ');
  return { finding: { code: 'length_wrong', signBytes: bytes.length, keyBytes } };
}

function openBlock(key: KeyObject, bytes: Uint8Array, padding: number): Buffer | undefined {
  try {
    return publicDecrypt({ key, padding }, bytes);
  } catch {
    return undefined;
  }
}

function readDigest(block: Buffer): { digestName: string; digestHex: string } {
  const hex = block.toString('hex');
  for (const [digestName, prefix] of Object.entries(prefixes)) {
    if (hex.startsWith(prefix)) return { digestName, digestHex: hex.slice(prefix.length) };
  }
  return { digestName: 'none', digestHex: hex };
}

function lengthOf(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

type Judged = Opened & { readonly body: Uint8Array };

function judge({ body, entry, digestName, digestHex }: Judged): SignatureFinding[] {
  const { label, digestRule, state } = entry;
  if (digestName === 'none') return [judgeBare({ body, label, digestHex })];
  if (digestName !== 'sha1' && digestName !== 'sha256') {
    return [{ code: 'digest_unsupported', label, digest: digestName }];
  }
  const findings: SignatureFinding[] = [];
  if (hash(digestName, body) !== digestHex) {
    const found = listBodyVariants(body).find(({ bytes }) => hash(digestName, bytes) === digestHex);
    findings.push(
      found === undefined
        ? { code: 'body_other', label, digest: digestName }
        : { code: 'body_variant', label, digest: digestName, variant: found.variant },
    );
  }
  if (digestRule !== 'any' && digestRule !== digestName) {
    findings.push({ code: 'digest_refused', label, digest: digestName });
  }
  if (state !== 'active') findings.push({ code: state === 'retired' ? 'key_retired' : 'key_expired', label });
  return findings;
}

/** Some libraries encrypt the digest itself, without saying which algorithm made it. */
function judgeBare(given: { body: Uint8Array; label: string; digestHex: string }): SignatureFinding {
  const { body, label, digestHex } = given;
  for (const digest of ['sha1', 'sha256'] as const) {
    const own = hash(digest, body);
    if (digestHex === own || digestHex === Buffer.from(own).toString('hex')) {
      return { code: 'digest_bare', label, digest };
    }
  }
  return { code: 'digest_unsupported', label, digest: 'none' };
}

/** The same check as the gateway's, so that "accepted" never means anything else. */
function isVerified(given: { body: Uint8Array; sign: string; entry: ExplainedKey; digestName: string }): boolean {
  const { body, sign, entry, digestName } = given;
  if (digestName !== 'sha1' && digestName !== 'sha256') return false;
  return verifySignature({ body, sign, key: entry.key, digest: digestName });
}

function hash(digest: string, bytes: Uint8Array): string {
  return createHash(digest).update(bytes).digest('hex');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').match(/../g)?.join(' ') ?? '';
}
