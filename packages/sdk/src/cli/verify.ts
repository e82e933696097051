// Owns `vyplata verify`: is a received notification, or a signed request, genuine; and if not, why.
// Promises exit code 0 only for a right signature, over all eleven fields of a notification or every byte of a body.
// Refuses to fetch anything: the public key is a file.
import type { KeyObject } from 'node:crypto';
import type { Command } from 'commander';
import { explainNotification, type NotificationFinding } from '../explain-notification.ts';
import { describeFinding, explainSignature } from '../explain-signature.ts';
import { isRecord } from '../judge.ts';
import { requirePublicKey } from '../key.ts';
import { type VerifiedNotification, verifyNotification } from '../notification.ts';
import { readDemo, readInput, readText } from './connect.ts';
import { type Cli, EXIT, printResult, UsageError, writeOut } from './print.ts';
import { textOf } from './texts.ts';
import { adviceOn } from './verify-texts.ts';

type VerifyOptions = {
  publicKey?: string;
  demo?: string;
  query?: string;
  url?: string;
  sign?: string;
  json?: boolean;
};
type Input = VerifyOptions & { file: string | undefined };

export function addVerifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .description(
      'check a notification (a POST body or the query of a GET), or a request with --sign; say what is wrong',
    )
    .argument('[file]', 'file with the body; standard input when left out or "-"')
    .option('--public-key <file>', 'public.pem of the notifications certificate; with --sign the one of your own')
    .option('--demo <data dir>', 'take the public key from the demo running on this data folder')
    .option('--query <text>', 'query string of a GET notification, instead of a body')
    .option('--url <address>', 'whole address of a GET notification, instead of a body')
    .option('--sign <base64>', 'the body is a request: check this Sign header over its bytes')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: VerifyOptions) => verifyInput(cli, { file, ...options }));
}

async function verifyInput(cli: Cli, options: Input): Promise<void> {
  const key = loadPublicKey(await readPublicKey(options));
  if (options.sign !== undefined) return verifyRequest(cli, { ...options, sign: options.sign, key });
  const { result, finding } = await verifyWith(key, options);
  if (!result.valid) cli.exitCode = EXIT.refused;
  if (options.json) return writeOut(JSON.stringify(finding === undefined ? result : { ...result, finding }));
  if (result.valid) {
    writeOut(textOf('signValid', cli.language));
    return printResult({ cli, isJson: false, result: result.notification });
  }
  writeOut(`${textOf('signInvalid', cli.language)} ${result.reason}${result.field ? ` (${result.field})` : ''}`);
  writeOut(adviceOn(finding ?? result.reason, cli.language));
}

async function verifyRequest(cli: Cli, options: Input & { key: KeyObject; sign: string }): Promise<void> {
  const body = await readInput(options.file);
  const { sign, key, json } = options;
  const own = { label: 'public.pem', key, digestRule: 'any', state: 'active' } as const;
  const explained = explainSignature({ body, sign, keys: [own] });
  if (!explained.isAccepted) cli.exitCode = EXIT.refused;
  if (json) return writeOut(JSON.stringify(explained));
  writeOut(textOf(explained.isAccepted ? 'signValid' : 'requestInvalid', cli.language));
  for (const finding of explained.findings) writeOut(describeFinding(finding, cli.language));
  const { bytes, sha1, sha256, head, tail } = explained.body;
  printResult({ cli, isJson: false, result: { bytes, sha1, sha256, head, tail } });
}

async function readPublicKey(options: VerifyOptions): Promise<string> {
  if (options.publicKey !== undefined) return readText(options.publicKey);
  const demo = options.demo === undefined ? undefined : await readDemo(options.demo);
  if (demo !== undefined && options.sign !== undefined) return readText(`${demo.certDir ?? ''}/public.pem`);
  if (demo?.notificationPublicKey !== undefined) return demo.notificationPublicKey;
  throw new UsageError('Give --public-key <file>, or --demo <data dir> of a running demo.');
}

function loadPublicKey(pem: string): KeyObject {
  try {
    return requirePublicKey(pem);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

type Verified = { result: VerifiedNotification; finding: NotificationFinding | undefined };

async function verifyWith(publicKey: KeyObject, options: Input): Promise<Verified> {
  const { query, url, file } = options;
  const given = [query, url, file].filter((source) => source !== undefined);
  if (given.length > 1) throw new UsageError('Give one of a body, --query and --url.');
  const text = query ?? (url === undefined ? undefined : readSearch(url));
  const body = text === undefined ? await readInput(file) : undefined;
  const result =
    text === undefined
      ? verifyNotification({ method: 'POST', body: body ?? '', publicKey })
      : verifyNotification({ method: 'GET', query: text, publicKey });
  if (result.valid || !['sign_mismatch', 'field_type'].includes(result.reason)) return { result, finding: undefined };
  const values = text === undefined ? readValues(body) : Object.fromEntries(new URLSearchParams(text));
  const method = text === undefined ? 'POST' : 'GET';
  return { result, finding: explainNotification({ values, method, key: publicKey }) };
}

function readSearch(address: string): string {
  const mark = address.indexOf('?');
  return mark === -1 ? '' : (address.slice(mark + 1).split('#', 1)[0] ?? '');
}

function readValues(body: Uint8Array | undefined): Record<string, unknown> {
  const json: unknown = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
  return isRecord(json) ? json : {};
}
