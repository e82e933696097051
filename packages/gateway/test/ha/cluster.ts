import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../gateway.ts';

/** One PostgreSQL under its Patroni. */
export type Node = {
  readonly name: string;
  readonly port: number;
  /** Patroni's own answers. */
  readonly restPort: number;
};

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
  /** Everything on a node stands still, as a virtual machine does that is moved; answers how it goes on. */
  pause(node: Node): Promise<() => void>;
  /** Settles when one leads, at least so many follow, and one of them confirms every commit. */
  untilWhole(followers: number): Promise<void>;
  close(): Promise<void>;
};

const binaries = ['/usr/lib/postgresql/17/bin', '/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/15/bin'];
const patience = 150_000;
const user = 'vyplata';

/** What is missing here, as a sentence; undefined: nothing. */
export function findMissing(): string | undefined {
  const missing = [
    ...(findBinaries() === undefined ? ['postgresql'] : []),
    ...(existsSync('/usr/bin/patroni') ? [] : ['patroni']),
    ...(existsSync('/usr/bin/etcd') ? [] : ['etcd-server']),
  ];
  return missing.length === 0 ? undefined : `the Debian packages ${missing.join(', ')} are needed`;
}

function findBinaries(): string | undefined {
  return binaries.find((folder) => existsSync(join(folder, 'postgres')));
}

export async function openCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-ha-'));
  // Patroni lets its PostgreSQL go on when it dies itself: nothing of ours may outlive this process.
  const sweep = (): void => void spawnSync('pkill', ['-KILL', '-f', folder]);
  process.once('exit', sweep);
  const owner = ownerOf();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const children = new Map<string, ChildProcess>();
  const start = async (name: string, words: readonly string[]): Promise<void> => {
    children.set(name, await startProcess({ folder, name, words }));
  };
  const etcdPort = await findFreePort();
  const peerPort = await findFreePort();
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const etcd = `etcd --data-dir ${join(folder, 'etcd')} --name one --unsafe-no-fsync
    --listen-client-urls ${at(etcdPort)} --advertise-client-urls ${at(etcdPort)}
    --listen-peer-urls ${at(peerPort)} --initial-advertise-peer-urls ${at(peerPort)}
    --initial-cluster one=${at(peerPort)}`;
  await start('etcd', etcd.split(/\s+/));
  const nodes: Node[] = [];
  for (const name of ['one', 'two', 'three']) {
    nodes.push({ name, port: await findFreePort(), restPort: await findFreePort() });
  }
  const startNode = async (node: Node): Promise<void> => {
    const path = join(folder, `${node.name}.yml`);
    await writeFile(path, configOf(node, { folder, etcdPort }));
    await start(node.name, ['patroni', path]);
  };
  for (const node of nodes) await startNode(node);
  const leader = (): Promise<Node> => untilFound('leader', () => findLeader(nodes));
  return {
    url: `postgres://${user}@${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/postgres`,
    leader,
    standby: () =>
      untilFound('standby that confirms commits', async () => {
        const members = await readMembers(await leader());
        const name = members.find(({ role }) => role === 'sync_standby')?.name;
        return nodes.find((node) => node.name === name);
      }),
    async kill(node) {
      for (const pid of await processesOf(folder, node)) signal(pid, 'SIGKILL');
      children.delete(node.name);
    },
    restart: startNode,
    async pause(node) {
      const pids = await processesOf(folder, node);
      for (const pid of pids) signal(pid, 'SIGSTOP');
      return () => {
        for (const pid of pids) signal(pid, 'SIGCONT');
      };
    },
    async untilWhole(followers) {
      await untilFound('whole cluster', async () => {
        const one = await findLeader(nodes);
        const members = one === undefined ? [] : await readMembers(one);
        const streaming = members.filter(({ state, role }) => role !== 'leader' && isFollowing(state)).length;
        return streaming >= followers && members.some(({ role }) => role === 'sync_standby') ? true : undefined;
      });
    },
    async close() {
      for (const node of nodes) for (const pid of await processesOf(folder, node)) signal(pid, 'SIGKILL');
      for (const child of children.values()) child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 200));
      sweep();
      process.off('exit', sweep);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isFollowing(state: string): boolean {
  return state === 'running' || state === 'streaming';
}

/** PostgreSQL refuses root; Debian's package brings a user for it. */
function ownerOf(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const read = (flag: string): number => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: read('-u'), gid: read('-g') };
}

type Start = { readonly folder: string; readonly name: string; readonly words: readonly string[] };

async function startProcess({ folder, name, words }: Start): Promise<ChildProcess> {
  const asOwner = ownerOf() === undefined ? [] : ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];
  const shell = `exec "$@" >>"${join(folder, `${name}.log`)}" 2>&1`;
  // Whatever becomes of this process, no server outlives it.
  const command = [...asOwner, '--pdeathsig', 'KILL', 'sh', '-c', shell, 'sh', ...words];
  const child = spawn('setpriv', command, { cwd: folder, stdio: 'ignore', env: { PATH: process.env['PATH'] } });
  await once(child, 'spawn');
  return child;
}

function configOf(node: Node, { folder, etcdPort }: { folder: string; etcdPort: number }): string {
  const address = `127.0.0.1:${node.port}`;
  return JSON.stringify({
    scope: 'vyplata',
    name: node.name,
    restapi: { listen: `127.0.0.1:${node.restPort}`, connect_address: `127.0.0.1:${node.restPort}` },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 2,
        retry_timeout: 4,
        maximum_lag_on_failover: 1_048_576,
        // Strict: without a standby nothing is committed, and so nothing that was answered can be lost.
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          parameters: { max_connections: 100, fsync: 'on', synchronous_commit: 'on', wal_level: 'replica' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: address,
      connect_address: address,
      data_dir: join(folder, node.name),
      bin_dir: findBinaries(),
      pgpass: join(folder, `${node.name}.pgpass`),
      authentication: {
        superuser: { username: user, password: 'local' },
        replication: { username: 'replicator', password: 'local' },
        rewind: { username: user, password: 'local' },
      },
      parameters: { unix_socket_directories: folder },
      pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
    },
    watchdog: { mode: 'off' },
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
    const words = (line ?? '').split('\0');
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

type Member = { readonly name: string; readonly role: string; readonly state: string };

async function readMembers(node: Node): Promise<readonly Member[]> {
  const answer = await fetch(`http://127.0.0.1:${node.restPort}/cluster`, { signal: AbortSignal.timeout(2_000) });
  return ((await answer.json()) as { members: Member[] }).members;
}

async function findLeader(nodes: readonly Node[]): Promise<Node | undefined> {
  const asked = await Promise.all(
    nodes.map(async (node) => {
      const address = `http://127.0.0.1:${node.restPort}/leader`;
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
