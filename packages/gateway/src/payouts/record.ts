import type { Change } from '../core/payout.ts';
import { type Batch, createBatch, type OnGroup } from '../db/batch.ts';
import { isStatementRefused, type Sql, type Statement } from '../db/pool.ts';
import type { Reserve, Seat } from '../jobs/seat.ts';
import type { Announcement } from '../notifications/announce.ts';
import type { StoredNotification } from '../notifications/store.ts';
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
export type Recorder = {
  record(record: PayoutRecord): Promise<boolean>;
  /** What a person must see about an archived payout; told once while nobody has closed it. */
  openIncident(incident: ArchivedIncident): Promise<void>;
  drain(): Promise<void>;
};

export type ArchivedIncident = {
  readonly payout: Pick<StoredPayout, 'merchantId' | 'payoutId'>;
  readonly incident: NonNullable<Change['incident']>;
};

export type Needs = {
  readonly db: Sql;
  readonly overloaded: () => Error;
  /** There are notifications in the queue that nobody owns. */
  readonly wake?: ((kind: 'notification') => void) | undefined;
  /** Where this process delivers itself: it begins with what it announces without claiming it first. */
  readonly reserve?: Reserve<StoredNotification> | undefined;
  /** For whoever measures the groups. */
  readonly onGroup?: OnGroup;
};

const applyPayouts: Statement = { name: 'apply_payouts', text: 'select * from apply_payouts_v1($1)' };

const openIncident: Statement = {
  name: 'open_archived_incident',
  text: `insert into incident (merchant_id, payout_id, kind, detail)
    select $1::bigint, $2::bigint, $3::text, $4::jsonb where not exists (
      select from incident i
      where i.merchant_id = $1 and i.payout_id = $2 and i.kind = $3 and i.closed_at is null)`,
};

/** A row per item that was applied, and one for each of its notifications, in the order of the announcements. */
type AppliedRow = { readonly item: number; readonly notification_id?: bigint | null };

/** All changes of payouts go through here, in groups: one transaction each, every caller waits for its own change. */
export function createRecorder(needs: Needs): Recorder {
  const batch: Batch<PayoutRecord, boolean> = createBatch({
    itemsMax: 200,
    groupsMax: 1,
    waitingMax: 20_000,
    overloaded: needs.overloaded,
    isRetrySafe: isStatementRefused,
    onGroup: needs.onGroup,
    run: (records) => applyChanges(needs, records),
  });
  return {
    record: (record) => batch.add(record),
    async openIncident({ payout, incident }) {
      const { kind, detail } = incident;
      await needs.db.run(openIncident, [payout.merchantId, payout.payoutId, kind, JSON.stringify(detail)]);
    },
    drain: () => batch.drain(),
  };
}

/** An announcement of a group, with its place in the hand of this process if there was one. */
type Placed = { readonly announcement: Announcement; readonly seat: Seat<StoredNotification> | undefined };

async function applyChanges(needs: Needs, records: readonly PayoutRecord[]): Promise<boolean[]> {
  const placed = records.map((record) => record.announcements.map((announcement) => place(needs, announcement)));
  try {
    const input = JSON.stringify(
      records.map((record, at) => changeRow(record, { item: at, placed: placed[at] ?? [] })),
    );
    const rows = await needs.db.run<AppliedRow>(applyPayouts, [input]);
    const applied = records.map(() => false);
    const ids = records.map((): bigint[] => []);
    for (const { item, notification_id: id } of rows) {
      if (id === null || id === undefined) applied[item] = true;
      else ids[item]?.push(id);
    }
    const isQueued = records.map((record, at) => handOver(record, { placed: placed[at] ?? [], ids: ids[at] ?? [] }));
    if (isQueued.includes(true)) needs.wake?.('notification');
    return applied;
  } catch (error) {
    for (const { seat } of placed.flat()) seat?.leave();
    throw error;
  }
}

function place({ reserve }: Needs, announcement: Announcement): Placed {
  return { announcement, seat: announcement.dead ? undefined : reserve?.(announcement.lane) };
}

/** Begins with the notifications that this process has a place for; answers whether any was left to the queue. */
function handOver(
  { payout }: PayoutRecord,
  made: { readonly placed: readonly Placed[]; readonly ids: readonly bigint[] },
): boolean {
  let isQueued = false;
  for (const [at, { announcement, seat }] of made.placed.entries()) {
    const notificationId = made.ids[at];
    if (notificationId === undefined) seat?.leave();
    else if (seat === undefined) isQueued ||= !announcement.dead;
    else {
      const { merchantId } = payout;
      seat.take(
        { merchantId, subjectId: notificationId },
        {
          merchantId,
          notificationId,
          endpointId: announcement.endpoint_id,
          url: announcement.url,
          method: announcement.method,
          signedText: announcement.signed_text,
          sign: null,
          state: 'pending',
          tries: 0,
          triesBefore: 0,
          createdAt: new Date(),
        },
      );
    }
  }
  return isQueued;
}

function runInMs({ nextInMs }: Change): number | undefined {
  if (nextInMs === 'lease') return leaveToLease;
  return nextInMs === undefined ? undefined : Math.round(nextInMs);
}

/** The change as a row of the database type payout_change. Amounts travel as text: JSON numbers would lose digits. */
function changeRow(
  { payout, change, actor, fence }: PayoutRecord,
  { item, placed }: { readonly item: number; readonly placed: readonly Placed[] },
): object {
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
    notifications: placed.length === 0 ? undefined : placed.map(announcedRow),
    incident_kind: incident?.kind,
    incident_detail: incident?.detail,
  };
}

function announcedRow({ announcement, seat }: Placed): object {
  return { ...announcement, lease_ms: seat?.leaseMs };
}
