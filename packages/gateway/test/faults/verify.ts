import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { auditLedger } from '../../src/ledger/audit.ts';
import { checkTables, type Row, readPayouts } from './tables.ts';
import { type Answer, type Load, order, post, sleep } from './load.ts';
import { signedOrder, signText } from './orders.ts';
import type { Watched } from './site.ts';

/** What must be zero. */
export const wrongs = [
  /** Acknowledged orders that are not there, or not under the id that was told. */
  'lost',
  /** Payouts that the provider executed more than once. */
  'executedTwice',
  /** Payouts that did not end, or jobs left over. */
  'stuck',
  /** Claims about the ledger, the Book, answers and notifications that do not hold. */
  'violated',
  /** Final payouts whose merchant was neither told nor given up visibly. */
  'undelivered',
  /** Answers that left it open, and that status did not settle within 60 s. */
  'unresolved',
] as const;

export type Wrong = (typeof wrongs)[number];

/** In one line, for a terminal: what was acknowledged and what must be zero; whether it is. */
export function sumUp(figures: Figures): { readonly isClean: boolean; readonly text: string } {
  const counts = wrongs.map((wrong) => `${wrong} ${figures[wrong]}`).join(', ');
  return {
    isClean: figures.acknowledged > 0 && wrongs.every((wrong) => figures[wrong] === 0),
    text: `${figures.acknowledged} acknowledged, ${counts}`,
  };
}

export type Figures = Readonly<Record<Wrong, number>> & {
  readonly acknowledged: number;
  /** From the end of the fault until nothing was under way any more. */
  readonly recoveredMs: number;
  /** What exactly is wrong. */
  readonly findings: readonly string[];
};

const resolveMaxMs = 60_000;
const recoverMaxMs = 90_000;

type Findings = { add(wrong: Wrong, text: string): void; readonly list: { wrong: Wrong; text: string }[] };

/** Settles what was left open, waits until nothing is under way, and holds everything against everything. */
export async function verifySite(site: Watched, loads: readonly Load[]): Promise<Figures> {
  const list: Findings['list'] = [];
  const findings: Findings = { list, add: (wrong, text) => void list.push({ wrong, text }) };
  const startedAt = performance.now();
  for (const load of loads) await settleOpen(site, load, findings);
  await untilQuiet(site);
  const recoveredMs = performance.now() - startedAt;
  const payouts = await readPayouts(site.db());
  for (const load of loads) checkAnswers(load, payouts, findings);
  checkEnds(site, payouts, findings);
  checkReceived(site, payouts, findings);
  for (const { wrong, text } of await checkTables(site.db())) findings.add(wrong, text);
  for (const { name, violations } of await auditLedger(site.db())) {
    for (const violation of violations) findings.add('violated', `audit, ${name}: ${violation}`);
  }
  for (const text of await site.readCrashes()) findings.add('violated', `a process ended by itself: ${text}`);
  const count = (wrong: Wrong): number => list.filter((finding) => finding.wrong === wrong).length;
  const counts = Object.fromEntries(wrongs.map((wrong) => [wrong, count(wrong)])) as Record<Wrong, number>;
  const acknowledged = loads.flatMap((load) => load.readAnswers()).filter((answer) => answer.status === 200).length;
  return { ...counts, acknowledged, recoveredMs, findings: list.map(({ wrong, text }) => `${wrong}: ${text}`) };
}

/** Orders whose last answer told nothing. */
function listOpen(answers: readonly Answer[]): number[] {
  const last = new Map<number, Answer>();
  for (const answer of answers) if (last.get(answer.at)?.created !== 'yes') last.set(answer.at, answer);
  return [...last.values()].filter(({ created }) => created === 'unknown' || created === 'cut').map(({ at }) => at);
}

/**
 * A careful merchant's way out: status until it is definite, and then the same order once more, which has to be
 * accepted, under the id that status told if it told one.
 */
async function settleOpen(site: Watched, load: Load, findings: Findings): Promise<void> {
  const open = listOpen(load.readAnswers());
  const untilAt = performance.now() + resolveMaxMs;
  const settle = async (): Promise<void> => {
    for (let at = open.shift(); at !== undefined; at = open.shift())
      await settleOrder(site, load, { at, untilAt, findings });
  };
  await Promise.all(Array.from({ length: 8 }, settle));
}

type Settling = { readonly at: number; readonly untilAt: number; readonly findings: Findings };

async function settleOrder(site: Watched, { shop }: Load, { at, untilAt, findings }: Settling): Promise<void> {
  const { orderId } = signedOrder(at);
  const body = JSON.stringify({ order_id: orderId });
  const message = { path: '/v1/payout/status', body, sign: signText(body) };
  const told = await askUntil(untilAt, async () => {
    const answer = await post(site, shop, message).catch(() => undefined);
    if (answer?.status === 200) return { id: answer.json.id };
    return answer?.headers.get('payout-created') === 'no' ? { id: undefined } : undefined;
  });
  if (told === undefined) return findings.add('unresolved', `status of ${orderId} told nothing within 60 s`);
  const repeated = await askUntil(untilAt, async () => {
    const answer = await order(site, shop, { at });
    return answer !== 'never sent' && answer.status === 200 ? answer : undefined;
  });
  if (repeated === undefined)
    return findings.add('unresolved', `${orderId} was not accepted a second time within 60 s`);
  if (told.id !== undefined && told.id !== repeated.id) {
    findings.add('violated', `${orderId} is ${told.id} to status and ${repeated.id} to a repeat`);
  }
}

async function askUntil<T>(untilAt: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > untilAt) return answer;
    await sleep(250);
  }
}

/** The queue is empty: every payout was sent and ended, every notification was delivered or given up. */
async function untilQuiet(site: Watched): Promise<void> {
  await askUntil(performance.now() + recoverMaxMs, async () => {
    const [row] = await site.db().query<{ count: bigint }>('select count(*) from job');
    return row?.count === 0n ? true : undefined;
  });
}

/** "yes" has to be there under its id, and "no" must not have come from a request that created something. */
function checkAnswers({ shop, readAnswers }: Load, payouts: readonly Row[], findings: Findings): void {
  const own = payouts.filter((payout) => payout.merchantId === shop.merchantId);
  const byOrder = new Map(own.map((payout) => [payout.orderId, payout]));
  const last = new Map<number, Answer>();
  for (const answer of readAnswers()) {
    const { orderId } = signedOrder(answer.at);
    const payout = byOrder.get(orderId);
    if (answer.status === 200 && Number(payout?.payoutId) !== answer.id) {
      findings.add('lost', `${orderId} was acknowledged as ${answer.id} and is ${payout?.payoutId ?? 'not there'}`);
    }
    last.set(answer.at, answer);
  }
  const seen = Map.groupBy(readAnswers(), ({ at }) => at);
  for (const [at, answers] of seen) {
    const isRefused = answers.every(({ created }) => created === 'no');
    const { orderId } = signedOrder(at);
    if (isRefused && byOrder.has(orderId))
      findings.add('violated', `${orderId} was answered "not created" and is there`);
  }
}

/** Final, as its order wants it, and in the Book exactly if it is paid. */
function checkEnds(site: Watched, payouts: readonly Row[], findings: Findings): void {
  const book = countExecutions(site.bookPath);
  for (const [id, count] of book) if (count > 1) findings.add('executedTwice', `${id} was executed ${count} times`);
  const ids = new Set(payouts.map(({ payoutId }) => payoutId.toString()));
  for (const id of book.keys()) if (!ids.has(id)) findings.add('violated', `${id} was executed and is not there`);
  for (const { payoutId, state, orderId, cause } of payouts) {
    const { end } = signedOrder(Number(orderId.split('-')[1]));
    const isExecuted = book.has(payoutId.toString());
    if (!['paid', 'fail', 'cancel'].includes(state)) findings.add('stuck', `${payoutId} is ${state} (${cause})`);
    else if (state !== end) findings.add('violated', `${payoutId} is ${state} (${cause}) and should be ${end}`);
    else if ((state === 'paid') !== isExecuted)
      findings.add('violated', `${payoutId} is ${state}, executed: ${isExecuted}`);
  }
}

/** What receivers got is true and never changes; who was told by "delivered" really got it. */
function checkReceived({ receiver }: Watched, payouts: readonly Row[], findings: Findings): void {
  const byId = new Map(payouts.map((payout) => [Number(payout.payoutId), payout]));
  const acknowledged = new Set<number>();
  for (const [id, { digests, payoutId, status, acknowledged: count }] of receiver.got) {
    const state = byId.get(payoutId)?.state;
    if (state !== status) findings.add('violated', `${id} told ${status} of ${payoutId}, which is ${state}`);
    if (digests.size > 1) findings.add('violated', `${id} came with ${digests.size} different bodies`);
    if (count > 0) acknowledged.add(payoutId);
  }
  for (const { payoutId, isTold } of payouts) {
    if (isTold && !acknowledged.has(Number(payoutId))) {
      findings.add('violated', `${payoutId} counts as delivered, and nobody acknowledged it`);
    }
  }
}
