import type { Sql, Statement } from '../db/pool.ts';

const count: Statement = { name: 'count_payouts', text: 'select count_payouts_v1($1) as counted' };
const postingsMax = 5_000;

/** Counts what was posted since the last time, for the overview. Answers whether there is more. */
export async function countPayouts(sql: Sql, postings = postingsMax): Promise<boolean> {
  const [row] = await sql.run<{ counted: number | null }>(count, [postings]);
  return row?.counted === postings;
}
