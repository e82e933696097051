import type { Sql } from '../db/pool.ts';

/** Days that records are kept after they have done their work; 0: for ever. */
export type KeepDays = {
  /** Sessions, tokens and invitations after their end. */
  readonly sessions: number;
  /** Requests for a second person, decided or run out. */
  readonly approvals: number;
  /** Closed incidents, but for those that moved money: the ledger names them. */
  readonly incidents: number;
  /** Counts of payouts per day. */
  readonly counts: number;
};

const rowsMax = 1_000;
const old = `now() - $1 * interval '1 day'`;
const some = `limit ${rowsMax} for update skip locked`;

const drops: readonly { readonly kind: keyof KeepDays; readonly text: string }[] = [
  {
    kind: 'sessions',
    text: `delete from operator_session where session_id in (
      select session_id from operator_session where least(revoked_at, expires_at) < ${old} ${some}) returning 1`,
  },
  {
    kind: 'sessions',
    text: `delete from invitation where secret_hash in (
      select secret_hash from invitation where least(used_at, expires_at) < ${old} ${some}) returning 1`,
  },
  {
    kind: 'approvals',
    text: `delete from approval where approval_id in (
      select approval_id from approval
      where state <> 'approved' and coalesce(decided_at, expires_at) < ${old} ${some}) returning 1`,
  },
  {
    kind: 'incidents',
    text: `delete from incident where (merchant_id, incident_id) in (
      select i.merchant_id, i.incident_id from incident i
      where i.closed_at < ${old} and i.posting_id is null and not exists (
        select from recipient_walk w where w.merchant_id = i.merchant_id and w.hold_reason is not null)
      ${some}) returning 1`,
  },
  {
    kind: 'counts',
    text: `delete from payout_count where (merchant_id, currency, span, starts_at, state) in (
      select merchant_id, currency, span, starts_at, state from payout_count
      where span = 'day' and starts_at < ${old} ${some}) returning 1`,
  },
];

/**
 * Deletes what has been kept long enough, up to so many rows of each kind; any number of processes may do so at once.
 * The audit log is never deleted: each of its rows proves the one before. Answers whether there is more to do now.
 */
export async function dropOldRecords(sql: Sql, keepDays: KeepDays): Promise<boolean> {
  let hasMore = false;
  for (const { kind, text } of drops) {
    if (keepDays[kind] === 0) continue;
    const gone = await sql.query(text, [keepDays[kind]]);
    hasMore ||= gone.length === rowsMax;
  }
  return hasMore;
}
