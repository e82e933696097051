import type { Change } from '../core/payout.ts';
import { type Batch, createBatch } from '../db/batch.ts';
import { isStatementRefused, type Sql, type Statement } from '../db/pool.ts';
import type { Announcement } from '../notifications/announce.ts';
import type { StoredPayout } from './store.ts';

const leaveToLease = -1;

/** A decided change, ready to be written. */
export type PayoutRecord = {
  readonly payout: StoredPayout;
  readonly change: Change;
  readonly actor: string;
  /** The fence of the job in hand; absent for changes that no worker owns: callbacks and people. */
  readonly fence?: number;
  readonly announcements: readonly Announcement[];
};

/** `false`: the payout had moved on or another worker owns it by now, and nothing was written. */
export type Recorder = { record(record: PayoutRecord): Promise<boolean>; drain(): Promise<void> };

const applyPayouts: Statement = {
  name: 'apply_payouts',
  text: 'select apply_payouts_v1 as item from apply_payouts_v1($1)',
};

/** All changes of payouts go through here, in groups: one transaction each, every caller waits for its own change. */
export function createRecorder(needs: { readonly db: Sql; readonly overloaded: () => Error }): Recorder {
  const batch: Batch<PayoutRecord, boolean> = createBatch({
    itemsMax: 200,
    groupsMax: 1,
    waitingMax: 20_000,
    overloaded: needs.overloaded,
    isRetrySafe: isStatementRefused,
    run: async (records) => {
      const input = JSON.stringify(records.map(changeRow));
      const rows = await needs.db.run<{ item: number }>(applyPayouts, [input]);
      const applied = new Set(rows.map((row) => row.item));
      return records.map((_, at) => applied.has(at));
    },
  });
  return { record: (record) => batch.add(record), drain: () => batch.drain() };
}

function runInMs({ nextInMs }: Change): number | undefined {
  if (nextInMs === 'lease') return leaveToLease;
  return nextInMs === undefined ? undefined : Math.round(nextInMs);
}

/** The change as a row of the database type payout_change. Amounts travel as text: JSON numbers would lose digits. */
function changeRow({ payout, change, actor, fence, announcements }: PayoutRecord, item: number): object {
  const { posting, attempt, final, incident } = change;
  return {
    item,
    merchant_id: payout.merchantId.toString(),
    payout_id: payout.payoutId.toString(),
    account_id: payout.accountId,
    version: payout.version,
    fence,
    from_state: payout.state,
    to_state: change.to,
    cause: change.cause,
    actor,
    evidence: change.evidence,
    ...(final === undefined
      ? {}
      : {
          final_paid_minor: final.paidMinor.toString(),
          final_commission_minor: final.commissionMinor.toString(),
          fail_reason: final.failReason,
          rrn: final.rrn,
        }),
    ...(posting === undefined
      ? {}
      : {
          posting_kind: posting.kind,
          posting_connector: posting.connector,
          available_minor: posting.availableMinor.toString(),
          held_minor: posting.heldMinor.toString(),
          clearing_minor: posting.clearingMinor.toString(),
          paid_minor: posting.paidMinor.toString(),
          commission_minor: posting.commissionMinor.toString(),
          receivable_minor: '0',
          funding_minor: '0',
        }),
    ...(attempt === undefined
      ? {}
      : {
          attempt_no: attempt.attemptNo,
          attempt_connector: attempt.connector,
          attempt_reference: attempt.reference,
          attempt_state: attempt.state,
          attempt_provider_id: attempt.providerId,
          attempt_answer: attempt.answer,
        }),
    run_in_ms: runInMs(change),
    notifications: announcements.length === 0 ? undefined : announcements,
    incident_kind: incident?.kind,
    incident_detail: incident?.detail,
  };
}
