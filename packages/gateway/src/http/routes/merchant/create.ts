import { judgeSandboxFields } from '../../../connectors/sandbox-choice.ts';
import { checkOrder, type Order, type OrderCheck, type OrderDraft } from '../../../core/order.ts';
import type { Problem } from '../../../core/problem.ts';
import type { AccountEntry } from '../../../merchants/directory.ts';
import type { Creation, Creator } from '../../../payouts/create.ts';
import { type Answer, answerOk, answerRefusal, type Created, createdHeader } from '../../answer.ts';
import type { Language } from '../../errors.ts';
import { readOrder } from '../../schemas/order.ts';
import { readParent } from '../../../traces/read-parent.ts';
import type { Trail } from '../../../traces/trail.ts';
import type { MerchantRequest } from './request.ts';

export type Needs = {
  readonly creator: Creator;
  readonly allowLoopbackUrls: boolean;
  /** Wall clock: only the date counts, for birth dates. */
  readonly today: () => string;
  readonly trail?: Trail | undefined;
  /** For whoever counts what is refused. */
  readonly meter?: { noteRefused(problems: readonly Problem[]): void } | undefined;
};

/** An order of an account whose owner is known, be it by a signature or by a session. */
export type OrderRequest = Pick<MerchantRequest, 'account' | 'json' | 'receivedMs' | 'followed'>;

export type Ordered =
  | Extract<Creation, { readonly kind: 'created' | 'unknown' }>
  /** `payoutId`: the payout that already has the order_id. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly payoutId?: bigint };

/** `POST /v1/payout`. */
export async function createPayout(needs: Needs, request: MerchantRequest): Promise<Answer> {
  const ordered = await orderPayout(needs, request);
  const { language } = request;
  switch (ordered.kind) {
    case 'created':
      return created(ordered.payoutId, ordered.isReplay);
    case 'refused': {
      const { payoutId } = ordered;
      return refuse(ordered.problems, language, payoutId === undefined ? {} : { created: 'yes', payoutId });
    }
    case 'unknown':
      return refuse([{ code: 'outcome_unknown', field: 'request' }], language, { created: 'unknown' });
    default:
      return ordered satisfies never;
  }
}

/** Everything that can be checked without a lock is checked before the database is asked. */
export async function orderPayout(needs: Needs, request: OrderRequest): Promise<Ordered> {
  const ordered = await judgeOrder(needs, request);
  if (ordered.kind === 'refused') needs.meter?.noteRefused(ordered.problems);
  if (ordered.kind === 'created') noteOrder(needs, request, ordered);
  return ordered;
}

/** The first span of the payout's trace, and the one before its acceptance: only now is its id known. */
function noteOrder({ trail }: Needs, request: OrderRequest, made: { payoutId: bigint; isReplay: boolean }): void {
  if (trail === undefined) return;
  const { account, followed, receivedMs: startedMs } = request;
  const payout = { merchantId: account.merchantId, payoutId: made.payoutId };
  const { isReplay } = made;
  const parent = readParent(followed?.traceparent);
  if (followed !== undefined) trail.note('verify', payout, { startedMs, endedMs: followed.verifiedMs });
  trail.note('request', payout, { startedMs, parent, isFirst: !isReplay, facts: { isReplay } });
}

async function judgeOrder(needs: Needs, request: OrderRequest): Promise<Ordered> {
  const { order, check, problems } = examineOrder(needs, request);
  if (order === undefined) return { kind: 'refused', problems };
  if (problems.length > 0) return orderAgain(needs, { request, order, problems });
  return createChecked(needs, { request, order, check });
}

export type Examined = {
  /** Present when every field could be read. */
  readonly order: Order | undefined;
  readonly check: OrderCheck;
  readonly problems: readonly Problem[];
};

/** What is wrong with an order as far as it can be told without asking the database. */
export function examineOrder(needs: Omit<Needs, 'creator'>, { account, json }: OrderRequest): Examined {
  const reading = readOrder(json, account.currency.digits);
  const check = checkOrder(reading.order ?? reading.draft, factsOf(needs, account, reading.order ?? reading.draft));
  const wishes = account.mode === 'sandbox' ? judgeSandboxFields(reading.draft.extra ?? {}) : [];
  const problems = [...stateProblems(account), ...reading.problems, ...check.problems, ...wishes];
  return { order: reading.order, check, problems };
}

/**
 * An order that would be refused today may have been accepted long ago, before the service was switched off or a limit
 * was lowered: the same order again is answered with the same id all the same.
 */
async function orderAgain(
  needs: Needs,
  input: { readonly request: OrderRequest; readonly order: Order; readonly problems: readonly Problem[] },
): Promise<Ordered> {
  const { request, order, problems } = input;
  const { merchantId, accountId } = request.account;
  const repeat = await needs.creator.findRepeat({ merchantId, accountId, order });
  if (repeat.kind === 'same') return { kind: 'created', payoutId: repeat.payoutId, isReplay: true };
  if (repeat.kind === 'none') return { kind: 'refused', problems };
  const used: Problem = { code: 'order_id_used', field: 'order_id' };
  return { kind: 'refused', problems: [...problems, used], payoutId: repeat.payoutId };
}

async function createChecked(
  needs: Needs,
  input: { readonly request: OrderRequest; readonly order: Order; readonly check: OrderCheck },
): Promise<Ordered> {
  const { request, order, check } = input;
  const { account } = request;
  const entry = account.services.get(order.serviceCode);
  if (check.recipient === undefined || check.charge === undefined || entry === undefined) {
    throw new Error('an order without problems has no recipient, charge or service');
  }
  const creation = await needs.creator.create({
    merchantId: account.merchantId,
    accountId: account.accountId,
    currency: account.currency.code,
    order,
    recipientKind: entry.service.recipientKind,
    recipient: check.recipient,
    charge: check.charge,
    connectors: connectorsOf(account, entry.service.connectors),
    receivedMs: request.receivedMs,
  });
  if (creation.kind !== 'refused') return creation;
  const { problem, ...rest } = creation;
  return { ...rest, problems: [problem] };
}

/** A sandbox account never leaves the sandbox, whatever its services say. */
function connectorsOf(account: AccountEntry, ofService: readonly string[]): readonly string[] {
  return account.mode === 'sandbox' ? ['sandbox'] : ofService;
}

function stateProblems(account: AccountEntry): Problem[] {
  const isActive = account.state === 'active' && account.merchantState === 'active';
  return isActive ? [] : [{ code: 'account_disabled', field: 'account' }];
}

function factsOf(
  needs: Omit<Needs, 'creator'>,
  account: AccountEntry,
  order: OrderDraft,
): Parameters<typeof checkOrder>[1] {
  const entry = order.serviceCode === undefined ? undefined : account.services.get(order.serviceCode);
  const isSendable = entry !== undefined && connectorsOf(account, entry.service.connectors).length > 0;
  return {
    account: {
      currency: account.currency.code,
      digits: account.currency.digits,
      allowLoopbackUrls: needs.allowLoopbackUrls,
    },
    service: entry?.service,
    serviceEnabled: entry?.enabled === true && isSendable,
    commission: entry?.commission,
    minMinor: entry?.minMinor,
    maxMinor: entry?.maxMinor,
    endpointExists: order.endpointId !== undefined && account.endpoints.get(order.endpointId)?.state === 'active',
    today: needs.today(),
  };
}

function created(payoutId: bigint, isReplay: boolean): Answer {
  const headers = { [createdHeader]: 'yes', 'Payout-Id': payoutId.toString() };
  return answerOk(
    `{"payment_status":"wait","id":${payoutId}}`,
    isReplay ? { ...headers, 'Idempotent-Replayed': 'true' } : headers,
  );
}

function refuse(
  problems: readonly Problem[],
  language: Language,
  known: { readonly created?: Created; readonly payoutId?: bigint } = {},
): Answer {
  return answerRefusal(problems, language, {
    [createdHeader]: known.created ?? 'no',
    ...(known.payoutId === undefined ? {} : { 'Payout-Id': known.payoutId.toString() }),
  });
}
