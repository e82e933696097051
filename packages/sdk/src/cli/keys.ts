// Owns `vyplata keys generate | inspect | archive`.
// Promises never to overwrite a key, never to print one, and files only their owner can read.
// Refuses to know accounts: a key is uploaded in the console.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  fingerprintKey,
  loadPrivateKey,
  makeKeyArchive,
  packKeyArchive,
  readKeyArchive,
  vetPublicKey,
} from '../archive.ts';
import { KEY_REFUSALS, toPublicKey } from '../key.ts';
import { readCertificate, readInput, readText } from './connect.ts';
import { type Cli, EXIT, printResult, UsageError, writeOut } from './print.ts';
import { textOf } from './texts.ts';

type GenerateOptions = { out: string; bits: string; json?: boolean };
type InspectOptions = { passwordFile?: string; json?: boolean };

export function addKeyCommands(program: Command, cli: Cli): void {
  const keys = program.command('keys').description('make and look at certificates (key pairs)');
  keys
    .command('generate')
    .description('make a pair: password.txt, private.pem, public.pem')
    .requiredOption('--out <path>', 'a new folder, or a file that ends in .zip')
    .option('--bits <number>', '2048, 3072 or 4096', '2048')
    .option('--json', 'print JSON')
    .action((options: GenerateOptions) => generateKeys(cli, options));
  keys
    .command('inspect')
    .description('say what a key file, certificate folder or archive holds, and whether it is acceptable')
    .argument('<path>', 'public.pem, private.pem, a folder or an archive')
    .option('--password-file <path>', 'password of an encrypted private.pem')
    .option('--json', 'print JSON')
    .action((path: string, options: InspectOptions) => inspectKeys(cli, { path, ...options }));
  keys
    .command('archive')
    .description('pack a certificate folder into one archive, in the form the published samples read')
    .argument('<folder>', 'folder with private.pem and, if it is encrypted, password.txt')
    .requiredOption('--out <file>', 'the archive to write, such as payouts-key.zip')
    .option('--json', 'print JSON')
    .action((folder: string, options: { out: string; json?: boolean }) => archiveKeys(cli, { folder, ...options }));
}

async function archiveKeys(cli: Cli, options: { folder: string; out: string; json?: boolean }): Promise<void> {
  const certificate = await readCertificate(options.folder);
  let packed: ReturnType<typeof packKeyArchive>;
  try {
    packed = packKeyArchive(certificate);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  await writeNew(options.out, packed.zip);
  const key = createPublicKey(packed.publicPem);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  printResult({ cli, isJson: options.json, result: { archive: options.out, bits, fingerprint: fingerprintKey(key) } });
}

async function generateKeys(cli: Cli, options: GenerateOptions): Promise<void> {
  const { out } = options;
  const modulusBits = ([2048, 3072, 4096] as const).find((bits) => String(bits) === options.bits);
  if (modulusBits === undefined) throw new UsageError('--bits is 2048, 3072 or 4096.');
  const made = await makeKeyArchive({ modulusBits });
  const isZip = out.toLowerCase().endsWith('.zip');
  if (isZip) await writeNew(out, made.zip);
  else {
    await makeFolder(out);
    await writeNew(join(out, 'private.pem'), made.privatePem);
    await writeNew(join(out, 'password.txt'), made.password);
    await writeNew(join(out, 'public.pem'), made.publicPem);
  }
  const fingerprint = fingerprintKey(createPublicKey(made.publicPem));
  const result = { [isZip ? 'archive' : 'folder']: out, bits: modulusBits, fingerprint };
  printResult({ cli, isJson: options.json, result });
  if (!options.json) writeOut(textOf('publicKeep', cli.language));
}

async function inspectKeys(cli: Cli, options: InspectOptions & { path: string }): Promise<void> {
  const found = await openKey(options);
  const publicPem = toPublicKey(found.key).export({ type: 'spki', format: 'pem' }).toString();
  const vetted = vetPublicKey(publicPem);
  const refusal = vetted.ok ? undefined : vetted.code;
  const result = {
    kind: found.kind,
    bits: found.key.asymmetricKeyDetails?.modulusLength,
    fingerprint: fingerprintKey(found.key),
    isAcceptable: vetted.ok,
    refusal,
  };
  printResult({ cli, isJson: options.json, result });
  if (refusal === undefined) return;
  cli.exitCode = EXIT.refused;
  if (!options.json) writeOut(`${refusal}: ${KEY_REFUSALS[refusal]}`);
}

type FoundKey = { kind: 'archive' | 'folder' | 'private key' | 'public key'; key: KeyObject };

async function openKey(options: InspectOptions & { path: string }): Promise<FoundKey> {
  const { path, passwordFile } = options;
  const info = await stat(path).catch((cause: Error) => {
    throw new UsageError(`Cannot read ${path}: ${cause.message}`, { cause });
  });
  try {
    if (info.isDirectory()) return { kind: 'folder', key: loadPrivateKey(await readCertificate(path)) };
    const bytes = await readInput(path);
    const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    if (isZip) return { kind: 'archive', key: readKeyArchive(bytes).key };
    const pem = Buffer.from(bytes).toString('utf8');
    if (!pem.includes('PRIVATE KEY-----')) return { kind: 'public key', key: readPublicKey(pem) };
    const password = passwordFile === undefined ? {} : { password: await readText(passwordFile) };
    return { kind: 'private key', key: loadPrivateKey({ pem, ...password }) };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readPublicKey(pem: string): KeyObject {
  const vetted = vetPublicKey(pem);
  if (vetted.ok) return vetted.key;
  // A key that is readable but weak is still described, with its refusal.
  if (['key_too_short', 'key_too_long', 'bad_exponent', 'weak_modulus', 'not_rsa'].includes(vetted.code)) {
    return createPublicKey(pem);
  }
  throw new UsageError(KEY_REFUSALS[vetted.code]);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
    throw new UsageError(`Cannot make the folder ${path}: ${cause.message}`, { cause });
  });
}

async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const reason = isThere ? 'it exists already, and a key is never overwritten' : String(cause);
    throw new UsageError(`Cannot write ${path}: ${reason}.`, { cause });
  }
}
