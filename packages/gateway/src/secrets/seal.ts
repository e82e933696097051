// Owns how secrets and recipients' data are kept at rest, the keyed digest of orders and the keyed hash for searching.
// Promises that what is sealed opens only with the same master key and the same context.
// Refuses to know whose secrets they are.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/**
 * Envelope encryption: every value has a data key of its own (AES-256-GCM), wrapped by the master key. `context` is
 * bound to the text: a sealed value that is moved to another row does not open.
 */
export type Vault = {
  seal(text: string, context: string): Buffer;
  /** Throws if the bytes were changed, moved, or sealed under a master key this installation does not have. */
  open(sealed: Uint8Array, context: string): string;
  /** The same value under the present master key; undefined when it is that already. The text is never opened. */
  rewrap(sealed: Uint8Array): Buffer | undefined;
  /** Recognises the same order again, for ever; `key` names the master key that made a digest. */
  digest(text: string, key?: number): Buffer;
  readonly digestKey: number;
  /** What a recipient's number is stored under for searching: under the present master key. */
  searchHash(number: string): bigint;
  /** What a recipient's number is found by: one hash per master key, the present one first. */
  searchHashes(number: string): readonly bigint[];
};

type MasterKey = {
  readonly id: number;
  readonly wrapKey: KeyObject;
  readonly digest: KeyedHash;
  readonly search: KeyedHash;
};

type KeyedHash = (text: string) => Buffer;

const formatVersion = 2;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** Where the parts of a sealed value begin: version, key id, nonce, tag and data key of the wrap, then tag and text. */
const nonceAt = 5;
const wrapTagAt = nonceAt + nonceBytes;
const wrappedAt = wrapTagAt + tagBytes;
const bodyTagAt = wrappedAt + keyBytes;
const bodyAt = bodyTagAt + tagBytes;
/** A data key seals one text and nothing else, so its nonce may be constant. */
const bodyNonce = Buffer.alloc(nonceBytes);

/**
 * `current` seals; `retired` keys still open what they sealed and recognise the orders they digested, so they stay part
 * of the set-up and of every backup. Each has 32 bytes.
 */
export function openVault(current: Uint8Array, retired: readonly Uint8Array[] = []): Vault {
  const present = deriveMasterKey(current);
  const known = new Map([present, ...retired.map(deriveMasterKey)].map((key) => [key.id, key]));
  const find = (id: number): MasterKey => {
    const key = known.get(id);
    if (key === undefined) throw new Error(`master key ${id} is not in this installation: add it to the retired ones`);
    return key;
  };
  return {
    digestKey: present.id,
    seal(text, context) {
      const random = takeRandom();
      const dataKey = random.subarray(0, keyBytes);
      const sealed = Buffer.allocUnsafe(bodyAt + Buffer.byteLength(text));
      wrap(present, { dataKey, nonce: random.subarray(keyBytes), into: sealed });
      encryptBody(dataKey, { text, context, into: sealed });
      return sealed;
    },
    open(sealed, context) {
      const dataKey = unwrap(find(readKeyId(sealed)), sealed);
      const decipher = createDecipheriv('aes-256-gcm', createSecretKey(dataKey), bodyNonce, {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(bodyTagAt, bodyAt));
      return Buffer.concat([decipher.update(sealed.subarray(bodyAt)), decipher.final()]).toString('utf8');
    },
    rewrap(sealed) {
      const id = readKeyId(sealed);
      if (id === present.id) return undefined;
      const rewrapped = Buffer.from(sealed);
      wrap(present, { dataKey: unwrap(find(id), sealed), nonce: takeRandom().subarray(keyBytes), into: rewrapped });
      return rewrapped;
    },
    digest: (text, key = present.id) => find(key).digest(text),
    searchHash: (number) => hashForSearch(present, number),
    searchHashes: (number) => [...known.values()].map((key) => hashForSearch(key, number)),
  };
}

function deriveMasterKey(key: Uint8Array): MasterKey {
  if (key.length !== keyBytes) throw new Error(`a master key must have exactly ${keyBytes} bytes, not ${key.length}`);
  // Key objects: the same key as plain bytes costs four times as much on each use.
  const deriveBytes = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `vyplata ${purpose}`, keyBytes));
  // The id says which key it was and nothing about it: a positive integer of the database.
  const id = createHash('sha256').update(deriveBytes('id')).digest().readUInt32BE() >>> 1;
  return {
    id,
    wrapKey: createSecretKey(deriveBytes('wrap')),
    digest: keyHash(deriveBytes('order digest')),
    search: keyHash(deriveBytes('recipient search')),
  };
}

function keyHash(bytes: Buffer): KeyedHash {
  const key = createSecretKey(bytes);
  return (text) => createHmac('sha256', key).update(text).digest();
}

function readKeyId(sealed: Uint8Array): number {
  if (sealed[0] !== formatVersion || sealed.length < bodyAt) throw new Error('this is not a sealed value');
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).readUInt32BE(1);
}

const randomChunk = keyBytes + nonceBytes;
let pool = Buffer.alloc(0);

/** A data key and a nonce, never given out twice. One call for many of them: each call costs as much as a cipher. */
function takeRandom(): Buffer {
  if (pool.length < randomChunk) pool = randomBytes(randomChunk * 128);
  const taken = pool.subarray(0, randomChunk);
  pool = pool.subarray(randomChunk);
  return taken;
}

type Wrapping = { readonly dataKey: Buffer; readonly nonce: Buffer; readonly into: Buffer };

/** Writes everything that stands before the body's tag. */
function wrap(key: MasterKey, { dataKey, nonce, into }: Wrapping): void {
  into.writeUInt8(formatVersion);
  into.writeUInt32BE(key.id, 1);
  nonce.copy(into, nonceAt);
  const cipher = createCipheriv('aes-256-gcm', key.wrapKey, nonce);
  cipher.setAAD(into.subarray(0, nonceAt));
  cipher.update(dataKey).copy(into, wrappedAt);
  cipher.final();
  cipher.getAuthTag().copy(into, wrapTagAt);
}

function unwrap(key: MasterKey, sealed: Uint8Array): Buffer {
  const nonce = sealed.subarray(nonceAt, wrapTagAt);
  const decipher = createDecipheriv('aes-256-gcm', key.wrapKey, nonce, { authTagLength: tagBytes });
  decipher.setAAD(sealed.subarray(0, nonceAt));
  decipher.setAuthTag(sealed.subarray(wrapTagAt, wrappedAt));
  return Buffer.concat([decipher.update(sealed.subarray(wrappedAt, bodyTagAt)), decipher.final()]);
}

type Body = { readonly text: string; readonly context: string; readonly into: Buffer };

/** Writes the tag and what follows it. In GCM a text and what it becomes have one length. */
function encryptBody(dataKey: Buffer, { text, context, into }: Body): void {
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(dataKey), bodyNonce);
  cipher.setAAD(Buffer.from(context));
  cipher.update(text, 'utf8').copy(into, bodyAt);
  cipher.final();
  cipher.getAuthTag().copy(into, bodyTagAt);
}

/** The first 64 bits, as a number that the database has a type for. */
function hashForSearch(key: MasterKey, number: string): bigint {
  return key.search(number).readBigInt64BE();
}
