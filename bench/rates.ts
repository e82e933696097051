import type { BenchDatabase } from './database.ts';
import { type Figure, median, rateFigure, type Round, showMs, sleep } from './figure.ts';
import { type BenchMerchant, enrollMerchant } from './gateway.ts';
import type { Load, Spread } from './load.ts';
import { type BenchReceiver, runLoad } from './processes.ts';
import type { SignedRequests, Signer } from './requests.ts';

/** What every question needs. */
export type Bench = {
  readonly database: BenchDatabase;
  readonly receiver: BenchReceiver;
  readonly signer: Signer;
  readonly orders: SignedRequests;
  readonly port: number;
  readonly roundSeconds: number;
  readonly lifeSeconds: number;
  /** One round of the baseline: its transactions a second. */
  readonly measureT: () => Promise<number>;
};

export const connections = 64;
/** Odd, so that a median is one of them. */
const rounds = 5;
const lifeRounds = 3;
const statusRounds = 3;
/** Until every gateway has heard of a new merchant. */
const directoryMs = 1_200;
/** Payouts under way: more than the slowest step has in hand, so that nothing waits for the client. */
export const livesMax = 200;
const warmSeconds = 3;
const warmUpOrders = 20_000;
const warmUpSecondsMax = 20;

export async function enroll({ database, signer, receiver }: Bench, accounts: number): Promise<BenchMerchant> {
  const { publicPem } = signer;
  const merchant = await enrollMerchant(database, { publicPem, accounts, receiverUrl: receiver.url });
  await sleep(directoryMs);
  return merchant;
}

/** A new process is compiled while it runs: nothing counts before it has seen some thousand orders. */
async function warmUp(bench: Bench): Promise<void> {
  const { accounts } = await enroll(bench, 20);
  const { port, orders: requests } = bench;
  await runLoad({ port, requests, count: warmUpOrders, connections, accounts, seconds: warmUpSecondsMax });
}

export type Accepted = { readonly figures: readonly Figure[]; readonly merchant: BenchMerchant };

const acceptQuestions = [
  { question: 'accept, 20 accounts', accounts: 20, leastShare: 2 },
  { question: 'accept, one hot account', accounts: 1, leastShare: 1.5 },
  { question: 'accept, 1,000 accounts', accounts: 1_000, leastShare: 1.5 },
] as const;

/**
 * T between all rounds: what is asked stands between two of them and is compared with their mean. The first one counts
 * for the first round alone.
 */
function createTurns(measureT: Bench['measureT']): (ask: () => Promise<number>) => Promise<Round> {
  let before: number | undefined;
  return async (ask) => {
    before ??= await measureT();
    const perSecond = await ask();
    const after = await measureT();
    const t = (before + after) / 2;
    before = after;
    return { perSecond, t };
  };
}

/** Orders accepted a second. The questions take turns, so that each is asked in every minute of the run. */
export async function measureAccepts(bench: Bench): Promise<Accepted> {
  await warmUp(bench);
  const asked: { merchant: BenchMerchant; rounds: Round[]; last?: Load }[] = [];
  for (const { accounts } of acceptQuestions) asked.push({ merchant: await enroll(bench, accounts), rounds: [] });
  const share = Math.floor(bench.orders.count / rounds);
  const takeTurn = createTurns(bench.measureT);
  for (let round = 0; round < rounds; round += 1) {
    for (const one of asked) {
      const ask = async (): Promise<number> => {
        one.last = await runLoad({
          port: bench.port,
          requests: bench.orders,
          from: round * share,
          count: share,
          connections,
          accounts: one.merchant.accounts,
          seconds: bench.roundSeconds,
        });
        return one.last.accepted / one.last.seconds;
      };
      one.rounds.push(await takeTurn(ask));
    }
  }
  const figures = acceptQuestions.map(({ question, leastShare }, at) =>
    rateFigure({
      question,
      leastShare,
      isGate: true,
      rounds: asked[at]?.rounds ?? [],
      note: spreadNote(asked[at]?.last),
    }),
  );
  return { figures, merchant: asked[0]?.merchant ?? (await enroll(bench, 1)) };
}

function spreadNote(load: Load | undefined): string {
  return load === undefined ? '' : `p50 ${showMs(load.latency.p50Ms)}, p99 ${showMs(load.latency.p99Ms)}`;
}

/** Whole lives a second: accepted, held, sent, paid, notification signed, delivered and recorded. */
export async function measureLife(
  bench: Bench,
  given: { readonly question: string; readonly leastShare?: number; readonly isGate?: boolean },
): Promise<Figure> {
  const merchant = await enroll(bench, 20);
  const takeTurn = createTurns(bench.measureT);
  const asked: Round[] = [];
  let last: Load | undefined;
  for (let round = 0; round < lifeRounds; round += 1) {
    const ask = async (): Promise<number> => {
      const asking = await askLives(bench, { merchant, round });
      last = asking.load;
      return asking.perSecond;
    };
    asked.push(await takeTurn(ask));
  }
  const life = last?.life ?? { p50Ms: 0, p99Ms: 0 };
  const note = `${livesMax} under way, each takes p50 ${showMs(life.p50Ms)}, p99 ${showMs(life.p99Ms)}`;
  return rateFigure({ ...given, rounds: asked, note });
}

/** Counted while the load stands: neither its beginning nor its end says what lasts. */
async function askLives(
  { database, lifeSeconds, ...bench }: Bench,
  { merchant, round }: { readonly merchant: BenchMerchant; readonly round: number },
): Promise<{ readonly perSecond: number; readonly load: Load }> {
  const seconds = lifeSeconds / lifeRounds;
  const share = Math.floor(bench.orders.count / lifeRounds);
  const loading = runLoad({
    port: bench.port,
    requests: bench.orders,
    from: round * share,
    count: share,
    connections,
    accounts: merchant.accounts,
    seconds: warmSeconds + seconds,
    receiverPort: bench.receiver.port,
    livesMax,
  });
  await sleep(warmSeconds * 1_000);
  const counted = await countDelivered(database, merchant);
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const ended = (await countDelivered(database, merchant)) - counted;
  const perSecond = ended / ((performance.now() - startedAt) / 1_000);
  const load = await loading;
  if (load.ended < load.accepted) {
    throw new Error(`${load.accepted} orders were accepted, of ${load.ended} came a notification`);
  }
  return { perSecond, load };
}

async function countDelivered({ db }: BenchDatabase, { merchantId }: BenchMerchant): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) from notification where merchant_id = $1 and state = 'delivered'`,
    [merchantId],
  );
  return Number(row?.count);
}

const calmRatePerSecond = 500;
const calmWarmSeconds = 1;

/** How long a status takes while the gateway has time for it. */
export async function measureCalmStatus(bench: Bench, merchant: BenchMerchant): Promise<Figure> {
  const rows = await bench.database.db.query<{ order_id: string }>(
    'select order_id from payout where merchant_id = $1 order by payout_id limit 10000',
    [merchant.merchantId],
  );
  const bodies = rows.map((row) => JSON.stringify({ order_id: row.order_id }));
  const requests = await bench.signer.signAll({ target: '/v1/payout/status', bodies });
  const asked: Spread[] = [];
  for (let round = 0; round < statusRounds; round += 1) {
    const { latency } = await runLoad({
      port: bench.port,
      requests,
      isEndless: true,
      connections,
      accounts: merchant.accounts,
      seconds: calmWarmSeconds + bench.roundSeconds,
      warmSeconds: calmWarmSeconds,
      ratePerSecond: calmRatePerSecond,
    });
    asked.push(latency);
  }
  const p99Ms = median(asked.map((latency) => latency.p99Ms));
  const [p50Ms, maxMs] = [median(asked.map((one) => one.p50Ms)), Math.max(...asked.map((one) => one.maxMs))];
  return {
    question: `status at ${calmRatePerSecond}/s, p99`,
    value: showMs(p99Ms),
    target: '≤ 5 ms',
    isMet: p99Ms <= 5,
    note: `p50 ${showMs(p50Ms)}, longest ${showMs(maxMs)}, in ${statusRounds} rounds`,
  };
}

/** Status by order_id and by id of payouts that are there. */
export async function measureStatus(bench: Bench, merchant: BenchMerchant): Promise<Figure[]> {
  const rows = await bench.database.db.query<{ payout_id: bigint; order_id: string }>(
    'select payout_id, order_id from payout where merchant_id = $1 order by payout_id limit 10000',
    [merchant.merchantId],
  );
  const ask = async (question: string, name: string, bodies: readonly string[]): Promise<Figure> => {
    const requests = await bench.signer.signAll({ target: '/v1/payout/status', bodies, name });
    const asked: Round[] = [];
    const takeTurn = createTurns(bench.measureT);
    let last: Load | undefined;
    const askOnce = async (): Promise<number> => {
      last = await runLoad({
        port: bench.port,
        requests,
        isEndless: true,
        connections,
        accounts: merchant.accounts,
        seconds: bench.roundSeconds,
      });
      return last.accepted / last.seconds;
    };
    for (let round = 0; round < statusRounds; round += 1) asked.push(await takeTurn(askOnce));
    return rateFigure({ question, rounds: asked, leastShare: 3, note: spreadNote(last) });
  };
  const byOrderId = rows.map((row) => JSON.stringify({ order_id: row.order_id }));
  const byId = rows.map((row) => `{"id":${row.payout_id}}`);
  return [await ask('status by order_id', 'by-order-id', byOrderId), await ask('status by id', 'by-id', byId)];
}
