import { listDeliveries, listNotifications, readNotification, readNotificationText } from '../../../payouts/history.ts';
import {
  ownNotificationAnswer,
  ownNotificationDetailAnswer,
  ownNotificationParams,
  ownNotificationQuery,
  writeOwnNotification,
  writeOwnNotificationDetail,
} from '../../schemas/cabinet/payouts.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import { defineAct, defineRead, type OperatorRoute } from '../operator/route.ts';
import { namePayout } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';

/** The delivery log. */
export const ownNotificationRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'notification.list',
    path: '/notifications',
    role,
    summary: 'What the merchant was told or is to be told, newest first',
    query: ownNotificationQuery,
    answer: pageAnswer(ownNotificationAnswer),
    async handle({ db }, call) {
      const { state, endpoint_id: endpointId, cursor: beforeId, limit } = call.query;
      const page = { merchantId: merchantOf(call), state, endpointId, beforeId, limit: limit + 1 };
      const rows = await listNotifications(db, page);
      return writePage(rows, { limit, idOf: ({ notificationId }) => notificationId, write: writeOwnNotification });
    },
  }),
  defineRead({
    name: 'notification.read',
    path: '/notifications/{notification_id}',
    role,
    summary: 'One notification: the exact signed text, and every try to deliver it',
    params: ownNotificationParams,
    answer: ownNotificationDetailAnswer,
    async handle({ db }, call) {
      const id = { merchantId: merchantOf(call), notificationId: call.params.notification_id };
      const line = await readNotification(db, id);
      const text = await readNotificationText(db, id);
      return writeOwnNotificationDetail({ ...line, ...text }, await listDeliveries(db, id));
    },
  }),
  defineAct({
    name: 'notification.resend',
    method: 'POST',
    path: '/notifications/{notification_id}/resend',
    role,
    summary: 'Send a notification again that was delivered or given up',
    params: ownNotificationParams,
    answer: ownNotificationAnswer,
    async prepare(needs, call) {
      const id = { merchantId: merchantOf(call), notificationId: call.params.notification_id };
      const { merchantId, payoutId } = await readNotification(needs.db, id);
      return {
        subject: namePayout({ merchantId, payoutId }),
        detail: { notification_id: id.notificationId.toString() },
        act: () => needs.resendNotification({ ...id, actor: call.actor }),
      };
    },
    async finish({ db }, call) {
      const id = { merchantId: merchantOf(call), notificationId: call.params.notification_id };
      return writeOwnNotification(await readNotification(db, id));
    },
  }),
];
