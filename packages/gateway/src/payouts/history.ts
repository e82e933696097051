import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { type PostingLine, readPostingsOfPayout } from '../ledger/read.ts';
import { explainAbsence } from '../notifications/absent.ts';
import { payoutColumns, type PayoutLine } from './search.ts';

export type TransitionLine = {
  readonly version: number;
  readonly fromState: string;
  readonly toState: string;
  readonly cause: string;
  readonly actor: string;
  readonly evidence: unknown;
  readonly createdAt: Date;
};

export type AttemptLine = {
  readonly attemptNo: number;
  readonly connector: string;
  readonly reference: string;
  readonly state: string;
  readonly providerId: string | null;
  readonly asks: number;
  readonly answer: unknown;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
};

export type NotificationLine = {
  readonly merchantId: bigint;
  readonly notificationId: bigint;
  readonly payoutId: bigint;
  readonly accountId: string;
  readonly endpointId: number | null;
  readonly url: string;
  readonly method: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly tries: number;
  /** What the signature is over, byte for byte. */
  readonly signedText: string;
  /** Base64; null until the first try. */
  readonly sign: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
};

export type DeliveryLine = {
  readonly notificationId: bigint;
  readonly tryNo: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly answer: string | null;
};

export type IncidentLine = {
  readonly merchantId: bigint;
  readonly incidentId: bigint;
  readonly payoutId: bigint | null;
  readonly kind: string;
  readonly detail: unknown;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  readonly reason: string | null;
  /** The posting that put the ledger right, if one was needed. */
  readonly postingId: bigint | null;
};

export type PayoutHistory = {
  readonly payout: PayoutLine;
  readonly transitions: readonly TransitionLine[];
  readonly attempts: readonly AttemptLine[];
  readonly postings: readonly PostingLine[];
  readonly notifications: readonly NotificationLine[];
  readonly deliveries: readonly DeliveryLine[];
  readonly incidents: readonly IncidentLine[];
};

const notificationColumns = `n.merchant_id as "merchantId", n.notification_id as "notificationId",
  n.payout_id as "payoutId", n.account_id as "accountId", n.endpoint_id as "endpointId", n.url, n.method, n.state,
  n.tries, n.signed_text as "signedText", n.sign, n.created_at as "createdAt", n.ended_at as "endedAt"`;
const deliveryColumns = `d.notification_id as "notificationId", d.try_no as "tryNo", d.started_at as "startedAt",
  d.duration_ms as "durationMs", d.status_code as "statusCode", d.error, d.answer`;
const incidentColumns = `merchant_id as "merchantId", incident_id as "incidentId", payout_id as "payoutId", kind,
  detail, opened_at as "openedAt", closed_at as "closedAt", closed_by as "closedBy", reason,
  posting_id as "postingId"`;
const linesMax = 1_000;

/** The line of one payout by its id alone. Throws a Refusal when there is none. */
export async function readPayoutLine(sql: Sql, payoutId: bigint): Promise<PayoutLine> {
  const [payout] = await sql.query<PayoutLine>(`select ${payoutColumns} from every_payout p where p.payout_id = $1`, [
    payoutId,
  ]);
  return payout ?? refusePayout();
}

/** The payout that an incident is about. Throws a Refusal when there is none. */
export async function readPayoutOfIncident(sql: Sql, incidentId: bigint): Promise<PayoutLine> {
  const [incident] = await sql.query<{ payoutId: bigint | null }>(
    'select payout_id as "payoutId" from incident where incident_id = $1',
    [incidentId],
  );
  if (incident === undefined) throw new Refusal([{ code: 'record_unknown', field: 'incident_id' }]);
  if (incident.payoutId === null) throw new Refusal([{ code: 'incident_not_reversible', field: 'incident_id' }]);
  return readPayoutLine(sql, incident.payoutId);
}

function refusePayout(): never {
  throw new Refusal([{ code: 'record_unknown', field: 'payout_id' }]);
}

/**
 * Everything known about one payout, each list in the order it happened; of an archived one postings and incidents
 * are left. Throws a Refusal when there is none, or when
 * it is not one of `merchantId`.
 */
export async function readPayoutHistory(sql: Sql, payoutId: bigint, merchantId?: bigint): Promise<PayoutHistory> {
  const payout = await readPayoutLine(sql, payoutId);
  if (merchantId !== undefined && payout.merchantId !== merchantId) return refusePayout();
  const key = [payout.merchantId, payoutId] as const;
  const [transitions, attempts, postings, notifications, deliveries, incidents] = await Promise.all([
    sql.query<TransitionLine>(
      `select version, from_state as "fromState", to_state as "toState", cause, actor, evidence,
         created_at as "createdAt"
       from transition where merchant_id = $1 and payout_id = $2 order by version limit ${linesMax}`,
      key,
    ),
    sql.query<AttemptLine>(
      `select attempt_no as "attemptNo", connector, reference, state, provider_id as "providerId", asks, answer,
         started_at as "startedAt", ended_at as "endedAt"
       from attempt where merchant_id = $1 and payout_id = $2 order by attempt_no limit ${linesMax}`,
      key,
    ),
    readPostingsOfPayout(sql, payout),
    sql.query<NotificationLine>(
      `select ${notificationColumns} from notification n
       where n.merchant_id = $1 and n.payout_id = $2 order by n.notification_id limit ${linesMax}`,
      key,
    ),
    sql.query<DeliveryLine>(
      `select ${deliveryColumns}
       from notification n
       join delivery d on d.merchant_id = n.merchant_id and d.notification_id = n.notification_id
       where n.merchant_id = $1 and n.payout_id = $2
       order by d.started_at, d.notification_id, d.try_no limit ${linesMax}`,
      key,
    ),
    sql.query<IncidentLine>(
      `select ${incidentColumns} from incident
       where merchant_id = $1 and payout_id = $2 order by incident_id limit ${linesMax}`,
      key,
    ),
  ]);
  return { payout, transitions, attempts, postings, notifications, deliveries, incidents };
}

type Page = { readonly beforeId: bigint | undefined; readonly limit: number };

/** Notifications that were given up, newest first. */
export function listDeadNotifications(
  sql: Sql,
  page: Page & { readonly merchantId: bigint | undefined },
): Promise<NotificationLine[]> {
  return sql.query<NotificationLine>(
    `select ${notificationColumns} from notification n
     where n.is_dead and ($1::bigint is null or n.merchant_id = $1)
       and ($2::bigint is null or n.notification_id < $2)
     order by n.notification_id desc limit $3`,
    [page.merchantId ?? null, page.beforeId ?? null, page.limit],
  );
}

/** Notifications of one merchant, newest first. */
export function listNotifications(
  sql: Sql,
  page: Page & {
    readonly merchantId: bigint;
    readonly state: NotificationLine['state'] | undefined;
    readonly endpointId: number | undefined;
  },
): Promise<NotificationLine[]> {
  return sql.query<NotificationLine>(
    `select ${notificationColumns} from notification n
     where n.merchant_id = $1 and ($2::text is null or n.state = $2) and ($3::integer is null or n.endpoint_id = $3)
       and ($4::bigint is null or n.notification_id < $4) and ($2 is distinct from 'dead' or n.is_dead)
     order by n.notification_id desc limit $5`,
    [page.merchantId, page.state ?? null, page.endpointId ?? null, page.beforeId ?? null, page.limit],
  );
}

type NotificationId = { readonly merchantId: bigint; readonly notificationId: bigint };

/** What is signed. Throws when there is no such notification. */
export async function readNotificationText(
  sql: Sql,
  id: NotificationId,
): Promise<{ readonly signedText: string; readonly sign: string | null }> {
  const [row] = await sql.query<{ signedText: string; sign: string | null }>(
    'select signed_text as "signedText", sign from notification where merchant_id = $1 and notification_id = $2',
    [id.merchantId, id.notificationId],
  );
  if (row === undefined) throw new Refusal([await explainAbsence(sql, id)]);
  return row;
}

/** Every try to deliver a notification, oldest first. */
export function listDeliveries(sql: Sql, id: NotificationId): Promise<DeliveryLine[]> {
  return sql.query<DeliveryLine>(
    `select ${deliveryColumns} from delivery d where d.merchant_id = $1 and d.notification_id = $2
     order by d.try_no limit ${linesMax}`,
    [id.merchantId, id.notificationId],
  );
}

/** Tries to deliver a merchant's notifications, after one of them, in the order of the notifications. */
export function listDeliveriesAfter(
  sql: Sql,
  after: NotificationId & { readonly tryNo: number; readonly limit: number },
): Promise<DeliveryLine[]> {
  return sql.query<DeliveryLine>(
    `select ${deliveryColumns} from delivery d
     where d.merchant_id = $1 and (d.notification_id, d.try_no) > ($2, $3)
     order by d.notification_id, d.try_no limit $4`,
    [after.merchantId, after.notificationId, after.tryNo, after.limit],
  );
}

/** Throws a Refusal when this merchant has no such notification. */
export async function readNotification(
  sql: Sql,
  id: { readonly merchantId: bigint; readonly notificationId: bigint },
): Promise<NotificationLine> {
  const [line] = await sql.query<NotificationLine>(
    `select ${notificationColumns} from notification n where n.merchant_id = $1 and n.notification_id = $2`,
    [id.merchantId, id.notificationId],
  );
  if (line === undefined) throw new Refusal([await explainAbsence(sql, id)]);
  return line;
}

/** Newest first; `isOpen` undefined: open and closed ones. */
export function listIncidents(
  sql: Sql,
  page: Page & { readonly merchantId: bigint | undefined; readonly isOpen: boolean | undefined },
): Promise<IncidentLine[]> {
  return sql.query<IncidentLine>(
    `select ${incidentColumns} from incident
     where ($1::bigint is null or merchant_id = $1) and ($2::boolean is null or (closed_at is null) = $2)
       and ($3::bigint is null or incident_id < $3)
     order by incident_id desc limit $4`,
    [page.merchantId ?? null, page.isOpen ?? null, page.beforeId ?? null, page.limit],
  );
}

/** Somebody has dealt with it. Closing it again changes nothing. Throws a Refusal when there is no such incident. */
export async function closeIncident(
  tx: Tx,
  input: { readonly incidentId: bigint; readonly actor: string; readonly reason: string; readonly postingId?: bigint },
): Promise<IncidentLine> {
  await tx.query(
    `update incident set closed_at = clock_timestamp(), closed_by = $2, reason = $3, posting_id = $4
     where incident_id = $1 and closed_at is null`,
    [input.incidentId, input.actor, input.reason, input.postingId ?? null],
  );
  const [line] = await tx.query<IncidentLine>(`select ${incidentColumns} from incident where incident_id = $1`, [
    input.incidentId,
  ]);
  if (line === undefined) throw new Refusal([{ code: 'record_unknown', field: 'incident_id' }]);
  return line;
}
