import { hasEmbedded, joinEmbedded } from '../db/join-embedded.ts';
import { listPending } from '../db/migrate.ts';
import {
  assumedBytesPerSecond,
  type PlannedMigration,
  type PlannedStatement,
  planMigrations,
  type TableSize,
} from '../db/plan-migrations.ts';
import { openSession } from '../db/pool.ts';
import type { LockMode } from '../db/weight.ts';
import type { Config } from '../config.ts';
import { connect, createLog, migrations, type Stops } from './connect.ts';

/** What others cannot do while a lock is held. */
const blocked: Readonly<Record<LockMode, string>> = {
  'access share': 'nobody waits',
  'row share': 'nobody waits',
  'row exclusive': 'others go on; whoever changes the same rows waits',
  'share update exclusive': 'reading and writing go on',
  share: 'writing waits, reading goes on',
  'share row exclusive': 'writing waits, reading goes on',
  exclusive: 'writing waits, reading goes on',
  'access exclusive': 'reading and writing wait',
};

/** Prints what `migrate` would do, with the locks it would take on the tables as they are. Changes nothing. */
export async function printPlan(config: Config, stops: Stops): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const isEmbedded = config.DATABASE_URL === undefined;
  if (isEmbedded && !(await hasEmbedded(config.DATA_DIR))) {
    return print(`There is no database in ${config.DATA_DIR} yet: the first start makes it with the whole schema.`);
  }
  const running = isEmbedded ? await joinEmbedded(config.DATA_DIR) : undefined;
  const session = await openSession(running ?? (await connect(config, stops, createLog(config, 'stderr'))));
  try {
    await session.query('begin transaction isolation level repeatable read read only');
    const pending = await listPending({ db: session, folder: migrations });
    for (const migration of await planMigrations(session, pending)) describeMigration(migration).forEach(print);
    print(pending.length === 0 ? 'Nothing is pending: the schema is the one of this version.' : describeBasis());
  } finally {
    await session.end();
  }
}

function describeMigration({ name, isBreaking, isOutside, statements }: PlannedMigration): string[] {
  const how = isOutside
    ? 'statement by statement, outside a transaction'
    : 'one transaction: it is applied whole or not at all';
  const breaking = '  BREAKING: versions that do not know it do not run on it. Stop every process first.';
  return [`${name} (${how})`, ...(isBreaking ? [breaking] : []), ...statements.flatMap(describeStatement), ''];
}

function describeStatement({ line, does, isUnknown, touches, heldMs }: PlannedStatement): string[] {
  const lines = touches.map(({ relation, mode, effort, size }) => {
    if (size === undefined) return `    ${relation}: ${mode}; it is new or no table, and nobody waits for it`;
    const work = {
      catalogue: 'changes the catalogue only',
      scan: 'reads every row',
      index: 'reads and sorts every row',
      rewrite: 'writes every row and index anew',
      rows: 'changes rows, at most all of them',
    }[effort];
    return `    ${relation} (${describeSize(size)}): ${mode}, ${blocked[mode]}; ${work}`;
  });
  const held = touches.some(({ size }) => size !== undefined) ? [`    held for about ${describeMs(heldMs)}`] : [];
  const doubt = isUnknown ? ['    how long cannot be told: try it on a copy of the database'] : [];
  return [`  line ${line}: ${does}`, ...lines, ...held, ...doubt];
}

function describeSize({ rows, tableBytes, indexBytes }: TableSize): string {
  const count = Math.round(rows).toLocaleString('en-US');
  return `about ${count} rows, ${describeBytes(tableBytes)} and ${describeBytes(indexBytes)} of indexes`;
}

function describeBytes(bytes: number): string {
  const [unit, size] = (
    [
      ['GB', 1e9],
      ['MB', 1e6],
      ['kB', 1e3],
    ] as const
  ).find(([, one]) => bytes >= one) ?? ['B', 1];
  return `${(bytes / size).toFixed(unit === 'B' ? 0 : 1)} ${unit}`;
}

function describeMs(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms / 10) * 10} ms`;
  return ms < 120_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.ceil(ms / 60_000)} min`;
}

function describeBasis(): string {
  const { scan, index, rewrite, rows } = assumedBytesPerSecond;
  const [read, sorted, written, changed] = [scan, index, rewrite, rows].map((speed) => `${speed / 1e6} MB/s`);
  const perSecond = `${read} read, ${sorted} sorted, ${written} written anew, ${changed} changed`;
  return [
    'Nothing was changed. Rows are as the last analyze counted them, sizes as they are on disk now. Times assume',
    `${perSecond}: a third of what was measured on two`,
    'cores; a busy or slow disk takes longer. Waiting for a lock is not in them: migrate waits 500 ms at a time.',
  ].join('\n');
}
