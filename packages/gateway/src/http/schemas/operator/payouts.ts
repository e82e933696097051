import { z } from 'zod';
import type { PayoutState } from '../../../core/payout.ts';
import type {
  AttemptLine,
  IncidentLine,
  NotificationLine,
  PayoutHistory,
  TransitionLine,
} from '../../../payouts/history.ts';
import type { PayoutFilter, PayoutLine } from '../../../payouts/search.ts';
import {
  accountIdText,
  amountAnswer,
  amountText,
  amountWriter,
  idAnswer,
  idText,
  longTextField,
  momentAnswer,
  momentText,
  pageQuery,
  serviceCodeText,
  textField,
  writeMoment,
} from './fields.ts';
import { postingAnswer, writePosting } from './merchants.ts';
import {
  deliveryAnswer,
  notificationFields,
  payoutFields,
  signedFields,
  statusField,
  statusOf,
  writeDelivery,
  writeNotificationFields,
  writePayoutFields,
} from './payout-fields.ts';

const states = ['queued', 'sent', 'review', 'paid', 'fail', 'cancel'] as const satisfies readonly PayoutState[];
const stateField = z.enum(states);

export const payoutParams = z.object({ payout_id: idText });

export const payoutQuery = z.strictObject({
  merchant_id: idText.optional(),
  account_id: accountIdText.optional(),
  state: stateField.optional(),
  payment_status: statusField.optional().meta({ description: 'As the merchant sees it' }),
  service_code: serviceCodeText.optional(),
  order_id: z.string().min(1).max(128).optional(),
  id: idText.optional(),
  recipient_end: textField({ max: 4 }).optional().meta({ description: 'The last characters of the recipient' }),
  currency: z.string().length(3).optional(),
  amount: amountText.optional(),
  amount_from: amountText.optional(),
  amount_to: amountText.optional(),
  created_from: momentText.optional(),
  created_to: momentText.optional().meta({ description: 'Exclusive' }),
  ...pageQuery,
});

/**
 * Searching by a whole number. It is sent in a body, since addresses end up in access logs, histories and referrers.
 */
export const payoutSearchBody = z.strictObject({
  recipient: textField({ max: 100 }).meta({ description: 'The whole number: card, phone, IBAN or account' }),
  merchant_id: z.int().positive().optional(),
  state: stateField.optional(),
  payment_status: statusField.optional(),
  currency: z.string().length(3).optional(),
  created_from: momentText.optional(),
  created_to: momentText.optional().meta({ description: 'Exclusive' }),
  cursor: pageQuery.cursor,
  limit: z.int().min(1).max(200).default(50),
});

export function readSearch(body: z.output<typeof payoutSearchBody>): PayoutFilter {
  return {
    merchantId: body.merchant_id === undefined ? undefined : BigInt(body.merchant_id),
    states: readStates(body.state, body.payment_status),
    currency: body.currency,
    createdFrom: body.created_from,
    createdTo: body.created_to,
  };
}

export const exportFormat = z.enum(['csv', 'xlsx']).default('csv');
export const exportQuery = payoutQuery.omit({ cursor: true, limit: true }).extend({ format: exportFormat });

/** A filter as facts of the audit log. */
export function writeFilter(query: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => {
      if (value === undefined) return [];
      return [[key, value instanceof Date ? writeMoment(value) : String(value)]];
    }),
  );
}

export function readFilter(query: Omit<z.output<typeof payoutQuery>, 'cursor' | 'limit'>): PayoutFilter {
  return {
    merchantId: query.merchant_id,
    accountId: query.account_id,
    states: readStates(query.state, query.payment_status),
    serviceCode: query.service_code,
    orderId: query.order_id,
    payoutId: query.id,
    recipientEnd: query.recipient_end,
    currency: query.currency,
    amount: query.amount,
    amountFrom: query.amount_from,
    amountTo: query.amount_to,
    createdFrom: query.created_from,
    createdTo: query.created_to,
  };
}

function readStates(
  state: PayoutState | undefined,
  status: z.output<typeof statusField> | undefined,
): readonly PayoutState[] | undefined {
  if (state === undefined && status === undefined) return undefined;
  return states.filter((one) => (state ?? one) === one && (status ?? statusOf(one)) === statusOf(one));
}

export const payoutAnswer = z
  .object({
    ...payoutFields,
    merchant_id: idAnswer,
    state: stateField,
    recipient_deleted_at: momentAnswer
      .nullable()
      .meta({ description: 'When the data about the recipient were deleted' }),
    connectors: z.array(z.string()),
    attempts: z.int(),
    told_at: momentAnswer.nullable().meta({ description: 'If archived: when the merchant first acknowledged it' }),
    provider_id: z.string().nullable().meta({ description: 'If archived: the provider’s name for it' }),
  })
  .meta({ id: 'Payout' });

export function writePayout(payout: PayoutLine): z.input<typeof payoutAnswer> {
  return {
    ...writePayoutFields(payout),
    merchant_id: Number(payout.merchantId),
    state: payout.state,
    recipient_deleted_at: writeMoment(payout.recipientDeletedAt),
    connectors: [...payout.connectors],
    attempts: payout.attempts,
    told_at: writeMoment(payout.toldAt),
    provider_id: payout.providerId,
  };
}

const transitionAnswer = z
  .object({
    version: z.int(),
    from: z.string(),
    to: z.string(),
    cause: z.string(),
    actor: z.string(),
    evidence: z.unknown(),
    created_at: momentAnswer,
  })
  .meta({ id: 'Transition' });

function writeTransition(line: TransitionLine): z.input<typeof transitionAnswer> {
  const { version, fromState: from, toState: to, cause, actor, evidence, createdAt } = line;
  return { version, from, to, cause, actor, evidence, created_at: writeMoment(createdAt) };
}

const attemptAnswer = z
  .object({
    attempt_no: z.int(),
    connector: z.string(),
    reference: z.string(),
    state: z.string(),
    provider_id: z.string().nullable(),
    asks: z.int(),
    request: z
      .object({
        reference: z.string(),
        service_code: z.string(),
        recipient: z.string().meta({ description: 'Masked here; the provider was given it whole' }),
        amount: amountAnswer,
        currency: z.string(),
      })
      .meta({ description: 'What the provider was asked to do. Details of the customer go with it and are not shown' }),
    answer: z.unknown(),
    started_at: momentAnswer,
    ended_at: momentAnswer.nullable(),
  })
  .meta({ id: 'Attempt' });

function writeAttempt(line: AttemptLine, payout: PayoutLine): z.input<typeof attemptAnswer> {
  const { serviceCode, recipientMask, currency, dueMinor } = payout;
  return {
    attempt_no: line.attemptNo,
    connector: line.connector,
    reference: line.reference,
    state: line.state,
    provider_id: line.providerId,
    asks: line.asks,
    request: {
      reference: line.reference,
      service_code: serviceCode,
      recipient: recipientMask,
      amount: amountWriter(currency)(dueMinor),
      currency,
    },
    answer: line.answer,
    started_at: writeMoment(line.startedAt),
    ended_at: writeMoment(line.endedAt),
  };
}

export const notificationAnswer = z
  .object({ ...notificationFields, merchant_id: idAnswer, ...signedFields })
  .meta({ id: 'Notification' });

export function writeNotification(line: NotificationLine): z.input<typeof notificationAnswer> {
  const { merchantId, signedText: text, sign } = line;
  return { ...writeNotificationFields(line), merchant_id: Number(merchantId), signed_text: text, sign };
}

export const incidentParams = z.object({ incident_id: idText });
export const incidentQuery = z.strictObject({
  merchant_id: idText.optional(),
  open: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  ...pageQuery,
});

export const incidentAnswer = z
  .object({
    id: idAnswer,
    merchant_id: idAnswer,
    payout_id: idAnswer.nullable(),
    kind: z.string(),
    detail: z.unknown(),
    opened_at: momentAnswer,
    closed_at: momentAnswer.nullable(),
    closed_by: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'What the person who closed it found' }),
    posting_id: idAnswer.nullable().meta({ description: 'The posting that put the ledger right' }),
  })
  .meta({ id: 'Incident' });

export function writeIncident(line: IncidentLine): z.input<typeof incidentAnswer> {
  return {
    id: Number(line.incidentId),
    merchant_id: Number(line.merchantId),
    payout_id: line.payoutId === null ? null : Number(line.payoutId),
    kind: line.kind,
    detail: line.detail,
    opened_at: writeMoment(line.openedAt),
    closed_at: writeMoment(line.closedAt),
    closed_by: line.closedBy,
    reason: line.reason,
    posting_id: line.postingId === null ? null : Number(line.postingId),
  };
}

export const historyAnswer = z
  .object({
    payout: payoutAnswer,
    transitions: z.array(transitionAnswer),
    attempts: z.array(attemptAnswer),
    postings: z.array(postingAnswer),
    notifications: z.array(notificationAnswer),
    deliveries: z.array(deliveryAnswer),
    incidents: z.array(incidentAnswer),
  })
  .meta({ id: 'PayoutHistory' });

export function writeHistory(history: PayoutHistory): z.input<typeof historyAnswer> {
  const { currency } = history.payout;
  return {
    payout: writePayout(history.payout),
    transitions: history.transitions.map(writeTransition),
    attempts: history.attempts.map((attempt) => writeAttempt(attempt, history.payout)),
    postings: history.postings.map((posting) => writePosting(posting, currency)),
    notifications: history.notifications.map(writeNotification),
    deliveries: history.deliveries.map(writeDelivery),
    incidents: history.incidents.map(writeIncident),
  };
}

export const reverseBody = z.strictObject({
  paid_amount: amountText.optional().meta({
    description: 'Of a payout that had ended without money: what the recipient got; all that was due when absent',
  }),
  evidence: longTextField({ max: 4_000 }).meta({ description: 'What proves it' }),
});

export const reviewBody = z.strictObject({
  verdict: z.enum(['paid', 'not_executed']),
  paid_amount: amountText.optional().meta({ description: 'With "paid": what the recipient got; all when absent' }),
  evidence: longTextField({ max: 4_000 }).meta({ description: 'What proves it' }),
});

export const reasonBody = z.strictObject({ reason: longTextField({ max: 1_000 }) });

export const deadQuery = z.strictObject({ merchant_id: idText.optional(), ...pageQuery });
export const notificationParams = z.object({ notification_id: idText });
export const resendBody = z.strictObject({ merchant_id: z.int().positive() });
