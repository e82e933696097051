import { auditLedger } from '../packages/gateway/src/ledger/audit.ts';
import type { BenchDatabase } from './database.ts';

/** The audit of the whole database: speed that breaks an invariant counts for nothing. */
export async function verifyLedger({ db }: BenchDatabase): Promise<void> {
  // Tables that grew by a load of minutes have statistics of empty ones, and plans that go with them.
  await db.query('analyze');
  const results = await auditLedger(db);
  const broken = results.filter((result) => result.violations.length > 0);
  if (broken.length === 0) return;
  const texts = broken.map((result) => `${result.name}: ${result.violations.slice(0, 3).join('; ')}`);
  throw new Error(`the ledger is wrong after the load. ${texts.join('\n')}`);
}
