import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchDatabase } from './database.ts';

const scale = 50;
const connections = 16;

/** The tables of pgbench at scale 50. */
export async function makeBaselineTables({ db }: BenchDatabase): Promise<void> {
  await db.query('create table pgbench_branches (bid int primary key, bbalance int, filler char(88))');
  await db.query('create table pgbench_tellers (tid int primary key, bid int, tbalance int, filler char(84))');
  await db.query('create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84))');
  await db.query(
    'create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))',
  );
  await db.query('insert into pgbench_branches select n, 0 from generate_series(1, $1::int) n', [scale]);
  await db.query(`insert into pgbench_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, $1::int) n`, [
    scale * 10,
  ]);
  await db.query(
    `insert into pgbench_accounts select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, $1::int) n`,
    [scale * 100_000],
  );
  // As pgbench does itself; otherwise the server would do it by itself, in the middle of the first rounds.
  await db.query('vacuum (analyze) pgbench_accounts, pgbench_tellers, pgbench_branches');
}

const statements = {
  account: { name: 'b1', text: 'update pgbench_accounts set abalance = abalance + $1 where aid = $2' },
  read: { name: 'b2', text: 'select abalance from pgbench_accounts where aid = $1' },
  teller: { name: 'b3', text: 'update pgbench_tellers set tbalance = tbalance + $1 where tid = $2' },
  branch: { name: 'b4', text: 'update pgbench_branches set bbalance = bbalance + $1 where bid = $2' },
  history: {
    name: 'b5',
    text: 'insert into pgbench_history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, current_timestamp)',
  },
};

const upTo = (max: number): number => 1 + Math.floor(Math.random() * max);

/** Milliseconds until 8 KiB are on the disk of the database, the median of many. */
export function measureSync(folder: string): number {
  const path = join(folder, 'sync');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(8_192, 1);
  const values = Array.from({ length: 200 }, () => {
    const startedAt = performance.now();
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
  closeSync(file);
  unlinkSync(path);
  return values[100] ?? 0;
}

/** What pgbench itself says about the same tables with the same connections; undefined where it is not installed. */
export function runPgbench({ connection }: BenchDatabase, seconds: number): number | undefined {
  if ('url' in connection) return undefined;
  const { host, port, user, database } = connection;
  const where = ['-h', host, '-p', String(port), '-U', user];
  const how = ['-n', '-M', 'prepared', '-c', String(connections), '-j', '2', '-T', String(seconds)];
  const { stdout } = spawnSync('pgbench', [...where, ...how, database], { encoding: 'utf8' });
  const figure = /tps = ([\d.]+)/.exec(stdout ?? '')?.[1];
  return figure === undefined ? undefined : Number(figure);
}

/** Transactions a second of the TPC-B-like script, its seven statements awaited one by one. */
export async function measureBaseline({ db }: BenchDatabase, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  const run = async (): Promise<void> => {
    while (performance.now() < until) {
      const [aid, tid, bid, delta] = [upTo(scale * 100_000), upTo(scale * 10), upTo(scale), upTo(10_000) - 5_000];
      await db.tx(async (tx) => {
        await tx.run(statements.account, [delta, aid]);
        await tx.run(statements.read, [aid]);
        await tx.run(statements.teller, [delta, tid]);
        await tx.run(statements.branch, [delta, bid]);
        await tx.run(statements.history, [tid, bid, aid, delta]);
      });
      count += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, run));
  return count / ((performance.now() - startedAt) / 1_000);
}
