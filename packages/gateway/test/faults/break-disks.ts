import assert from 'node:assert/strict';
import type { Disk } from './disk.ts';
import { type Answer, sleep } from './load.ts';
import { breakSite, type Ground, type Scenario } from './scenario.ts';

const fullMs = 3_000;

/** A full log volume is the end of PostgreSQL: it is started again once there is room. */
async function overflowLog({ site }: Ground, disk: Disk): Promise<void> {
  await disk.fill();
  let hasEnded = false;
  void site.database.exited().then(() => {
    hasEnded = true;
  });
  const until = performance.now() + 20_000;
  while (!hasEnded && performance.now() < until) {
    // The rest of the present file of the log would last for a while.
    await site
      .db()
      .query('select pg_switch_wal()')
      .catch(() => {});
    await sleep(100);
  }
  await sleep(1_000);
  await disk.free();
  assert.ok(hasEnded, 'PostgreSQL went on without room for its log');
  await site.database.restart();
}

function isCertainRefusal({ status, created }: Answer): boolean {
  return status === 503 && created === 'no';
}

export const diskScenarios: readonly Scenario[] = [
  {
    name: 'data-disk-full',
    what: 'no room for data: orders are refused for certain, and everything goes on once there is room',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'], disk: { holds: 'data', sizeMiB: 256 } }, async (ground) => {
        const disk = ground.site.disk as Disk;
        const load = ground.startLoad();
        for (let round = 0; round < rounds / 2; round += 1) {
          await sleep(700);
          await disk.fill();
          await sleep(fullMs);
          await disk.free();
        }
        await sleep(500);
        const answers = load.readAnswers();
        assert.ok(answers.some(isCertainRefusal), 'the disk was full');
        assert.deepEqual(
          answers.filter(({ created }) => created === 'unknown'),
          [],
          'answers that told nothing',
        );
      }),
  },
  {
    name: 'log-disk-full',
    what: "no room for PostgreSQL's log, which ends it",
    run: ({ rounds }) =>
      breakSite({ processes: ['run'], disk: { holds: 'log', sizeMiB: 128 } }, async (ground) => {
        const load = ground.startLoad();
        for (let round = 0; round < rounds / 2; round += 1) {
          await sleep(700);
          await overflowLog(ground, ground.site.disk as Disk);
        }
        assert.ok(load.readAnswers().some(isCertainRefusal), 'orders were refused while there was no database');
        await sleep(500);
      }),
  },
];
