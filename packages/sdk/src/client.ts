// Owns the client of the merchant API: settings, the signed calls, and waiting for a final status.
// Promises that a mistake of the program is a TypeError before anything is sent, and all else a VyplataError.
// Refuses to know archives unless one is given, so that a program with a key needs nothing but Node.
import { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type AccountBalance,
  type AdvancedSandbox,
  type AccountInfo,
  type PayoutStatus,
  toAccountBalance,
  toAccountInfo,
  toAdvancedSandbox,
  toPayoutStatus,
} from './answer.ts';
import { type CreatedPayout, describeSent, detailsOf, type Lookup, runCreate } from './create.ts';
import { describeFields, VyplataError } from './error.ts';
import { judgeRead, toId } from './judge.ts';
import { loadPrivateKey } from './key.ts';
import { encodeOrder, encodeRef, formatAmount, type PayoutOrder, type PayoutRef } from './order.ts';
import { nextDelayMs, type RetrySettings, waitMs } from './retry.ts';
import { eitherSignal } from './signal.ts';
import type { Digest } from './signature.ts';
import {
  type Scheme,
  type Sent,
  type SignedRequest,
  sendRequest,
  signRequest,
  type TransportSettings,
} from './transport.ts';

export type ClientKey = KeyObject | { pem: string; password?: string } | { archive: string | Uint8Array };

export type ClientOptions = {
  /** Address of the gateway without `/v1`, "https://pay.example.com". */
  baseUrl: string;
  /** UUID of the account the payouts are paid from. */
  account: string;
  /** The private key of the payouts certificate: a key, its PEM with the password, or the archive (path or bytes). */
  key: ClientKey;
  /** Default `sha1`, as published; `sha256` needs a key whose setting allows it. */
  digest?: Digest;
  /**
   * Default `v1`, as published. `v2` signs method, path, account, time and a nonce as well, with RSA-SHA256 or (given a
   * KeyObject) Ed25519; the account has to allow it. The path it signs begins with `/v1`, whatever the base URL has.
   */
  signature?: Scheme;
  /** Per try, default 30 s. The gateway answers a create within 12 s and everything else within 25 s. */
  timeoutMs?: number;
  /** Tries per call, default 4. */
  attemptsMax?: number;
  /** Longest first wait between tries, default 500 ms; doubles with each try. */
  retryDelayMs?: number;
  /** A `Retry-After` longer than this ends the tries, default 60 s. */
  retryAfterMsMax?: number;
  /** Language of the texts in refusals: "en" (default) or "ru". */
  language?: string;
  userAgent?: string;
  /** Digits after the point of the account's currency, for amounts given as bigint; default 2. */
  minorDigits?: number;
  fetch?: typeof fetch;
};

export type CallOptions = { signal?: AbortSignal };
export type WaitOptions = CallOptions & {
  /** Default 10 minutes. */
  timeoutMs?: number;
  /** First pause between two questions, default 1 s; grows to 15 s. */
  intervalMs?: number;
};

export type Client = {
  /**
   * Orders a payout, safely repeated: the same bytes and signature go out on each try, so it pays at most once.
   * @throws VyplataError; act on its `created`, and never pay in another way while it is `unknown`
   */
  createPayout(order: PayoutOrder, options?: CallOptions): Promise<CreatedPayout>;
  payoutStatus(ref: PayoutRef, options?: CallOptions): Promise<PayoutStatus>;
  accountBalance(options?: CallOptions): Promise<AccountBalance>;
  accountInfo(options?: CallOptions): Promise<AccountInfo>;
  /** Asks until the payout is `paid`, `fail` or `cancel`. @throws VyplataError with code `timeout` */
  waitUntilFinal(ref: PayoutRef, options?: WaitOptions): Promise<PayoutStatus>;
  createAndWait(order: PayoutOrder, options?: WaitOptions): Promise<PayoutStatus>;
  /**
   * Lets time pass on a sandbox account, for your own tests: for one payout, or without `ref` for all of them.
   * Without `seconds` as much of it as is needed. Only this gateway has it, and only for accounts in sandbox mode.
   */
  advanceSandbox(ref?: PayoutRef, options?: CallOptions & { seconds?: number }): Promise<AdvancedSandbox>;
};

type Context = {
  transport: TransportSettings;
  retry: RetrySettings;
  digest: Digest;
  scheme: Scheme;
  minorDigits: number;
  key: () => Promise<KeyObject>;
  /** Set by the first answer that carries the gateway's header: its "not found" is then a promise. */
  isGateway: boolean;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const INTERVAL_MS_MAX = 15_000;

/**
 * Makes a client for one account.
 *
 * @throws TypeError for options that cannot work; Error when the key cannot be read
 */
export function createClient(options: ClientOptions): Client {
  const context = makeContext(options);
  const payoutStatus: Client['payoutStatus'] = async (ref, { signal } = {}) => {
    const request = await sign(context, { path: '/v1/payout/status', text: encodeRef(ref) });
    return readAnswer({ sent: await read(context, request, signal), convert: toPayoutStatus });
  };
  const waitUntilFinal: Client['waitUntilFinal'] = (ref, wait) => waitForFinal(payoutStatus, ref, wait);
  const createPayout: Client['createPayout'] = (order, { signal } = {}) => create(context, order, signal);
  return {
    createPayout,
    payoutStatus,
    waitUntilFinal,
    async accountBalance({ signal } = {}) {
      const request = await sign(context, { path: '/v1/account/balance', text: '[]' });
      return readAnswer({ sent: await read(context, request, signal), convert: toAccountBalance });
    },
    async accountInfo({ signal } = {}) {
      const request = await sign(context, { path: '/v1/account/info', text: '[]' });
      return readAnswer({ sent: await read(context, request, signal), convert: toAccountInfo });
    },
    async advanceSandbox(ref, { signal, seconds } = {}) {
      const text = JSON.stringify({ ...(ref && (JSON.parse(encodeRef(ref)) as object)), seconds });
      const request = await sign(context, { path: '/v1/sandbox/advance', text });
      return readAnswer({ sent: await read(context, request, signal), convert: toAdvancedSandbox });
    },
    async createAndWait(order, wait) {
      const { id } = await createPayout(order, wait);
      return waitUntilFinal({ id }, wait).catch((error: unknown) => {
        throw error instanceof VyplataError ? error.withPayout(id) : error;
      });
    },
  };
}

function makeContext(options: ClientOptions): Context {
  if (!UUID.test(options.account)) {
    throw new TypeError(`The account "${options.account}" is not a UUID. Copy it from the console, section Accounts.`);
  }
  const attemptsMax = requirePositive({ attemptsMax: options.attemptsMax ?? 4 });
  return {
    transport: {
      baseUrl: normaliseBaseUrl(options.baseUrl),
      account: options.account,
      timeoutMs: requirePositive({ timeoutMs: options.timeoutMs ?? 30_000 }),
      language: options.language,
      userAgent: options.userAgent ?? 'vyplata-sdk/0.1 (node)',
      fetch: options.fetch ?? globalThis.fetch,
    },
    retry: {
      attemptsMax,
      retryDelayMs: options.retryDelayMs ?? 500,
      retryAfterMsMax: options.retryAfterMsMax ?? 60_000,
    },
    digest: options.digest ?? 'sha1',
    scheme: options.signature ?? 'v1',
    minorDigits: options.minorDigits ?? 2,
    key: prepareKey(options.key),
    isGateway: false,
  };
}

function requirePositive(setting: Record<string, number>): number {
  const [name, value] = Object.entries(setting)[0] ?? ['', 0];
  if (Number.isInteger(value) && value > 0) return value;
  throw new TypeError(`${name} must be a positive integer, not ${value}.`);
}

function normaliseBaseUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !isHttp || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`The base URL must look like "https://pay.example.com", without "/v1", query and user name.`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
}

function prepareKey(key: ClientKey): () => Promise<KeyObject> {
  if (key instanceof KeyObject) {
    if (key.type !== 'private') throw new TypeError(`The client signs with a private key, this one is ${key.type}.`);
    return async () => key;
  }
  if ('pem' in key) {
    const loaded = loadPrivateKey(key);
    return async () => loaded;
  }
  const loading = loadArchiveKey(key.archive);
  // The first call reports the failure; until then it is not an unhandled rejection.
  loading.catch(() => undefined);
  return () => loading;
}

async function loadArchiveKey(archive: string | Uint8Array): Promise<KeyObject> {
  const { readKeyArchive } = await import('./archive.ts');
  return readKeyArchive(typeof archive === 'string' ? await readFile(archive) : archive).key;
}

async function sign(context: Context, request: { path: string; text: string }): Promise<SignedRequest> {
  const { digest, scheme, transport } = context;
  return signRequest({ ...request, key: await context.key(), digest, scheme, account: transport.account });
}

async function create(context: Context, order: PayoutOrder, signal?: AbortSignal): Promise<CreatedPayout> {
  const amount = formatAmount(order.amount, context.minorDigits);
  const request = await sign(context, { path: '/v1/payout', text: encodeOrder(order, context.minorDigits) });
  const { orderId, number, service } = order;
  return runCreate({
    order: { orderId, amount, number, service },
    retry: context.retry,
    signal,
    send: async () => {
      const sent = await sendRequest(context.transport, request, signal);
      if (sent.ok && sent.reply.headers.has('payout-created')) context.isGateway = true;
      return sent;
    },
    lookUp: () => lookUpOrder(context, orderId, signal),
  });
}

async function lookUpOrder(context: Context, orderId: string, signal?: AbortSignal): Promise<Lookup> {
  const request = await sign(context, { path: '/v1/payout/status', text: encodeRef({ orderId }) });
  const sent = await read(context, request, signal);
  try {
    return { kind: 'found', status: readAnswer({ sent, convert: toPayoutStatus }) };
  } catch (error) {
    if (!(error instanceof VyplataError) || error.code !== 'not_found') return { kind: 'unclear' };
    const isPromise = context.isGateway || (sent.ok && sent.reply.headers.get('payout-created') === 'no');
    return { kind: isPromise ? 'absent' : 'not_found' };
  }
}

/** Reading changes nothing, so every failure that may pass is tried again. */
async function read(context: Context, request: SignedRequest, signal?: AbortSignal): Promise<Sent> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = await sendRequest(context.transport, request, signal);
    if (judgeRead(sent).kind !== 'again' || signal?.aborted) return sent;
    const delayMs = nextDelayMs({ settings: context.retry, attempt, sent });
    if (delayMs === undefined || !(await waitMs(delayMs, signal))) return sent;
  }
}

function readAnswer<T>(options: { sent: Sent; convert: (json: Record<string, unknown>) => T | undefined }): T {
  const { sent, convert } = options;
  const verdict = judgeRead(sent);
  const details = { created: 'unknown' as const, ...detailsOf(sent) };
  if (verdict.kind === 'again') {
    const isAborted = !sent.ok && sent.reason === 'aborted';
    const text = isAborted ? 'The call was aborted.' : `No usable answer (${describeSent(sent)}). Try again later.`;
    throw new VyplataError(text, { code: isAborted ? 'aborted' : 'unreachable', ...details });
  }
  const fields = details.fields ?? {};
  if (verdict.kind === 'refused') {
    const isMissing = sent.ok && sent.reply.status === 400 && ('order_id' in fields || 'id' in fields);
    throw new VyplataError(`The request was refused. ${describeFields(fields)}`, {
      code: isMissing ? 'not_found' : 'refused',
      ...details,
    });
  }
  const json = verdict.kind === 'answered' && sent.ok ? sent.reply.json : undefined;
  const answer = json === undefined ? undefined : convert(json as Record<string, unknown>);
  if (answer !== undefined) return answer;
  throw new VyplataError(`The answer is not one of this API (${describeSent(sent)}): check the base URL.`, {
    code: 'bad_answer',
    ...details,
  });
}

async function waitForFinal(
  payoutStatus: Client['payoutStatus'],
  ref: PayoutRef,
  options: WaitOptions = {},
): Promise<PayoutStatus> {
  const { timeoutMs = 600_000, intervalMs = 1000, signal } = options;
  const until = performance.now() + timeoutMs;
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = eitherSignal(deadline, signal);
  let payoutId = ref.id === undefined ? undefined : toId(String(ref.id));
  for (let pauseMs = intervalMs; ; pauseMs = Math.min(INTERVAL_MS_MAX, pauseMs * 1.5)) {
    try {
      const status = await payoutStatus(ref, { signal: either });
      payoutId = status.id;
      if (status.isFinal) return status;
    } catch (error) {
      // A service that is away for a while is what waiting is for; the deadline still holds.
      if (!(error instanceof VyplataError) || !['unreachable', 'aborted'].includes(error.code)) throw error;
    }
    const remainingMs = Math.max(0, until - performance.now());
    await waitMs(Math.min(pauseMs * (0.8 + Math.random() * 0.4), remainingMs), either);
    if (signal?.aborted) throw explainWait({ code: 'aborted', payoutId, timeoutMs, cause: signal.reason });
    if (performance.now() >= until) throw explainWait({ code: 'timeout', payoutId, timeoutMs, cause: undefined });
  }
}

function explainWait(end: {
  code: 'aborted' | 'timeout';
  payoutId: number | undefined;
  timeoutMs: number;
  cause: unknown;
}): VyplataError {
  const { code, payoutId, timeoutMs, cause } = end;
  const what = code === 'aborted' ? 'The wait was aborted.' : `The payout is not final after ${timeoutMs} ms.`;
  const created = payoutId === undefined ? 'unknown' : 'yes';
  return new VyplataError(`${what} It goes on by itself: ask its status later.`, { code, created, payoutId, cause });
}
