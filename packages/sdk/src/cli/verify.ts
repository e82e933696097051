// Owns `vyplata verify`: is a received notification genuine.
// Promises exit code 0 only for a right signature over all eleven fields.
// Refuses to fetch anything: the public key is a file the merchant took from the console.
import type { Command } from 'commander';
import { type VerifiedNotification, verifyNotification } from '../notification.ts';
import { readDemo, readInput, readText } from './connect.ts';
import { type Cli, EXIT, printResult, UsageError, writeOut } from './print.ts';
import { textOf } from './texts.ts';

type VerifyOptions = { publicKey?: string; demo?: string; query?: string; url?: string; json?: boolean };

export function addVerifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .description('check a notification: a POST body, or the query of a GET')
    .argument('[file]', 'file with the body; standard input when left out or "-"')
    .option('--public-key <file>', 'public.pem of the notifications certificate')
    .option('--demo <data dir>', 'take the public key from the demo running on this data folder')
    .option('--query <text>', 'query string of a GET notification, instead of a body')
    .option('--url <address>', 'whole address of a GET notification, instead of a body')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: VerifyOptions) => verifyInput(cli, { file, ...options }));
}

async function verifyInput(cli: Cli, options: VerifyOptions & { file: string | undefined }): Promise<void> {
  const result = await verifyWith(await readPublicKey(options), options);
  if (!result.valid) cli.exitCode = EXIT.refused;
  if (options.json) return writeOut(JSON.stringify(result));
  if (result.valid) {
    writeOut(textOf('signValid', cli.language));
    return printResult({ cli, isJson: false, result: result.notification });
  }
  writeOut(`${textOf('signInvalid', cli.language)} ${result.reason}${result.field ? ` (${result.field})` : ''}`);
}

async function readPublicKey(options: VerifyOptions): Promise<string> {
  if (options.publicKey !== undefined) return readText(options.publicKey);
  const demo = options.demo === undefined ? undefined : await readDemo(options.demo);
  if (demo?.notificationPublicKey !== undefined) return demo.notificationPublicKey;
  throw new UsageError('Give --public-key <file>, or --demo <data dir> of a running demo.');
}

async function verifyWith(
  publicKey: string,
  options: VerifyOptions & { file: string | undefined },
): Promise<VerifiedNotification> {
  const { query, url, file } = options;
  const given = [query, url, file].filter((source) => source !== undefined);
  if (given.length > 1) throw new UsageError('Give one of a body, --query and --url.');
  const input = given.length === 1 && file === undefined ? undefined : await readInput(file);
  try {
    if (query !== undefined) return verifyNotification({ method: 'GET', query, publicKey });
    if (url !== undefined) return verifyNotification({ method: 'GET', url, publicKey });
    return verifyNotification({ method: 'POST', body: input ?? '', publicKey });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
