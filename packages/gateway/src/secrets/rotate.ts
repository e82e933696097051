import type { Sql } from '../db/pool.ts';
import type { Vault } from './seal.ts';

/** Every column that holds sealed values, with a key that its rows can be walked by. */
const sealedColumns = [
  { table: 'merchant', column: 'webhook_secret_sealed', walk: 'merchant_id' },
  { table: 'endpoint', column: 'secret_sealed', walk: 'merchant_id, endpoint_id' },
  { table: 'notification_key', column: 'private_sealed', walk: 'merchant_id, key_id' },
  { table: 'totp_factor', column: 'secret_sealed', walk: 'user_id' },
  { table: 'approval', column: 'request_sealed', walk: 'approval_id' },
  { table: 'payout', column: 'recipient_sealed', walk: 'payout_id' },
  // After payouts: what is archived meanwhile is met here.
  { table: 'archived_payout', column: 'recipient_sealed', walk: 'payout_id' },
] as const;

const pageRows = 1_000;

type Column = (typeof sealedColumns)[number];
type Row = { readonly sealed: Buffer } & Readonly<Record<string, bigint | number>>;

/**
 * Wraps every sealed value under the present master key. May run beside a working gateway, be cut short and run again.
 * Afterwards the retired keys are needed only to recognise orders that were digested under them.
 */
export async function rotateSealedValues(
  needs: { readonly db: Sql; readonly vault: Pick<Vault, 'rewrap'> },
  report: (line: string) => void,
): Promise<number> {
  let count = 0;
  for (const column of sealedColumns) {
    const changed = await rotateColumn(needs, column);
    report(`${column.table}.${column.column}: ${changed} values`);
    count += changed;
  }
  return count;
}

async function rotateColumn(
  needs: { readonly db: Sql; readonly vault: Pick<Vault, 'rewrap'> },
  { table, column, walk }: Column,
): Promise<number> {
  const keys = walk.split(', ');
  let mark: readonly (bigint | number)[] = keys.map(() => 0);
  let count = 0;
  for (;;) {
    const rows = await needs.db.query<Row>(
      `select ${walk}, ${column} as sealed from ${table}
       where (${walk}) > (${keys.map((_, at) => `$${at + 1}`).join(', ')}) and ${column} <> ''
       order by ${walk} limit ${pageRows}`,
      mark,
    );
    for (const row of rows) {
      const rewrapped = needs.vault.rewrap(row.sealed);
      if (rewrapped === undefined) continue;
      // Only if nobody changed it in between: a fresh value is under the present key already.
      const where = keys.map((key, at) => `${key} = $${at + 3}`).join(' and ');
      const values = keys.map((key) => row[key]);
      await needs.db.query(`update ${table} set ${column} = $1 where ${column} = $2 and ${where}`, [
        rewrapped,
        row.sealed,
        ...values,
      ]);
      count += 1;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return count;
    mark = keys.map((key) => last[key] ?? 0);
  }
}
