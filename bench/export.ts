import { get } from 'node:http';
import { createToken } from '../packages/gateway/src/operators/sessions.ts';
import { createUser } from '../packages/gateway/src/operators/users.ts';
import type { BenchDatabase } from './database.ts';
import type { Figure } from './figure.ts';
import { readMemoryMb } from './footprint.ts';
import type { BenchGateway } from './gateway.ts';

const leastRowsPerSecond = 100_000;
/** What a file that is not gathered in memory may add to the process that makes it. */
const growthMbMax = 64;
const rowsMax = 1_000_000;

type Download = { readonly rows: number; readonly bytes: number; readonly seconds: number; readonly peakMb: number };

/** A million payouts as CSV over HTTP: how many rows a second, and whether the gateway's memory stays flat. */
export async function measureExport(database: BenchDatabase, gateway: BenchGateway): Promise<Figure> {
  const secret = await database.db.tx(async (tx) => {
    const { userId } = await createUser(tx, { login: 'bench', password: 'only-for-the-bench', role: 'viewer' });
    return (await createToken(tx, { userId, label: 'bench', days: 1 })).secret;
  });
  const pid = gateway.child.pid ?? 0;
  await download({ gateway, pid, secret, rowsMost: 20_000 });
  const beforeMb = readMemoryMb(pid);
  const { rows, bytes, seconds, peakMb } = await download({ gateway, pid, secret, rowsMost: rowsMax });
  const rowsPerSecond = rows / seconds;
  const isWhole = rows >= Math.min(rowsMax, await countPayouts(database));
  const growthMb = peakMb - beforeMb;
  return {
    question: `export, ${rows} payouts as CSV`,
    value: `${rowsPerSecond.toFixed(0)}/s`,
    target: `≥ ${leastRowsPerSecond}/s`,
    isMet: rowsPerSecond >= leastRowsPerSecond && growthMb <= growthMbMax && isWhole,
    note: `${(bytes / 1024 / 1024).toFixed(0)} MB, memory ${beforeMb.toFixed(0)} → at most ${peakMb.toFixed(0)} MB`,
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
    let peakMb = 0;
    const memory = setInterval(() => {
      peakMb = Math.max(peakMb, readMemoryMb(pid));
    }, memoryEveryMs);
    const end = (): void => {
      clearInterval(memory);
      resolve({ rows, bytes, seconds: (performance.now() - startedAt) / 1_000, peakMb });
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
