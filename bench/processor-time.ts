import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds by who spent them. */
export type ProcessorTimes = {
  readonly 'gateway, JavaScript': number;
  /** Signing, verifying of nothing, files, names: libuv's pool. */
  readonly 'gateway, thread pool': number;
  /** Garbage collection and compiling. */
  readonly 'gateway, helpers': number;
  readonly 'PostgreSQL, connections': number;
  readonly 'PostgreSQL, beside them': number;
  readonly total: number;
};

const ticksPerSecond = 100;
const ticksUs = 1_000_000 / ticksPerSecond;

/** Processor time of a gateway and of a PostgreSQL since they began; what has ended is counted by its parent. */
export function readProcessorTimes(pids: { readonly gateway: number; readonly postmaster: number }): ProcessorTimes {
  let script = 0;
  let pool = 0;
  let helpers = 0;
  for (const tid of readdirSync(`/proc/${pids.gateway}/task`)) {
    const thread = readStat(`/proc/${pids.gateway}/task/${tid}`);
    if (thread === undefined) continue;
    if (Number(tid) === pids.gateway) script += thread.ownUs;
    else if (thread.name.startsWith('libuv')) pool += thread.ownUs;
    else helpers += thread.ownUs;
  }
  const postmaster = readStat(`/proc/${pids.postmaster}`);
  let connections = 0;
  let beside = (postmaster?.ownUs ?? 0) + (postmaster?.endedUs ?? 0);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const child = readStat(`/proc/${pid}`);
    if (child?.parent !== pids.postmaster) continue;
    if (/^postgres: (io worker|checkpointer|background|wal|autovacuum|logical)/.test(readTitle(pid))) {
      beside += child.ownUs;
    } else connections += child.ownUs;
  }
  return {
    'gateway, JavaScript': script,
    'gateway, thread pool': pool,
    'gateway, helpers': helpers,
    'PostgreSQL, connections': connections,
    'PostgreSQL, beside them': beside,
    total: script + pool + helpers + connections + beside,
  };
}

/** What was spent between two readings, for each of `count`. */
export function subtractTimes(after: ProcessorTimes, before: ProcessorTimes, count: number): ProcessorTimes {
  const each = (part: keyof ProcessorTimes): number => (after[part] - before[part]) / count;
  return {
    'gateway, JavaScript': each('gateway, JavaScript'),
    'gateway, thread pool': each('gateway, thread pool'),
    'gateway, helpers': each('gateway, helpers'),
    'PostgreSQL, connections': each('PostgreSQL, connections'),
    'PostgreSQL, beside them': each('PostgreSQL, beside them'),
    total: each('total'),
  };
}

/** How often a process touched memory that the system had to find for it first. */
export function readPageFaults(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[7]);
}

type Stat = { readonly name: string; readonly parent: number; readonly ownUs: number; readonly endedUs: number };

/** undefined: it has ended meanwhile. */
function readStat(folder: string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`${folder}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const nameEnd = text.lastIndexOf(')');
  const fields = text
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const ticks = (from: number): number => (fields[from] ?? 0) + (fields[from + 1] ?? 0);
  return {
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    parent: fields[1] ?? 0,
    ownUs: ticks(11) * ticksUs,
    endedUs: ticks(13) * ticksUs,
  };
}

function readTitle(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
