import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, openPool } from '../../src/db/pool.ts';
import { createQueue, type Job } from '../../src/jobs/queue.ts';
import { createWorker, type Worker } from '../../src/jobs/worker.ts';
import { openTestDatabase } from '../database.ts';

const lane = '1 https://slow.example';
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function withJobs(count: number, work: (db: Db) => Promise<void>): Promise<void> {
  const database = await openTestDatabase();
  const db = openPool({ connection: database.connection, name: 'test', connectionsMax: 4 });
  try {
    await db.query(
      `insert into job (kind, merchant_id, subject_id, lane) select 'notification', 1, n, $2
       from generate_series(1, $1::int) n`,
      [count, lane],
    );
    await work(db);
  } finally {
    await db.close();
    await database.close();
  }
}

function startWorker(db: Db, handle: (job: Job) => Promise<void>): Worker {
  const worker = createWorker({
    queue: createQueue({ db }),
    kind: 'notification',
    leaseMs: 60_000,
    jobsMax: 32,
    claimMax: 16,
    laneJobsMax: 2,
    pollMs: 5,
    handle,
    onError: (error) => assert.fail(String(error)),
  });
  worker.start();
  return worker;
}

test('what a lane has no room for starts as soon as there is room, and never more than the lane may have', async () => {
  await withJobs(12, async (db) => {
    let running = 0;
    let most = 0;
    const done: bigint[] = [];
    const worker = startWorker(db, async (job) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(10);
      running -= 1;
      done.push(job.subjectId);
    });
    // Given back to the queue, each pair would take 200 ms: more than a second for all.
    const deadline = performance.now() + 600;
    while (done.length < 12 && performance.now() < deadline) await sleep(5);
    await worker.stop();
    assert.equal(new Set(done).size, 12);
    assert.equal(done.length, 12, 'each is done once');
    assert.equal(most, 2);
    assert.equal(worker.inHand(), 0);
  });
});

test('what waits too long for its lane is given back, so that another worker can take it', async () => {
  await withJobs(8, async (db) => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = startWorker(db, () => released);
    while (slow.inHand() < 8) await sleep(5);
    const isFree = async (): Promise<boolean> => {
      const [row] = await db.query<{ free: bigint }>('select count(*) as free from job where run_at <= now()');
      return row?.free === 6n;
    };
    const deadline = performance.now() + 3_000;
    while (!(await isFree()) && performance.now() < deadline) await sleep(10);
    assert.ok(await isFree(), 'the six that wait are due again long before their lease ends');
    assert.equal(slow.inHand(), 2);
    release();
    await slow.stop();
  });
});
