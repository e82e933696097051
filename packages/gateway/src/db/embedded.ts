// Owns the PostgreSQL that npm ships: its data folder, its process, its settings.
// Promises a durable database that no other gateway has open and that never outlives this process.
// Refuses to know tables, migrations, pools, and databases that somebody else runs.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DataFolder, isInitialised, openDataFolder, writeSettings } from './data-folder.ts';
import { locatePostgres, type PostgresBinaries } from './locate-postgres.ts';

export type EmbeddedOptions = {
  /** A folder that belongs to the gateway alone; made when missing. */
  dataDir: string;
  log?: (line: string) => void;
  /** Settings over the shipped ones, by PostgreSQL's own names. */
  settings?: Readonly<Record<string, string>>;
};

export type EmbeddedDatabase = {
  /** `host` is the folder of the Unix socket; there is no TCP port and no password: the folder is 0700. */
  connection: { host: string; port: number; user: string; database: string };
  /** Fast shutdown: open sessions are cut, committed work is on disk. May be called again. */
  stop(): Promise<void>;
  /** Settles when PostgreSQL is gone, asked for or not, with its exit code (null after a signal). */
  exited: Promise<number | null>;
};

const user = 'vyplata';
const database = 'vyplata';
const port = 5432;
const pollMs = 10;
/** How long a folder in use by a live gateway is tried again: a stopped PostgreSQL frees it a moment after its exit. */
const ownerGraceMs = 1_000;
/** How long a PostgreSQL without its gateway gets to write its last checkpoint. */
const orphanGraceMs = 120_000;
const stopGraceMs = 60_000;
const exitBusy = 75;

/**
 * Starts PostgreSQL on `dataDir`, making the database first when the folder is empty.
 * Throws one sentence that says what to do when the folder, the disk or the machine does not allow it.
 * Call it on the main thread: the kernel stops PostgreSQL when the thread that started it ends.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const log = options.log ?? (() => {});
  const folder = await openDataFolder(options.dataDir);
  const binaries = await locatePostgres(join(folder.root, 'lib'));
  const env = serverEnvironment(binaries);
  if (!(await isInitialised(folder))) {
    log(`Making a new database in ${folder.root}`);
    await untilFree({ folder, log }, async () => {
      const initdb = runGuarded(folder, initialise(folder, binaries), env);
      const exit = await initdb.exit;
      return exit.code === 0 ? 'done' : refuseUnlessBusy(folder, initdb, exit);
    });
  }
  await writeSettings(folder);
  const server = await untilFree({ folder, log }, async () => {
    const started = runGuarded(folder, serve(folder, binaries, options.settings ?? {}), env);
    const exit = await waitReady({ folder, started, log });
    return exit === null ? started : refuseUnlessBusy(folder, started, exit);
  });
  return supervise(folder, server);
}

function supervise(folder: DataFolder, server: Guarded): EmbeddedDatabase {
  // PostgreSQL alone is no reason for the process to go on: when Node ends, the kernel tells PostgreSQL to stop.
  server.child.unref();
  (server.child.stderr as unknown as { unref(): void } | null)?.unref();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    server.child.ref();
    server.child.kill('SIGINT');
    const impatience = setTimeout(() => server.child.kill('SIGQUIT'), stopGraceMs);
    await server.exit;
    clearTimeout(impatience);
    await waitUnlocked(folder);
    if (folder.isSocketElsewhere) await rmdir(folder.socket).catch(() => {});
  };
  return {
    connection: { host: folder.socket, port, user, database },
    stop: () => (stopping ??= stop()),
    exited: server.exit.then((exit) => exit.code),
  };
}

/** The log writer outlives the server for a moment; whoever stopped it may want to move or remove the folder. */
async function waitUnlocked(folder: DataFolder): Promise<void> {
  const waiter = spawn('flock', ['--wait', '5', folder.lock, 'true'], { stdio: 'ignore' });
  await new Promise((resolve) => waiter.once('exit', resolve).once('error', resolve));
}

type Exit = { code: number | null; error?: Error };
type Guarded = { child: ChildProcess; exit: Promise<Exit>; output(): string };

/**
 * The kernel lock on `lock` is held by PostgreSQL and all its processes, and by nothing after the last of them is gone,
 * however they ended. So a postmaster.pid found under the lock is stale, also when another process has its number now.
 * `$PPID` closes the gap between spawn and setpriv: a parent that died in it would never be noticed.
 */
const guard = `
exec 9>>"$1" || exit 1
flock -n 9 || exit ${exitBusy}
[ "$PPID" = "$2" ] || exit 1
printf '%s\\n' "$3" >"$1" || exit 1
rm -f "$4/postmaster.pid"
shift 4
exec "$@"`;

function runGuarded(folder: DataFolder, command: readonly string[], env: Record<string, string>): Guarded {
  const owner = `${process.pid} ${readStartTime(process.pid) ?? ''}`;
  // PostgreSQL refuses root; in its own user namespace it is uid 1000 there and still us for the file system.
  const unprivileged = process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=1000', '--map-group=1000'] : [];
  const bound = ['setpriv', '--pdeathsig', 'INT', 'sh', '-c', guard, 'sh'];
  const words = [...unprivileged, ...bound, folder.lock, String(process.pid), owner, folder.postgres, ...command];
  // A session of its own: Ctrl-C in the terminal is for the gateway, which stops PostgreSQL last.
  const [program = '', ...args] = words;
  const child = spawn(program, args, { cwd: folder.root, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-8_000);
  });
  const exit = new Promise<Exit>((resolve) => {
    child.on('error', (error) => resolve({ code: null, error }));
    child.on('exit', (code) => resolve({ code }));
  });
  return { child, exit, output: () => tail };
}

/** initdb works beside the place where the database will stand, so that an interrupted one never looks finished. */
function initialise(folder: DataFolder, binaries: PostgresBinaries): string[] {
  const script = `
[ -e "$2/PG_VERSION" ] && exit 0
rm -rf "$1" && mkdir -m 700 "$1" || exit 1
"$3" -D "$1" -U ${user} --auth=trust --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 \\
  --no-instructions >&2 || exit 1
printf 'create database ${database}\\n' | "$4" --single -D "$1" -c exit_on_error=true postgres >/dev/null || exit 1
mv -T "$1" "$2" && sync "$(dirname "$2")"`;
  return ['sh', '-c', script, 'sh', `${folder.postgres}.new`, folder.postgres, binaries.initdb, binaries.postgres];
}

function serve(folder: DataFolder, binaries: PostgresBinaries, settings: Readonly<Record<string, string>>): string[] {
  const fixed = { unix_socket_directories: `"${folder.socket.replaceAll('"', '""')}"`, port: String(port) };
  const words = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [binaries.postgres, '-D', folder.postgres, ...words];
}

/** Nothing of the gateway's own environment, which holds keys. */
function serverEnvironment(binaries: PostgresBinaries): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';
  const libraries = binaries.libraryFolder === null ? {} : { LD_LIBRARY_PATH: binaries.libraryFolder };
  return { PATH: path, LC_ALL: 'C', ...libraries };
}

/** Answers null once PostgreSQL takes connections, or how it ended. Recovery after a crash has no time limit. */
async function waitReady(watch: {
  folder: DataFolder;
  started: Guarded;
  log(line: string): void;
}): Promise<Exit | null> {
  const { folder, started, log } = watch;
  let ended: Exit | undefined;
  void started.exit.then((exit) => {
    ended = exit;
  });
  let quietUntil = performance.now() + 5_000;
  while (ended === undefined) {
    const status = await readServerStatus(folder);
    if (status?.pid === started.child.pid && status?.state === 'ready') return null;
    if (performance.now() > quietUntil) {
      log('PostgreSQL is replaying what it had not yet written to its tables; the gateway starts when it is done');
      quietUntil = performance.now() + 15_000;
    }
    await sleep(pollMs);
  }
  return ended;
}

async function readServerStatus(folder: DataFolder): Promise<{ pid: number; state: string } | null> {
  const lines = (await readFile(join(folder.postgres, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[0] ? { pid: Number(lines[0]), state: (lines[7] ?? '').trim() } : null;
}

/** Tries again while an earlier PostgreSQL of this folder is on its way out; a live gateway in it is an error. */
async function untilFree<T extends object | string>(
  wait: { folder: DataFolder; log(line: string): void },
  attempt: () => Promise<T | null>,
): Promise<T> {
  const { folder, log } = wait;
  const begun = performance.now();
  for (;;) {
    const result = (await isServedOutsideLock(folder)) ? null : await attempt();
    if (result !== null) return result;
    const waitedMs = performance.now() - begun;
    const owner = await readLiveOwner(folder);
    if (owner !== null && waitedMs > ownerGraceMs) {
      const remedy = 'Stop it first, or give this one a data folder of its own.';
      throw new Error(`Another gateway (process ${owner}) is using the data folder ${folder.root}. ${remedy}`);
    }
    if (waitedMs > orphanGraceMs) {
      const remedy = 'Stop the process that has it open (it may run in another container) and start again.';
      throw new Error(`The data folder ${folder.root} is still in use after ${orphanGraceMs / 1000} s. ${remedy}`);
    }
    if (waitedMs < pollMs) log(`Waiting for an earlier PostgreSQL to leave ${folder.root}`);
    await sleep(50);
  }
}

/** A server that somebody started by hand holds no lock of ours; its working folder gives it away. */
async function isServedOutsideLock(folder: DataFolder): Promise<boolean> {
  const status = await readServerStatus(folder);
  if (status === null || !Number.isSafeInteger(status.pid)) return false;
  return (await readlink(`/proc/${Math.abs(status.pid)}/cwd`).catch(() => '')) === folder.postgres;
}

async function readLiveOwner(folder: DataFolder): Promise<number | null> {
  const [pid, startTime] = (await readFile(folder.lock, 'utf8').catch(() => '')).trim().split(' ');
  if (!pid || !startTime) return null;
  return readStartTime(Number(pid)) === startTime ? Number(pid) : null;
}

/** Field 22 of /proc/<pid>/stat tells two lives of one process number apart; a zombie counts as gone. */
function readStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Answers null when the folder was busy, so that the caller tries again; throws the sentence for anything else. */
async function refuseUnlessBusy(folder: DataFolder, process: Guarded, exit: Exit): Promise<null> {
  if (exit.code === exitBusy) return null;
  await rm(`${folder.postgres}.new`, { recursive: true, force: true }).catch(() => {});
  throw new Error(explain(folder, process.output(), exit), { cause: exit.error ?? process.output() });
}

function explain(folder: DataFolder, output: string, exit: Exit): string {
  if (exit.error !== undefined || exit.code === 127) {
    return 'The built-in PostgreSQL needs sh, flock, setpriv and unshare: install util-linux, or set DATABASE_URL.';
  }
  if (/No space left on device|Check free disk space|Disk quota exceeded/.test(output)) {
    return `The disk under ${folder.root} is full: free some space and start again. No committed row is lost.`;
  }
  if (/unshare: /.test(output)) {
    const remedy = 'Run the gateway as an ordinary user, or set DATABASE_URL.';
    return `PostgreSQL does not run as root, and this machine forbids the user namespace that would hide it. ${remedy}`;
  }
  if (/Permission denied|Read-only file system/.test(output)) {
    return `PostgreSQL may not write in ${folder.root}: give the folder to the user who runs the gateway.`;
  }
  const reason = output.match(/(?:FATAL|PANIC|error): +(.+)/)?.[1] ?? output.trim().split('\n').at(-1) ?? '';
  const log = `Its log is in ${folder.logs}.`;
  return `PostgreSQL did not start in ${folder.root} (exit code ${exit.code}): ${reason || 'no reason given'}. ${log}`;
}
