// How fast is it? Every figure per second comes with its share of T: what the same PostgreSQL does of TPC-B-like
// transactions in the same minute. See docs/performance.md.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { makeBaselineTables, measureBaseline, measureSync, runPgbench } from './baseline.ts';
import { type BenchDatabase, type BenchServer, openBenchServer } from './database.ts';
import { measureExport } from './export.ts';
import { type Figure, median, printFigures, showMs, sleep } from './figure.ts';
import { measureMemory, measureStart } from './footprint.ts';
import { type BenchGateway, type GatewayOptions, startGateway } from './gateway.ts';
import { growTables, queueNotifications } from './growth.ts';
import { measureLatency, measureLone, measureOverload } from './latency.ts';
import { type BenchReceiver, findFreePort, startReceiver } from './processes.ts';
import { measureQueue } from './queue.ts';
import { type Bench, enroll, measureAccepts, measureCalmStatus, measureLife, measureStatus } from './rates.ts';
import { openSigner, type SignedRequests, type Signer, signOrders } from './requests.ts';
import { verifyLedger } from './verify.ts';

const isQuick = process.argv.includes('--quick');
const isFull = process.argv.includes('--full');
const roundSeconds = isQuick ? 1.5 : 3;
/** In three rounds, each of them after a beginning that does not count. */
const lifeSeconds = isQuick ? 12 : 30;
const ordersMax = isQuick ? 80_000 : 160_000;
const grownMax = Number(process.env['GROWN'] ?? 5_000_000);
const waitingMax = 200_000;
const queueSeconds = Number(process.env['QUEUE_SECONDS'] ?? 120);

type Command = GatewayOptions['command'];

type Part = 'serving' | 'life' | 'start' | 'processes' | 'queue' | 'grown';
const quickParts: readonly Part[] = ['serving', 'life'];
const usualParts: readonly Part[] = [...quickParts, 'start'];
const allParts: readonly Part[] = [...usualParts, 'processes', 'queue', 'grown'];
/** `--ask=life,queue`: these parts alone. */
const named = process.argv.find((word) => word.startsWith('--ask='))?.slice('--ask='.length);
const parts = named?.split(',') ?? (isFull ? allParts : isQuick ? quickParts : usualParts);
const isAsked = (part: Part): boolean => parts.includes(part);

type Shared = {
  readonly server: BenchServer;
  readonly receiver: BenchReceiver;
  readonly signer: Signer;
  readonly orders: SignedRequests;
  readonly measureT: () => Promise<number>;
};

const report = (text: string): boolean => process.stderr.write(`${text}\n`);

type Ask = (bench: Bench, gateways: readonly BenchGateway[]) => Promise<void>;
type Asked = { readonly name: string; readonly commands: readonly Command[] };

/** A question's own database and gateways, ended by the audit. */
async function withGateways(shared: Shared, given: Asked, ask: Ask): Promise<void> {
  const database: BenchDatabase = await shared.server.makeDatabase(given.name);
  await askGateways(shared, { ...given, database }, ask);
  report(`auditing ${given.name}`);
  await verifyLedger(database);
  await database.close();
}

async function askGateways(
  { server: _server, ...rest }: Shared,
  { name, commands, database }: Asked & { readonly database: BenchDatabase },
  ask: Ask,
): Promise<void> {
  const gateways: BenchGateway[] = [];
  try {
    for (const command of commands) {
      gateways.push(await startGateway(database, { command, port: await findFreePort() }));
    }
    report(`asking ${name}`);
    await ask({ ...rest, database, roundSeconds, lifeSeconds, port: gateways[0]?.port ?? 0 }, gateways);
  } finally {
    for (const gateway of gateways) await gateway.stop();
  }
}

async function askServing(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'serving', commands: ['serve'] }, async (bench) => {
    const accepted = await measureAccepts(bench);
    figures.push(...accepted.figures);
    if (isQuick) return;
    figures.push(await measureLone(bench));
    figures.push(...(await measureStatus(bench, accepted.merchant)));
    figures.push(await measureCalmStatus(bench, accepted.merchant));
    if (isFull) figures.push(await measureOverload(bench));
  });
  return figures;
}

async function askLife(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'life', commands: ['run'] }, async (bench, [gateway]) => {
    figures.push(await measureLife(bench, { question: 'whole life', leastShare: 0.5, isGate: true }));
    if (isQuick) return;
    figures.push(...(await measureLatency(bench)));
    const pid = gateway?.child.pid ?? 0;
    figures.push(measureMemory(pid, { question: 'memory after that', mostMb: 300 }));
  });
  return figures;
}

async function askQueue(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'queue', commands: ['run'] }, async (bench) => {
    figures.push(await measureQueue(bench, queueSeconds));
  });
  return figures;
}

async function askProcesses(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ask = (question: string, commands: readonly Command[]): Promise<void> =>
    withGateways(shared, { name: `processes_${commands.length}`, commands }, async (bench) => {
      figures.push(await measureLife(bench, { question, leastShare: 0.5 }));
    });
  await ask('whole life, 1 serve + 1 work', ['serve', 'work']);
  if (cpus().length >= 4) await ask('whole life, 2 serve + 2 work', ['serve', 'serve', 'work', 'work']);
  else report('2 serve + 2 work: not asked, this machine has fewer than four processors');
  return figures;
}

async function askGrown(shared: Shared, empty: readonly Figure[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  const database = await shared.server.makeDatabase('grown');
  const grown = { name: 'grown', database };
  // Lives before accepts: those leave payouts in the queue, which would be sent beside what is measured.
  await askGateways(shared, { ...grown, commands: ['run'] }, async (bench) => {
    await growTables(database, await enroll(bench, 1), { count: grownMax, report });
    figures.push(await measureLife(bench, { question: 'whole life', leastShare: 0.5 }));
  });
  await askGateways(shared, { ...grown, commands: ['serve'] }, async (bench) => {
    const accepted = await measureAccepts(bench);
    figures.push(...accepted.figures, ...(await measureStatus(bench, accepted.merchant)));
    figures.push(await measureCalmStatus(bench, accepted.merchant));
  });
  await askGateways(shared, { ...grown, commands: ['serve'] }, async (_bench, [gateway]) => {
    if (gateway !== undefined) figures.push(await measureExport(database, gateway));
  });
  await askGateways(shared, { ...grown, commands: ['run'] }, async (_bench, [gateway]) => {
    await queueNotifications(database, waitingMax);
    await sleep(15_000);
    const pid = gateway?.child.pid ?? 0;
    figures.push(measureMemory(pid, { question: `memory, ${waitingMax} waiting`, mostMb: 400 }));
  });
  report('auditing grown');
  await verifyLedger(database);
  await database.close();
  return figures.map((figure) => compareGrown(figure, empty));
}

const keptShare = 0.8;

/** Rates have to be four fifths of those on empty tables, where these were asked in the same run. */
function compareGrown(figure: Figure, empty: readonly Figure[]): Figure {
  const asGrown = { ...figure, question: `grown: ${figure.question}`, isGate: false };
  const before = empty.find(({ question }) => question === figure.question)?.share;
  if (before === undefined || figure.share === undefined) return asGrown;
  const { leastShare: _least, ...rest } = asGrown;
  const kept = figure.share / before;
  const note = `${(kept * 100).toFixed(0)} % of empty tables; ${figure.note ?? ''}`;
  return { ...rest, target: '≥ 80 %', isMet: kept >= keptShare, note };
}

type Baseline = { measure(): Promise<number>; figures(): Figure[] };

/** T in rounds spread over the run. */
async function openBaseline(server: BenchServer): Promise<Baseline> {
  const database = await server.makeDatabase('baseline');
  await makeBaselineTables(database);
  const values: number[] = [];
  let pgbench: number | undefined;
  return {
    async measure() {
      const perSecond = await measureBaseline(database, roundSeconds);
      values.push(perSecond);
      if (!isQuick) pgbench ??= runPgbench(database, roundSeconds);
      return perSecond;
    },
    figures() {
      // What was asked needs no comparison.
      if (values.length === 0) return [];
      const spread = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
      const own = pgbench === undefined ? '' : `, pgbench itself ${pgbench.toFixed(0)}/s`;
      const synced = showMs(measureSync(server.folder));
      const note = `${values.length} rounds, ${spread}; a synced write takes ${synced}${own}`;
      return [{ question: 'baseline T, 16 connections', value: `${median(values).toFixed(0)}/s`, note }];
    },
  };
}

function append(figures: readonly Figure[], version: string): void {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  const commit = (stdout ?? '').trim() || 'unknown';
  const cells = figures.map(({ question, value, share }) =>
    share === undefined ? `${question} ${value}` : `${question} ${value} = ${share.toFixed(2)} T`,
  );
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
  const date = new Date().toISOString().slice(0, 10);
  appendFileSync(
    join(import.meta.dirname, 'results.md'),
    `| ${date} | ${commit} | ${machine} | ${version} | ${cells.join('; ')} |\n`,
  );
}

const server = await openBenchServer();
const receiver = await startReceiver();
try {
  const signer = await openSigner();
  const baseline = await openBaseline(server);
  const orders = await signOrders(signer, ordersMax);
  const shared: Shared = { server, receiver, signer, orders, measureT: baseline.measure };
  const figures: Figure[] = [];
  if (isAsked('serving')) figures.push(...(await askServing(shared)));
  if (isAsked('life')) figures.push(...(await askLife(shared)));
  if (isAsked('start')) figures.push(...(await measureStart()));
  if (isAsked('processes')) figures.push(...(await askProcesses(shared)));
  if (isAsked('queue')) figures.push(...(await askQueue(shared)));
  if (isAsked('grown')) figures.push(...(await askGrown(shared, figures)));
  const all = [...baseline.figures(), ...figures];
  append(all, server.version);
  process.exitCode = printFigures(all) ? 0 : 1;
} finally {
  await receiver.stop();
  await server.close();
}
