import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries, findMissingPackages, findOwner, wordsOfOwner } from '../debian-postgres.ts';

const deploy = join(import.meta.dirname, '../../../../deploy/pgbackrest');
const user = 'vyplata';
const startMaxMs = 60_000;

/** A PostgreSQL of one's own as Debian brings it, on a socket, with pgBackRest as `deploy/pgbackrest` sets it up. */
export type DebianServer = {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Everything on its disk is gone. */
  loseData(): Promise<void>;
  /** Runs pgbackrest as PostgreSQL's user; fails with what it said. */
  backRest(...words: readonly string[]): string;
  psql(statement: string): string;
  /** The last words of its log. */
  readLog(): Promise<string>;
};

/** What is missing here, as a sentence; undefined: nothing. */
export function findMissing(): string | undefined {
  return findMissingPackages({ pgbackrest: '/usr/bin/pgbackrest' });
}

/** Makes an empty cluster below `folder`, which has to exist; nothing is running yet. */
export async function makeServer(folder: string): Promise<DebianServer> {
  const own = join(folder, 'server');
  const data = join(own, 'data');
  const owner = findOwner();
  const asOwner = wordsOfOwner();
  for (const name of ['', 'repository', 'spool', 'lock', 'log', 'conf']) {
    await mkdir(join(own, name), { mode: 0o700 });
    if (owner !== undefined) chownSync(join(own, name), owner.uid, owner.gid);
  }
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  for (const name of ['pgbackrest.conf', 'postgresql.conf']) await cp(join(deploy, name), join(own, 'conf', name));
  const bin = findBinaries() ?? '';
  const env = { ...environmentOf(own), PATH: `${bin}:${process.env['PATH']}`, LC_ALL: 'C.UTF-8' };
  const run = (program: string, words: readonly string[]): string => {
    const command = [...asOwner, program, ...words];
    const { status, stdout, stderr } = spawnSync('setpriv', command, { cwd: own, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout.trim();
  };
  run('initdb', ['-D', data, '-A', 'trust', '-U', user, '-E', 'UTF8', '--locale', 'C.UTF-8', '--data-checksums']);
  const include = `include '${join(own, 'conf/postgresql.conf')}'`;
  const settings = `listen_addresses = ''\nunix_socket_directories = '${own}'\n${include}\n`;
  await appendFile(join(data, 'postgresql.conf'), settings);
  let child: ChildProcess | undefined;
  const psql = (statement: string): string => run('psql', ['-h', own, '-U', user, '-d', 'postgres', '-Atc', statement]);
  const log = join(own, 'log/postgres.log');
  return {
    url: `postgres://${user}@localhost/postgres?host=${encodeURIComponent(own)}`,
    psql,
    backRest: (...words) => run('pgbackrest', ['--stanza=vyplata', ...words]),
    async start() {
      const shell = ['sh', '-c', `exec postgres -D "$0" >>"$1" 2>&1`, data, log];
      // Whatever becomes of this process, its server does not outlive it.
      const started = spawn('setpriv', [...asOwner, '--pdeathsig', 'KILL', ...shell], {
        cwd: own,
        env,
        stdio: 'ignore',
      });
      child = started;
      const givenUpAt = performance.now() + startMaxMs;
      while (!takesWrites(psql)) {
        const isLate = performance.now() > givenUpAt;
        if (isLate || started.exitCode !== null) throw new Error(`it does not start:\n${await readFile(log, 'utf8')}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      // The others of its processes notice, and let go of what they share.
      await new Promise((resolve) => setTimeout(resolve, 500));
    },
    loseData: () => rm(data, { recursive: true, force: true, maxRetries: 5 }),
    readLog: async () => (await readFile(log, 'utf8')).slice(-4_000),
  };
}

function takesWrites(psql: DebianServer['psql']): boolean {
  try {
    return psql('select pg_is_in_recovery()') === 'f';
  } catch {
    return false;
  }
}

/** Everything that an installation sets for itself, here a repository in a folder instead of one over S3. */
function environmentOf(own: string): Record<string, string> {
  return {
    PGBACKREST_CONFIG: join(own, 'conf/pgbackrest.conf'),
    PGBACKREST_REPO1_TYPE: 'posix',
    PGBACKREST_REPO1_PATH: join(own, 'repository'),
    PGBACKREST_REPO1_CIPHER_PASS: 'a secret of this test',
    PGBACKREST_PG1_PATH: join(own, 'data'),
    PGBACKREST_PG1_SOCKET_PATH: own,
    PGBACKREST_PG1_USER: user,
    PGBACKREST_SPOOL_PATH: join(own, 'spool'),
    PGBACKREST_LOCK_PATH: join(own, 'lock'),
    PGBACKREST_LOG_PATH: join(own, 'log'),
  };
}
