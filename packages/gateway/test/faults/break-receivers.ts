import assert from 'node:assert/strict';
import { type Load, sendAll, sleep } from './load.ts';
import type { Manner } from './receiver.ts';
import { breakSite, type Ground, type Scenario } from './scenario.ts';
import type { Shop, Site } from './site.ts';

const badManners = ['hang', 'drip', 'fail', 'redirect', 'reset', 'garbage'] as const satisfies readonly Manner[];
/** Reserved, and nobody listens there. */
const deafUrl = 'http://127.0.0.1:1/';
const firstTryMaxMs = 5_000;

async function countNotifications(site: Site, shops: readonly Shop[], state: string): Promise<number> {
  const [row] = await site
    .db()
    .query<{ count: bigint }>('select count(*) from notification where state = $1 and merchant_id = any ($2)', [
      state,
      shops.map((shop) => shop.merchantId),
    ]);
  return Number(row?.count);
}

/** Between now and the end of a lease a job may be in somebody's hands; what is due later waits for its time. */
const inHandMs = 3_500;

/** All receivers are well again, and the time until the next try passes at once. */
async function mendReceivers({ receiver, db }: Site): Promise<void> {
  receiver.mend();
  await db().query('update endpoint set url = $1 where url = $2', [receiver.url('ok'), deafUrl]);
  await db().query('update notification set url = $1 where url = $2', [receiver.url('ok'), deafUrl]);
  await untilTrue('every notification was delivered', async () => {
    await db().query(
      `update job set run_at = now() where kind = 'notification' and run_at > now() + $1 * interval '1 millisecond'`,
      [inHandMs],
    );
    const [row] = await db().query<{ count: bigint }>(`select count(*) from job where kind = 'notification'`);
    return row?.count === 0n;
  });
}

/** How long after the end of each payout its merchant was told first, the slowest of a hundred left out. */
async function readFirstTryMs({ site }: Ground, shop: Shop): Promise<number> {
  const rows = await site.db().query<{ id: string; finalMs: number }>(
    `select 'ntf_' || n.notification_id as id, extract(epoch from p.final_at)::float8 * 1000 as "finalMs"
       from notification n join payout p using (merchant_id, payout_id) where n.merchant_id = $1`,
    [shop.merchantId],
  );
  const waits = rows.flatMap(({ id, finalMs }) => {
    const received = site.receiver.got.get(id);
    return received === undefined ? [] : [received.firstAt - finalMs];
  });
  return waits.sort((one, other) => one - other)[Math.floor(waits.length * 0.99)] ?? 0;
}

export const receiverScenarios: readonly Scenario[] = [
  {
    name: 'receivers-bad',
    what: 'receivers that hang, drip, fail, redirect, reset, talk nonsense or are not there; one that is well',
    run: ({ rounds }) =>
      breakSite({ processes: ['run'] }, async (ground) => {
        const { site, watch } = ground;
        const urls = [...badManners.map((manner) => site.receiver.url(manner)), deafUrl];
        const bad = await Promise.all(urls.map((url) => site.openShop(url)));
        ground.startLoad({ pauseMs: 50 });
        const loads: Load[] = await Promise.all(
          bad.map((shop) => sendAll(site, shop, { clients: 2, ordersMax: rounds * 20 })),
        );
        for (const load of loads) watch(load);
        for (const manner of badManners) {
          await untilTrue(`a notification came to ${manner}`, () => site.receiver.count(manner) > 0);
        }
        assert.equal(await countNotifications(site, bad, 'delivered'), 0, 'delivered to nobody who said so');
        assert.equal(site.receiver.landed(), 0, 'requests that followed a redirect');
        await mendReceivers(site);
      }),
  },
  {
    name: 'receiver-dead',
    what: 'very many notifications queued for a receiver that hangs; another merchant is told at once',
    run: ({ isShort }) => {
      const queued = isShort ? 400 : 10_000;
      const settings = isShort ? { NOTIFICATION_JOBS_MAX: '32', LANE_JOBS_MAX: '16' } : {};
      return breakSite({ processes: ['run'], settings }, async (ground) => {
        const { site, shop, watch } = ground;
        const dead = await site.openShop(site.receiver.url('hang'));
        watch(await sendAll(site, dead, { clients: 16, pauseMs: 0, ordersMax: queued }));
        const told = isShort ? 60 : 1_000;
        watch(await sendAll(site, shop, { clients: 4, ordersMax: told }));
        await untilTrue('the other merchant was told everything', () => site.receiver.count('ok') >= told);
        // In order of time: these are the last of all, and the queue before them has hardly moved.
        const tried = site.receiver.count('hang');
        assert.ok(tried < queued, `all ${queued} of the dead receiver were tried before the other merchant was told`);
        if (!isShort) {
          const tookMs = await readFirstTryMs(ground, shop);
          assert.ok(tookMs < firstTryMaxMs, `99 of 100 were told within ${Math.round(tookMs)} ms`);
        }
        await mendReceivers(site);
      });
    },
  },
];

async function untilTrue(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const untilAt = performance.now() + 60_000;
  while (!(await isTrue())) {
    if (performance.now() > untilAt) throw new Error(`not within a minute: ${what}`);
    await sleep(100);
  }
}
