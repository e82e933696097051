import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, openPool } from '../../src/db/pool.ts';
import { createQueue, type Job } from '../../src/jobs/queue.ts';
import { firstFence, type Seat } from '../../src/jobs/seat.ts';
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

type Handle = (job: Job, known: string | undefined) => Promise<void>;

function startWorker(db: Db, handle: Handle, jobsMax = 32): Worker<string> {
  const worker = createWorker<string>({
    queue: createQueue({ db }),
    kind: 'notification',
    leaseMs: 60_000,
    jobsMax,
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

/** A place in the worker's hand; the first ones are given once a claim has shown that nothing waits. */
async function waitForSeat(worker: Worker<string>): Promise<Seat<string>> {
  for (;;) {
    const seat = worker.reserve('');
    if (seat !== undefined) return seat;
    await sleep(2);
  }
}

async function queueOwned(db: Db, seat: Seat<string>, subjectId: bigint): Promise<void> {
  await db.query(
    `insert into job (kind, merchant_id, subject_id, run_at, fence)
     values ('notification', 1, $1, clock_timestamp() + $2 * interval '1 millisecond', ${firstFence})`,
    [subjectId, seat.leaseMs],
  );
}

test('a job that was queued with its owner is begun by it at once and claimed by nobody', async () => {
  await withJobs(0, async (db) => {
    const seen: string[] = [];
    const owner = startWorker(db, async (job, known) => {
      seen.push(`owner ${job.subjectId} ${job.fence} ${known}`);
    });
    const other = startWorker(db, async (job) => {
      seen.push(`other ${job.subjectId}`);
    });
    const seat = await waitForSeat(owner);
    await queueOwned(db, seat, 7n);
    seat.take({ merchantId: 1n, subjectId: 7n }, 'what is known');
    assert.deepEqual(seen, ['owner 7 1 what is known']);
    await sleep(50);
    await Promise.all([owner.stop(), other.stop()]);
    assert.deepEqual(seen, ['owner 7 1 what is known']);
    assert.equal(owner.reserve(''), undefined, 'who has stopped takes nothing new');
  });
});

test('a place that is left is free again, and one that was left cannot be taken', async () => {
  await withJobs(0, async (db) => {
    const worker = startWorker(db, () => assert.fail('there is nothing to do'), 1);
    const seat = await waitForSeat(worker);
    assert.equal(worker.inHand(), 1);
    seat.leave();
    seat.leave();
    assert.equal(worker.inHand(), 0);
    assert.throws(() => seat.take({ merchantId: 1n, subjectId: 7n }, ''), /taken once/);
    (await waitForSeat(worker)).leave();
    await worker.stop();
  });
});

test('what had to be queued is begun before anything that is queued later', async () => {
  await withJobs(0, async (db) => {
    const begun: bigint[] = [];
    let release: () => void = () => {};
    const first = new Promise<void>((resolve) => (release = resolve));
    const handle: Handle = (job) => {
      begun.push(job.subjectId);
      return job.subjectId === 1n ? first : Promise.resolve();
    };
    const worker = startWorker(db, handle, 1);
    const seat = await waitForSeat(worker);
    await queueOwned(db, seat, 1n);
    seat.take({ merchantId: 1n, subjectId: 1n }, '');
    assert.equal(worker.reserve(''), undefined, 'the hand is full');
    await db.query(`insert into job (kind, merchant_id, subject_id) values ('notification', 1, 2)`);
    release();
    await first;
    assert.equal(worker.reserve(''), undefined, 'the second job waits longer');
    const later = await waitForSeat(worker);
    assert.deepEqual(begun, [1n, 2n]);
    later.leave();
    await worker.stop();
  });
});
