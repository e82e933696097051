import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Load, order, post, startLoad } from './load.ts';
import { openSite, type Shop, type Site } from './site.ts';
import { type Figures, verifySite } from './verify.ts';

export type Scenario = {
  readonly name: string;
  readonly what: string;
  run(times: number): Promise<Figures>;
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

/** Opens a site with one shop, lets `act` break things under load, and counts what must be zero. */
async function underLoad(act: (site: Site, load: Load, shop: Shop) => Promise<void>): Promise<Figures> {
  const site = await openSite();
  try {
    const shop = await site.openShop(site.receiver.url('ok'));
    const load = startLoad(site, shop);
    await act(site, load, shop);
    await load.stop();
    return await verifySite(site, shop, load.answers);
  } finally {
    await site.close();
  }
}

async function killAgain(site: Site, command: 'run' | 'serve' | 'work', times: number): Promise<void> {
  let child = await site.start(command);
  for (let at = 0; at < times; at += 1) {
    await sleep(400 + Math.random() * 800);
    await endOf(child, 'SIGKILL');
    child = await site.start(command);
  }
  await sleep(500);
}

/** Every process of the embedded server: the postmaster and its children. */
async function processesOf(pid: number): Promise<number[]> {
  const found = [pid];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(name));
  }
  return found;
}

/** Stands between the processes and the database and cuts what passes through it. */
async function openCuttingProxy(site: Site): Promise<{ cut(): void; close(): void }> {
  const folder = join(site.folder, 'proxy');
  await mkdir(folder, { mode: 0o700 });
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const real = connect(join(site.realSocket, '.s.PGSQL.5432'));
    for (const [from, to] of [
      [client, real],
      [real, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(join(folder, '.s.PGSQL.5432'));
  await once(server, 'listening');
  site.useSocket(folder);
  return {
    cut() {
      for (const socket of open) if (Math.random() < 0.5) socket.destroy();
    },
    close: () => server.close(),
  };
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'gateway-killed',
    what: 'kill -9 of the whole gateway under load',
    run: (times) => underLoad((site) => killAgain(site, 'run', times)),
  },
  {
    name: 'worker-killed',
    what: 'kill -9 of a worker under load',
    run: (times) =>
      underLoad(async (site) => {
        await site.start('serve');
        await killAgain(site, 'work', times);
      }),
  },
  {
    name: 'database-killed',
    what: 'kill -9 of PostgreSQL under load',
    run: (times) =>
      underLoad(async (site) => {
        await site.start('run');
        for (let at = 0; at < times; at += 1) {
          await sleep(600 + Math.random() * 600);
          process.kill(await site.databasePid(), 'SIGKILL');
          await site.restartDatabase();
        }
        await sleep(1_000);
      }),
  },
  {
    name: 'terminated',
    what: 'SIGTERM under load: everything under way is answered, and the exit code is 0',
    run: (times) =>
      underLoad(async (site, load) => {
        for (let at = 0; at < times; at += 1) {
          const child = await site.start('run');
          await sleep(800);
          const code = await endOf(child, 'SIGTERM');
          if (code !== 0) throw new Error(`the gateway ended with ${code} on SIGTERM`);
        }
        if (load.answers.some((answer) => answer.created === 'unknown')) throw new Error('an answer was unknown');
        await site.start('run');
        await sleep(500);
      }),
  },
  {
    name: 'worker-stopped',
    what: 'SIGSTOP of a worker for longer than its lease while another goes on',
    run: () =>
      underLoad(async (site) => {
        await site.start('serve');
        const first = await site.start('work');
        await sleep(1_000);
        first.kill('SIGSTOP');
        await site.start('work');
        // The lease is twice the call deadline and five seconds.
        await sleep(13_000);
        first.kill('SIGCONT');
        await sleep(1_000);
      }),
  },
  {
    name: 'database-frozen',
    what: 'all of PostgreSQL stopped for 16 s: create answers within 12 s, everything else within 25 s',
    run: () =>
      underLoad(async (site, load, shop) => {
        await site.start('run');
        await sleep(1_000);
        const pids = await processesOf(await site.databasePid());
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        const startedAt = performance.now();
        const status = post(site, shop, { path: '/v1/payout/status', body: '{"order_id":"none"}' });
        const create = await order(site, shop, 'frozen');
        if (create.tookMs > 12_000 || create.status === 0) throw new Error(`create took ${create.tookMs} ms`);
        await sleep(16_000 - (performance.now() - startedAt));
        for (const pid of pids) process.kill(pid, 'SIGCONT');
        await status;
        if (performance.now() - startedAt > 25_000) throw new Error('status took longer than 25 s');
        const late = load.answers.filter((answer) => answer.tookMs > 12_000);
        if (late.length > 0) throw new Error(`${late.length} creates were answered after more than 12 s`);
        await sleep(1_000);
      }),
  },
  {
    name: 'connections-cut',
    what: 'connections to the database cut in the middle, again and again',
    run: (times) =>
      underLoad(async (site) => {
        const proxy = await openCuttingProxy(site);
        await site.start('run');
        for (let at = 0; at < times * 8; at += 1) {
          await sleep(100 + Math.random() * 200);
          proxy.cut();
        }
        await sleep(1_500);
        proxy.close();
      }),
  },
  {
    name: 'receiver-dead',
    what: "one merchant's receiver hangs, drips, fails or redirects; another merchant is told all the same",
    run: (times) =>
      underLoad(async (site) => {
        const bad = await Promise.all(
          (['hang', 'drip', 'fail', 'redirect'] as const).map((manner) => site.openShop(site.receiver.url(manner))),
        );
        await site.start('run');
        for (let at = 0; at < times * 25; at += 1) {
          await Promise.all(bad.map((shop, index) => order(site, shop, `bad-${index}-${at}`)));
        }
        const [row] = await site
          .db()
          .query<{ count: bigint }>(
            `select count(*) from notification where state = 'delivered' and merchant_id = any ($1)`,
            [bad.map((shop) => shop.merchantId)],
          );
        if (row?.count !== 0n)
          throw new Error(`${row?.count} notifications count as delivered to receivers that never said so`);
      }),
  },
];
