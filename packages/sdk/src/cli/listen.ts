// Owns `vyplata listen`: a receiver on this machine that shows, verifies and forwards notifications.
// Promises to forward the bytes as they came, and nothing that is not genuine unless asked to.
// Refuses to be reached from elsewhere: it listens on loopback only.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { requirePublicKey } from '../key.ts';
import { type VerifiedNotification, verifyNotification } from '../notification.ts';
import { readDemo, readText } from './connect.ts';
import { chooseFate, type Fate } from './listen-chaos.ts';
import { type Cli, escapeControls, UsageError, writeOut } from './print.ts';
import { textOf } from './texts.ts';
import { adviceOn } from './verify-texts.ts';

type ListenOptions = {
  port: string;
  publicKey?: string;
  demo?: string;
  forwardTo?: string;
  forwardAll?: boolean;
  chaos?: string;
  count?: string;
  json?: boolean;
};

const BODY_BYTES_MAX = 65_536;
const FORWARD_TIMEOUT_MS = 14_000;
const LATE_MS = 5_000;

export function addListenCommand(program: Command, cli: Cli): void {
  program
    .command('listen')
    .description('receive notifications on this machine, verify them, and forward the genuine ones')
    .option('--port <number>', 'port on 127.0.0.1; 0 takes a free one', '4000')
    .option('--public-key <file>', 'public.pem of the notifications certificate')
    .option('--demo <data dir>', 'take the public key from the demo running on this data folder')
    .option('--forward-to <url>', 'pass each on to this address and answer what it answers')
    .option('--forward-all', 'forward what is not genuine too')
    .option('--chaos <seed>', 'lose, repeat and delay some on their way to --forward-to, the same for one seed')
    .option('--count <number>', 'stop after so many')
    .option('--json', 'one JSON document per line')
    .action((options: ListenOptions) => listen(cli, options));
}

type Context = { cli: Cli; options: ListenOptions; publicKey: string; forwardTo: URL | undefined };

async function listen(cli: Cli, options: ListenOptions): Promise<void> {
  const port = readNumber({ text: options.port, name: '--port', max: 65_535 });
  const count = options.count === undefined ? Infinity : readNumber({ text: options.count, name: '--count', max: 1e6 });
  const context: Context = {
    cli,
    options,
    publicKey: await readKey(options),
    forwardTo: readForward(options.forwardTo),
  };
  let seen = 0;
  const done = withResolvers();
  const server = createServer((request, response) => {
    void receive(context, { request, response }).finally(() => {
      seen += 1;
      if (seen >= count) done.resolve(undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new UsageError(`Port ${port} cannot be used: ${error.message}`)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  if (options.json) writeOut(JSON.stringify({ listening: url }));
  else writeOut(`${textOf('listening', cli.language)} ${url}`);
  cli.signal.addEventListener('abort', () => done.resolve(undefined));
  await done.promise;
  server.close();
  server.closeAllConnections();
}

function withResolvers() {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise((resolveIt) => {
    resolve = resolveIt;
  });
  return { promise, resolve };
}

type Exchange = { request: IncomingMessage; response: ServerResponse };

async function receive(context: Context, { request, response }: Exchange): Promise<void> {
  const body = await readBody(request);
  const verdict = judge(context, { request, body });
  const isPassed = verdict.valid || context.options.forwardAll === true;
  const fate = fateOf(context, verdict);
  const isForwarded = isPassed && context.forwardTo !== undefined && fate !== 'lost';
  if (fate === 'late') await sleep(LATE_MS);
  const forwarded = isForwarded ? await forward(context, { request, body }) : undefined;
  if (isForwarded && fate === 'twice') await forward(context, { request, body });
  const status = forwarded?.status ?? (verdict.valid ? 200 : 400);
  await new Promise<void>((resolve) => {
    response.on('close', resolve);
    response.writeHead(status, { connection: 'close' }).end(forwarded?.text ?? '');
  });
  show(context, { request, verdict, status, fate, error: forwarded?.error });
}

function fateOf({ options }: Context, verdict: VerifiedNotification): Fate {
  if (options.chaos === undefined || !verdict.valid) return 'passed';
  return chooseFate(options.chaos, verdict.notification.id);
}

function judge(context: Context, { request, body }: { request: IncomingMessage; body: Buffer }): VerifiedNotification {
  const { publicKey } = context;
  if (request.method === 'GET') return verifyNotification({ method: 'GET', url: request.url ?? '', publicKey });
  return verifyNotification({ method: 'POST', body, publicKey });
}

async function forward(context: Context, { request, body }: { request: IncomingMessage; body: Buffer }) {
  const target = new URL(context.forwardTo ?? '');
  const search = new URL(request.url ?? '/', 'http://127.0.0.1').search.slice(1);
  if (search !== '') target.search = target.search === '' ? search : `${target.search}&${search}`;
  const names = ['content-type', 'user-agent', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const headers = names.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as [string, string]] : [];
  });
  try {
    const answer = await fetch(target, {
      method: request.method ?? 'POST',
      headers,
      body: request.method === 'GET' ? null : new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
    });
    return { status: answer.status, text: (await answer.text()).slice(0, BODY_BYTES_MAX), error: undefined };
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    return { status: 502, text: '', error: inner instanceof Error ? inner.message : String(inner) };
  }
}

type Shown = {
  request: IncomingMessage;
  verdict: VerifiedNotification;
  status: number;
  fate: Fate;
  error: string | undefined;
};

function show({ cli, options }: Context, shown: Shown): void {
  const { request, verdict, status, fate, error } = shown;
  const at = new Date().toISOString();
  if (options.json)
    return writeOut(JSON.stringify({ at, method: request.method, answered: status, fate, error, ...verdict }));
  const answered = `→ ${status}${error === undefined ? '' : ` (${error})`}`;
  if (verdict.valid) {
    const { id, orderId, status: final, paymentAmount } = verdict.notification;
    const chaos = fate === 'passed' ? '' : `  [${fate}]`;
    return writeOut(escapeControls(`${at}  ✓ ${final}  ${id}  ${orderId}  ${paymentAmount}  ${answered}${chaos}`));
  }
  writeOut(`${at}  ✗ ${verdict.reason}${verdict.field === undefined ? '' : ` (${verdict.field})`}  ${answered}`);
  writeOut(`  ${adviceOn(verdict.reason, cli.language)}`);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readKey(options: ListenOptions): Promise<string> {
  const demo = options.demo === undefined ? undefined : await readDemo(options.demo);
  const pem = options.publicKey === undefined ? demo?.notificationPublicKey : await readText(options.publicKey);
  if (pem === undefined) throw new UsageError('Give --public-key <file>, or --demo <data dir> of a running demo.');
  try {
    requirePublicKey(pem);
    return pem;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readForward(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new UsageError('--forward-to is an address such as http://127.0.0.1:3000/payouts.');
}

function readNumber({ text, name, max }: { text: string; name: string; max: number }): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && number <= max) return number;
  throw new UsageError(`${name} is a whole number up to ${max}.`);
}
