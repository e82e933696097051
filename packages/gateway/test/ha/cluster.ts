import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSession } from '../../src/db/pool.ts';
import { findOwner, wordsOfOwner } from '../debian-postgres.ts';
import { findFreePort } from '../gateway.ts';
import { openNetwork, type Side, type Site } from './network.ts';
import { configOf, type Node, patroniCommand, stallPath, user } from './patroni.ts';

/** Three servers that watch each other through etcd, with a synchronous standby that every commit waits for. */
export type Cluster = {
  /** All servers in one URL. */
  readonly url: string;
  leader(): Promise<Node>;
  /** The one that confirms commits now. */
  standby(): Promise<Node>;
  /** kill -9 of everything on a node. */
  kill(node: Node): Promise<void>;
  /** A killed node comes back, to follow whoever leads now. */
  restart(node: Node): Promise<void>;
  /**
   * Everything on a node stands still, as a virtual machine does that is moved; answers how it goes on. A leader stops
   * at its worst place: it has read that it leads, and is about to write that it still does.
   */
  pause(node: Node, isLeader: boolean): Promise<() => void>;
  /** Whether the nodes have cables of their own that can be cut. */
  readonly isCuttable: boolean;
  /** Cuts a node off from the other ones, or from merchants' gateways as well; answers how it is mended. */
  cut(node: Node, side: Side): () => void;
  /** Settles when one leads, at least so many follow, and one of them confirms every commit. */
  untilWhole(followers: number): Promise<void>;
  /** `keepLogs`: leaves the folder there, for whoever wants to know what happened. */
  close(given: { readonly keepLogs: boolean }): Promise<void>;
  readonly folder: string;
};

const nodeNames = ['one', 'two', 'three'];
const patience = 150_000;

export async function openCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-ha-'));
  // Patroni lets its PostgreSQL go on when it dies itself: nothing of ours may outlive this process.
  const sweep = (): void => void spawnSync('pkill', ['-KILL', '-f', folder]);
  process.once('exit', sweep);
  const owner = findOwner();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const children = new Map<string, ChildProcess>();
  const start = async (name: string, words: readonly string[], place: Place = {}): Promise<void> => {
    children.set(name, await startProcess({ folder, name, words, ...place }));
  };
  const network = await openNetwork(nodeNames.length);
  const etcdPort = await findFreePort();
  await start('etcd', etcdCommand({ folder, host: network.hub, port: etcdPort, peerPort: await findFreePort() }));
  const nodes: Node[] = [];
  for (const [at, name] of nodeNames.entries()) {
    nodes.push({ name, site: network.sites[at] as Site, port: await findFreePort(), restPort: await findFreePort() });
  }
  const startNode = async (node: Node): Promise<void> => {
    const path = join(folder, `${node.name}.yml`);
    await writeFile(path, configOf(node, { folder, etcd: `${network.hub}:${etcdPort}` }));
    const place = { enter: node.site.enter, stallAt: stallPath(folder, node) };
    await start(node.name, patroniCommand(path), place);
  };
  for (const node of nodes) await startNode(node);
  const leader = (): Promise<Node> => untilFound('leader', () => findLeader(nodes));
  const close = async ({ keepLogs }: { readonly keepLogs: boolean }): Promise<void> => {
    for (const node of nodes) await killNode(folder, node);
    for (const child of children.values()) child.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 200));
    sweep();
    network.close();
    process.off('exit', sweep);
    if (!keepLogs) rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: `postgres://${user}@${nodes.map(({ site, port }) => `${site.front}:${port}`).join(',')}/postgres`,
    leader,
    standby: () =>
      untilFound('standby that confirms commits', async () => {
        const members = await readMembers(await leader());
        const name = members.find(({ role }) => role === 'sync_standby')?.name;
        return nodes.find((node) => node.name === name);
      }),
    async kill(node) {
      await killNode(folder, node);
      children.delete(node.name);
    },
    restart: startNode,
    async pause(node, isLeader) {
      if (isLeader) await stall(folder, node);
      const pids = await processesOf(folder, node);
      for (const pid of pids) signal(pid, 'SIGSTOP');
      return () => {
        for (const pid of pids) signal(pid, 'SIGCONT');
      };
    },
    isCuttable: network.isOwn,
    cut(node, side) {
      node.site.cut(side);
      return () => node.site.mend();
    },
    async untilWhole(followers) {
      await untilFound('whole cluster', () => findWhole(nodes, followers));
    },
    close,
    folder,
  };
}

type EtcdPlace = { readonly folder: string; readonly host: string; readonly port: number; readonly peerPort: number };

function etcdCommand({ folder, host, port, peerPort }: EtcdPlace): readonly string[] {
  const [clients, peers] = [`http://${host}:${port}`, `http://${host}:${peerPort}`];
  const words = `etcd --data-dir ${join(folder, 'etcd')} --name one --unsafe-no-fsync --enable-v2
    --listen-client-urls ${clients} --advertise-client-urls ${clients}
    --listen-peer-urls ${peers} --initial-advertise-peer-urls ${peers} --initial-cluster one=${peers}`;
  return words.split(/\s+/);
}

type Start = {
  readonly folder: string;
  readonly name: string;
  readonly words: readonly string[];
} & Place;

type Place = { readonly enter?: readonly string[]; readonly stallAt?: string };

async function startProcess({ folder, name, words, enter = [], stallAt = '' }: Start): Promise<ChildProcess> {
  const shell = `exec "$@" >>"${join(folder, `${name}.log`)}" 2>&1`;
  // Whatever becomes of this process, no server outlives it.
  const guarded = ['setpriv', ...wordsOfOwner(), '--pdeathsig', 'KILL', 'sh', '-c', shell, 'sh', ...words];
  const [command = '', ...rest] = [...enter, ...guarded];
  const child = spawn(command, rest, {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], STALL_AT: stallAt },
  });
  await once(child, 'spawn');
  return child;
}

/** Whom PostgreSQL starts meanwhile would keep its memory in use, and the node could not start again. */
async function killNode(folder: string, node: Node): Promise<void> {
  await untilFound('end of everything on a node', async () => {
    const pids = await processesOf(folder, node);
    for (const pid of pids) signal(pid, 'SIGKILL');
    return pids.length === 0 ? true : undefined;
  });
}

/** Patroni, PostgreSQL and whatever they started: what names the node's own files, and all children of it. */
async function processesOf(folder: string, node: Node): Promise<number[]> {
  const marks = [join(folder, `${node.name}.yml`), join(folder, node.name, '')];
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [line, stat] = await Promise.all(
      ['cmdline', 'stat'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    );
    parents.set(Number(name), Number((stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ')[1]));
    const words = [...(line ?? '').split('\0'), await readlink(`/proc/${name}/cwd`).catch(() => '')];
    if (words.some((word) => marks.some((mark) => `${word}/`.startsWith(mark) || word === mark)))
      found.add(Number(name));
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** A leader's Patroni stops between reading that it leads and writing that it still does; a follower's has none. */
async function stall(folder: string, node: Node): Promise<void> {
  const path = stallPath(folder, node);
  await writeFile(path, '');
  await untilFound('standstill', () => Promise.resolve(existsSync(path) ? undefined : true));
}

type Member = { readonly name: string; readonly role: string; readonly state: string };

async function readMembers(node: Node): Promise<readonly Member[]> {
  const answer = await fetch(`http://${node.site.front}:${node.restPort}/cluster`, {
    signal: AbortSignal.timeout(2_000),
  });
  return ((await answer.json()) as { members: Member[] }).members;
}

/** The leader, when so many follow it and one of them confirms commits: by its own account, Patroni's lags behind. */
async function findWhole(nodes: readonly Node[], followers: number): Promise<Node | undefined> {
  const leader = await findLeader(nodes);
  if (leader === undefined) return undefined;
  const states = await readFollowers(leader);
  return states.length >= followers && states.includes('sync') ? leader : undefined;
}

/** How each server that follows by now takes part in commits. */
async function readFollowers({ site, port }: Node): Promise<readonly string[]> {
  const session = await openSession({ url: `postgres://${user}@${site.front}:${port}/postgres` });
  try {
    const { rows } = await session.query(`select sync_state from pg_stat_replication where state = 'streaming'`);
    return rows.map((row) => (row as { sync_state: string }).sync_state);
  } finally {
    await session.end();
  }
}

async function findLeader(nodes: readonly Node[]): Promise<Node | undefined> {
  const asked = await Promise.all(
    nodes.map(async (node) => {
      const address = `http://${node.site.front}:${node.restPort}/leader`;
      const answer = await fetch(address, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      return answer?.status === 200 ? node : undefined;
    }),
  );
  return asked.find((node) => node !== undefined);
}

async function untilFound<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const untilAt = performance.now() + patience;
  for (;;) {
    const found = await find().catch(() => undefined);
    if (found !== undefined) return found;
    if (performance.now() > untilAt) throw new Error(`there was no ${what} within ${patience / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
