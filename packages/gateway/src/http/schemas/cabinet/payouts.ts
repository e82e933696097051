import { z } from 'zod';
import { isFinal } from '../../../core/payout.ts';
import type { DeliveryLine, NotificationLine, PayoutHistory } from '../../../payouts/history.ts';
import type { PayoutLine } from '../../../payouts/search.ts';
import {
  accountIdAnswer,
  amountAnswer,
  amountWriter,
  archivedAtAnswer,
  idAnswer,
  idText,
  momentAnswer,
  pageQuery,
  writeMoment,
} from '../operator/fields.ts';
import { exportFormat, payoutQuery, payoutSearchBody } from '../operator/payouts.ts';

const statusField = z.enum(['wait', 'paid', 'fail', 'cancel']);

/** The operators' filters without those that show what only operators know. */
export const ownPayoutQuery = payoutQuery.omit({ merchant_id: true, state: true });
export const ownExportQuery = ownPayoutQuery.omit({ cursor: true, limit: true }).extend({ format: exportFormat });
export const ownSearchBody = payoutSearchBody.omit({ merchant_id: true, state: true });

export const ownPayoutAnswer = z
  .object({
    id: idAnswer,
    account_id: accountIdAnswer,
    order_id: z.string(),
    payment_status: statusField,
    service_code: z.string(),
    recipient_kind: z.string(),
    recipient: z.string().meta({ description: 'Masked; empty when it was deleted' }),
    currency: z.string(),
    amount: amountAnswer,
    due: amountAnswer.meta({ description: 'What the recipient is to get' }),
    debit: amountAnswer.meta({ description: 'What was taken from the account when the payout was accepted' }),
    commission: amountAnswer,
    paid: amountAnswer.nullable().meta({ description: 'What the recipient got; null until final' }),
    final_commission: amountAnswer.nullable(),
    account_old_balance: amountAnswer,
    account_new_balance: amountAnswer,
    fail_reason: z.string().nullable(),
    rrn: z.string().nullable(),
    notification_endpoint_id: z.int().nullable(),
    notification_endpoint_url: z.string().nullable(),
    created_at: momentAnswer,
    final_at: momentAnswer.nullable(),
    archived_at: archivedAtAnswer,
  })
  .meta({ id: 'OwnPayout' });

export function writeOwnPayout(payout: PayoutLine): z.input<typeof ownPayoutAnswer> {
  const write = amountWriter(payout.currency);
  const leftMinor = isFinal(payout.state)
    ? (payout.finalPaidMinor ?? 0n) + (payout.finalCommissionMinor ?? 0n)
    : payout.debitMinor;
  return {
    id: Number(payout.payoutId),
    account_id: payout.accountId,
    order_id: payout.orderId,
    payment_status: isFinal(payout.state) ? payout.state : 'wait',
    service_code: payout.serviceCode,
    recipient_kind: payout.recipientKind,
    recipient: payout.recipientMask,
    currency: payout.currency,
    amount: write(payout.amountMinor),
    due: write(payout.dueMinor),
    debit: write(payout.debitMinor),
    commission: write(payout.commissionMinor),
    paid: write(payout.finalPaidMinor),
    final_commission: write(payout.finalCommissionMinor),
    account_old_balance: write(payout.oldAvailableMinor),
    account_new_balance: write(payout.oldAvailableMinor - leftMinor),
    fail_reason: payout.failReason,
    rrn: payout.rrn,
    notification_endpoint_id: payout.endpointId,
    notification_endpoint_url: payout.endpointUrl,
    created_at: writeMoment(payout.createdAt),
    final_at: writeMoment(payout.finalAt),
    archived_at: writeMoment(payout.archivedAt),
  };
}

export const ownNotificationParams = z.object({ notification_id: idText });
export const ownNotificationQuery = z.strictObject({
  state: z.enum(['pending', 'delivered', 'dead']).optional(),
  endpoint_id: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .optional(),
  ...pageQuery,
});

export const ownNotificationAnswer = z
  .object({
    id: idAnswer,
    payout_id: idAnswer,
    account_id: accountIdAnswer,
    endpoint_id: z.int().nullable(),
    url: z.string(),
    method: z.enum(['POST', 'GET']),
    state: z.enum(['pending', 'delivered', 'dead']),
    tries: z.int(),
    created_at: momentAnswer,
    ended_at: momentAnswer.nullable(),
  })
  .meta({ id: 'OwnNotification' });

export function writeOwnNotification(line: NotificationLine): z.input<typeof ownNotificationAnswer> {
  return {
    id: Number(line.notificationId),
    payout_id: Number(line.payoutId),
    account_id: line.accountId,
    endpoint_id: line.endpointId,
    url: line.url,
    method: line.method === 'GET' ? 'GET' : 'POST',
    state: line.state,
    tries: line.tries,
    created_at: writeMoment(line.createdAt),
    ended_at: writeMoment(line.endedAt),
  };
}

const deliveryAnswer = z
  .object({
    notification_id: idAnswer,
    try_no: z.int(),
    started_at: momentAnswer,
    duration_ms: z.int(),
    status_code: z.int().nullable(),
    error: z.string().nullable(),
    answer: z.string().nullable().meta({ description: 'The beginning of what the receiver answered' }),
  })
  .meta({ id: 'OwnDelivery' });

export function writeOwnDelivery(line: DeliveryLine): z.input<typeof deliveryAnswer> {
  return {
    notification_id: Number(line.notificationId),
    try_no: line.tryNo,
    started_at: writeMoment(line.startedAt),
    duration_ms: line.durationMs,
    status_code: line.statusCode,
    error: line.error,
    answer: line.answer,
  };
}

export const ownNotificationDetailAnswer = z.object({
  notification: ownNotificationAnswer,
  signed_text: z.string().meta({ description: 'The exact text that sign covers' }),
  sign: z.string().nullable().meta({ description: 'null before the first try' }),
  deliveries: z.array(deliveryAnswer),
});

type Detail = { readonly signedText: string; readonly sign: string | null };

export function writeOwnNotificationDetail(
  notification: NotificationLine & Detail,
  deliveries: readonly DeliveryLine[],
): z.input<typeof ownNotificationDetailAnswer> {
  const { signedText: text, sign } = notification;
  const lines = deliveries.map(writeOwnDelivery);
  return { notification: writeOwnNotification(notification), signed_text: text, sign, deliveries: lines };
}

export const ownHistoryAnswer = z
  .object({
    payout: ownPayoutAnswer,
    timeline: z
      .array(z.object({ event: z.enum(['accepted', 'sent', 'paid', 'fail', 'cancel']), at: momentAnswer }))
      .meta({ description: 'What happened to it, oldest first' }),
    notifications: z.array(ownNotificationAnswer),
    deliveries: z.array(deliveryAnswer),
  })
  .meta({ id: 'OwnPayoutHistory' });

/** Attempts, providers, evidence and who decided are the operators'. */
export function writeOwnHistory(history: PayoutHistory): z.input<typeof ownHistoryAnswer> {
  const { payout, notifications, deliveries } = history;
  return {
    payout: writeOwnPayout(payout),
    timeline: [
      { event: 'accepted' as const, at: writeMoment(payout.createdAt) },
      ...eventsOf(history).map(({ event, at }) => ({ event, at: writeMoment(at) })),
    ],
    notifications: notifications.map(writeOwnNotification),
    deliveries: deliveries.map(writeOwnDelivery),
  };
}

/** Of an archived payout the ledger knows when it was sent, and the payout itself how it ended. */
function eventsLeft({ state, finalAt }: PayoutLine, postings: PayoutHistory['postings']): Event[] {
  const first = postings.find(({ kind }) => kind === 'send');
  const sent: Event[] = first === undefined ? [] : [{ event: 'sent', at: first.createdAt }];
  return isFinal(state) && finalAt !== null ? [...sent, { event: state, at: finalAt }] : sent;
}

type Event = { readonly event: 'sent' | 'paid' | 'fail' | 'cancel'; readonly at: Date };

/** Sent counts once, however often it was tried; review is the operators' business. */
function eventsOf({ payout, transitions, postings }: PayoutHistory): Event[] {
  if (payout.archivedAt !== null) return eventsLeft(payout, postings);
  const first = transitions.find(({ toState }) => toState === 'sent');
  const sent: Event[] = first === undefined ? [] : [{ event: 'sent', at: first.createdAt }];
  const ends = transitions.flatMap(({ toState, createdAt: at }): Event[] =>
    toState === 'paid' || toState === 'fail' || toState === 'cancel' ? [{ event: toState, at }] : [],
  );
  return [...sent, ...ends];
}
