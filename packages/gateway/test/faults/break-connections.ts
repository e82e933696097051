import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sleep } from './load.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { breakSite, randomMs, type Scenario } from './scenario.ts';

/** Longer than an accept may wait for the database, and than a client of the load waits for an answer. */
const holdMs = 9_000;

async function mistreat(proxy: Proxy, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let cuts = 0; cuts < 4; cuts += 1) {
      await sleep(randomMs(50, 250));
      proxy.cut(0.5);
    }
    for (const manner of ['truncate', 'delay', 'truncate'] as const) {
      proxy.treat(manner);
      await sleep(400);
      proxy.treat('pass');
      await sleep(200);
    }
  }
  proxy.treat('hold');
  await sleep(holdMs);
  // What was swallowed until now arrives late, or never.
  proxy.cut(0.5);
  proxy.treat('pass');
  await sleep(500);
}

export const connectionScenarios: readonly Scenario[] = [
  {
    name: 'database-cut-off',
    what: 'connections to the database cut, cut short, slowed down and swallowed',
    run: ({ rounds }) =>
      breakSite({ processes: [] }, async ({ site, startLoad, closeLater }) => {
        const folder = join(site.folder, 'proxy');
        await mkdir(folder, { mode: 0o700 });
        const proxy = await openProxy({ listen: join(folder, basename(site.realSocket)), to: site.realSocket });
        // The processes go on through it, as through any network.
        closeLater(proxy.close);
        site.useSocket(folder);
        await site.start('run');
        startLoad();
        await mistreat(proxy, rounds);
      }),
  },
  {
    name: 'clients-cut-off',
    what: 'connections of clients cut, cut short, slowed down and swallowed',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'] }, async ({ site, startLoad }) => {
        const proxy = await openProxy({ listen: 0, to: site.port });
        const load = startLoad({ port: proxy.port, patienceMs: 3_000 });
        await mistreat(proxy, rounds);
        await load.stop();
        await proxy.close();
        assert.ok(
          load.readAnswers().some(({ created }) => created === 'cut'),
          'answers were cut off',
        );
      }),
  },
];
