import { fork } from 'node:child_process';

import { createQueue } from '../../src/jobs/queue.ts';
import { createWorker } from '../../src/jobs/worker.ts';
import { deliveryLeaseMs } from '../../src/notifications/deliver.ts';
import { openNotificationGround } from './zz-ground.ts';
(async () => {
  const g = await openNotificationGround();
  const child = fork('/tmp/nb/recv.mjs');
  const port = await new Promise<number>((r) => child.once('message', (m) => r(m as number)));
  const id = await g.announce({ url: `http://127.0.0.1:${port}/n` });
  await g.db.query('delete from job');
  const N = Number(process.env.N ?? 6000);
  await g.db.query(`insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
    select merchant_id, nextval('notification_id'), payout_id, account_id, url, method, signed_text, 'pending' from notification, generate_series(1,$2::int) where notification_id=$1`, [id, N]);
  await g.db.query(`insert into job (kind, merchant_id, subject_id, lane) select 'notification', merchant_id, notification_id, 'l' || (notification_id % 8) from notification where notification_id > $1`, [id]);
  await g.db.query('analyze');
  const d = g.makeDeliverer();
  let done = 0;
  const w = createWorker({ queue: createQueue({ db: g.db }), kind: 'notification', leaseMs: deliveryLeaseMs, jobsMax: 256, claimMax: 64, laneJobsMax: 64, pollMs: 100,
    handle: async (j) => { await d.handle(j); done++; }, onError: console.error });
  const t = performance.now(); const c = process.cpuUsage(); const u = performance.eventLoopUtilization();
  w.start();
  while (done < N) await new Promise((r) => setTimeout(r, 5));
  const s = (performance.now() - t) / 1000; const cc = process.cpuUsage(c); const uu = performance.eventLoopUtilization(u);
  console.log(`${N} in ${s.toFixed(2)} s = ${(N / s).toFixed(0)}/s; cpu user ${(cc.user / 1e3 / N * 1e3).toFixed(0)} us sys ${(cc.system / N).toFixed(0)} us each; loop busy ${(uu.utilization * 100).toFixed(0)}% = ${(uu.active * 1e3 / N).toFixed(0)} us each`);
  await w.stop(); child.kill(); await g.close();
})().then(()=>process.exit(0));
