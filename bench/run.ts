// How fast is it? Every figure is the median of short rounds on a private PostgreSQL, and comes with its share of T:
// what the same server does of TPC-B-like transactions in the same minutes. See docs/performance.md.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { makeBaselineTables, measureBaseline, measureSync, runPgbench } from './baseline.ts';
import { type BenchDatabase, type BenchServer, openBenchServer } from './database.ts';
import { type Figure, median, printFigures, rateFigure, showMs, sleep } from './figure.ts';
import { measureMemory, measureStart } from './footprint.ts';
import { type BenchGateway, type GatewayOptions, startGateway } from './gateway.ts';
import { growTables, queueNotifications } from './growth.ts';
import { measureLatency, measureLone, measureOverload } from './latency.ts';
import { type BenchReceiver, findFreePort, startReceiver } from './processes.ts';
import { type Bench, enroll, measureAccept, measureLife, measureStatus } from './rates.ts';
import { openSigner, type SignedRequests, type Signer, signOrders } from './requests.ts';
import { verifyLedger } from './verify.ts';

const isQuick = process.argv.includes('--quick');
const isFull = process.argv.includes('--full');
const roundSeconds = isQuick ? 2.5 : 5;
const lifeSeconds = isQuick ? 10 : 30;
const ordersMax = isQuick ? 80_000 : 160_000;
const grownMax = Number(process.env['GROWN'] ?? 5_000_000);
const waitingMax = 200_000;

type Common = { readonly server: BenchServer; readonly receiver: BenchReceiver; readonly signer: Signer };
type Shared = Common & { readonly orders: SignedRequests; readonly measureT: () => Promise<void> };

const report = (text: string): boolean => process.stderr.write(`${text}\n`);

/** A question's own database and gateway, ended by the audit. */
async function withGateways(
  shared: Shared,
  given: { readonly name: string; readonly commands: readonly GatewayOptions['command'][]; database?: BenchDatabase },
  ask: (bench: Bench, gateways: readonly BenchGateway[]) => Promise<void>,
): Promise<void> {
  const database = given.database ?? (await shared.server.makeDatabase(given.name));
  const gateways: BenchGateway[] = [];
  for (const command of given.commands) {
    gateways.push(await startGateway(database, { command, port: await findFreePort() }));
  }
  const { receiver, signer, orders } = shared;
  const bench = { database, receiver, signer, orders, roundSeconds, lifeSeconds, port: gateways[0]?.port ?? 0 };
  try {
    await ask(bench, gateways);
  } finally {
    for (const gateway of gateways) await gateway.stop();
  }
  report(`audit of ${given.name}`);
  await verifyLedger(database);
  if (given.database === undefined) await database.close();
}

async function askServing(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'serving', commands: ['serve'] }, async (bench) => {
    const first = await measureAccept(bench, { accounts: 20, leastOfT: 2 });
    await shared.measureT();
    const hot = await measureAccept(bench, { accounts: 1, leastOfT: 1.5 });
    const many = await measureAccept(bench, { accounts: 1_000, leastOfT: 1.5 });
    figures.push(first.figure, hot.figure, many.figure);
    if (isQuick) return;
    figures.push(await measureLone(bench));
    figures.push(...(await measureStatus(bench, first.merchant)));
    if (isFull) figures.push(await measureOverload(bench, { peakPerSecond: first.figure.perSecond ?? 0 }));
  });
  return figures;
}

async function askLife(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'life', commands: ['run'] }, async (bench, [gateway]) => {
    await shared.measureT();
    figures.push(await measureLife(bench, { question: 'whole life', leastOfT: 0.5, isGate: true }));
    if (isQuick) return;
    figures.push(...(await measureLatency(bench)));
    const pid = gateway?.child.pid ?? 0;
    figures.push(measureMemory(pid, { question: 'memory after that', mostMb: 300 }));
  });
  return figures;
}

async function askProcesses(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ask = (question: string, commands: readonly GatewayOptions['command'][]): Promise<void> =>
    withGateways(shared, { name: `processes_${commands.length}`, commands }, async (bench) => {
      figures.push(await measureLife(bench, { question, leastOfT: 0.5 }));
    });
  await ask('whole life, 1 serve + 1 work', ['serve', 'work']);
  if (cpus().length >= 4) await ask('whole life, 2 serve + 2 work', ['serve', 'serve', 'work', 'work']);
  else report('2 serve + 2 work: not asked, this machine has fewer than four processors');
  report('export: not asked, there is none yet');
  return figures;
}

async function askGrown(shared: Shared): Promise<Figure[]> {
  const database = await shared.server.makeDatabase('grown');
  const figures: Figure[] = [];
  const grown = `${(grownMax / 1e6).toFixed(1)} million final payouts`;
  await withGateways(shared, { name: 'grown', commands: ['run'], database }, async (bench, [gateway]) => {
    await growTables(database, await enroll(bench, 1), { count: grownMax, report });
    const accept = await measureAccept({ ...bench }, { accounts: 20, leastOfT: 0 });
    figures.push({ ...accept.figure, question: 'grown: accept while sending', note: grown });
    figures.push(await measureLife(bench, { question: 'grown: whole life', leastOfT: 0.4 }));
    figures.push(
      ...(await measureStatus(bench, accept.merchant)).map((f) => ({ ...f, question: `grown: ${f.question}` })),
    );
    await queueNotifications(database, waitingMax);
    await sleep(15_000);
    const pid = gateway?.child.pid ?? 0;
    figures.push(measureMemory(pid, { question: `memory, ${waitingMax} waiting`, mostMb: 400 }));
  });
  await database.close();
  return figures;
}

/** T in rounds spread over the run, because the machine is not the same from minute to minute. */
async function openBaseline(server: BenchServer): Promise<{ measure(): Promise<void>; figure(): Figure; t(): number }> {
  const database = await server.makeDatabase('baseline');
  await makeBaselineTables(database);
  const values: number[] = [];
  let pgbench: number | undefined;
  return {
    async measure() {
      values.push(await measureBaseline(database, roundSeconds));
      if (!isQuick) pgbench ??= runPgbench(database, roundSeconds);
    },
    t: () => median(values),
    figure() {
      const fsync = `a synced write takes ${showMs(measureSync(server.folder))}`;
      const own = pgbench === undefined ? '' : `, pgbench itself ${pgbench.toFixed(0)}/s`;
      return rateFigure({ question: 'baseline T', perSecond: median(values), note: `16 connections, ${fsync}${own}` });
    },
  };
}

function append(figures: readonly Figure[], version: string): void {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  const commit = (stdout ?? '').trim() || 'unknown';
  const cells = figures.map(({ question, value }) => `${question} ${value}`).join('; ');
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
  const line = `| ${new Date().toISOString().slice(0, 10)} | ${commit} | ${machine} | ${version} | ${cells} |\n`;
  appendFileSync(join(import.meta.dirname, 'results.md'), line);
}

const server = await openBenchServer();
const receiver = await startReceiver();
try {
  const signer = await openSigner();
  const baseline = await openBaseline(server);
  const orders = await signOrders(signer, ordersMax);
  const shared: Shared = { server, receiver, signer, orders, measureT: baseline.measure };
  await baseline.measure();
  const figures = [...(await askServing(shared)), ...(await askLife(shared))];
  if (!isQuick) figures.push(...(await measureStart()));
  if (isFull) figures.push(...(await askProcesses(shared)), ...(await askGrown(shared)));
  const all = [baseline.figure(), ...figures];
  append(all, server.version);
  process.exitCode = printFigures(all, baseline.t()) ? 0 : 1;
} finally {
  await receiver.stop();
  await server.close();
}
