import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { postgresMajor } from './locate-postgres.ts';

/** Absolute paths of one data folder. */
export type DataFolder = {
  root: string;
  /** PostgreSQL's own folder. */
  postgres: string;
  lock: string;
  logs: string;
  socket: string;
  isSocketElsewhere: boolean;
};

/** A Unix socket's path has room for 107 bytes and a closing zero. */
const socketPathBytesMax = 107;
const socketFile = '.s.PGSQL.5432';
/** What a folder may hold before the first start: what an interrupted one leaves, and a fresh disk's own. */
const harmless = new Set(['lock', 'lib', 'logs', 'socket', 'postgres', 'postgres.new', 'lost+found', '.gitignore']);

/** Makes or checks the folder. Throws one sentence when it cannot be the gateway's. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const root = await makeFolder(resolve(dataDir));
  const postgres = join(root, 'postgres');
  const version = await readVersion(postgres);
  if (version === null) await refuseForeign(root);
  else if (version !== postgresMajor) {
    const remedy = `Move the data with pg_dump of ${version}, or start the gateway version that made it.`;
    throw new Error(`${root} holds data of PostgreSQL ${version}, this gateway brings ${postgresMajor}. ${remedy}`);
  }
  const logs = await makeFolder(join(root, 'logs'));
  return { root, postgres, lock: join(root, 'lock'), logs, ...(await makeSocketFolder(root)) };
}

export async function isInitialised(folder: DataFolder): Promise<boolean> {
  return (await readVersion(folder.postgres)) !== null;
}

async function makeFolder(path: string): Promise<string> {
  const mine = process.getuid?.();
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const found = await stat(path);
    if (found.uid !== mine) {
      const remedy = 'Start the gateway as that user, or choose another folder.';
      throw new Error(`The data folder ${path} belongs to user ${found.uid}, this is user ${mine}. ${remedy}`);
    }
    return await realpath(path);
  } catch (error) {
    throw explainFolder(path, error);
  }
}

function explainFolder(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const sentence = {
    EEXIST: `${path} is a file: choose a folder for the data.`,
    ENOTDIR: `A part of ${path} is a file: choose a folder for the data.`,
    EACCES: `The data folder ${path} may not be read or made by user ${process.getuid?.()}: change its owner.`,
    EPERM: `The data folder ${path} may not be read or made by user ${process.getuid?.()}: change its owner.`,
    EROFS: `The data folder ${path} is on a read-only disk: choose another one.`,
    ENOSPC: `The disk under ${path} is full: free some space and start again.`,
  }[code ?? ''];
  return sentence === undefined ? error : new Error(sentence, { cause: error });
}

async function readVersion(postgres: string): Promise<string | null> {
  try {
    return (await readFile(join(postgres, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw explainFolder(postgres, error);
  }
}

async function refuseForeign(root: string): Promise<void> {
  const entries = await readdir(root).catch((error: unknown) => Promise.reject(explainFolder(root, error)));
  const strange = entries.filter((entry) => !harmless.has(entry)).sort();
  if (strange.length > 0) {
    const remedy = 'Choose an empty or a new folder for the data.';
    throw new Error(`${root} is not a data folder of the gateway: it holds ${strange[0]}. ${remedy}`);
  }
  const inside = await readdir(join(root, 'postgres')).catch(() => []);
  if (inside.length > 0) {
    const remedy = 'Restore it from a backup, or choose an empty folder.';
    throw new Error(`${root}/postgres is damaged: it holds files and no PG_VERSION. ${remedy}`);
  }
}

/** Deep data folders get a short socket folder; its name depends on the data folder, so a killed gateway leaves one. */
async function makeSocketFolder(root: string): Promise<{ socket: string; isSocketElsewhere: boolean }> {
  const near = join(root, 'socket');
  if (Buffer.byteLength(join(near, socketFile)) <= socketPathBytesMax) {
    return { socket: await makeFolder(near), isSocketElsewhere: false };
  }
  const name = `vyplata-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  const roomy = (folder: string) => Buffer.byteLength(join(folder, name, socketFile)) <= socketPathBytesMax;
  const socket = join([tmpdir(), '/tmp'].find(roomy) ?? '/tmp', name);
  await mkdir(socket, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw explainFolder(socket, error);
  });
  const found = await lstat(socket);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new Error(`${socket} exists and is open to others: remove it, it is the place of the database's socket.`);
  }
  return { socket, isSocketElsewhere: true };
}

/**
 * The shipped settings, written at each start so that a new version brings its own; `local.conf` beside them is the
 * operator's and wins. Logs never hold values: parameters and error details may carry recipients' data.
 */
export async function writeSettings(folder: DataFolder): Promise<void> {
  const path = join(folder.postgres, 'postgresql.conf');
  const text = settingsText.replace('LOGS', folder.logs.replaceAll("'", "''"));
  try {
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    throw explainFolder(folder.postgres, error);
  }
}

const settingsText = `# Written by the gateway at each start. Put your own settings in local.conf beside this file.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
cluster_name = 'vyplata'
timezone = 'UTC'
lc_messages = 'C'
jit = off

# A committed row is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# Steady writes: few, spread checkpoints, and little to replay.
shared_buffers = 256MB
effective_cache_size = 1GB
random_page_cost = 1.1
wal_compression = on
wal_buffers = 16MB
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 10min
checkpoint_completion_target = 0.9

# The job table is small and rewritten all the time: dead rows go before an index scan must step over them.
autovacuum_naptime = 5s
autovacuum_vacuum_scale_factor = 0.02
autovacuum_vacuum_threshold = 500
# Hot statements look rows up by key whatever the statistics say.
autovacuum_analyze_scale_factor = 0.5
autovacuum_vacuum_cost_limit = 1000

logging_collector = on
log_directory = 'LOGS'
log_filename = 'postgres-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_duration_statement = 1s
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = on
log_checkpoints = off

include_if_exists = 'local.conf'
`;
