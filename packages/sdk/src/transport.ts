// Owns one signed request over HTTP: headers, deadline, bounded reading of the answer.
// Promises to return whatever happened as data, and never to follow a redirect with a signed order.
// Refuses to know what an answer means and whether to try again.
import type { KeyObject } from 'node:crypto';
import { eitherSignal } from './signal.ts';
import { type Digest, signBody } from './signature.ts';
import { signRequestV2 } from './signature-v2.ts';

const ANSWER_BYTES_MAX = 1_048_576;

export type Reply = { status: number; headers: Headers; json: unknown };
export type Sent =
  | { ok: true; reply: Reply }
  | { ok: false; reason: 'timeout' | 'connection' | 'too_large' | 'aborted'; cause: unknown };

/**
 * The same object is sent on every try: the bytes are made once, and so is the signature of the first scheme. The
 * second one covers time and a nonce that counts once, so each try makes its headers anew.
 */
export type SignedRequest = {
  path: string;
  body: Uint8Array<ArrayBuffer>;
  signHeaders: () => Readonly<Record<string, string>>;
};

export type Scheme = 'v1' | 'v2';

export type TransportSettings = {
  baseUrl: string;
  account: string;
  timeoutMs: number;
  language?: string | undefined;
  userAgent: string;
  fetch: typeof fetch;
};

type Signing = {
  path: string;
  text: string;
  key: KeyObject;
  digest: Digest;
  scheme: Scheme;
  account: string;
};

export function signRequest(options: Signing): SignedRequest {
  const { path, text, key, digest, scheme, account } = options;
  const body = new TextEncoder().encode(text);
  if (scheme === 'v2') {
    const parts = { method: 'POST', path, account, body };
    return { path, body, signHeaders: () => ({ ...signRequestV2(parts, key) }) };
  }
  const headers = { sign: signBody({ body, key, digest }) };
  return { path, body, signHeaders: () => headers };
}

/** Sends once. The deadline covers everything, the reading of a slowly dripping answer included. */
export async function sendRequest(
  settings: TransportSettings,
  request: SignedRequest,
  signal?: AbortSignal,
): Promise<Sent> {
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  try {
    const response = await settings.fetch(`${settings.baseUrl}${request.path}`, {
      method: 'POST',
      headers: makeHeaders(settings, request),
      body: request.body,
      redirect: 'manual',
      signal: eitherSignal(deadline, signal),
    });
    const text = await readText(response);
    if (text === undefined) return { ok: false, reason: 'too_large', cause: undefined };
    return { ok: true, reply: { status: response.status, headers: response.headers, json: parseJson(text) } };
  } catch (cause) {
    if (signal?.aborted) return { ok: false, reason: 'aborted', cause: signal.reason };
    return { ok: false, reason: deadline.aborted ? 'timeout' : 'connection', cause };
  }
}

function makeHeaders(settings: TransportSettings, request: SignedRequest): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    account: settings.account,
    ...request.signHeaders(),
    'user-agent': settings.userAgent,
    ...(settings.language === undefined ? {} : { 'accept-language': settings.language }),
  };
}

async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
  if (body === undefined) return '';
  for await (const chunk of body) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
