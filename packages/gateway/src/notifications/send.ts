import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NotificationFields, notificationBody, notificationQuery } from '@vyplata/sdk/notification';
import type { Agent } from 'undici';
import { AddressRefused } from './connect.ts';
import { DeadlinePassed, exchange } from './exchange.ts';

type Method = 'POST' | 'GET';

/** What goes over the wire; `body` is empty for GET. */
export type Message = { readonly method: Method; readonly url: URL; readonly body: string };

/** One try. `error` is a sentence when no answer came, or one that is never good; else the status says it all. */
export type Try = {
  readonly isAcknowledged: boolean;
  /** Nothing was sent, and trying later by itself would not change that: somebody has to do something first. */
  readonly isHopeless?: boolean;
  readonly statusCode: number | null;
  readonly error: string | null;
  /** The beginning of the answer's body, safe to store and show. */
  readonly answer: string | null;
  readonly durationMs: number;
};

/** From the first lookup to the last byte: the receiver's time to acknowledge (contract, section 5). */
export const deliveryDeadlineMs = 15_000;

const answerBytesMax = 64 * 1024;
const answerCharactersMax = 500;
/** What a cut could split reaches this far beyond the characters that are kept. */
const cutMarginCharacters = 200;
const userAgent = `Vyplata/${readVersion()}`;

/**
 * The message of a signed text: in POST the text itself with `sign` as its last member, in GET the same values as
 * parameters, after those that the URL has.
 */
export function composeMessage(input: {
  readonly url: string;
  readonly method: Method;
  readonly signedText: string;
  readonly sign: string;
}): Message {
  const { method, signedText, sign } = input;
  const fields = readFields(signedText);
  if (method === 'GET') {
    const url = readUrl(input.url);
    const query = notificationQuery(fields, sign);
    url.search = url.search === '' ? query : `${url.search}&${query}`;
    return { method, url, body: '' };
  }
  const url = findUrl(input.url);
  const body = notificationBody(fields, sign);
  // A receiver verifies what it gets: it has to be the very text that was signed.
  if (!body.startsWith(signedText.slice(0, -1))) throw new Error('the stored text of a notification reads differently');
  return { method, url, body };
}

function readUrl(text: string): URL {
  const url = new URL(text);
  url.hash = '';
  return url;
}

const urls = new Map<string, URL>();
const urlsMax = 1_000;

/** An endpoint's URL is the same for all its notifications. What is found here is never written to. */
function findUrl(text: string): URL {
  const known = urls.get(text);
  if (known !== undefined) return known;
  if (urls.size >= urlsMax) urls.clear();
  const url = readUrl(text);
  urls.set(text, url);
  return url;
}

/** The fields of a signed text. In GET it has "0" or "1" where the fields have a boolean. */
export function readFields(signedText: string): NotificationFields {
  const fields = JSON.parse(signedText) as Omit<NotificationFields, 'is_partial_payment'> & {
    readonly is_partial_payment: boolean | string;
  };
  const { is_partial_payment: isPartial } = fields;
  return { ...fields, is_partial_payment: isPartial === true || isPartial === '1' };
}

const unsent = { isAcknowledged: false, isHopeless: true, statusCode: null, answer: null, durationMs: 0 } as const;

/** How a try went that had nowhere to go. */
export const withoutAddress: Try = {
  ...unsent,
  error: 'There is no address to send it to: the endpoint that the order named does not exist.',
};

/** How a try went whose endpoint was switched off since. */
export const switchedOff: Try = {
  ...unsent,
  error: 'The endpoint is switched off. Switch it on and send the notification again.',
};

/** Sends a message once, under one deadline for everything. Never throws: whatever happens is how the try went. */
export async function sendMessage(
  needs: { readonly receivers: Agent; readonly deadlineMs: number },
  { method, url, body }: Message,
  headers: Record<string, string>,
): Promise<Try> {
  const startedAt = performance.now();
  const request = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      'user-agent': userAgent,
      accept: '*/*',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    body: method === 'POST' ? body : null,
  };
  const { statusCode, body: answer, error } = await exchange({ ...needs, answerBytesMax }, request);
  const durationMs = Math.round(performance.now() - startedAt);
  if (statusCode === null) {
    const what = explainError(error, needs.deadlineMs);
    return { isAcknowledged: false, statusCode: null, error: what, answer: null, durationMs };
  }
  // The status has decided already: a body that is too long, too slow or broken off is kept as far as it came.
  const kept = answer.length === 0 ? null : makeSafeText(answer.toString('utf8'));
  return { ...judgeStatus(statusCode), answer: kept, durationMs };
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}

function judgeStatus(statusCode: number): Pick<Try, 'isAcknowledged' | 'statusCode' | 'error'> {
  const isRedirect = statusCode >= 300 && statusCode < 400;
  return {
    isAcknowledged: statusCode >= 200 && statusCode < 300,
    statusCode,
    error: isRedirect ? 'Redirects are not followed. Set the address that the endpoint redirects to.' : null,
  };
}

/** Twelve and more digits, perhaps in groups, are taken for a card number: the answer may quote somebody's. */
const cardLike = /\d(?:[ -]?\d){11,}/g;
const unshowable = /[\p{C}\u2028\u2029]/gu;

/** The beginning of a text from outside, without card numbers and with control characters as `\u{a}`. */
export function makeSafeText(text: string): string {
  return text
    .slice(0, answerCharactersMax + cutMarginCharacters)
    .replace(cardLike, (digits) => digits.replace(/\d/g, '*'))
    .replace(unshowable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    .slice(0, answerCharactersMax)
    .toWellFormed();
}

const explanations: Readonly<Record<string, string>> = {
  HTTPParserError: 'The answer is not HTTP.',
  ENOTFOUND: 'The host name does not exist.',
  ENODATA: 'The host name has no address.',
  ECONNREFUSED: 'The connection was refused: nothing listens there.',
  ECONNRESET: 'The connection was closed before an answer came.',
  UND_ERR_SOCKET: 'The connection was closed before an answer came.',
  EPIPE: 'The connection was closed before an answer came.',
  EHOSTUNREACH: 'There is no route to the host.',
  ENETUNREACH: 'There is no route to the host.',
  ETIMEDOUT: 'The connection could not be opened in time.',
  ERR_IP_BLOCKED: 'The address is not public, so nothing is sent to it.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The TLS certificate is for another host name.',
  CERT_HAS_EXPIRED: 'The TLS certificate has expired.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The TLS certificate is signed by itself and not by an authority.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The TLS certificate is not signed by a known authority.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The TLS certificate comes without its intermediate certificates.',
};

function explainError(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return makeSafeText(String(error));
  if (error instanceof AddressRefused) return 'The address is not public, so nothing is sent to it.';
  if (error instanceof DeadlinePassed) return `No answer within ${deadlineMs / 1000} s.`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `${explanations[code] ?? makeSafeText(error.message)} (${code})`;
}
