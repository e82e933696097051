import { createHash } from 'node:crypto';
import type { Sql, Tx } from '../db/pool.ts';

/** Plain facts of an action. Never a secret, a password, a key or a recipient's number. */
export type Detail = { readonly [key: string]: string | number | boolean | null | readonly string[] | Detail };

export type Action = {
  /** `operator:<login>`, or what acted by itself, such as `system`. */
  readonly actor: string;
  /** `<noun>.<verb>`, such as `account.top_up`. */
  readonly action: string;
  /** Whom or what it concerned, such as `merchant:7/account:93d5…`. */
  readonly subject: string;
  readonly detail: Detail;
};

export type AuditRow = Action & { readonly rowNo: bigint; readonly createdAt: Date };

type ChainedRow = AuditRow & { readonly previousHash: Buffer; readonly rowHash: Buffer };

/** What the hash of the first row covers in place of a row before it. */
const genesis = Buffer.alloc(32);
const columns = `row_no as "rowNo", actor, action, subject, detail, created_at as "createdAt"`;
const pageRows = 1_000;

/**
 * Appends a row to the audit log in the transaction of the action itself: neither is there without the other. Call it
 * last, since other actions wait for this one from here to the commit.
 */
export async function recordAction(tx: Tx, action: Action): Promise<bigint> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('vyplata audit log', 0))`);
  const [last] = await tx.query<{ rowNo: bigint; hash: Buffer | null; at: Date }>(
    `select coalesce(max(row_no), 0) as "rowNo", (array_agg(row_hash))[1] as hash,
       date_trunc('milliseconds', clock_timestamp()) as at
     from (select row_no, row_hash from audit_log order by row_no desc limit 1) last`,
  );
  if (last === undefined) throw new Error('the audit log answered nothing');
  const rowNo = last.rowNo + 1n;
  const previousHash = last.hash ?? genesis;
  const rowHash = hashRow({ ...action, rowNo, createdAt: last.at, previousHash });
  await tx.query(
    `insert into audit_log (row_no, actor, action, subject, detail, created_at, previous_hash, row_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [rowNo, action.actor, action.action, action.subject, action.detail, last.at, previousHash, rowHash],
  );
  return rowNo;
}

export type AuditVerdict =
  /** `headHash`, noted elsewhere, later proves that no rows were cut off the end. */
  | { readonly ok: true; readonly rows: bigint; readonly headHash: string }
  | { readonly ok: false; readonly rowNo: bigint; readonly why: 'missing' | 'order' | 'changed' };

/** Reads the whole log and recomputes every hash: an edit, a removal or a swap is found at the row where it begins. */
export async function verifyAuditLog(sql: Sql): Promise<AuditVerdict> {
  let rowNo = 0n;
  let previousHash: Buffer = genesis;
  for (;;) {
    const rows = await sql.query<ChainedRow>(
      `select ${columns}, previous_hash as "previousHash", row_hash as "rowHash"
       from audit_log where row_no > $1 order by row_no limit ${pageRows}`,
      [rowNo],
    );
    for (const row of rows) {
      rowNo += 1n;
      if (row.rowNo !== rowNo) return { ok: false, rowNo, why: 'missing' };
      if (!row.previousHash.equals(previousHash)) return { ok: false, rowNo, why: 'order' };
      if (!row.rowHash.equals(hashRow(row))) return { ok: false, rowNo, why: 'changed' };
      previousHash = row.rowHash;
    }
    if (rows.length < pageRows) return { ok: true, rows: rowNo, headHash: previousHash.toString('hex') };
  }
}

export type AuditPage = {
  readonly beforeRowNo: bigint | undefined;
  readonly limit: number;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
};

/** Newest first. */
export function listActions(sql: Sql, page: AuditPage): Promise<AuditRow[]> {
  return sql.query<AuditRow>(
    `select ${columns} from audit_log
     where ($1::bigint is null or row_no < $1) and ($2::text is null or actor = $2)
       and ($3::text is null or action = $3)
     order by row_no desc limit $4`,
    [page.beforeRowNo ?? null, page.actor ?? null, page.action ?? null, page.limit],
  );
}

/** The number of the latest row; 0 when there is none. */
export async function findLastRow(sql: Sql): Promise<bigint> {
  const [row] = await sql.query<{ rowNo: bigint }>('select coalesce(max(row_no), 0) as "rowNo" from audit_log');
  return row?.rowNo ?? 0n;
}

/** Of some rows those about a subject or anything of it, and those of some actors, oldest first. */
export function listActionsAbout(
  sql: Sql,
  page: {
    readonly subject: string;
    readonly actors: readonly string[];
    readonly afterRowNo: bigint;
    readonly toRowNo: bigint;
  },
): Promise<AuditRow[]> {
  return sql.query<AuditRow>(
    `select ${columns} from audit_log
     where row_no > $1 and row_no <= $2 and (subject = $3 or starts_with(subject, $3 || '/') or actor = any($4))
     order by row_no`,
    [page.afterRowNo, page.toRowNo, page.subject, page.actors],
  );
}

function hashRow(row: AuditRow & { readonly previousHash: Buffer }): Buffer {
  const text = canonicalText([row.rowNo.toString(), row.actor, row.action, row.subject, row.detail, row.createdAt]);
  return createHash('sha256').update(row.previousHash).update(text).digest();
}

/** JSON with sorted keys: the database keeps the facts of `detail`, not the order they were written in. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
