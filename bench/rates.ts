import type { BenchDatabase } from './database.ts';
import { type Figure, median, rateFigure, showMs, sleep } from './figure.ts';
import { type BenchMerchant, enrollMerchant } from './gateway.ts';
import type { Load } from './load.ts';
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
};

export const connections = 64;
const rounds = 3;
/** Until every gateway has heard of a new merchant. */
const directoryMs = 1_200;
/** Payouts under way: twice what the slowest step has in hand, so that nothing waits for the client. */
const livesMax = 400;
const warmSeconds = 3;

export async function enroll({ database, signer, receiver }: Bench, accounts: number): Promise<BenchMerchant> {
  const { publicPem } = signer;
  const merchant = await enrollMerchant(database, { publicPem, accounts, receiverUrl: receiver.url });
  await sleep(directoryMs);
  return merchant;
}

export type Accepted = { readonly figure: Figure; readonly merchant: BenchMerchant };

/** Orders accepted a second. The first round warms up and does not count. */
export async function measureAccept(
  bench: Bench,
  given: { readonly accounts: number; readonly leastOfT: number },
): Promise<Accepted> {
  const merchant = await enroll(bench, given.accounts);
  const share = Math.floor(bench.orders.count / (rounds + 1));
  const values: number[] = [];
  let last: Load | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    last = await runLoad({
      port: bench.port,
      requests: bench.orders,
      from: round * share,
      count: share,
      connections,
      accounts: merchant.accounts,
      seconds: bench.roundSeconds,
    });
    if (round > 0) values.push(last.accepted / last.seconds);
  }
  const names: Readonly<Record<number, string>> = { 1: 'accept, one hot account' };
  const question = names[given.accounts] ?? `accept, ${given.accounts} accounts`;
  const note = spreadNote(last);
  const { leastOfT } = given;
  return { merchant, figure: rateFigure({ question, perSecond: median(values), leastOfT, note, isGate: true }) };
}

function spreadNote(load: Load | undefined): string {
  return load === undefined ? '' : `p50 ${showMs(load.latency.p50Ms)}, p99 ${showMs(load.latency.p99Ms)}`;
}

/** Whole lives a second: accepted, held, sent, paid, notification signed, delivered and recorded. */
export async function measureLife(
  bench: Bench,
  given: { readonly question: string; readonly leastOfT?: number; readonly isGate?: boolean; readonly from?: number },
): Promise<Figure> {
  const { database, lifeSeconds } = bench;
  const merchant = await enroll(bench, 20);
  const loading = runLoad({
    port: bench.port,
    requests: bench.orders,
    connections,
    accounts: merchant.accounts,
    seconds: warmSeconds + lifeSeconds,
    receiverPort: bench.receiver.port,
    livesMax,
  });
  await sleep(warmSeconds * 1_000);
  const before = await countDelivered(database, merchant);
  const startedAt = performance.now();
  await sleep(lifeSeconds * 1_000);
  const ended = (await countDelivered(database, merchant)) - before;
  const perSecond = ended / ((performance.now() - startedAt) / 1_000);
  const load = await loading;
  if (load.ended < load.accepted) {
    throw new Error(`${load.accepted} orders were accepted, of ${load.ended} came a notification`);
  }
  const { question, leastOfT, isGate = false } = given;
  const note = `${livesMax} under way, each takes p50 ${showMs(load.life.p50Ms)}, p99 ${showMs(load.life.p99Ms)}`;
  return rateFigure({ question, perSecond, note, isGate, ...(leastOfT === undefined ? {} : { leastOfT }) });
}

async function countDelivered({ db }: BenchDatabase, { merchantId }: BenchMerchant): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) from notification where merchant_id = $1 and state = 'delivered'`,
    [merchantId],
  );
  return Number(row?.count);
}

/** Status by order_id and by id of payouts that are there. */
export async function measureStatus(bench: Bench, merchant: BenchMerchant): Promise<Figure[]> {
  const rows = await bench.database.db.query<{ payout_id: bigint; order_id: string }>(
    'select payout_id, order_id from payout where merchant_id = $1 order by payout_id limit 10000',
    [merchant.merchantId],
  );
  const ask = async (question: string, name: string, bodies: readonly string[]): Promise<Figure> => {
    const requests = await bench.signer.signAll({ target: '/v1/payout/status', bodies, name });
    const values: number[] = [];
    let last: Load | undefined;
    for (let round = 0; round <= rounds; round += 1) {
      last = await runLoad({
        port: bench.port,
        requests,
        isEndless: true,
        connections,
        accounts: merchant.accounts,
        seconds: bench.roundSeconds,
      });
      if (round > 0) values.push(last.accepted / last.seconds);
    }
    return rateFigure({ question, perSecond: median(values), leastOfT: 3, note: spreadNote(last) });
  };
  const byOrderId = rows.map((row) => JSON.stringify({ order_id: row.order_id }));
  const byId = rows.map((row) => `{"id":${row.payout_id}}`);
  return [await ask('status by order_id', 'by-order-id', byOrderId), await ask('status by id', 'by-id', byId)];
}
