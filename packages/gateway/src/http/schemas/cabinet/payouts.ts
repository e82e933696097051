import { z } from 'zod';
import { isFinal } from '../../../core/payout.ts';
import type { DeliveryLine, NotificationLine, PayoutHistory } from '../../../payouts/history.ts';
import type { PayoutLine } from '../../../payouts/search.ts';
import { amountAnswer, amountWriter, idText, momentAnswer, pageQuery, writeMoment } from '../operator/fields.ts';
import {
  deliveryAnswer,
  notificationFields,
  payoutFields,
  signedFields,
  writeDelivery,
  writeNotificationFields,
  writePayoutFields,
} from '../operator/payout-fields.ts';
import { exportFormat, payoutQuery, payoutSearchBody } from '../operator/payouts.ts';

/** The operators' filters without those that show what only operators know. */
export const ownPayoutQuery = payoutQuery.omit({ merchant_id: true, state: true });
export const ownExportQuery = ownPayoutQuery.omit({ cursor: true, limit: true }).extend({ format: exportFormat });
export const ownSearchBody = payoutSearchBody.omit({ merchant_id: true, state: true });

export const ownPayoutAnswer = z
  .object({ ...payoutFields, account_new_balance: amountAnswer })
  .meta({ id: 'OwnPayout' });

export function writeOwnPayout(payout: PayoutLine): z.input<typeof ownPayoutAnswer> {
  const leftMinor = isFinal(payout.state)
    ? (payout.finalPaidMinor ?? 0n) + (payout.finalCommissionMinor ?? 0n)
    : payout.debitMinor;
  const write = amountWriter(payout.currency);
  return { ...writePayoutFields(payout), account_new_balance: write(payout.oldAvailableMinor - leftMinor) };
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

export const ownNotificationAnswer = z.object(notificationFields).meta({ id: 'OwnNotification' });

export const writeOwnNotification: (line: NotificationLine) => z.input<typeof ownNotificationAnswer> =
  writeNotificationFields;

export const ownNotificationDetailAnswer = z.object({
  notification: ownNotificationAnswer,
  ...signedFields,
  deliveries: z.array(deliveryAnswer),
});

type Detail = { readonly signedText: string; readonly sign: string | null };

export function writeOwnNotificationDetail(
  notification: NotificationLine & Detail,
  deliveries: readonly DeliveryLine[],
): z.input<typeof ownNotificationDetailAnswer> {
  const { signedText: text, sign } = notification;
  const lines = deliveries.map(writeDelivery);
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
    deliveries: deliveries.map(writeDelivery),
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
