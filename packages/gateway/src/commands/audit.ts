import type { Config } from '../config.ts';
import { hasEmbedded, joinEmbedded } from '../db/join-embedded.ts';
import { checkSchema } from '../db/migrate.ts';
import { type Connection, type Db, openPool, openSession } from '../db/pool.ts';
import { auditLedger, type CheckResult, type Reading } from '../ledger/audit.ts';
import { verifyAuditLog } from '../operators/record-action.ts';
import { connect, createLog, migrations, type Stops } from './connect.ts';

const never = 0;
const progressEveryMs = 2_000;
const couldNotRun = 2;

/**
 * Checks the whole database, also while gateways work on it. The exit code is 1 when something is wrong, and 2 when
 * that could not be found out.
 */
export async function runAudit(config: Config, stops: Stops, argument?: string): Promise<void> {
  try {
    if (argument !== undefined && argument !== '--json') {
      throw new Error(`audit knows no ${argument}. Use: audit, or audit --json`);
    }
    const timeouts = { statementTimeoutMs: never, queryTimeoutMs: never };
    const connection = await findDatabase(config, stops);
    const db = openPool({ connection, name: 'vyplata audit', connectionsMax: 1, ...timeouts });
    stops.push(() => db.close());
    const isSound = await auditAll(db, argument === '--json');
    if (!isSound) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`The audit could not run. ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = couldNotRun;
  }
}

/** The database of a gateway that is running, or else one that is started for this. */
async function findDatabase(config: Config, stops: Stops): Promise<Connection> {
  const isEmbedded = config.DATABASE_URL === undefined;
  if (isEmbedded && !(await hasEmbedded(config.DATA_DIR))) {
    throw new Error(`There is no database in ${config.DATA_DIR}: set DATA_DIR or DATABASE_URL to the gateway's own.`);
  }
  const running = isEmbedded ? await joinEmbedded(config.DATA_DIR) : undefined;
  const connection = running ?? (await connect(config, stops, createLog(config, 'stderr')));
  const session = await openSession(connection);
  try {
    await checkSchema({ db: session, folder: migrations });
  } finally {
    await session.end();
  }
  return connection;
}

async function auditAll(db: Db, isJson: boolean): Promise<boolean> {
  const print = isJson ? () => {} : (line: string) => process.stdout.write(`${line}\n`);
  const startedAt = performance.now();
  const progress = createProgress();
  const results = await auditLedger(db, { progress, result: (result) => printResult(result, print) });
  const chain = await auditActions(db);
  printResult(chain, print);
  const all = [...results, chain];
  const violated = all.filter(({ violations }) => violations.length > 0).length;
  const durationMs = performance.now() - startedAt;
  print(`${all.length - violated} claims hold, ${violated} are violated (${seconds(durationMs)})`);
  if (isJson) {
    const checks = all.map(({ isCutOff, durationMs: ms, read, ...check }) => ({
      ...check,
      cut_off: isCutOff,
      read,
      duration_ms: Math.round(ms),
    }));
    const report = { held: all.length - violated, violated, duration_ms: Math.round(durationMs), checks };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  return violated === 0;
}

async function auditActions(db: Db): Promise<CheckResult> {
  const startedAt = performance.now();
  const log = await verifyAuditLog(db);
  return {
    name: 'the log of what people did is an unbroken chain',
    invariants: [38],
    violations: log.ok ? [] : [`row ${log.rowNo}: ${log.why}`],
    isCutOff: false,
    read: { count: log.ok ? Number(log.rows) : Number(log.rowNo), of: 'rows' },
    durationMs: performance.now() - startedAt,
  };
}

function printResult(result: CheckResult, print: (line: string) => void): void {
  const { name, invariants, violations, isCutOff, read, durationMs } = result;
  const mark = violations.length === 0 ? 'ok    ' : 'WRONG ';
  const count = violations.length === 0 ? '' : `${violations.length}${isCutOff ? ' and more' : ''} violations, `;
  print(`${mark} [${invariants.join(', ')}] ${name} (${count}${describeReading(read)}, ${seconds(durationMs)})`);
  for (const violation of violations) print(`         ${violation}`);
  if (isCutOff) print('         and more');
}

function describeReading({ count, of }: Reading): string {
  return of === 'database' ? 'whole database' : `${count} ${of}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** Says now and then on stderr how far it is. */
function createProgress(): (read: Reading) => void {
  let saidAt = performance.now();
  return (read) => {
    if (performance.now() - saidAt < progressEveryMs) return;
    saidAt = performance.now();
    process.stderr.write(`audit: ${describeReading(read)} read\n`);
  };
}
