import type { Db } from '../db/pool.ts';
import { type AuditCheck, auditChecks } from './audit-checks.ts';

export type CheckResult = {
  readonly name: string;
  readonly invariants: readonly number[];
  /** The first few, each with its ids. */
  readonly violations: readonly string[];
  readonly isCutOff: boolean;
  readonly durationMs: number;
};

const violationsMax = 100;

/**
 * Re-reads the whole database and looks for what must never be there. One snapshot for all checks, so that work that
 * goes on meanwhile is seen either whole or not at all. The database does the reading; memory here stays small.
 */
export async function auditLedger(
  db: Db,
  report: (result: CheckResult) => void = () => {},
  checks: readonly AuditCheck[] = auditChecks,
): Promise<readonly CheckResult[]> {
  return db.tx(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    await tx.query('set local statement_timeout = 0');
    const results: CheckResult[] = [];
    for (const { name, invariants, violations } of checks) {
      const startedAt = performance.now();
      const rows = await tx.query<{ what: string }>(`${violations} limit ${violationsMax + 1}`);
      const result: CheckResult = {
        name,
        invariants,
        violations: rows.slice(0, violationsMax).map((row) => row.what),
        isCutOff: rows.length > violationsMax,
        durationMs: performance.now() - startedAt,
      };
      report(result);
      results.push(result);
    }
    return results;
  });
}
