import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { type Answer, type Load, sleep } from './load.ts';
import { signedOrder } from './orders.ts';
import { breakSite, type Ground, randomMs, type Scenario } from './scenario.ts';
import type { Command } from './site.ts';

const exitMaxMs = 30_000;

/** Kills the process at a random moment and starts it again, `rounds` times. */
async function killAgain(ground: Ground, { command, rounds }: { command: Command; rounds: number }): Promise<void> {
  const { site, children } = ground;
  let child = children.at(-1) as ChildProcess;
  for (let round = 0; round < rounds; round += 1) {
    await sleep(randomMs(300, 1_300));
    await site.end(child, 'SIGKILL');
    child = await site.start(command);
  }
  await sleep(300);
}

/** Orders that were cut off, and whose payout is there all the same. */
async function findUnanswered({ site, shop }: Ground, answers: readonly Answer[]): Promise<string[]> {
  const told = new Set(answers.filter(({ created }) => created === 'yes').map(({ at }) => at));
  const replayed = answers.filter(({ isReplay }) => isReplay).map(({ at }) => signedOrder(at).orderId);
  const cut = answers.filter(({ at, created }) => created === 'cut' && !told.has(at));
  const found = await site
    .db()
    .query<{ id: string }>('select order_id as id from payout where merchant_id = $1 and order_id = any ($2)', [
      shop.merchantId,
      cut.map(({ at }) => signedOrder(at).orderId),
    ]);
  return [...replayed, ...found.map(({ id }) => id)];
}

/** Ends the gateway in good order under load, and looks at what it left behind before it is started again. */
async function terminate(ground: Ground, load: Load, child: ChildProcess): Promise<void> {
  const { site } = ground;
  const startedAt = performance.now();
  const code = await site.end(child, 'SIGTERM');
  const tookMs = performance.now() - startedAt;
  assert.equal(code, 0, 'the exit code after SIGTERM');
  assert.ok(tookMs < exitMaxMs, `the exit took ${Math.round(tookMs)} ms`);
  // Clients are still writing down what they were told.
  await sleep(100);
  const answers = load.readAnswers();
  assert.equal(answers.filter(({ created }) => created === 'unknown').length, 0, 'answers that told nothing');
  assert.deepEqual(await findUnanswered(ground, answers), [], 'orders that created something and were not answered');
  const open = await site.db().query(`select payout_id from attempt where state = 'open'`);
  assert.deepEqual(open, [], 'calls to a provider that were broken off');
}

/** Payouts that were asked about although the provider had answered them: their worker was not there to hear it. */
async function countOvertaken({ site, shop }: Ground, load: Load): Promise<number> {
  const plain = load.readAnswers().flatMap(({ at, id }) => (signedOrder(at).isPlain && id !== null ? [id] : []));
  const asked = await site
    .db()
    .query('select 1 from attempt where merchant_id = $1 and asks > 0 and payout_id = any ($2)', [
      shop.merchantId,
      plain,
    ]);
  return asked.length;
}

export const processScenarios: readonly Scenario[] = [
  {
    name: 'gateway-killed',
    what: 'kill -9 of the whole gateway under load',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'] }, async (ground) => {
        ground.startLoad();
        await killAgain(ground, { command: 'run', rounds });
      }),
  },
  {
    name: 'worker-killed',
    what: 'kill -9 of a worker under load, beside another one',
    run: ({ rounds }) =>
      breakSite({ processes: ['serve', 'work', 'work'] }, async (ground) => {
        ground.startLoad();
        await killAgain(ground, { command: 'work', rounds });
      }),
  },
  {
    name: 'terminated',
    what: 'SIGTERM under load: whatever is under way is answered and recorded, exit code 0 within 30 s',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'] }, async (ground) => {
        const load = ground.startLoad();
        let child = ground.children[0] as ChildProcess;
        for (let round = 0; round < rounds; round += 1) {
          await sleep(randomMs(400, 1_200));
          await terminate(ground, load, child);
          child = await ground.site.start('run');
        }
        await sleep(300);
      }),
  },
  {
    name: 'worker-stopped',
    what: 'SIGSTOP of a worker for longer than its leases while another goes on, then SIGCONT',
    run: ({ rounds }) =>
      // A slow provider, so that the worker has a good many payouts in hand when it stops.
      breakSite({ processes: ['serve', 'work'], settings: { SANDBOX_TIME_SCALE: '3' } }, async (ground) => {
        const load = ground.startLoad({ pauseMs: 60 });
        const { site, children } = ground;
        const worker = children[1] as ChildProcess;
        for (let round = 0; round < rounds / 2; round += 1) {
          await sleep(randomMs(800, 1_200));
          worker.kill('SIGSTOP');
          if (round === 0) await site.start('work');
          // The longest lease is twice the deadline of a call and five seconds.
          await sleep(12_000);
          worker.kill('SIGCONT');
        }
        await sleep(500);
        assert.ok((await countOvertaken(ground, load)) > 0, 'the stopped worker had something in hand');
      }),
  },
];
