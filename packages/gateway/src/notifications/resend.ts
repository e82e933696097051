import { type NotificationFields, notificationText } from '@vyplata/sdk/notification';
import type { Problem } from '../core/problem.ts';
import type { Sql } from '../db/pool.ts';
import type { MerchantEntry } from '../merchants/directory.ts';
import type { Vault } from '../secrets/seal.ts';
import { laneOf } from './announce.ts';
import { type ConnectOptions, makeGuards, openReceivers } from './connect.ts';
import { deliveryLeaseMs } from './deliver.ts';
import { composeMessage, deliveryDeadlineMs, sendMessage } from './send.ts';
import { createSigner } from './sign.ts';

type Refused = { readonly ok: false; readonly problem: Problem };

// The job first and then the notification, like whoever records a delivery: neither waits for the other in a circle.
// A job that is there already is run now, unless it is due or in somebody's hands, which both end within a lease.
const queueAgain = `
  with job as (
    insert into job as j (kind, merchant_id, subject_id, lane, run_at)
    values ('notification', $1, $2, $3, clock_timestamp())
    on conflict (kind, merchant_id, subject_id) do update set run_at = case
      when j.run_at > clock_timestamp() + $4 * interval '1 millisecond' then clock_timestamp() else j.run_at end
    returning merchant_id, subject_id, xmax = 0 as is_new
  )
  update notification n set tries_before = n.tries,
    state = case n.state when 'dead' then 'pending' else n.state end,
    ended_at = case n.state when 'dead' then null else n.ended_at end
  from job
  where job.is_new and n.merchant_id = job.merchant_id and n.notification_id = job.subject_id`;

/**
 * Sends a notification again at once: same id, same text, same signature, the whole schedule of retries. One that is
 * still being sent is not sent twice, only sooner.
 */
export async function resendNotification(
  needs: { readonly db: Sql; readonly wake: () => void },
  { merchantId, notificationId }: { readonly merchantId: bigint; readonly notificationId: bigint },
): Promise<{ readonly ok: true } | Refused> {
  const [row] = await needs.db.query<{ url: string }>(
    'select url from notification where merchant_id = $1 and notification_id = $2',
    [merchantId, notificationId],
  );
  if (row === undefined) return { ok: false, problem: { code: 'record_unknown', field: 'notification_id' } };
  await needs.db.query(queueAgain, [merchantId, notificationId, laneOf(merchantId, row.url), deliveryLeaseMs]);
  needs.wake();
  return { ok: true };
}

export type EndpointTest = {
  readonly ok: true;
  /** null when no answer came; `error` says why then. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly error: string | null;
};

/** No payout has this id: theirs are above it. */
const sample: NotificationFields = {
  type: 'payout',
  id: 100_000_000,
  order_id: 'test-notification',
  payment_status: 'paid',
  amount: '300.00',
  payment_amount: '300.00',
  commission_amount: '0.00',
  is_partial_payment: false,
  account: '00000000-0000-4000-8000-000000000000',
  service: 'payment_card_rub',
  desc: 'test notification',
};

/**
 * Sends one sample to an endpoint, signed like a real notification, and waits for the answer. Nothing is stored.
 * Throws when there is no such merchant, or when its key cannot be opened.
 */
export async function testEndpoint(
  needs: {
    readonly directory: { findMerchant(merchantId: bigint): Promise<MerchantEntry> };
    readonly vault: Vault;
    readonly allowLoopback: boolean;
    readonly connect?: Partial<ConnectOptions>;
  },
  { merchantId, endpointId }: { readonly merchantId: bigint; readonly endpointId: number },
): Promise<EndpointTest | Refused> {
  const { endpoints } = await needs.directory.findMerchant(merchantId);
  const endpoint = endpoints.get(endpointId);
  if (endpoint === undefined) return { ok: false, problem: { code: 'record_unknown', field: 'endpoint_id' } };
  const { url, method } = endpoint;
  const signer = createSigner(needs);
  const signedText = notificationText({ fields: sample, method });
  const sign = await signer.sign({ merchantId, text: signedText });
  const message = composeMessage({ url, method, signedText, sign });
  const now = new Date();
  const webhookId = `ntf_test_${now.getTime()}`;
  const headers = await signer.makeHeaders({ merchantId, endpointId, webhookId, body: message.body, now });
  const deadlineMs = deliveryDeadlineMs;
  const receivers = openReceivers({ guards: makeGuards(needs), ...needs.connect, deadlineMs });
  try {
    const { statusCode, durationMs, error } = await sendMessage({ receivers, deadlineMs }, message, headers);
    return { ok: true, statusCode, durationMs, error };
  } finally {
    await receivers.destroy();
  }
}
