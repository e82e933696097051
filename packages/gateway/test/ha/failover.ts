import { fileURLToPath } from 'node:url';
import { migrate } from '../../src/db/migrate.ts';
import { openPool, openSession } from '../../src/db/pool.ts';
import { type Load, sleep, startLoad } from '../faults/load.ts';
import { startReceiver } from '../faults/receiver.ts';
import { createProcesses, makeFolder, openShop, removeFolder, type Watched } from '../faults/site.ts';
import { type Figures, verifySite } from '../faults/verify.ts';
import { findFreePort } from '../gateway.ts';
import { type Cluster, openCluster } from './cluster.ts';
import type { Side } from './network.ts';
import type { Node } from './patroni.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

/** One thing that was done to the cluster or to the gateways, and how long merchants had to wait for a yes after it. */
export type Blow = { readonly what: string; readonly outageMs: number };

type Gateways = ReturnType<typeof createProcesses>;

type Scene = {
  readonly cluster: Cluster;
  readonly gateways: Gateways;
  readonly loads: readonly Load[];
  readonly ports: readonly number[];
};

/** What can be done to the cluster. The cuts need a network of the run's own. */
export const blowNames = ['kill-leader', 'pause-standby', 'pause-leader', 'cut-leader', 'cut-leader-off'] as const;

export type BlowName = (typeof blowNames)[number];

type Given = {
  readonly blows: readonly BlowName[];
  readonly onBlow: (blow: Blow) => void;
};

/**
 * Two gateways that answer and two that work, on three servers that follow each other, under load from beginning to
 * end. Blows fall, every gateway is replaced one by one, and then what must be zero is counted.
 */
export async function runFailover(given: Given): Promise<Figures> {
  const cluster = await openCluster();
  const folder = await makeFolder();
  const receiver = await startReceiver();
  const db = openPool({
    connection: cluster,
    name: 'ha',
    connectionsMax: 4,
    queryTimeoutMs: 20_000,
    onError: () => {},
  });
  const ports = [await findFreePort(), await findFreePort()] as const;
  const gateways = createProcesses({ folder, port: ports[0], url: () => cluster.url, settings: {} });
  const loads: Load[] = [];
  let isDone = false;
  try {
    await cluster.leader();
    await cluster.untilWhole(2);
    await migrate({ connect: () => openSession(cluster), folder: migrations });
    const site: Watched = { ...gateways, folder, receiver, port: ports[0], db: () => db };
    const shop = await openShop(db, receiver.url('ok'));
    const children = [
      await gateways.start('serve', ports[0]),
      await gateways.start('serve', ports[1]),
      await gateways.start('work'),
      await gateways.start('work'),
    ];
    const pace = { clients: 6, pauseMs: 20, patienceMs: 15_000 };
    loads.push(...ports.map((port) => startLoad(site, shop, { ...pace, port })));
    const scene = { cluster, gateways, loads, ports };
    await sleep(2_000);
    for (const name of given.blows) {
      if (cluster.isCuttable || !name.startsWith('cut-')) given.onBlow(await blowActs[name](scene));
    }
    given.onBlow(await replaceGateways(scene, children));
    await Promise.all(loads.map((load) => load.stop()));
    // The servers have Debian's settings, and have not had the time to look at their tables by themselves.
    await db.query('analyze');
    const figures = await verifySite(site, loads);
    isDone = figures.findings.length === 0;
    return figures;
  } finally {
    // Clients that insist on an answer would go on for ever once nobody is there.
    await Promise.all(loads.map((load) => load.stop()));
    await gateways.endAll();
    await receiver.close();
    await db.close().catch(() => {});
    await cluster.close({ keepLogs: !isDone });
    if (!isDone) process.stderr.write(`the servers' logs are in ${cluster.folder}\n`);
    await removeFolder(folder);
  }
}

async function killLeader(scene: Scene): Promise<Blow> {
  await scene.cluster.untilWhole(1);
  const leader = await scene.cluster.leader();
  return strike(scene, 'the leader is killed', async () => {
    await scene.cluster.kill(leader);
    return () => scene.cluster.restart(leader);
  });
}

/** Nothing is committed until another server confirms commits. */
async function pauseStandby(scene: Scene): Promise<Blow> {
  await scene.cluster.untilWhole(2);
  const standby = await scene.cluster.standby();
  return strike(scene, 'the standby that confirms commits stands still, and goes on', () =>
    pause(scene, standby, false),
  );
}

/** When it goes on it still thinks that it leads: what it commits then must not count. */
async function pauseLeader(scene: Scene): Promise<Blow> {
  await scene.cluster.untilWhole(2);
  const leader = await scene.cluster.leader();
  return strike(scene, 'the leader stands still, and goes on when another one leads', () => pause(scene, leader, true));
}

async function pause({ cluster }: Scene, node: Node, isLeader: boolean): Promise<() => Promise<void>> {
  const goOn = await cluster.pause(node, isLeader);
  return async () => {
    goOn();
    await cluster.untilWhole(2);
  };
}

/** Gateways go on reaching the old leader, which reaches neither its standbys nor etcd. */
async function cutLeader(scene: Scene): Promise<Blow> {
  return cut(scene, { what: 'the leader is cut off from the other servers', side: 'back' });
}

/** As if its rack had lost its cable: connections to it are not closed, they are silent. */
async function cutLeaderOff(scene: Scene): Promise<Blow> {
  return cut(scene, { what: 'the leader is cut off from everybody', side: 'both' });
}

async function cut(scene: Scene, { what, side }: { readonly what: string; readonly side: Side }): Promise<Blow> {
  await scene.cluster.untilWhole(2);
  const leader = await scene.cluster.leader();
  return strike(scene, what, () => {
    const mend = scene.cluster.cut(leader, side);
    return Promise.resolve(async () => {
      mend();
      await scene.cluster.untilWhole(2);
    });
  });
}

const blowActs: Readonly<Record<BlowName, (scene: Scene) => Promise<Blow>>> = {
  'kill-leader': killLeader,
  'pause-standby': pauseStandby,
  'pause-leader': pauseLeader,
  'cut-leader': cutLeader,
  'cut-leader-off': cutLeaderOff,
};

async function replaceGateways({ gateways, ports, ...scene }: Scene, children: Children): Promise<Blow> {
  return strike({ gateways, ports, ...scene }, 'every gateway is replaced, one after the other', async () => {
    const commands = ['serve', 'serve', 'work', 'work'] as const;
    for (const [at, child] of children.entries()) {
      const code = await gateways.end(child, 'SIGTERM');
      if (code !== 0) throw new Error(`a gateway ended with ${code} when it was replaced`);
      await gateways.start(commands[at] ?? 'work', ports[at]);
    }
    return () => Promise.resolve();
  });
}

type Children = readonly Awaited<ReturnType<Gateways['start']>>[];

/** Strikes, waits until merchants are told yes again, mends, and lets it go on for a while. */
async function strike(scene: Scene, what: string, act: () => Promise<() => Promise<void>>): Promise<Blow> {
  const mend = await act();
  const startedAt = performance.now();
  const before = countYes(scene.loads);
  // A new one: what was answered while the blow fell does not count.
  await untilTrue(() => countYes(scene.loads) > before + 20);
  const outageMs = performance.now() - startedAt;
  await mend();
  await sleep(1_500);
  return { what, outageMs };
}

function countYes(loads: readonly Load[]): number {
  return loads.flatMap((load) => load.readAnswers()).filter(({ created }) => created === 'yes').length;
}

async function untilTrue(isTrue: () => boolean): Promise<void> {
  const untilAt = performance.now() + 120_000;
  while (!isTrue()) {
    if (performance.now() > untilAt) throw new Error('nobody was told yes within two minutes');
    await sleep(100);
  }
}
