import type { Sql } from '../db/pool.ts';
import {
  type AccountKey,
  accountChecks,
  accountsPerStep,
  auditAccounts,
  beforeAllAccounts,
  listAccounts,
} from './audit-accounts.ts';
import { type Check, describeViolation, type Violation, violationsMax } from './audit-check.ts';
import { auditPayouts, findSlice, nextMerchant, payoutChecks } from './audit-payouts.ts';
import { auditTotal, totalChecks } from './audit-totals.ts';

/** What a check read. The checks of one walk are done together and share its time. */
export type Reading = { readonly count: number; readonly of: 'postings' | 'payouts' | 'rows' | 'database' };

export type CheckResult = {
  readonly name: string;
  readonly invariants: readonly number[];
  /** The first few, each with its ids. */
  readonly violations: readonly string[];
  readonly isCutOff: boolean;
  readonly read: Reading;
  readonly durationMs: number;
};

export type Listener = { result?(result: CheckResult): void; progress?(read: Reading): void };

/** Ids are above 0; one that is not is a finding, so it has to be read. */
const beforeAllIds = -(2n ** 63n);

export const auditChecks: readonly Check[] = [...Object.values(accountChecks), ...totalChecks, ...payoutChecks];

/**
 * Re-reads the whole database and looks for what must never be there. Every statement sees one moment of the database,
 * so work that goes on meanwhile is seen whole or not at all. It walks over accounts and payouts piece by piece: memory
 * stays small, here and in the database, and no snapshot is kept so long that the dead rows of a busy queue pile up.
 */
export async function auditLedger(sql: Sql, listener: Listener = {}): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const run = async (checks: readonly Check[], work: (found: Findings) => Promise<Reading>): Promise<void> => {
    const startedAt = performance.now();
    const found = createFindings();
    const read = await work(found);
    const durationMs = performance.now() - startedAt;
    for (const check of checks) {
      const result = { ...found.of(check), read, durationMs };
      listener.result?.(result);
      results.push(result);
    }
  };
  await run(Object.values(accountChecks), (found) => walkAccounts(sql, found, listener));
  for (const check of totalChecks) {
    await run([check], async (found) => {
      found.add(await auditTotal(sql, check));
      return { count: 1, of: 'database' };
    });
  }
  await run(payoutChecks, (found) => walkPayouts(sql, found, listener));
  return results;
}

async function walkAccounts(sql: Sql, found: Findings, { progress }: Listener): Promise<Reading> {
  let count = 0;
  let after: AccountKey = beforeAllAccounts;
  for (;;) {
    const accounts = await listAccounts(sql, after);
    let left = accounts;
    while (left.length > 0) {
      const steps = await auditAccounts(sql, left);
      for (const step of steps) found.add(step.violations);
      left = steps.filter((step) => !step.isRead).map((step) => step.checkpoint);
      count += steps.reduce((sum, { postings }) => sum + postings, 0);
      progress?.({ count, of: 'postings' });
    }
    const last = accounts.at(-1);
    if (last === undefined || accounts.length < accountsPerStep) return { count, of: 'postings' };
    after = last;
  }
}

async function walkPayouts(sql: Sql, found: Findings, { progress }: Listener): Promise<Reading> {
  let count = 0;
  for (let merchantId = await nextMerchant(sql, 0n); merchantId !== undefined; ) {
    let afterId = beforeAllIds;
    for (;;) {
      const piece = await findSlice(sql, { merchantId, afterId });
      if (piece === undefined) break;
      found.add(await auditPayouts(sql, piece.slice));
      afterId = piece.slice.toId;
      count += piece.count;
      progress?.({ count, of: 'payouts' });
    }
    merchantId = await nextMerchant(sql, merchantId);
  }
  return { count, of: 'payouts' };
}

type Findings = {
  add(violations: readonly Violation[]): void;
  of(check: Check): Omit<CheckResult, 'read' | 'durationMs'>;
};

/** What was found, by check: the first few of each and whether there are more. */
function createFindings(): Findings {
  const byCheck = new Map<string, string[]>();
  return {
    add(violations) {
      for (const violation of violations) {
        const own = byCheck.get(violation.check) ?? [];
        if (own.length <= violationsMax) own.push(describeViolation(violation));
        byCheck.set(violation.check, own);
      }
    },
    of({ name, invariants }) {
      const own = byCheck.get(name) ?? [];
      return { name, invariants, violations: own.slice(0, violationsMax), isCutOff: own.length > violationsMax };
    },
  };
}
