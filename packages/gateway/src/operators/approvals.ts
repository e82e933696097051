import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import type { Vault } from '../secrets/seal.ts';

export type ApprovalState = 'pending' | 'approved' | 'done' | 'refused' | 'failed';

/** What the first person asked for, to be done as it stands. */
export type ApprovalRequest = { readonly params: unknown; readonly body: unknown };

/** Something that takes two people. */
export type Approval = {
  readonly approvalId: bigint;
  readonly action: string;
  /** The request as people may see it: without passwords. */
  readonly shown: unknown;
  readonly state: ApprovalState;
  readonly requestedBy: { readonly userId: bigint; readonly login: string };
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  /** Why it failed or was refused. */
  readonly outcome: string | null;
};

const approvalHours = 24;

const columns = `a.approval_id as "approvalId", a.action, a.shown, a.state,
  json_build_object('userId', a.requested_by, 'login', r.login) as "requestedBy", a.requested_at as "requestedAt",
  a.expires_at as "expiresAt", d.login as "decidedBy", a.decided_at as "decidedAt", a.outcome`;
const joined = `approval a join operator_user r on r.user_id = a.requested_by
  left join operator_user d on d.user_id = a.decided_by`;

type Row = Omit<Approval, 'requestedBy'> & { readonly requestedBy: { userId: number; login: string } };

function toApproval(row: Row): Approval {
  return { ...row, requestedBy: { ...row.requestedBy, userId: BigInt(row.requestedBy.userId) } };
}

/** Asks for a second person. Nothing is done until one approves. */
export async function requestApproval(
  { tx, vault }: { tx: Tx; vault: Vault },
  input: { action: string; request: ApprovalRequest; userId: bigint },
): Promise<Approval> {
  const { action, request, userId } = input;
  const sealed = vault.seal(JSON.stringify(request), contextOf(action, userId));
  const [row] = await tx.query<{ id: bigint }>(
    `insert into approval (action, request_sealed, shown, requested_by, expires_at)
     values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 hour') returning approval_id as id`,
    [action, sealed, JSON.stringify(request, hidePasswords), userId, approvalHours],
  );
  return readApproval(tx, row?.id ?? 0n);
}

function contextOf(action: string, userId: bigint): string {
  return `approval:${action}:${userId}`;
}

function hidePasswords(key: string, value: unknown): unknown {
  return key.includes('password') ? '***' : value;
}

/** The request as it was made, for doing it. */
export async function openRequest(needs: { sql: Sql; vault: Vault }, approval: Approval): Promise<ApprovalRequest> {
  const [row] = await needs.sql.query<{ sealed: Buffer }>(
    'select request_sealed as sealed from approval where approval_id = $1',
    [approval.approvalId],
  );
  const context = contextOf(approval.action, approval.requestedBy.userId);
  return JSON.parse(needs.vault.open(row?.sealed ?? Buffer.alloc(0), context)) as ApprovalRequest;
}

/** Throws a Refusal when there is no such one. */
export async function readApproval(sql: Sql, approvalId: bigint): Promise<Approval> {
  const [row] = await sql.query<Row>(`select ${columns} from ${joined} where a.approval_id = $1`, [approvalId]);
  if (row === undefined) throw new Refusal([{ code: 'record_unknown', field: 'approval_id' }]);
  return toApproval(row);
}

export async function listApprovals(
  sql: Sql,
  page: { state: ApprovalState | undefined; beforeId: bigint | undefined; limit: number },
): Promise<Approval[]> {
  const rows = await sql.query<Row>(
    `select ${columns} from ${joined}
     where ($1::text is null or a.state = $1) and ($2::bigint is null or a.approval_id < $2)
     order by a.approval_id desc limit $3`,
    [page.state ?? null, page.beforeId ?? null, page.limit],
  );
  return rows.map(toApproval);
}

/**
 * A second person says yes. Approved is the intent, written before anything is done. If the process dies in between,
 * it can be approved again after a minute; what moves money carries a key or a state that keeps it from moving twice.
 * Throws a Refusal for the person who asked, for what was decided already, and after the end of its time.
 */
export async function approve(tx: Tx, input: { approvalId: bigint; userId: bigint }): Promise<Approval> {
  const [row] = await tx.query<{ requestedBy: bigint; isOpen: boolean }>(
    `select requested_by as "requestedBy", expires_at > clock_timestamp() and (state = 'pending'
       or state = 'approved' and decided_at < clock_timestamp() - interval '1 minute') as "isOpen"
     from approval where approval_id = $1 for update`,
    [input.approvalId],
  );
  if (row === undefined) throw new Refusal([{ code: 'record_unknown', field: 'approval_id' }]);
  if (row.requestedBy === input.userId) throw new Refusal([{ code: 'approval_needs_other', field: 'approval_id' }]);
  if (!row.isOpen) throw new Refusal([{ code: 'approval_decided', field: 'approval_id' }]);
  await tx.query(
    `update approval set state = 'approved', decided_by = $2, decided_at = clock_timestamp() where approval_id = $1`,
    [input.approvalId, input.userId],
  );
  return readApproval(tx, input.approvalId);
}

/** Either person may say no, the one who asked as well. */
export async function refuseApproval(
  tx: Tx,
  input: { approvalId: bigint; userId: bigint; reason: string },
): Promise<Approval> {
  const rows = await tx.query(
    `update approval set state = 'refused', decided_by = $2, decided_at = clock_timestamp(), outcome = $3
     where approval_id = $1 and state = 'pending' returning approval_id`,
    [input.approvalId, input.userId, input.reason],
  );
  if (rows.length === 0) throw new Refusal([{ code: 'approval_decided', field: 'approval_id' }]);
  return readApproval(tx, input.approvalId);
}

/** How it went when it was done. */
export async function closeApproval(
  sql: Sql,
  input: { approvalId: bigint; state: 'done' | 'failed'; outcome: string | null },
): Promise<void> {
  await sql.query(`update approval set state = $2, outcome = $3 where approval_id = $1 and state = 'approved'`, [
    input.approvalId,
    input.state,
    input.outcome,
  ]);
}
