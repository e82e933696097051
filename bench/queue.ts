import type { Figure } from './figure.ts';
import { sleep } from './figure.ts';
import { runLoad } from './processes.ts';
import { type Bench, connections, enroll, livesMax } from './rates.ts';

const sampleMs = 500;
/** A table that has found its size may still take a few pages more. */
const growthMax = 1.25;
const slackMb = 1;

/** Whether the table of queued work stays as large as it is: rows come and go by the thousand every second. */
export async function measureQueue(bench: Bench, seconds: number): Promise<Figure> {
  const sizes: number[] = [];
  const until = performance.now() + seconds * 1_000;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      sizes.push(await readQueueMb(bench));
      await sleep(sampleMs);
    }
  })();
  let lives = 0;
  while (performance.now() < until) {
    // The same orders again are new ones for another merchant.
    const { accounts } = await enroll(bench, 20);
    const load = await runLoad({
      port: bench.port,
      requests: bench.orders,
      connections,
      accounts,
      seconds: Math.max(1, (until - performance.now()) / 1_000),
      receiverPort: bench.receiver.port,
      livesMax,
    });
    lives += load.ended;
  }
  isOver = true;
  await sampling;
  const middle = Math.floor(sizes.length / 2);
  const [first, second] = [Math.max(...sizes.slice(0, middle)), Math.max(...sizes.slice(middle))];
  return {
    question: `queue over ${seconds} s, largest`,
    value: `${second.toFixed(1)} MB`,
    target: 'flat',
    isMet: second <= first * growthMax + slackMb,
    note: `${lives} lives in ${seconds} s; in the first half ${first.toFixed(1)} MB, indexes included`,
  };
}

async function readQueueMb({ database }: Bench): Promise<number> {
  const [row] = await database.db.query<{ bytes: bigint }>(`select pg_total_relation_size('job') as bytes`);
  return Number(row?.bytes ?? 0) / 1_048_576;
}
