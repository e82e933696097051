// How fast is it? Every figure per second comes with its share of T: what the same PostgreSQL does of TPC-B-like
// transactions in the same minute. See docs/performance.md.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { makeBaselineTables, measureBaseline, measureSync, runPgbench } from './baseline.ts';
import { type BenchDatabase, type BenchServer, openBenchServer } from './database.ts';
import { type Figure, median, printFigures, showMs, sleep } from './figure.ts';
import { measureMemory, measureStart } from './footprint.ts';
import { type BenchGateway, type GatewayOptions, startGateway } from './gateway.ts';
import { growTables, queueNotifications } from './growth.ts';
import { measureLatency, measureLone, measureOverload } from './latency.ts';
import { type BenchReceiver, findFreePort, startReceiver } from './processes.ts';
import { type Bench, enroll, measureAccepts, measureLife, measureStatus } from './rates.ts';
import { openSigner, type SignedRequests, type Signer, signOrders } from './requests.ts';
import { verifyLedger } from './verify.ts';

const isQuick = process.argv.includes('--quick');
const isFull = process.argv.includes('--full');
const roundSeconds = isQuick ? 2 : 5;
const lifeSeconds = isQuick ? 10 : 30;
const ordersMax = isQuick ? 80_000 : 160_000;
const grownMax = Number(process.env['GROWN'] ?? 5_000_000);
const waitingMax = 200_000;

type Command = GatewayOptions['command'];

type Shared = {
  readonly server: BenchServer;
  readonly receiver: BenchReceiver;
  readonly signer: Signer;
  readonly orders: SignedRequests;
  readonly measureT: () => Promise<number>;
};

const report = (text: string): boolean => process.stderr.write(`${text}\n`);

/** A question's own database and gateways, ended by the audit. */
async function withGateways(
  shared: Shared,
  given: { readonly name: string; readonly commands: readonly Command[] },
  ask: (bench: Bench, gateways: readonly BenchGateway[]) => Promise<void>,
): Promise<void> {
  const { server, ...rest } = shared;
  const database: BenchDatabase = await server.makeDatabase(given.name);
  const gateways: BenchGateway[] = [];
  try {
    for (const command of given.commands) {
      gateways.push(await startGateway(database, { command, port: await findFreePort() }));
    }
    report(`asking ${given.name}`);
    await ask({ ...rest, database, roundSeconds, lifeSeconds, port: gateways[0]?.port ?? 0 }, gateways);
  } finally {
    for (const gateway of gateways) await gateway.stop();
  }
  report(`auditing ${given.name}`);
  await verifyLedger(database);
  await database.close();
}

async function askServing(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withGateways(shared, { name: 'serving', commands: ['serve'] }, async (bench) => {
    const accepted = await measureAccepts(bench);
    figures.push(...accepted.figures);
    if (isQuick) return;
    figures.push(await measureLone(bench));
    figures.push(...(await measureStatus(bench, accepted.merchant)));
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

async function askProcesses(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ask = (question: string, commands: readonly Command[]): Promise<void> =>
    withGateways(shared, { name: `processes_${commands.length}`, commands }, async (bench) => {
      figures.push(await measureLife(bench, { question, leastShare: 0.5 }));
    });
  await ask('whole life, 1 serve + 1 work', ['serve', 'work']);
  if (cpus().length >= 4) await ask('whole life, 2 serve + 2 work', ['serve', 'serve', 'work', 'work']);
  else report('2 serve + 2 work: not asked, this machine has fewer than four processors');
  report('export: not asked, there is none yet');
  return figures;
}

/** On grown tables the same targets are shown and fail nothing. */
function nameGrown(figure: Figure): Figure {
  return { ...figure, question: `grown: ${figure.question}`, isGate: false };
}

async function askGrown(shared: Shared): Promise<Figure[]> {
  const figures: Figure[] = [];
  const grow = async (bench: Bench): Promise<void> => {
    await growTables(bench.database, await enroll(bench, 1), { count: grownMax, report });
  };
  await withGateways(shared, { name: 'grown', commands: ['serve'] }, async (bench) => {
    await grow(bench);
    const accepted = await measureAccepts(bench);
    figures.push(...accepted.figures.map(nameGrown));
    figures.push(...(await measureStatus(bench, accepted.merchant)).map(nameGrown));
  });
  await withGateways(shared, { name: 'grown_life', commands: ['run'] }, async (bench, [gateway]) => {
    await grow(bench);
    figures.push(nameGrown(await measureLife(bench, { question: 'whole life', leastShare: 0.4 })));
    await queueNotifications(bench.database, waitingMax);
    await sleep(15_000);
    const pid = gateway?.child.pid ?? 0;
    figures.push(measureMemory(pid, { question: `memory, ${waitingMax} waiting`, mostMb: 400 }));
  });
  return figures;
}

type Baseline = { measure(): Promise<number>; figure(): Figure };

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
    figure() {
      const spread = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
      const own = pgbench === undefined ? '' : `, pgbench itself ${pgbench.toFixed(0)}/s`;
      const synced = showMs(measureSync(server.folder));
      const note = `${values.length} rounds, ${spread}; a synced write takes ${synced}${own}`;
      return { question: 'baseline T, 16 connections', value: `${median(values).toFixed(0)}/s`, note };
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
  const figures = [...(await askServing(shared)), ...(await askLife(shared))];
  if (!isQuick) figures.push(...(await measureStart()));
  if (isFull) figures.push(...(await askProcesses(shared)), ...(await askGrown(shared)));
  const all = [baseline.figure(), ...figures];
  append(all, server.version);
  process.exitCode = printFigures(all) ? 0 : 1;
} finally {
  await receiver.stop();
  await server.close();
}
