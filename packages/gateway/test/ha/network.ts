import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';

/** Where one server stands: what its merchants' side calls it, and what the other servers call it. */
export type Site = {
  readonly front: string;
  readonly back: string;
  /** Words before a command that is to run there. */
  readonly enter: readonly string[];
  /** Cuts the cables of one side: packets are lost in both directions and no connection is closed. */
  cut(side: Side): void;
  mend(): void;
};

export type Side = 'back' | 'both';

/** Servers on two networks: on `front` gateways reach them, on `back` they reach one another and etcd. */
export type Network = {
  readonly sites: readonly Site[];
  /** What stands on neither server's side, etcd for instance, as the servers call it. */
  readonly hub: string;
  /** Whether cables can be cut. */
  readonly isOwn: boolean;
  close(): void;
};

/** Set in a process that was started in a network namespace of its own, where it may make networks as it likes. */
const mark = 'VYPLATA_OWN_NETWORK';

const ends = { front: '10.77.1', back: '10.77.2' } as const;

/** Starts this very program anew in a network namespace of its own; undefined where that is impossible or done. */
export function reenterOwnNetwork(): Promise<number> | undefined {
  if (process.env[mark] !== undefined || !canOwnNetwork()) return undefined;
  const words = ['--pdeathsig', 'TERM', 'unshare', '--net', process.execPath, ...process.argv.slice(1)];
  const child = spawn('setpriv', words, { stdio: 'inherit', env: { ...process.env, [mark]: 'yes' } });
  return once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1));
}

function canOwnNetwork(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/sbin/ip') || !existsSync('/usr/bin/nsenter')) return false;
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Without a namespace of its own everything is on the loopback interface, and nothing can be cut. */
export async function openNetwork(count: number): Promise<Network> {
  if (process.env[mark] === undefined) return loopback(count);
  ip('link set lo up');
  for (const side of ['front', 'back'] as const) {
    ip(`link add ${side} type bridge`);
    ip(`addr add ${ends[side]}.254/24 dev ${side}`);
    ip(`link set ${side} up`);
  }
  const holders: ChildProcess[] = [];
  const sites: Site[] = [];
  for (let at = 1; at <= count; at += 1) {
    const holder = await startHolder();
    holders.push(holder);
    sites.push(connectSite(at, holder.pid ?? 0));
  }
  const close = (): void => {
    for (const holder of holders) holder.kill('SIGKILL');
    for (const side of Object.keys(ends)) ip(`link del ${side}`);
  };
  return { sites, hub: `${ends.back}.254`, isOwn: true, close };
}

function loopback(count: number): Network {
  const refuse = (): never => {
    throw new Error('The loopback interface has no cables to cut: run as root where network namespaces are allowed.');
  };
  const site: Site = { front: '127.0.0.1', back: '127.0.0.1', enter: [], cut: refuse, mend: refuse };
  return { sites: Array.from({ length: count }, () => site), hub: '127.0.0.1', isOwn: false, close: () => {} };
}

/** A namespace lives as long as a process in it. */
async function startHolder(): Promise<ChildProcess> {
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', 'infinity'], {
    stdio: 'ignore',
  });
  await once(holder, 'spawn');
  const own = readlinkSync('/proc/self/ns/net');
  while (holder.exitCode === null && readNamespace(holder.pid ?? 0) === own) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (holder.exitCode !== null) throw new Error('A network namespace could not be made.');
  return holder;
}

function readNamespace(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

function connectSite(at: number, pid: number): Site {
  const enter = ['nsenter', '--target', String(pid), '--net'];
  const inside = (words: string): void => run([...enter, 'ip', ...words.split(' ')]);
  inside('link set lo up');
  for (const side of ['front', 'back'] as const) {
    ip(`link add ${side}-${at} type veth peer name ${side} netns ${pid}`);
    ip(`link set ${side}-${at} master ${side} up`);
    inside(`addr add ${ends[side]}.${at}/24 dev ${side}`);
    inside(`link set ${side} up`);
  }
  return {
    front: `${ends.front}.${at}`,
    back: `${ends.back}.${at}`,
    enter,
    cut(side) {
      ip(`link set back-${at} down`);
      if (side === 'both') ip(`link set front-${at} down`);
    },
    mend() {
      for (const side of ['back', 'front']) ip(`link set ${side}-${at} up`);
    },
  };
}

function ip(words: string): void {
  run(['ip', ...words.split(' ')]);
}

function run([command = '', ...words]: readonly string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
