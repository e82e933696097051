// How fast is it? Each question is a few short rounds on a private PostgreSQL; the figure is their median.
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { makeBaselineTables, measureBaseline } from './baseline.ts';
import { type BenchDatabase, openBenchDatabase } from './database.ts';
import { enrollMerchant, startGateway } from './gateway.ts';
import { type SignedOrders, signOrders } from './orders.ts';
import { type BenchReceiver, findFreePort, runLoad, startReceiver } from './processes.ts';
import { auditLedger } from '../packages/gateway/src/ledger/audit.ts';

const isQuick = process.argv.includes('--quick');
const rounds = 3;
const roundSeconds = isQuick ? 3 : 6;
const lifeSeconds = isQuick ? 10 : 30;
const connections = 64;
const ordersMax = 60_000;
const settleMs = 500;

type Figure = {
  readonly question: string;
  readonly perSecond: number;
  readonly note: string;
  readonly target?: number;
};
type Bench = { readonly database: BenchDatabase; readonly receiver: BenchReceiver; readonly orders: SignedOrders };

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measureT({ database }: Bench): Promise<Figure> {
  await makeBaselineTables(database);
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await measureBaseline(database, roundSeconds));
  return { question: 'baseline T', perSecond: median(values), note: `${connections / 4} connections, scale 50` };
}

/** Speed that breaks a claim about the money counts for nothing. */
async function assertAudit({ db }: BenchDatabase): Promise<void> {
  const wrong = (await auditLedger(db)).filter((result) => result.violations.length > 0);
  if (wrong.length > 0) throw new Error(`after the load: ${wrong.map(({ name }) => `not so: ${name}`).join('; ')}`);
}

type Accept = { readonly accounts: number; readonly target: number };

/** Orders accepted a second by a process that only serves. The first round warms it up and does not count. */
async function measureAccept(bench: Bench, port: number, { accounts, target }: Accept): Promise<Figure> {
  const values: number[] = [];
  let note = '';
  for (let round = 0; round <= rounds; round += 1) {
    const merchant = await enroll(bench, accounts);
    const load = await runLoad({ ...loadOn(bench, port), accounts: merchant.accounts, seconds: roundSeconds });
    if (round > 0) values.push(load.accepted / load.seconds);
    note = `p50 ${load.p50Ms.toFixed(1)} ms, p99 ${load.p99Ms.toFixed(1)} ms`;
  }
  const question = accounts === 1 ? 'accept, one hot account' : `accept, ${accounts} accounts`;
  return { question, perSecond: median(values), note, target };
}

async function enroll({ database, orders, receiver }: Bench, accounts: number): ReturnType<typeof enrollMerchant> {
  const merchant = await enrollMerchant(database, {
    publicPem: orders.publicPem,
    accounts,
    receiverUrl: receiver.url,
  });
  await sleep(settleMs);
  return merchant;
}

function loadOn({ orders }: Bench, port: number) {
  return { port, orders, from: 0, count: ordersMax, connections };
}

/** Whole lives a second: accepted, held, sent, paid, notification signed, delivered and recorded. */
async function measureLife(bench: Bench, port: number): Promise<Figure> {
  const { database, receiver } = bench;
  const merchant = await enroll(bench, 20);
  const ended = async (): Promise<number> => {
    const [row] = await database.db.query<{ count: bigint }>(
      `select count(*) from notification where merchant_id = $1 and state = 'delivered'`,
      [merchant.merchantId],
    );
    return Number(row?.count);
  };
  const receivedBefore = await receiver.count();
  const startedAt = performance.now();
  const load = await runLoad({
    ...loadOn(bench, port),
    connections: 24,
    accounts: merchant.accounts,
    seconds: lifeSeconds,
  });
  const count = await ended();
  const perSecond = count / ((performance.now() - startedAt) / 1_000);
  while ((await ended()) < load.accepted) await sleep(100);
  const received = (await receiver.count()) - receivedBefore;
  if (received < load.accepted) throw new Error(`${load.accepted} accepted, ${received} notifications received`);
  const drainedMs = performance.now() - startedAt - load.seconds * 1_000;
  return {
    question: 'whole life',
    perSecond,
    note: `${load.accepted} accepted in ${load.seconds.toFixed(0)} s, the last ended ${drainedMs.toFixed(0)} ms later`,
    target: 0.5,
  };
}

async function measureAll(bench: Bench): Promise<Figure[]> {
  const figures = [await measureT(bench)];
  const port = await findFreePort();
  const serving = await startGateway(bench.database, { command: 'serve', port });
  figures.push(await measureAccept(bench, port, { accounts: 20, target: 2 }));
  figures.push(await measureAccept(bench, port, { accounts: 1, target: 1.5 }));
  if (!isQuick) figures.push(await measureAccept(bench, port, { accounts: 1_000, target: 1.5 }));
  await serving.stop();
  await assertAudit(bench.database);
  // Whatever the accepts left behind would be sent now: only what this question orders counts.
  await bench.database.db.query(`update job set run_at = now() + interval '1 day'`);
  const running = await startGateway(bench.database, { command: 'run', port });
  figures.push(await measureLife(bench, port));
  await running.stop();
  await assertAudit(bench.database);
  return figures;
}

function print(figures: readonly Figure[]): boolean {
  const t = figures[0]?.perSecond ?? 1;
  let isMet = true;
  for (const { question, perSecond, note, target } of figures) {
    const ratio = perSecond / t;
    const isMissed = target !== undefined && ratio < target;
    if (isMissed) isMet = false;
    const wanted = target === undefined ? '' : `(target ${target.toFixed(1)} T${isMissed ? ', MISSED' : ''})`;
    const cells = [question.padEnd(26), `${perSecond.toFixed(0)}/s`.padStart(8), `${ratio.toFixed(2)} T`.padStart(8)];
    process.stdout.write(`${cells.join('  ')}  ${wanted} ${note}\n`);
  }
  return isMet;
}

function append(figures: readonly Figure[], version: string): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname })
    .toString()
    .trim();
  const cells = figures.map(({ question, perSecond }) => `${question} ${perSecond.toFixed(0)}`).join(', ');
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
  const line = `| ${new Date().toISOString().slice(0, 10)} | ${commit} | ${machine} | ${version} | ${cells} |\n`;
  appendFileSync(join(import.meta.dirname, 'results.md'), line);
}

const bench: Bench = {
  orders: await signOrders(ordersMax),
  database: await openBenchDatabase(),
  receiver: await startReceiver(),
};
try {
  const figures = await measureAll(bench);
  append(figures, bench.database.version);
  process.exitCode = print(figures) ? 0 : 1;
} finally {
  await bench.receiver.stop();
  await bench.database.close();
}
