import type { Config } from '../config.ts';
import { joinEmbedded } from '../db/join-embedded.ts';
import { openPool } from '../db/pool.ts';
import { auditLedger, type CheckResult } from '../ledger/audit.ts';
import { verifyAuditLog } from '../operators/record-action.ts';
import { connect, createLog, type Stops } from './connect.ts';

const never = 0;

/** Checks the whole database, also while gateways work on it. The exit code is 1 when something is wrong. */
export async function runAudit(config: Config, stops: Stops): Promise<void> {
  const running = config.DATABASE_URL === undefined ? await joinEmbedded(config.DATA_DIR) : undefined;
  const connection = running ?? (await connect(config, stops, createLog(config, 'stderr')));
  const timeouts = { statementTimeoutMs: never, queryTimeoutMs: never };
  const db = openPool({ connection, name: 'vyplata audit', connectionsMax: 1, ...timeouts });
  stops.push(() => db.close());
  const results = await auditLedger(db, print);
  const log = await verifyAuditLog(db);
  const chain = log.ok ? `${log.rows} rows` : `row ${log.rowNo} is ${log.why}`;
  process.stdout.write(`${log.ok ? 'ok    ' : 'WRONG '} [38] the audit log is one chain: ${chain}\n`);
  const wrong = results.filter((result) => result.violations.length > 0).length + (log.ok ? 0 : 1);
  process.stdout.write(`${results.length + 1 - wrong} claims hold, ${wrong} are violated\n`);
  if (wrong > 0) process.exitCode = 1;
}

function print({ name, invariants, violations, isCutOff, durationMs }: CheckResult): void {
  const mark = violations.length === 0 ? 'ok    ' : 'WRONG ';
  process.stdout.write(`${mark} [${invariants.join(', ')}] ${name} (${durationMs.toFixed(0)} ms)\n`);
  for (const violation of violations) process.stdout.write(`         ${violation}\n`);
  if (isCutOff) process.stdout.write('         and more\n');
}
