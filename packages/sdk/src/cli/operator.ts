// Owns `vyplata operator`: the operator API from a terminal, with a token.
// Promises the gateway's own JSON, and that a token never stands in a command line, where other people can read it.
// Refuses to know the API's paths but for a few short names: its reference is the OpenAPI file.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { isRecord, readFields } from '../judge.ts';
import { readText } from './connect.ts';
import { type Cli, EXIT, escapeControls, UsageError, writeNote, writeOut } from './print.ts';

type OperatorOptions = { url?: string; tokenFile?: string; demo?: string; data?: string; json?: boolean };

const TIMEOUT_MS = 30_000;
const COLUMNS_MAX = 6;

/** Short names of what is looked at most. */
const LISTS: readonly [name: string, path: string, description: string][] = [
  ['payouts', '/payouts', 'the latest payouts; filters follow as name=value, such as state=review'],
  ['merchants', '/merchants', 'the merchants'],
  ['services', '/services', 'the services'],
  ['incidents', '/incidents', 'what contradicted itself'],
  ['approvals', '/approvals', 'what waits for a second person'],
  ['dead', '/notifications/dead', 'notifications that nobody acknowledged'],
  ['pauses', '/pauses', 'what is paused'],
  ['audit-log', '/audit-log', 'who did what'],
];

const ACTIONS: readonly [name: string, method: string, path: string, description: string][] = [
  ['payout', 'GET', '/payouts/<id>', 'one payout with everything that happened to it'],
  ['cancel', 'POST', '/payouts/<id>/cancel', 'stop a payout that was not sent; --data with a reason'],
  ['review', 'POST', '/payouts/<id>/review', 'end a payout in review; --data with the verdict and its evidence'],
  ['resend', 'POST', '/notifications/<id>/resend', 'send a notification once more'],
  ['approve', 'POST', '/approvals/<id>/approve', 'agree to what waits'],
  ['refuse', 'POST', '/approvals/<id>/refuse', 'refuse what waits'],
];

export function addOperatorCommand(program: Command, cli: Cli): void {
  const operator = program
    .command('operator')
    .description('the operator API; the token comes from VYPLATA_OPERATOR_TOKEN or --token-file');
  const call = operator
    .command('call')
    .description('any call, such as: operator call GET /merchants')
    .argument('<method>', 'GET, POST, PUT, PATCH or DELETE')
    .argument('<path>', 'path after /operator/v1');
  addOperatorOptions(call).action((method: string, path: string, options: OperatorOptions) =>
    run(cli, { ...options, method, path }),
  );
  for (const [name, path, description] of LISTS) {
    const command = operator.command(name).description(description).argument('[filters...]', 'name=value');
    addOperatorOptions(command).action((filters: string[], options: OperatorOptions) =>
      run(cli, { ...options, method: 'GET', path: withFilters(path, filters) }),
    );
  }
  for (const [name, method, path, description] of ACTIONS) {
    const command = operator.command(name).description(description).argument('<id>', 'its id');
    addOperatorOptions(command).action((id: string, options: OperatorOptions) =>
      run(cli, { ...options, method, path: path.replace('<id>', encodeURIComponent(id)) }),
    );
  }
}

function addOperatorOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the gateway (or VYPLATA_URL)')
    .option('--token-file <file>', 'file with the token (or VYPLATA_OPERATOR_TOKEN)')
    .option('--data <json>', 'body of the call as JSON; @file reads a file')
    .option('--json', 'print the answer as it is');
}

type Call = OperatorOptions & { method: string; path: string };

async function run(cli: Cli, call: Call): Promise<void> {
  const method = call.method.toUpperCase();
  if (!['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)) throw new UsageError(`"${method}" is no method.`);
  const url = call.url ?? cli.env.VYPLATA_URL;
  if (url === undefined) throw new UsageError('Give --url, or set VYPLATA_URL.');
  const token = await readToken(cli, call);
  const body = await readData(call, method);
  const answer = await send({
    address: `${url.replace(/\/+$/, '')}/operator/v1${call.path}`,
    method,
    token,
    body,
    cli,
  });
  const fields = readFields(answer.json);
  if (answer.status >= 400) cli.exitCode = answer.status >= 500 ? EXIT.unknown : EXIT.refused;
  if (call.json) return writeOut(JSON.stringify(answer.json ?? { status: answer.status }));
  if (fields !== undefined) {
    for (const [name, texts] of Object.entries(fields)) writeNote(`${name}: ${texts.join(' ')}\n`);
    return undefined;
  }
  if (answer.status >= 400 || answer.json === undefined) return writeOut(`HTTP ${answer.status}`);
  show(answer.json);
}

type Request = { address: string; method: string; token: string; body: string | undefined; cli: Cli };

async function send({ address, method, token, body, cli }: Request): Promise<{ status: number; json: unknown }> {
  if (!URL.canParse(address)) throw new UsageError(`${address} is no address. Give --url https://pay.example.com`);
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'accept-language': cli.language };
  try {
    const answer = await fetch(address, {
      method,
      headers: { ...headers, ...type },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : readJson(text, address) };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    // Whether the call took effect is not known: that is exit code 3, not a mistake in the command.
    throw new Error(`No answer from ${address}: ${inner instanceof Error ? inner.message : String(inner)}`, { cause });
  }
}

function readJson(text: string, address: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${address} does not answer as the operator API does. Check --url.`);
  }
}

async function readToken(cli: Cli, options: OperatorOptions): Promise<string> {
  const text = options.tokenFile === undefined ? cli.env.VYPLATA_OPERATOR_TOKEN : await readText(options.tokenFile);
  const token = text?.trim() ?? '';
  if (/^[A-Za-z0-9_-]{1,100}$/.test(token)) return token;
  throw new UsageError('Set VYPLATA_OPERATOR_TOKEN or give --token-file: make a token in the console, Own account.');
}

async function readData(call: OperatorOptions, method: string): Promise<string | undefined> {
  const { data } = call;
  if (data === undefined) return method === 'GET' || method === 'DELETE' ? undefined : '{}';
  const text = data.startsWith('@') ? await readFile(data.slice(1), 'utf8').catch(() => '') : data;
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new UsageError('--data is JSON, or @ and the name of a file that holds JSON.', { cause });
  }
}

function withFilters(path: string, filters: readonly string[]): string {
  const pairs = filters.map((filter) => {
    const mark = filter.indexOf('=');
    if (mark < 1) throw new UsageError(`A filter is name=value, not "${filter}".`);
    return [filter.slice(0, mark), filter.slice(mark + 1)] as [string, string];
  });
  const query = new URLSearchParams(pairs).toString();
  return query === '' ? path : `${path}?${query}`;
}

/** Lists as lines of their plain members, everything else as indented JSON. */
function show(json: unknown): void {
  const items = isRecord(json) && Array.isArray(json.items) ? json.items.filter(isRecord) : undefined;
  if (items === undefined) return writeOut(JSON.stringify(json, null, 2));
  for (const item of items) {
    const plain = Object.entries(item).filter(([, value]) => value !== null && typeof value !== 'object');
    writeOut(
      escapeControls(
        plain
          .slice(0, COLUMNS_MAX)
          .map(([name, value]) => `${name}=${String(value)}`)
          .join('  '),
      ),
    );
  }
}
