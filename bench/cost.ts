// What does one payout cost? Processor time per accept and per whole life, by who spent it, and bytes of WAL. On a
// machine that others use too this is far steadier than a rate. `node bench/cost.ts [payouts] [rounds]`; the variable
// GATEWAY names another checkout to compare with: its rounds take turns with those of this one.
import type { Sql } from '../packages/gateway/src/db/pool.ts';
import { type BenchServer, openBenchServer } from './database.ts';
import { median, sleep } from './figure.ts';
import { readMemoryMb } from './footprint.ts';
import { startGateway } from './gateway.ts';
import { type ProcessorTimes, readPageFaults, readProcessorTimes, subtractTimes } from './processor-time.ts';
import { type BenchReceiver, findFreePort, runLoad, startReceiver } from './processes.ts';
import { type Bench, connections, enroll } from './rates.ts';
import { openSigner, signOrders } from './requests.ts';
import { verifyLedger } from './verify.ts';

const count = Number(process.argv[2] ?? 12_000);
const rounds = Number(process.argv[3] ?? 3);
const warmUpCount = 15_000;
const livesMax = Number(process.env['LIVES'] ?? 200);
const secondsMax = 120;

type Cost = ProcessorTimes & Readonly<Record<string, number>>;
type Question = 'accept' | 'life';

const roots = [undefined, ...(process.env['GATEWAY'] ?? '').split(',').filter((root) => root !== '')];

async function measureOnce(
  shared: { readonly server: BenchServer; readonly receiver: BenchReceiver },
  given: { readonly question: Question; readonly name: string; readonly root: string | undefined },
): Promise<Cost> {
  const { question, root } = given;
  const database = await shared.server.makeDatabase(given.name, root);
  const port = await findFreePort();
  const gateway = await startGateway(database, { command: question === 'life' ? 'run' : 'serve', port, root });
  const bench: Bench = { ...shared, database, signer, orders, port, roundSeconds: 0, lifeSeconds: 0, measureT };
  const load = async (from: number, howMany: number): Promise<number> => {
    const { accounts } = await enroll(bench, 20);
    const wanted = question === 'life' ? { receiverPort: shared.receiver.port, livesMax } : {};
    const task = { port, requests: orders, from, count: howMany, connections, accounts, seconds: secondsMax };
    const { seconds, accepted } = await runLoad({ ...task, ...wanted });
    return accepted / seconds;
  };
  try {
    await load(0, warmUpCount);
    const pids = { gateway: gateway.child.pid ?? 0, postmaster: shared.server.postmasterPid };
    const wal = await readWal(database.db);
    await database.db.query('select pg_stat_reset()');
    const faults = readPageFaults(pids.gateway);
    const before = readProcessorTimes(pids);
    const perSecond = await load(warmUpCount, count);
    const spent = subtractTimes(readProcessorTimes(pids), before, count);
    const walBytes = Number((await readWal(database.db)) - wal) / count;
    const pageFaults = ((readPageFaults(pids.gateway) - faults) / count) * 1_000;
    const memoryMb = readMemoryMb(pids.gateway);
    const rest = { 'WAL bytes': walBytes, 'page faults per 1,000': pageFaults, 'memory, MB': memoryMb };
    return { ...spent, ...(await readFunctions(database.db)), ...rest, 'per second': perSecond };
  } finally {
    await gateway.stop();
    // Another checkout may have another schema, which this audit does not know.
    if (root === undefined) await verifyLedger(database);
    await database.close();
  }
}

const measureT = (): Promise<number> => Promise.resolve(0);

async function readWal(db: Sql): Promise<bigint> {
  const [row] = await db.query<{ at: bigint }>(`select (pg_current_wal_insert_lsn() - '0/0')::bigint as at`);
  return row?.at ?? 0n;
}

/** How many of each function's calls a thousand payouts take, and how many microseconds of waiting and work each. */
async function readFunctions(db: Sql): Promise<Record<string, number>> {
  const rows = await db.query<{ name: string; calls: bigint; ms: number }>(
    'select funcname as name, calls, total_time as ms from pg_stat_user_functions where calls > 1 order by 1',
  );
  return Object.fromEntries(
    rows.flatMap(({ name, calls, ms }) => [
      [`${name}, calls per 1,000`, (Number(calls) / count) * 1_000],
      [`${name}, elapsed`, (ms * 1_000) / count],
    ]),
  );
}

const server = await openBenchServer({ track_functions: 'pl' });
const receiver = await startReceiver();
const signer = await openSigner();
const orders = await signOrders(signer, 80_000);
const asked = (process.env['ASK'] ?? 'accept,life').split(',') as Question[];
try {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const question of asked) {
      for (const [at, root] of roots.entries()) {
        const name = `cost_${question}_${at}_${round}`;
        const cost = await measureOnce({ server, receiver }, { question, name, root });
        const key = `${question} ${root ?? 'here'}`;
        costs.set(key, [...(costs.get(key) ?? []), cost]);
        process.stderr.write(`${name}: ${(cost['total'] ?? 0).toFixed(0)} µs\n`);
        await sleep(500);
      }
    }
  }
  for (const [key, list] of costs) {
    process.stdout.write(`${key}: microseconds per payout, median of ${list.length}\n`);
    for (const part of Object.keys(list[0] ?? {})) {
      process.stdout.write(
        `  ${part.padEnd(40)} ${median(list.map((cost) => cost[part] ?? 0))
          .toFixed(0)
          .padStart(6)}\n`,
      );
    }
  }
} finally {
  await receiver.stop();
  await server.close();
}
