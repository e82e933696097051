// What operators and the merchant see alike of a payout, its notifications and their deliveries.
import { z } from 'zod';
import { isFinal, type PayoutState } from '../../../core/payout.ts';
import type { DeliveryLine, NotificationLine } from '../../../payouts/history.ts';
import type { PayoutLine } from '../../../payouts/search.ts';
import {
  accountIdAnswer,
  amountAnswer,
  amountWriter,
  archivedAtAnswer,
  idAnswer,
  momentAnswer,
  writeMoment,
} from './fields.ts';

export const statusField = z.enum(['wait', 'paid', 'fail', 'cancel']);

export function statusOf(state: PayoutState): z.output<typeof statusField> {
  return isFinal(state) ? state : 'wait';
}

export const payoutFields = {
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
  fail_reason: z.string().nullable(),
  rrn: z.string().nullable(),
  notification_endpoint_id: z.int().nullable(),
  notification_endpoint_url: z.string().nullable(),
  created_at: momentAnswer,
  final_at: momentAnswer.nullable(),
  archived_at: archivedAtAnswer,
} as const;

type Written<Shape extends z.ZodRawShape> = z.input<z.ZodObject<Shape>>;

export function writePayoutFields(payout: PayoutLine): Written<typeof payoutFields> {
  const write = amountWriter(payout.currency);
  return {
    id: Number(payout.payoutId),
    account_id: payout.accountId,
    order_id: payout.orderId,
    payment_status: statusOf(payout.state),
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
    fail_reason: payout.failReason,
    rrn: payout.rrn,
    notification_endpoint_id: payout.endpointId,
    notification_endpoint_url: payout.endpointUrl,
    created_at: writeMoment(payout.createdAt),
    final_at: writeMoment(payout.finalAt),
    archived_at: writeMoment(payout.archivedAt),
  };
}

export const notificationFields = {
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
} as const;

export function writeNotificationFields(line: NotificationLine): Written<typeof notificationFields> {
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

export const signedFields = {
  signed_text: z.string().meta({ description: 'What the signature is over, byte for byte' }),
  sign: z.string().nullable().meta({ description: 'Base64; null until the first try' }),
} as const;

export const deliveryAnswer = z
  .object({
    notification_id: idAnswer,
    try_no: z.int(),
    started_at: momentAnswer,
    duration_ms: z.int(),
    status_code: z.int().nullable(),
    error: z.string().nullable(),
    answer: z.string().nullable().meta({ description: 'The beginning of what the receiver answered' }),
  })
  .meta({ id: 'Delivery' });

export function writeDelivery(line: DeliveryLine): z.input<typeof deliveryAnswer> {
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
