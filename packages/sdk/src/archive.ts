// Owns the key archive a merchant downloads once: password.txt, private.pem and public.pem in one zip.
// Promises files that PHP, Node, Python, Java and Go programs of the published samples read as they are.
// Refuses to know accounts and to keep anything: whoever makes an archive hands it over and forgets it.
import { createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { fingerprintKey, loadPrivateKey } from './key.ts';

export { fingerprintKey, KEY_BITS_MAX, KEY_BITS_MIN, type KeyRefusal, loadPrivateKey } from './key.ts';
export { PEM_LENGTH_MAX, type VettedKey, vetPublicKey } from './key.ts';

const PASSWORD_BYTES = 24;
const ARCHIVE_BYTES_MAX = 65_536;
const FILE_BYTES_MAX = 16_384;
const UNIX = 3;
const generateKeyPairAsync = promisify(generateKeyPair);

export type KeyArchiveOptions = { modulusBits?: 2048 | 3072 | 4096 };
export type KeyArchive = { zip: Uint8Array; privatePem: string; publicPem: string; password: string };
export type ReadKeyArchive = { privatePem: string; publicPem: string; password: string; key: KeyObject };

/**
 * Makes a fresh pair and its archive. The generation runs on the thread pool.
 *
 * The private key is *traditional* encrypted PKCS#1 (`Proc-Type: 4,ENCRYPTED`): the published Go and Java samples read
 * nothing else. The password is printable ASCII without a line break: three of the five samples pass it untrimmed.
 */
export async function makeKeyArchive(options: KeyArchiveOptions = {}): Promise<KeyArchive> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const pair = await generateKeyPairAsync('rsa', { modulusLength: options.modulusBits ?? 2048 });
  const privatePem = exportPrivate(pair.privateKey, password);
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { zip: packArchive({ privatePem, publicPem, password }), privatePem, publicPem, password };
}

/**
 * Packs a key that is there already. A private key in another form than the published samples read (not encrypted, or
 * PKCS#8) is written anew in theirs, under a fresh password unless it has one.
 *
 * @throws Error with a sentence that says what to do; it never contains the password or the key
 */
export function packKeyArchive(given: { pem: string; password?: string }): KeyArchive {
  const key = loadPrivateKey(given);
  const isTraditional = given.pem.includes('Proc-Type: 4,ENCRYPTED');
  const password = given.password?.replace(/[\r\n]+$/, '') || randomBytes(PASSWORD_BYTES).toString('base64url');
  const privatePem = isTraditional ? given.pem : exportPrivate(key, password);
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return { zip: packArchive({ privatePem, publicPem, password }), privatePem, publicPem, password };
}

/**
 * Reads an archive again, also one that was unpacked and zipped anew inside a folder.
 *
 * @throws Error with a sentence that says what is missing; it never contains the password or the key
 */
export function readKeyArchive(zip: Uint8Array): ReadKeyArchive {
  if (zip.length > ARCHIVE_BYTES_MAX) {
    throw new Error(`The file has ${zip.length} bytes; a key archive has at most ${ARCHIVE_BYTES_MAX}.`);
  }
  const files = unpackArchive(zip);
  const privatePem = files.get('private.pem');
  if (privatePem === undefined) throw new Error('The archive holds no private.pem: it is not a key archive.');
  const password = (files.get('password.txt') ?? '').replace(/[\r\n]+$/, '');
  const key = loadPrivateKey({ pem: privatePem, password });
  const derivedPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const publicPem = files.get('public.pem') ?? derivedPem;
  if (fingerprintKey(createPublicKey(publicPem)) !== fingerprintKey(key)) {
    throw new Error('public.pem and private.pem in the archive belong to different pairs. Download the archive again.');
  }
  return { privatePem, publicPem, password, key };
}

function exportPrivate(key: KeyObject, passphrase: string): string {
  return key.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
}

function packArchive(texts: { privatePem: string; publicPem: string; password: string }): Uint8Array {
  const secret = { os: UNIX, attrs: 0o100600 * 2 ** 16 };
  const files: Zippable = {
    'password.txt': [strToU8(texts.password), secret],
    'private.pem': [strToU8(texts.privatePem), secret],
    'public.pem': [strToU8(texts.publicPem), { os: UNIX, attrs: 0o100644 * 2 ** 16 }],
  };
  return zipSync(files);
}

function unpackArchive(zip: Uint8Array): Map<string, string> {
  const wanted = new Set(['password.txt', 'private.pem', 'public.pem']);
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const seen = new Set<string>();
  const filter = (file: { name: string; originalSize: number }) => {
    const name = nameOf(file.name);
    // macOS adds a shadow file `._private.pem` beside each file: its name differs, so it is not wanted.
    if (!wanted.has(name)) return false;
    if (file.originalSize > FILE_BYTES_MAX) throw new Error(`${name} in the archive is too large to be a key file.`);
    if (seen.has(name)) throw new Error(`The archive holds ${name} twice: it is not clear which one is meant.`);
    seen.add(name);
    return true;
  };
  const entries = Object.entries(openZip(zip, filter));
  return new Map(entries.map(([path, bytes]) => [nameOf(path), strFromU8(bytes)]));
}

function openZip(zip: Uint8Array, filter: (file: { name: string; originalSize: number }) => boolean) {
  try {
    return unzipSync(zip, { filter });
  } catch (cause) {
    // fflate's own errors carry a numeric code; the refusals of the filter do not and say enough.
    if (cause instanceof Error && !('code' in cause)) throw cause;
    throw new Error('The file is not a zip archive, or it is damaged. Download it again.', { cause });
  }
}
