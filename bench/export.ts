import { get } from 'node:http';
import { createToken } from '../packages/gateway/src/operators/sessions.ts';
import { createUser } from '../packages/gateway/src/operators/users.ts';
import type { BenchDatabase } from './database.ts';
import type { Figure } from './figure.ts';
import { readMemoryMb } from './footprint.ts';
import type { BenchGateway } from './gateway.ts';

const leastRowsPerSecond = 100_000;
/** Whoever gathers a file in memory needs twice as much at its end as in its middle. */
const growthMax = 1.25;
const rowsMax = 1_000_000;

type Download = {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of the gateway, while it sent. */
  readonly memoryMb: readonly number[];
};

/** A million payouts as CSV over HTTP: how many rows a second, and whether the gateway's memory stays flat. */
export async function measureExport(database: BenchDatabase, gateway: BenchGateway): Promise<Figure> {
  const secret = await database.db.tx(async (tx) => {
    const { userId } = await createUser(tx, { login: 'bench', password: 'only-for-the-bench', role: 'viewer' });
    return (await createToken(tx, { userId, label: 'bench', days: 1 })).secret;
  });
  const pid = gateway.child.pid ?? 0;
  await download({ gateway, pid, secret, rowsMost: 20_000 });
  const { rows, bytes, seconds, memoryMb } = await download({ gateway, pid, secret, rowsMost: rowsMax });
  const rowsPerSecond = rows / seconds;
  const isWhole = rows >= Math.min(rowsMax, await countPayouts(database));
  const middle = Math.floor(memoryMb.length / 2);
  const [firstMb, secondMb] = [Math.max(...memoryMb.slice(0, middle)), Math.max(...memoryMb.slice(middle))];
  return {
    question: `export, ${rows} payouts as CSV`,
    value: `${rowsPerSecond.toFixed(0)}/s`,
    target: `≥ ${leastRowsPerSecond}/s`,
    isMet: rowsPerSecond >= leastRowsPerSecond && secondMb <= firstMb * growthMax && isWhole,
    note:
      `${(bytes / 1024 / 1024).toFixed(0)} MB, ` +
      `memory at most ${firstMb.toFixed(0)}, then ${secondMb.toFixed(0)} MB`,
  };
}

async function countPayouts({ db }: BenchDatabase): Promise<number> {
  const [row] = await db.query<{ count: bigint }>('select count(*) from payout');
  return Number(row?.count);
}

type Wanted = {
  readonly gateway: BenchGateway;
  readonly pid: number;
  readonly secret: string;
  /** The reader goes away after these. */
  readonly rowsMost: number;
};

const newline = 10;
const memoryEveryMs = 100;

function download({ gateway, pid, secret, rowsMost }: Wanted): Promise<Download> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    // The row of names is not a payout.
    let rows = -1;
    let bytes = 0;
    const memoryMb: number[] = [readMemoryMb(pid)];
    const memory = setInterval(() => memoryMb.push(readMemoryMb(pid)), memoryEveryMs);
    const end = (): void => {
      clearInterval(memory);
      resolve({ rows, bytes, seconds: (performance.now() - startedAt) / 1_000, memoryMb });
    };
    const request = get({
      port: gateway.port,
      host: '127.0.0.1',
      path: '/operator/v1/payouts/export?format=csv',
      headers: { authorization: `Bearer ${secret}` },
    });
    request.on('error', reject);
    request.on('response', (answer) => {
      if (answer.statusCode !== 200) {
        clearInterval(memory);
        reject(new Error(`the export was answered with ${answer.statusCode}`));
        answer.resume();
        return;
      }
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) rows += 1;
        if (rows < rowsMost) return;
        answer.removeAllListeners('data');
        end();
        answer.destroy();
      });
      answer.once('end', end);
      answer.once('error', (error) => {
        if (rows < rowsMost) reject(error);
      });
    });
  });
}
