// Owns payouts from the accepted order to the final status: the rows, and the sentence of files that moves them:
// create, dispatch, settle. Promises that a change is written whole, once, and only upon the state it was decided on.
// Refuses to know HTTP, signatures and what a provider's protocol looks like.
import type { AttemptState, Payout, PayoutState } from '../core/payout.ts';
import type { RecipientKind } from '../core/service.ts';
import { type Batch, createBatch } from '../db/batch.ts';
import type { Sql, Statement } from '../db/pool.ts';

/** A payout as it stands in the database, with its latest attempt. */
export type StoredPayout = Payout & {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly orderId: string;
  readonly version: number;
  readonly serviceCode: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly recipientKind: RecipientKind;
  readonly recipientMask: string;
  readonly recipientSealed: Buffer;
  readonly oldAvailableMinor: bigint;
  readonly finalPaidMinor: bigint | undefined;
  readonly finalCommissionMinor: bigint | undefined;
  readonly failReason: string | undefined;
  readonly rrn: string | undefined;
  readonly endpointId: number | undefined;
  readonly endpointUrl: string | undefined;
  readonly createdAt: Date;
  readonly finalAt: Date | undefined;
  readonly providerId: string | undefined;
  readonly attemptStartedAt: Date | undefined;
  /** Age of the latest attempt by the database's clock. */
  readonly attemptAgeMs: number;
  /** Set when only what is left of it was found: nothing can be written about it but incidents. */
  readonly archivedAt?: Date;
};

export type PayoutKey = { readonly merchantId: bigint; readonly payoutId: bigint };

/** As the statements answer it. */
export type PayoutRow = {
  merchant_id: bigint;
  payout_id: bigint;
  account_id: string;
  order_id: string;
  state: PayoutState;
  version: number;
  service_code: string;
  currency: string;
  amount_minor: bigint;
  due_minor: bigint;
  debit_minor: bigint;
  commission_minor: bigint;
  percent_minor: bigint;
  recipient_kind: RecipientKind;
  recipient_mask: string;
  recipient_sealed: Buffer;
  old_available_minor: bigint;
  final_paid_minor: bigint | null;
  final_commission_minor: bigint | null;
  fail_reason: string | null;
  rrn: string | null;
  connectors: string[];
  endpoint_id: number | null;
  endpoint_url: string | null;
  created_at: Date;
  final_at: Date | null;
  attempt_no: number | null;
  attempt_connector: string | null;
  attempt_reference: string | null;
  attempt_state: AttemptState | null;
  attempt_asks: number | null;
  attempt_provider_id: string | null;
  attempt_started_at: Date | null;
  attempt_age_ms?: number | null;
  archived_at?: Date;
};

const columns = `p.merchant_id, p.payout_id, p.account_id, p.order_id, p.state, p.version, p.service_code, p.currency,
  p.amount_minor, p.due_minor, p.debit_minor, p.commission_minor, p.percent_minor, p.recipient_kind, p.recipient_mask,
  p.recipient_sealed, p.old_available_minor, p.final_paid_minor, p.final_commission_minor, p.fail_reason, p.rrn,
  p.connectors, p.endpoint_id, p.endpoint_url, p.created_at, p.final_at,
  a.attempt_no, a.connector as attempt_connector, a.reference as attempt_reference, a.state as attempt_state,
  a.asks as attempt_asks, a.provider_id as attempt_provider_id, a.started_at as attempt_started_at,
  extract(epoch from clock_timestamp() - a.started_at)::float8 * 1000 as attempt_age_ms`;

/**
 * A commit can be read here before a standby has confirmed it, and is lost if this server is. A reader that tells a
 * merchant of a young payout therefore writes a word into the log where there are standbys: its own commit waits for
 * them, and so for everything it read. Older payouts are confirmed: a server that cannot reach its standbys for a
 * minute is replaced, or accepts nothing new.
 */
const confirm = `, case when current_setting('synchronous_standby_names') <> ''
      and greatest(p.created_at, p.final_at) > clock_timestamp() - interval '1 minute'
    then pg_logical_emit_message(true, 'vyplata', '') end`;

// payout.attempts names the latest attempt, so it is found by its key and not by sorting.
const latestAttempt = `left join attempt a on a.merchant_id = p.merchant_id and a.payout_id = p.payout_id
    and a.attempt_no = p.attempts`;

const byKeys = (isConfirmed: boolean): Statement => ({
  name: isConfirmed ? 'confirmed_payouts_by_keys' : 'payouts_by_keys',
  text: `select k.item, ${columns}${isConfirmed ? confirm : ''}
    from unnest($1::bigint[], $2::bigint[]) with ordinality as k (merchant_id, payout_id, item)
    cross join lateral (
      select * from payout q where q.merchant_id = k.merchant_id and q.payout_id = k.payout_id offset 0
    ) p
    ${latestAttempt}`,
});

const byOrderIds = (isConfirmed: boolean): Statement => ({
  name: isConfirmed ? 'confirmed_payouts_by_order_ids' : 'payouts_by_order_ids',
  text: `select k.item, ${columns}${isConfirmed ? confirm : ''}
    from unnest($1::bigint[], $2::text[]) with ordinality as k (merchant_id, order_id, item)
    cross join lateral (
      select * from order_record r where r.merchant_id = k.merchant_id and r.order_id = k.order_id offset 0
    ) o
    cross join lateral (
      select * from payout q where q.merchant_id = o.merchant_id and q.payout_id = o.payout_id offset 0
    ) p
    ${latestAttempt}`,
});

// The columns that an archived payout shares with the others, and its last attempt as far as it follows from them.
const archivedByKeys: Statement = {
  name: 'archived_by_keys',
  text: `select k.item, p.merchant_id, p.payout_id, p.account_id, p.order_id, p.state, p.version, p.service_code,
      p.currency, p.amount_minor, p.due_minor, p.debit_minor, p.commission_minor, p.percent_minor, p.recipient_kind,
      p.recipient_mask, p.recipient_sealed, p.old_available_minor, p.final_paid_minor, p.final_commission_minor,
      p.fail_reason, p.rrn, p.connectors, p.endpoint_id, null as endpoint_url, p.created_at, p.final_at,
      p.attempts, p.provider_id as attempt_provider_id, p.archived_at
    from unnest($1::bigint[], $2::bigint[]) with ordinality as k (merchant_id, payout_id, item)
    cross join lateral (
      select * from archived_payout q where q.merchant_id = k.merchant_id and q.payout_id = k.payout_id offset 0
    ) p`,
};

type AttemptColumn = `attempt_${'no' | 'connector' | 'reference' | 'state' | 'asks' | 'started_at'}`;
type ArchivedRow = Omit<PayoutRow, AttemptColumn> & { readonly item: bigint; readonly attempts: number };

export type OrderKey = { readonly merchantId: bigint; readonly orderId: string };

export type PayoutReader = {
  /** Also one that is archived. */
  findPayout(key: PayoutKey): Promise<StoredPayout | undefined>;
  /** None that is archived: the record of its order_id tells its id. */
  findByOrderId(key: OrderKey): Promise<StoredPayout | undefined>;
};

export type ReaderNeeds = {
  readonly db: Sql;
  readonly overloaded: () => Error;
  /** For whoever tells others what was read: it is on the standbys by then. A worker's claim has waited already. */
  readonly isConfirmed?: boolean;
};

/** Single look-ups that share round trips: whoever asks while one is under way travels with the next. */
export function createPayoutReader(needs: ReaderNeeds): PayoutReader {
  const { isConfirmed = false } = needs;
  const [findByKeys, findByOrderIds] = [byKeys(isConfirmed), byOrderIds(isConfirmed)];
  const shared = {
    itemsMax: 200,
    groupsMax: 1,
    waitingMax: 10_000,
    overloaded: needs.overloaded,
    isRetrySafe: () => false,
  };
  const keys: Batch<PayoutKey, StoredPayout | undefined> = createBatch({
    ...shared,
    run: (items) => findAmongAll(needs.db, findByKeys, items),
  });
  const orders: Batch<OrderKey, StoredPayout | undefined> = createBatch({
    ...shared,
    run: async (items) =>
      rowsByItem(
        items.length,
        await needs.db.run<PayoutRow & { item: bigint }>(findByOrderIds, [
          items.map((key) => key.merchantId),
          items.map((key) => key.orderId),
        ]),
      ),
  });
  return { findPayout: (key) => keys.add(key), findByOrderId: (key) => orders.add(key) };
}

/** What is not among the payouts is looked for among the archived ones: nothing goes the other way. */
async function findAmongAll(
  db: Sql,
  statement: Statement,
  keys: readonly PayoutKey[],
): Promise<(StoredPayout | undefined)[]> {
  const found = rowsByItem(
    keys.length,
    await db.run<PayoutRow & { item: bigint }>(statement, [
      keys.map((key) => key.merchantId),
      keys.map((key) => key.payoutId),
    ]),
  );
  if (!found.includes(undefined)) return found;
  const missing = keys.flatMap((key, at) => (found[at] === undefined ? [{ key, at }] : []));
  const rows = await readArchived(
    db,
    missing.map(({ key }) => key),
  );
  for (const row of rows) found[missing[Number(row.item) - 1]?.at ?? 0] = readRow(row);
  return found;
}

/** Those of the keys that are archived payouts, by their place among the keys. */
async function readArchived(db: Sql, keys: readonly PayoutKey[]): Promise<(PayoutRow & { item: bigint })[]> {
  const ids = [keys.map((key) => key.merchantId), keys.map((key) => key.payoutId)];
  const rows = await db.run<ArchivedRow>(archivedByKeys, ids);
  return rows.map((row) => ({ ...row, ...lastAttempt(row) }));
}

function lastAttempt(row: ArchivedRow): Pick<PayoutRow, AttemptColumn> {
  const { attempts, payout_id: payoutId, state } = row;
  return {
    attempt_no: attempts === 0 ? null : attempts,
    attempt_connector: connectorOf(row, attempts) ?? null,
    attempt_reference: `${payoutId}-${attempts}`,
    attempt_state: state === 'paid' ? 'succeeded' : 'rejected',
    attempt_asks: 0,
    attempt_started_at: null,
  };
}

/** The connector that an attempt went through: each of the different ones is tried once, in their order. */
export function connectorOf(payout: { readonly connectors: readonly string[] }, attemptNo: number): string | undefined {
  return [...new Set(payout.connectors)][attemptNo - 1];
}

function rowsByItem(count: number, rows: readonly (PayoutRow & { item: bigint })[]): (StoredPayout | undefined)[] {
  const found: (StoredPayout | undefined)[] = Array.from({ length: count });
  for (const row of rows) found[Number(row.item) - 1] = readRow(row);
  return found;
}

function readRow(row: PayoutRow): StoredPayout {
  return {
    merchantId: row.merchant_id,
    payoutId: row.payout_id,
    accountId: row.account_id,
    orderId: row.order_id,
    state: row.state,
    version: row.version,
    serviceCode: row.service_code,
    currency: row.currency,
    amountMinor: row.amount_minor,
    charge: {
      dueMinor: row.due_minor,
      debitMinor: row.debit_minor,
      commissionMinor: row.commission_minor,
      percentMinor: row.percent_minor,
    },
    recipientKind: row.recipient_kind,
    recipientMask: row.recipient_mask,
    recipientSealed: row.recipient_sealed,
    oldAvailableMinor: row.old_available_minor,
    finalPaidMinor: row.final_paid_minor ?? undefined,
    finalCommissionMinor: row.final_commission_minor ?? undefined,
    failReason: row.fail_reason ?? undefined,
    rrn: row.rrn ?? undefined,
    connectors: row.connectors,
    endpointId: row.endpoint_id ?? undefined,
    endpointUrl: row.endpoint_url ?? undefined,
    createdAt: row.created_at,
    finalAt: row.final_at ?? undefined,
    attempt: readAttempt(row),
    providerId: row.attempt_provider_id ?? undefined,
    attemptStartedAt: row.attempt_started_at ?? undefined,
    attemptAgeMs: row.attempt_age_ms ?? 0,
    ...(row.archived_at === undefined ? {} : { archivedAt: row.archived_at }),
  };
}

function readAttempt(row: PayoutRow): Payout['attempt'] {
  const {
    attempt_no: attemptNo,
    attempt_connector: connector,
    attempt_reference: reference,
    attempt_state: state,
  } = row;
  if (attemptNo === null || connector === null || reference === null || state === null) return undefined;
  return { attemptNo, connector, reference, state, asks: row.attempt_asks ?? 0 };
}
