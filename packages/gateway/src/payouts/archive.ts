import type { Db, Tx } from '../db/pool.ts';
import { auditPayoutsById } from '../ledger/audit-payouts.ts';

/** So many payouts go in one transaction, which takes some hundredths of a second. */
const slicePayouts = 200;
/** How soon a merchant is looked at again of whom nothing is left to do. */
const againMs = 3_600_000;

export type ArchiveOptions = {
  /** Since the end of a payout. */
  readonly afterHours: number;
  readonly countMax?: number;
};

export type Archived = { readonly archived: number; readonly hasMore: boolean };

/**
 * Archives payouts that ended long enough ago, the next slice of one merchant: a row of what is left is written, and
 * the payout is deleted with its transitions, attempts, notifications and deliveries, all in one transaction. A crash
 * leaves it undone and it is done again; callers at the same time take different merchants. The ledger is not touched.
 *
 * Left as they are: payouts that are not final, that somebody still has to be told about, that an incident is open
 * about, that are not counted yet, and whatever the audit finds something wrong with.
 */
export function archivePayouts(db: Db, options: ArchiveOptions): Promise<Archived> {
  return db.tx((tx) => archiveSlice(tx, options));
}

async function archiveSlice(tx: Tx, { afterHours, countMax = slicePayouts }: ArchiveOptions): Promise<Archived> {
  const walk = await takeWalk(tx);
  if (walk === undefined) return { archived: 0, hasMore: false };
  const { merchantId } = walk;
  const slice = await listOld(tx, { ...walk, afterHours, countMax });
  const lastId = slice.at(-1);
  if (lastId === undefined) {
    await tx.query(
      `update recipient_walk set archived_to = 0, archive_at = now() + $2 * interval '1 millisecond'
       where merchant_id = $1`,
      [merchantId, againMs],
    );
    return { archived: 0, hasMore: true };
  }
  const ready = await lockReady(tx, { merchantId, payoutIds: slice, afterHours });
  const unsound = new Set((await auditPayoutsById(tx, { merchantId, payoutIds: ready })).map((one) => one.payoutId));
  const payoutIds = ready.filter((id) => !unsound.has(id));
  const droppedTo = await move(tx, { merchantId, payoutIds });
  await tx.query(
    `update recipient_walk set archived_to = $2, dropped_to = greatest(dropped_to, $3) where merchant_id = $1`,
    [merchantId, lastId, droppedTo],
  );
  return { archived: payoutIds.length, hasMore: true };
}

type Walk = { readonly merchantId: bigint; readonly archivedTo: bigint };

/** The merchant who is due longest and has no legal hold, for the length of the tx. */
async function takeWalk(tx: Tx): Promise<Walk | undefined> {
  await tx.query(
    `insert into recipient_walk (merchant_id)
     select m.merchant_id from merchant m
     where not exists (select from recipient_walk w where w.merchant_id = m.merchant_id) on conflict do nothing`,
  );
  const [walk] = await tx.query<Walk>(
    `select w.merchant_id as "merchantId", w.archived_to as "archivedTo" from recipient_walk w
     where w.hold_reason is null and w.archive_at <= now() and not exists (
       select from process p where not p.finds_archived and p.seen_at > clock_timestamp() - interval '1 minute')
     order by w.archive_at limit 1 for update of w skip locked`,
  );
  return walk;
}

type Age = { readonly afterHours: number };

/** The next payouts in the order of their ids, up to the first that is too young: ids grow with time. */
async function listOld(tx: Tx, walk: Walk & Age & { readonly countMax: number }): Promise<bigint[]> {
  const rows = await tx.query<{ payoutId: bigint; isOld: boolean }>(
    `select payout_id as "payoutId", created_at < now() - $4 * interval '1 hour' as "isOld" from payout
     where merchant_id = $1 and payout_id > $2 order by payout_id limit $3`,
    [walk.merchantId, walk.archivedTo, walk.countMax, walk.afterHours],
  );
  const young = rows.findIndex(({ isOld }) => !isOld);
  return (young === -1 ? rows : rows.slice(0, young)).map(({ payoutId }) => payoutId);
}

type Some = { readonly merchantId: bigint; readonly payoutIds: readonly bigint[] };

/**
 * Locks what can go. What somebody else has in hand is left for another time, and is never waited for. Locks come first
 * and questions after them: a statement sees what was committed before it, so a notification that is being sent again
 * has its job by then, and whoever comes later finds it locked, and then gone.
 */
async function lockReady(tx: Tx, { merchantId, payoutIds, afterHours }: Some & Age): Promise<bigint[]> {
  await tx.query(
    `select 1 from payout where merchant_id = $1 and payout_id = any($2) order by payout_id for update skip locked`,
    [merchantId, payoutIds],
  );
  const locked = await tx.query<{ id: bigint }>(
    `select notification_id as id from notification where merchant_id = $1 and payout_id = any($2)
     order by notification_id for update skip locked`,
    [merchantId, payoutIds],
  );
  const rows = await tx.query<{ payoutId: bigint }>(
    `select p.payout_id as "payoutId" from payout p
     where p.merchant_id = $1 and p.payout_id = any($2) and p.state in ('paid', 'fail', 'cancel')
       and p.final_at < now() - $4 * interval '1 hour'
       and (p.recipient_hash is not null or p.recipient_deleted_at is not null)
       and not exists (
         select from job j where j.kind = 'payout' and j.merchant_id = $1 and j.subject_id = p.payout_id)
       and not exists (
         select from incident i where i.merchant_id = $1 and i.payout_id = p.payout_id and i.closed_at is null)
       and not exists (
         select from notification n where n.merchant_id = $1 and n.payout_id = p.payout_id
           and (n.state = 'pending' or n.notification_id <> all ($3) or exists (
             select from job j
             where j.kind = 'notification' and j.merchant_id = $1 and j.subject_id = n.notification_id)))
       and not exists (
         select from posting g where g.merchant_id = $1 and g.payout_id = p.payout_id and g.posting_id > coalesce(
           (select m.posting_id from count_mark m where m.merchant_id = $1 and m.account_id = g.account_id), 0))
     order by p.payout_id for update of p skip locked`,
    [merchantId, payoutIds, locked.map(({ id }) => id), afterHours],
  );
  return rows.map(({ payoutId }) => payoutId);
}

const left = `merchant_id, payout_id, account_id, order_id, state, version, attempts, service_code, recipient_kind,
  recipient_mask, recipient_sealed, recipient_hash, recipient_deleted_at, currency, amount_minor, due_minor,
  debit_minor, commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor,
  fail_reason, rrn, connectors, endpoint_id, created_at, final_at`;

/** Answers the highest notification that went, 0 when none did. */
async function move(tx: Tx, { merchantId, payoutIds }: Some): Promise<bigint> {
  if (payoutIds.length === 0) return 0n;
  const ids = [merchantId, payoutIds];
  await tx.query(
    `insert into archived_payout (${left}, provider_id, told_at)
     select ${left},
       (select a.provider_id from attempt a
        where a.merchant_id = p.merchant_id and a.payout_id = p.payout_id and a.attempt_no = p.attempts),
       (select min(d.started_at) from notification n
        join delivery d on d.merchant_id = n.merchant_id and d.notification_id = n.notification_id
        where n.merchant_id = p.merchant_id and n.payout_id = p.payout_id and d.status_code between 200 and 299)
     from payout p where p.merchant_id = $1 and p.payout_id = any($2) order by p.payout_id`,
    ids,
  );
  const gone = await tx.query<{ id: bigint }>(
    `delete from notification where merchant_id = $1 and payout_id = any($2) returning notification_id as id`,
    ids,
  );
  await tx.query('delete from delivery where merchant_id = $1 and notification_id = any($2)', [
    merchantId,
    gone.map(({ id }) => id),
  ]);
  await tx.query('delete from attempt where merchant_id = $1 and payout_id = any($2)', ids);
  await tx.query('delete from transition where merchant_id = $1 and payout_id = any($2)', ids);
  await tx.query('delete from payout where merchant_id = $1 and payout_id = any($2)', ids);
  return gone.reduce((highest, { id }) => (id > highest ? id : highest), 0n);
}
