// Owns `vyplata sign`: the Sign header for bytes from a file or standard input.
// Promises to sign the bytes as they are, the line break at their end included.
// Refuses to know what the bytes say.
import type { Command } from 'commander';
import { loadPrivateKey } from '../key.ts';
import { type Digest, signBody } from '../signature.ts';
import { readCertificate, readDemo, readInput } from './connect.ts';
import { type Cli, UsageError, writeOut } from './print.ts';

type SignOptions = { certDir?: string; demo?: string; digest: string; json?: boolean };

export function addSignCommand(program: Command, cli: Cli): void {
  program
    .command('sign')
    .description('print the Sign header for a body, taken byte by byte')
    .argument('[file]', 'file with the body; standard input when left out or "-"')
    .option('--cert-dir <dir>', 'folder with private.pem and password.txt (or VYPLATA_CERT_DIR)')
    .option('--demo <data dir>', 'take the key from the demo running on this data folder')
    .option('--digest <name>', 'sha1 (as published) or sha256', 'sha1')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: SignOptions) => signFile(cli, { file, ...options }));
}

async function signFile(cli: Cli, options: SignOptions & { file: string | undefined }): Promise<void> {
  const { digest, demo } = options;
  if (digest !== 'sha1' && digest !== 'sha256') throw new UsageError('--digest is sha1 or sha256.');
  const fromDemo = demo === undefined ? undefined : (await readDemo(demo)).certDir;
  const certDir = options.certDir ?? fromDemo ?? cli.env.VYPLATA_CERT_DIR;
  if (certDir === undefined) throw new UsageError('Give --cert-dir, set VYPLATA_CERT_DIR, or use --demo <data dir>.');
  const sign = await signInput({ certDir, digest, file: options.file });
  writeOut(options.json ? JSON.stringify({ sign, digest }) : sign);
}

async function signInput(options: { certDir: string; digest: Digest; file: string | undefined }): Promise<string> {
  const certificate = await readCertificate(options.certDir);
  const body = await readInput(options.file);
  try {
    return signBody({ body, key: loadPrivateKey(certificate), digest: options.digest });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
