// Owns where a command finds the gateway, the account and the key: options, environment, or a demo folder.
// Promises one sentence that names what is missing and how to give it.
// Refuses to know what is called afterwards.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Client, createClient } from '../client.ts';
import { isRecord } from '../judge.ts';
import { type Cli, UsageError } from './print.ts';

export type ConnectOptions = { url?: string; account?: string; certDir?: string; demo?: string; json?: boolean };

export type Place = { url: string | undefined; account: string | undefined; certDir: string | undefined };
type Demo = Place & { accounts: { id: string; currency: string }[]; notificationPublicKey: string | undefined };

export function addConnectOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the gateway (or VYPLATA_URL)')
    .option('--account <uuid>', 'account to pay from (or VYPLATA_ACCOUNT); with --demo also a currency such as RUB')
    .option('--cert-dir <dir>', 'folder with private.pem and password.txt (or VYPLATA_CERT_DIR)')
    .option('--demo <data dir>', 'take all three from the demo running on this data folder')
    .option('--json', 'print JSON');
}

export async function connectClient(cli: Cli, options: ConnectOptions): Promise<Client> {
  const place = await findPlace(cli, options);
  const { url, account, certDir } = place;
  if (url === undefined) throw new UsageError(explainMissing('--url', 'VYPLATA_URL'));
  if (account === undefined) throw new UsageError(explainMissing('--account', 'VYPLATA_ACCOUNT'));
  if (certDir === undefined) throw new UsageError(explainMissing('--cert-dir', 'VYPLATA_CERT_DIR'));
  const key = await readCertificate(certDir);
  try {
    return createClient({ baseUrl: url, account, key, language: cli.language, userAgent: 'vyplata-cli/0.1' });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export async function readCertificate(certDir: string): Promise<{ pem: string; password?: string }> {
  const pem = await readText(join(certDir, 'private.pem'));
  const password = await readFile(join(certDir, 'password.txt'), 'utf8').catch(() => undefined);
  return password === undefined ? { pem } : { pem, password };
}

/** @throws UsageError with the path and the reason */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Bytes of a file, or of standard input for no name or "-". */
export async function readInput(path: string | undefined): Promise<Uint8Array> {
  if (path !== undefined && path !== '-') {
    return readFile(path).catch((cause: Error) => {
      throw new UsageError(`Cannot read ${path}: ${cause.message}`, { cause });
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a running demo wrote down about itself in `<data dir>/demo/demo.json`. */
export async function readDemo(dataDir: string): Promise<Demo> {
  const folder = join(dataDir, 'demo');
  const path = join(folder, 'demo.json');
  const json = parseDemo(await readText(path), path);
  const accounts = (Array.isArray(json.accounts) ? json.accounts : []).filter(isRecord).map((account) => ({
    id: String(account.id),
    currency: String(account.currency),
  }));
  const publicKey = json.notificationPublicKey;
  const isPath = typeof publicKey === 'string' && !publicKey.includes('-----BEGIN');
  return {
    url: typeof json.baseUrl === 'string' ? json.baseUrl : undefined,
    account: accounts[0]?.id,
    certDir: typeof json.certDir === 'string' ? resolve(folder, json.certDir) : undefined,
    accounts,
    notificationPublicKey: isPath ? await readText(resolve(folder, publicKey)) : (publicKey as string | undefined),
  };
}

export async function findPlace(cli: Cli, options: ConnectOptions): Promise<Place> {
  const { env } = cli;
  const demo = options.demo === undefined ? undefined : await readDemo(options.demo);
  const named = options.account ?? (demo === undefined ? env.VYPLATA_ACCOUNT : undefined);
  const byCurrency = demo?.accounts.find(({ currency }) => currency === named?.toUpperCase());
  return {
    url: options.url ?? demo?.url ?? env.VYPLATA_URL,
    account: byCurrency?.id ?? named ?? demo?.account,
    certDir: options.certDir ?? demo?.certDir ?? env.VYPLATA_CERT_DIR,
  };
}

function parseDemo(text: string, path: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (isRecord(json)) return json;
  } catch {
    // Said below, for both kinds of damage.
  }
  throw new UsageError(`${path} is not the description of a demo. Start the demo again on this folder.`);
}

function explainMissing(option: string, variable: string): string {
  return `Give ${option}, set ${variable}, or use --demo <data dir> of a running demo.`;
}
