// Owns the safe creation of one payout: tries, what they prove together, and the question that resolves the rest.
// Promises the same bytes on every try, and `created: 'no'` only when it is proven.
// Refuses to know keys and addresses: it gets a signed request and two functions.
import type { PayoutStatus } from './answer.ts';
import { type Created, describeFields, VyplataError, type VyplataErrorCode } from './error.ts';
import { judgeCreate, type PayoutStatusName, readFields } from './judge.ts';
import { isMaskOf, isSameAmount } from './order.ts';
import { nextDelayMs, type RetrySettings, waitMs } from './retry.ts';
import type { Sent } from './transport.ts';

export type CreatedPayout = {
  id: number;
  orderId: string;
  status: PayoutStatusName;
  /** True when the gateway had accepted this very order before: nothing was created twice. */
  isReplayed: boolean;
  /** `status` when no try was answered and the status call found the payout. */
  foundBy: 'create' | 'status';
  attempts: number;
  requestId: string | undefined;
};

/** `absent` is only said when the answer promises that no create of the order can still commit. */
export type Lookup =
  | { kind: 'found'; status: PayoutStatus }
  | { kind: 'absent' }
  | { kind: 'not_found' }
  | { kind: 'unclear' };

type CreateJob = {
  order: { orderId: string; amount: string; number: string; service: string };
  retry: RetrySettings;
  signal: AbortSignal | undefined;
  send: () => Promise<Sent>;
  lookUp: () => Promise<Lookup>;
};

type Tried = {
  last: Sent | undefined;
  attempts: number;
  isCertain: boolean;
  isOrderTaken: boolean;
  isAborted: boolean;
};

export async function runCreate(job: CreateJob): Promise<CreatedPayout> {
  const tried: Tried = { last: undefined, attempts: 0, isCertain: true, isOrderTaken: false, isAborted: false };
  while (!job.signal?.aborted) {
    const sent = await job.send();
    tried.last = sent;
    tried.attempts += 1;
    const verdict = judgeCreate(sent, tried.attempts === 1);
    if (verdict.kind === 'created') {
      const { kind: _, ...created } = verdict;
      const requestId = requestIdOf(sent);
      return { ...created, orderId: job.order.orderId, foundBy: 'create', attempts: tried.attempts, requestId };
    }
    if (verdict.kind === 'conflict') throw explainConflict(job, { tried, payoutId: verdict.payoutId });
    tried.isCertain &&= verdict.certain;
    if (verdict.kind === 'refused') {
      tried.isOrderTaken = verdict.isOrderTaken;
      break;
    }
    const delayMs = nextDelayMs({ settings: job.retry, attempt: tried.attempts, sent });
    if (delayMs === undefined || !(await waitMs(delayMs, job.signal))) break;
  }
  tried.isAborted = job.signal?.aborted === true;
  if (tried.isCertain || tried.isAborted) throw explainFailure(tried, tried.isCertain ? 'no' : 'unknown');
  return resolveByStatus(job, tried);
}

async function resolveByStatus(job: CreateJob, tried: Tried): Promise<CreatedPayout> {
  const looked = await job.lookUp();
  if (looked.kind === 'absent') throw explainFailure(tried, 'no');
  if (looked.kind === 'unclear') throw explainFailure(tried, 'unknown');
  // A first try that was refused because the id is taken proves a refusal; only who took it was open.
  if (looked.kind === 'not_found') throw explainFailure(tried, tried.isOrderTaken ? 'no' : 'unknown');
  const { status } = looked;
  if (tried.isOrderTaken || !isSameOrder(job.order, status)) {
    throw explainConflict(job, { tried, payoutId: status.id });
  }
  return {
    id: status.id,
    orderId: job.order.orderId,
    status: status.status,
    isReplayed: false,
    foundBy: 'status',
    attempts: tried.attempts,
    requestId: requestIdOf(tried.last),
  };
}

/** As far as a status shows it. */
function isSameOrder(order: CreateJob['order'], status: PayoutStatus): boolean {
  if (status.amount !== undefined && !isSameAmount({ left: status.amount, right: order.amount })) return false;
  if (status.service !== undefined && status.service !== order.service) return false;
  return status.cardMask === undefined || isMaskOf({ mask: status.cardMask, number: order.number });
}

function explainConflict(job: CreateJob, found: { tried: Tried; payoutId: number | undefined }): VyplataError {
  const { tried, payoutId } = found;
  const name = payoutId === undefined ? 'A payout' : `Payout ${payoutId}`;
  return new VyplataError(
    `${name} already exists under the order id "${job.order.orderId}" and is not known to be this order. ` +
      'Ask its status and compare; use a new order id for a new payout.',
    { code: 'conflict', created: 'yes', payoutId, ...detailsOf(tried.last) },
  );
}

function explainFailure(tried: Tried, created: Created): VyplataError {
  const details = detailsOf(tried.last);
  const reason = describeFields(details.fields ?? {});
  const advice = {
    no: 'Nothing was created.',
    yes: 'The payout exists.',
    unknown: 'It is not known whether the payout exists: do not pay in another way, ask its status by the order id.',
  }[created];
  const code = codeOf(tried, created);
  const what: Partial<Record<VyplataErrorCode, string>> = {
    refused: `The payout was refused. ${reason}`,
    aborted: 'The call was aborted.',
    unresolved: `No certain answer after ${tried.attempts} tries (last: ${describeSent(tried.last)}). ${reason}`,
    unreachable: `No usable answer after ${tried.attempts} tries (${describeSent(tried.last)}).`,
    bad_answer: `The answer is not one of this API (${describeSent(tried.last)}): check the base URL.`,
  };
  return new VyplataError(`${what[code]?.trim()} ${advice}`, { code, created, ...details });
}

function codeOf(tried: Tried, created: Created): VyplataErrorCode {
  const { last } = tried;
  if (tried.isAborted) return 'aborted';
  if (created === 'unknown') return 'unresolved';
  if (last === undefined || !last.ok) return 'unreachable';
  const { status, json } = last.reply;
  if (status === 429 || status >= 500) return 'unreachable';
  return readFields(json) === undefined ? 'bad_answer' : 'refused';
}

export function describeSent(sent: Sent | undefined): string {
  if (sent === undefined) return 'nothing was sent';
  if (sent.ok) return `HTTP ${sent.reply.status}`;
  const { cause } = sent;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = inner instanceof Error ? inner.message || inner.name : '';
  return text === '' || sent.reason !== 'connection' ? sent.reason.replace('_', ' ') : `connection: ${text}`;
}

export function detailsOf(sent: Sent | undefined) {
  if (sent === undefined) return {};
  if (!sent.ok) return { cause: sent.cause };
  const { status, json } = sent.reply;
  return { status, fields: readFields(json), requestId: requestIdOf(sent) };
}

function requestIdOf(sent: Sent | undefined): string | undefined {
  if (sent?.ok !== true) return undefined;
  return sent.reply.headers.get('x-request-id') ?? sent.reply.headers.get('request-id') ?? undefined;
}
