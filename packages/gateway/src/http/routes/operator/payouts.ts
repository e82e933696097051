import { maskNumber, recipientSpellings } from '../../../core/recipient.ts';
import { readMerchant } from '../../../merchants/enroll.ts';
import {
  closeIncident,
  listDeadNotifications,
  listIncidents,
  listNotifications,
  readNotification,
  readPayoutHistory,
  readPayoutLine,
  readPayoutOfIncident,
} from '../../../payouts/history.ts';
import { reversePayout } from '../../../payouts/reverse.ts';
import { contentTypes, exportPayouts } from '../../export-payouts.ts';
import { searchPayouts } from '../../../payouts/search.ts';
import { ownNotificationQuery } from '../../schemas/cabinet/payouts.ts';
import { pageAnswer, readAmount, writePage } from '../../schemas/operator/fields.ts';
import {
  deadQuery,
  exportQuery,
  historyAnswer,
  incidentAnswer,
  incidentParams,
  incidentQuery,
  notificationAnswer,
  notificationParams,
  payoutAnswer,
  payoutParams,
  payoutQuery,
  payoutSearchBody,
  readFilter,
  readSearch,
  reasonBody,
  resendBody,
  reverseBody,
  reviewBody,
  writeFilter,
  writeHistory,
  writeIncident,
  writeNotification,
  writePayout,
} from '../../schemas/operator/payouts.ts';
import { merchantParams } from '../../schemas/operator/merchants.ts';
import { defineAct, defineChange, defineExport, defineRead, type OperatorRoute } from './route.ts';
import { nameMerchant, namePayout } from './subject.ts';

export const payoutRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'payout.list',
    path: '/payouts',
    role: 'viewer',
    summary: 'Payouts of all merchants, newest first',
    query: payoutQuery,
    answer: pageAnswer(payoutAnswer),
    async handle({ db }, { query }) {
      const rows = await searchPayouts(db, readFilter(query), { beforeId: query.cursor, limit: query.limit + 1 });
      return writePage(rows, { limit: query.limit, idOf: ({ payoutId }) => payoutId, write: writePayout });
    },
  }),
  defineExport({
    name: 'payout.export',
    path: '/payouts/export',
    role: 'viewer',
    summary: 'The payouts of a filter as a file, newest first; formulas in it are neutralised',
    query: exportQuery,
    files: Object.values(contentTypes),
    handle({ db }, { query }) {
      const filter = readFilter(query);
      const open = () => exportPayouts(db, { filter, format: query.format, isForOperators: true });
      return { subject: 'payouts', detail: writeFilter(query), open };
    },
  }),
  defineChange({
    name: 'payout.search',
    method: 'POST',
    path: '/payouts/search',
    role: 'operator',
    summary: 'Payouts to one recipient by the whole number; the audit log has who looked for which mask',
    body: payoutSearchBody,
    answer: pageAnswer(payoutAnswer),
    async handle({ tx, vault }, { body }) {
      const recipientHashes = recipientSpellings(body.recipient).flatMap((number) => vault.searchHashes(number));
      const filter = { ...readSearch(body), recipientHashes };
      const rows = await searchPayouts(tx, filter, { beforeId: body.cursor, limit: body.limit + 1 });
      const answer = writePage(rows, { limit: body.limit, idOf: ({ payoutId }) => payoutId, write: writePayout });
      return { answer, subject: 'payouts', detail: { recipient: maskNumber(body.recipient) } };
    },
  }),
  defineRead({
    name: 'payout.read',
    path: '/payouts/{payout_id}',
    role: 'viewer',
    summary: 'One payout with everything that happened to it',
    params: payoutParams,
    answer: historyAnswer,
    handle: async ({ db }, { params }) => writeHistory(await readPayoutHistory(db, params.payout_id)),
  }),
  defineAct({
    name: 'payout.review',
    method: 'POST',
    path: '/payouts/{payout_id}/review',
    role: 'approver',
    summary: 'End a payout in review by what a person found out',
    takesTwo: true,
    params: payoutParams,
    body: reviewBody,
    answer: historyAnswer,
    async prepare(needs, { params, body, actor }) {
      const { merchantId, payoutId, currency } = await readPayoutLine(needs.db, params.payout_id);
      const { verdict, evidence, paid_amount: text } = body;
      const paid = text === undefined ? {} : { paidMinor: readAmount(text, { currency, field: 'paid_amount' }) };
      return {
        subject: namePayout({ merchantId, payoutId }),
        detail: { verdict, evidence, paid_amount: text ?? null },
        act: () => needs.judgePayout({ merchantId, payoutId, verdict, ...paid, actor, evidence }),
      };
    },
    finish: async ({ db }, { params }) => writeHistory(await readPayoutHistory(db, params.payout_id)),
  }),
  defineAct({
    name: 'payout.cancel',
    method: 'POST',
    path: '/payouts/{payout_id}/cancel',
    role: 'operator',
    summary: 'Stop a payout that has not been sent yet',
    params: payoutParams,
    body: reasonBody,
    answer: historyAnswer,
    async prepare(needs, { params, body, actor }) {
      const { merchantId, payoutId } = await readPayoutLine(needs.db, params.payout_id);
      return {
        subject: namePayout({ merchantId, payoutId }),
        detail: { reason: body.reason },
        act: () => needs.cancelPayout({ merchantId, payoutId, actor, reason: body.reason }),
      };
    },
    finish: async ({ db }, { params }) => writeHistory(await readPayoutHistory(db, params.payout_id)),
  }),
];

export const notificationRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'merchant_notification.list',
    path: '/merchants/{merchant_id}/notifications',
    role: 'viewer',
    summary: 'What a merchant was told or is to be told, newest first',
    params: merchantParams,
    query: ownNotificationQuery,
    answer: pageAnswer(notificationAnswer),
    async handle({ db }, { params, query }) {
      const { state, endpoint_id: endpointId, cursor: beforeId, limit } = query;
      await readMerchant(db, params.merchant_id);
      const page = { merchantId: params.merchant_id, state, endpointId, beforeId, limit: limit + 1 };
      const rows = await listNotifications(db, page);
      return writePage(rows, { limit, idOf: ({ notificationId }) => notificationId, write: writeNotification });
    },
  }),
  defineRead({
    name: 'notification.list_dead',
    path: '/notifications/dead',
    role: 'viewer',
    summary: 'Notifications that were given up, newest first',
    query: deadQuery,
    answer: pageAnswer(notificationAnswer),
    async handle({ db }, { query }) {
      const page = { merchantId: query.merchant_id, beforeId: query.cursor, limit: query.limit + 1 };
      const rows = await listDeadNotifications(db, page);
      return writePage(rows, {
        limit: query.limit,
        idOf: ({ notificationId }) => notificationId,
        write: writeNotification,
      });
    },
  }),
  defineAct({
    name: 'notification.resend',
    method: 'POST',
    path: '/notifications/{notification_id}/resend',
    role: 'operator',
    summary: 'Send a notification again that was delivered or given up',
    params: notificationParams,
    body: resendBody,
    answer: notificationAnswer,
    async prepare(needs, { params, body, actor }) {
      const id = { merchantId: BigInt(body.merchant_id), notificationId: params.notification_id };
      const { merchantId, payoutId } = await readNotification(needs.db, id);
      return {
        subject: namePayout({ merchantId, payoutId }),
        detail: { notification_id: id.notificationId.toString() },
        act: () => needs.resendNotification({ ...id, actor }),
      };
    },
    async finish({ db }, { params, body }) {
      const id = { merchantId: BigInt(body.merchant_id), notificationId: params.notification_id };
      return writeNotification(await readNotification(db, id));
    },
  }),
];

export const incidentRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'incident.list',
    path: '/incidents',
    role: 'viewer',
    summary: 'What a person must see, newest first',
    query: incidentQuery,
    answer: pageAnswer(incidentAnswer),
    async handle({ db }, { query }) {
      const { merchant_id: merchantId, open: isOpen, cursor: beforeId, limit } = query;
      const rows = await listIncidents(db, { merchantId, isOpen, beforeId, limit: limit + 1 });
      return writePage(rows, { limit, idOf: ({ incidentId }) => incidentId, write: writeIncident });
    },
  }),
  defineChange({
    name: 'incident.close',
    method: 'POST',
    path: '/incidents/{incident_id}/close',
    role: 'operator',
    summary: 'Mark an incident as dealt with',
    params: incidentParams,
    body: reasonBody,
    answer: incidentAnswer,
    async handle({ tx }, { params, body, actor }) {
      const incident = await closeIncident(tx, { incidentId: params.incident_id, actor, reason: body.reason });
      const subject = `${nameMerchant(incident.merchantId)}/incident:${incident.incidentId}`;
      return { answer: writeIncident(incident), subject, detail: { reason: body.reason } };
    },
  }),
  defineChange({
    name: 'incident.reverse',
    method: 'POST',
    path: '/incidents/{incident_id}/reverse',
    role: 'approver',
    summary: 'Let the ledger follow money that moved against the final status, and close the incident',
    takesTwo: true,
    params: incidentParams,
    body: reverseBody,
    answer: incidentAnswer,
    async handle({ tx }, { params, body, actor }) {
      const { incident_id: incidentId } = params;
      const { evidence, paid_amount: text } = body;
      const { currency } = await readPayoutOfIncident(tx, incidentId);
      const paidMinor = text === undefined ? undefined : readAmount(text, { currency, field: 'paid_amount' });
      const incident = await reversePayout(tx, { incidentId, paidMinor, actor, reason: evidence });
      const subject = `${nameMerchant(incident.merchantId)}/incident:${incident.incidentId}`;
      return { answer: writeIncident(incident), subject, detail: { evidence, paid_amount: text ?? null } };
    },
  }),
];
