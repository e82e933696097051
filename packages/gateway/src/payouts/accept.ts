import type { DatabaseClock } from '../db/clock.ts';
import type { Sql, Statement } from '../db/pool.ts';
import type { Reserve, Seat } from '../jobs/seat.ts';
import type { Trail } from '../traces/trail.ts';
import type { CheckedOrder } from './checked-order.ts';
import type { StoredPayout } from './store.ts';

export type AcceptItem = CheckedOrder & {
  readonly digest: Buffer;
  readonly digestKey: number;
  readonly sealed: Buffer;
  /** What the recipient is found by without being readable. */
  readonly searchHash: bigint;
};

/** What stands under an order_id for ever. */
export type OrderRecord = { readonly payoutId: bigint; readonly digest: Buffer; readonly digestKey: number };

export type AcceptResult =
  | { readonly verdict: 'accepted'; readonly payoutId: bigint }
  | { readonly verdict: 'exists'; readonly record: OrderRecord }
  | { readonly verdict: 'funds' | 'barred' | 'again' | LimitVerdict };

/** The kind of the merchant's limit that has no room for the order. */
type LimitVerdict = 'orders_per_minute' | 'amount_per_day';

const acceptPayouts: Statement = { name: 'accept_payouts', text: 'select * from accept_payouts_v2($1, $2)' };

type AcceptRow = {
  item: number;
  verdict: AcceptResult['verdict'];
  payout_id: bigint | null;
  old_minor?: bigint | null;
  digest: Buffer | null;
  digest_key: number | null;
};

export type AcceptNeeds = {
  readonly acceptDb: Sql;
  readonly clock: DatabaseClock;
  readonly monotonicMs: () => number;
  /** There is a payout in the queue that nobody owns. */
  readonly wake: (kind: 'payout') => void;
  /** Where this process sends payouts itself: it begins with what it accepts without claiming it first. */
  readonly reserve?: Reserve<StoredPayout> | undefined;
  readonly trail?: Trail | undefined;
};

/** One round trip for the whole group. Throws if the group as a whole failed; then nothing of it was written. */
export async function acceptOrders(
  needs: AcceptNeeds,
  items: readonly AcceptItem[],
  withinMs: number,
): Promise<AcceptResult[]> {
  const seats = items.map(() => needs.reserve?.(''));
  try {
    return await acceptSeated(needs, { items, seats }, withinMs);
  } catch (error) {
    for (const seat of seats) seat?.leave();
    throw error;
  }
}

type Group = { readonly items: readonly AcceptItem[]; readonly seats: readonly (Seat<StoredPayout> | undefined)[] };

async function acceptSeated(needs: AcceptNeeds, { items, seats }: Group, withinMs: number): Promise<AcceptResult[]> {
  const earliestMs = Math.min(...items.map((item) => item.receivedMs));
  const deadlineAt = needs.clock.at(earliestMs + withinMs);
  const input = JSON.stringify(items.map((item, at) => itemRow(item, { at, clock: needs.clock, seat: seats[at] })));
  const startedMs = needs.monotonicMs();
  const rows = await needs.acceptDb.run<AcceptRow>(acceptPayouts, [input, deadlineAt]);
  noteAccepted(needs, { items, rows, startedMs });
  const results: AcceptResult[] = Array.from({ length: items.length });
  for (const row of rows) results[row.item] = readResult(row);
  const createdAt = needs.clock.at(needs.monotonicMs());
  let isQueued = false;
  for (const row of rows) {
    const [item, seat] = [items[row.item], seats[row.item]];
    if (row.verdict !== 'accepted' || item === undefined || row.payout_id === null) seat?.leave();
    else if (seat === undefined) isQueued = true;
    else {
      const payout = acceptedPayout(item, { payoutId: row.payout_id, oldMinor: row.old_minor ?? 0n, createdAt });
      seat.take({ merchantId: item.merchantId, subjectId: row.payout_id }, payout);
    }
  }
  if (isQueued) needs.wake('payout');
  return results;
}

type Answered = {
  readonly items: readonly AcceptItem[];
  readonly rows: readonly AcceptRow[];
  readonly startedMs: number;
};

/** Of the group that a payout travelled with: when it set out and how many they were. */
function noteAccepted({ trail }: AcceptNeeds, { items, rows, startedMs }: Answered): void {
  if (trail === undefined) return;
  for (const { item, verdict, payout_id: payoutId } of rows) {
    const merchantId = items[item]?.merchantId;
    if (verdict !== 'accepted' || payoutId === null || merchantId === undefined) continue;
    trail.note('accept', { merchantId, payoutId }, { startedMs, facts: { items: items.length } });
  }
}

/** The payout as it was just written; its time is good to some milliseconds. */
function acceptedPayout(
  item: AcceptItem,
  made: { readonly payoutId: bigint; readonly oldMinor: bigint; readonly createdAt: Date },
): StoredPayout {
  const { order } = item;
  return {
    merchantId: item.merchantId,
    payoutId: made.payoutId,
    accountId: item.accountId,
    orderId: order.orderId,
    state: 'queued',
    version: 1,
    serviceCode: order.serviceCode,
    currency: item.currency,
    amountMinor: order.amountMinor,
    charge: item.charge,
    recipientKind: item.recipientKind,
    recipientMask: item.recipient.mask,
    recipientSealed: item.sealed,
    oldAvailableMinor: made.oldMinor,
    finalPaidMinor: undefined,
    finalCommissionMinor: undefined,
    failReason: undefined,
    rrn: undefined,
    connectors: item.connectors,
    endpointId: order.endpointId,
    endpointUrl: order.endpointUrl,
    createdAt: made.createdAt,
    finalAt: undefined,
    attempt: undefined,
    providerId: undefined,
    attemptStartedAt: undefined,
    attemptAgeMs: 0,
  };
}

type Placed = { readonly at: number; readonly clock: DatabaseClock; readonly seat: Seat<unknown> | undefined };

function itemRow(item: AcceptItem, { at, clock, seat }: Placed): object {
  const { order, charge } = item;
  return {
    item: at,
    merchant_id: item.merchantId.toString(),
    account_id: item.accountId,
    order_id: order.orderId,
    digest: bytea(item.digest),
    digest_key: item.digestKey,
    received_at: clock.at(item.receivedMs),
    service_code: order.serviceCode,
    recipient_kind: item.recipientKind,
    recipient_mask: item.recipient.mask,
    recipient_sealed: bytea(item.sealed),
    recipient_hash: item.searchHash.toString(),
    currency: item.currency,
    amount_minor: order.amountMinor.toString(),
    due_minor: charge.dueMinor.toString(),
    debit_minor: charge.debitMinor.toString(),
    commission_minor: charge.commissionMinor.toString(),
    percent_minor: charge.percentMinor.toString(),
    connectors: item.connectors,
    endpoint_id: order.endpointId,
    endpoint_url: order.endpointUrl,
    lease_ms: seat?.leaseMs,
  };
}

function bytea(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}

function readResult(row: AcceptRow): AcceptResult {
  const { verdict, payout_id: payoutId } = row;
  if (verdict === 'accepted' && payoutId !== null) return { verdict, payoutId };
  if (verdict === 'exists') return { verdict, record: readRecord(row) };
  if (verdict === 'funds' || verdict === 'barred' || verdict === 'again') return { verdict };
  if (verdict === 'orders_per_minute' || verdict === 'amount_per_day') return { verdict };
  throw new Error(`accept_payouts_v2 answered ${verdict} without a payout`);
}

function readRecord(row: Pick<AcceptRow, 'payout_id' | 'digest' | 'digest_key'>): OrderRecord {
  const { payout_id: payoutId, digest, digest_key: digestKey } = row;
  if (payoutId === null || digest === null || digestKey === null) throw new Error('an order record without a payout');
  return { payoutId, digest, digestKey };
}

type OrderKey = { readonly merchantId: bigint; readonly orderId: string };

const findRecord: Statement = {
  name: 'find_order_record',
  text: `select payout_id, digest, digest_key from order_record
    where merchant_id = $1 and order_id = $2 and payout_id is not null`,
};

/** The record of an order_id, if a payout has it. */
export async function findOrder(db: Sql, key: OrderKey): Promise<OrderRecord | undefined> {
  const [row] = await db.run<Pick<AcceptRow, 'payout_id' | 'digest' | 'digest_key'>>(findRecord, [
    key.merchantId,
    key.orderId,
  ]);
  return row === undefined ? undefined : readRecord(row);
}

/** Two statements: the second sees what the first had to wait for. A tombstone that stands already is renewed. */
const writeTombstone: Statement = {
  name: 'write_tombstone',
  text: `insert into order_record as o (merchant_id, order_id, made_at) values ($1, $2, clock_timestamp())
    on conflict (merchant_id, order_id) do update set made_at = excluded.made_at where o.payout_id is null`,
};

/**
 * Finds out for certain whether a payout has this order_id, and if none has, makes sure that no create received until
 * now will ever commit: its insert under the same key waits for ours and then gives way to the tombstone.
 */
export async function probeOrder(db: Sql, key: OrderKey): Promise<OrderRecord | undefined> {
  await db.run(writeTombstone, [key.merchantId, key.orderId]);
  return findOrder(db, key);
}

/** By now() and not by clock_timestamp(), which no index can be asked about: the table keeps every order for ever. */
const dropTombstones: Statement = {
  name: 'drop_tombstones',
  text: `delete from order_record where payout_id is null and made_at < now() - interval '2 minutes'`,
};

/** Tombstones older than any accept's deadline have done their work. */
export async function sweepTombstones(db: Sql): Promise<void> {
  await db.run(dropTombstones);
}
