// Owns the doctor's calls: a signed balance call and an info call, and what their answers prove.
// Promises to tell a wrong host, a wrong clock, a wrong key and a wrong account apart.
// Refuses to order anything: both calls only read.
import type { KeyObject } from 'node:crypto';
import { toAccountBalance, toAccountInfo } from '../answer.ts';
import { describeFields } from '../error.ts';
import { isRecord, readFields } from '../judge.ts';
import { fingerprintKey } from '../key.ts';
import { type Reply, type Sent, sendRequest, signRequest, type TransportSettings } from '../transport.ts';
import { type Finding, failed, passed, warned } from './doctor-finding.ts';
import type { Language } from './texts.ts';

const TIMEOUT_MS = 15_000;
/** The gateway takes signatures with a time up to five minutes away; a minute is a sign that nobody sets the clock. */
const CLOCK_TOLERANCE_SECONDS = 60;

export type Place = { url: URL; account: string; key: KeyObject; language: Language; timeoutMs?: number };

export async function examineCalls(place: Place): Promise<Finding[]> {
  const sent = await call(place, '/v1/account/balance');
  if (!sent.ok) return [judgeConnection(place, sent)];
  const { reply } = sent;
  const reached = judgeReply(place, reply);
  if (reached.state === 'failed') return [reached];
  const findings = [reached, judgeClock(reply)];
  const refusal = judgeRefusal(place, reply);
  if (refusal !== undefined) return [...findings, refusal];
  const balance = toAccountBalance(isRecord(reply.json) ? reply.json : {});
  findings.push(passed('signature', fingerprintKey(place.key).slice(0, 16)));
  findings.push(...(await examineRights(place)));
  const shown = `${balance?.balance ?? '?'} ${balance?.currency ?? ''}`.trim();
  const isEmpty = /^[-0.]+$/.test(balance?.balance ?? '');
  findings.push(isEmpty ? warned('balance', 'balance_empty', { balance: shown }) : passed('balance', shown));
  return findings;
}

function call(place: Place, path: string): Promise<Sent> {
  const { account, key, language, timeoutMs = TIMEOUT_MS } = place;
  const settings: TransportSettings = {
    baseUrl: baseOf(place.url),
    account,
    timeoutMs,
    language,
    userAgent: 'vyplata-doctor/0.1',
    fetch: globalThis.fetch,
  };
  const request = signRequest({ path, text: '[]', key, digest: 'sha1', scheme: 'v1', account });
  return sendRequest(settings, request);
}

function baseOf(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
}

function judgeConnection({ url, timeoutMs = TIMEOUT_MS }: Place, sent: Sent & { ok: false }): Finding {
  if (sent.reason === 'timeout') return failed('connection', 'timeout', { seconds: timeoutMs / 1000 });
  const { code, message } = causeOf(sent.cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return failed('connection', 'host_unknown', { host: url.hostname });
  if (code === 'ECONNREFUSED') return failed('connection', 'connection_refused', { host: url.host });
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|TLS_CERT/.test(code)) {
    return failed('connection', 'tls_untrusted', { why: code });
  }
  return failed('connection', 'connection_failed', { why: message || sent.reason });
}

/** What fetch wraps, and what a try on several addresses wraps again. */
function causeOf(cause: unknown): { code: string; message: string } {
  let inner: unknown = cause;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) [inner] = inner.errors as Error[];
  const code = isCoded(inner) ? inner.code : '';
  return { code, message: inner instanceof Error ? inner.message || code : String(inner) };
}

function isCoded(value: unknown): value is { code: string } {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';
}

function judgeReply({ url }: Place, reply: Reply): Finding {
  if (reply.status >= 300 && reply.status < 400) {
    const location = reply.headers.get('location') ?? '';
    const to = URL.canParse(location, url.href) ? new URL(location, url.href).origin : location;
    return failed('connection', 'redirected', { to });
  }
  const isApi = isRecord(reply.json) && (readFields(reply.json) !== undefined || 'balance' in reply.json);
  if (reply.status >= 500 || reply.status === 429) return failed('connection', 'unavailable', { status: reply.status });
  return isApi ? passed('connection', url.host) : failed('connection', 'not_the_api', { status: reply.status });
}

function judgeClock(reply: Reply): Finding {
  const at = Date.parse(reply.headers.get('date') ?? '');
  const seconds = Number.isNaN(at) ? 0 : Math.round(Math.abs(Date.now() - at) / 1000);
  if (seconds > CLOCK_TOLERANCE_SECONDS) return failed('clock', 'clock_off', { seconds });
  return passed('clock', `± ${seconds} s`);
}

function judgeRefusal(place: Place, reply: Reply): Finding | undefined {
  const fields = readFields(reply.json);
  if (fields === undefined) return undefined;
  const textsOf = (name: string) => fields[name]?.join(' ') ?? '';
  if ('account' in fields) return failed('account', 'account_refused', { text: textsOf('account') });
  if ('sign' in fields) {
    const fingerprint = fingerprintKey(place.key).slice(0, 16);
    return failed('signature', 'sign_refused', { text: textsOf('sign'), fingerprint: `${fingerprint}…` });
  }
  return failed('signature', 'refused', { text: describeFields(fields) });
}

async function examineRights(place: Place): Promise<Finding[]> {
  const sent = await call(place, '/v1/account/info');
  const info = sent.ok && isRecord(sent.reply.json) ? toAccountInfo(sent.reply.json) : undefined;
  // The original service may not have this call for every account: then nothing is said.
  if (info === undefined) return [];
  if (!info.isAllowedPayout) return [failed('rights', 'payouts_not_allowed')];
  const active = info.payouts.filter(({ isActive }) => isActive).map(({ service }) => service ?? '?');
  return [active.length === 0 ? failed('rights', 'no_service') : passed('rights', active.join(', '))];
}
