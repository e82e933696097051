import { type NotificationFields, notificationText } from '@vyplata/sdk/notification';
import type { Problem } from '../core/problem.ts';
import type { Sql } from '../db/pool.ts';
import type { MerchantEntry } from '../merchants/directory.ts';
import type { Vault } from '../secrets/seal.ts';
import { explainAbsence } from './absent.ts';
import { laneOf } from './announce.ts';
import { type ConnectOptions, makeGuards, openReceivers } from './connect.ts';
import { deliveryLeaseMs } from './deliver.ts';
import { composeMessage, deliveryDeadlineMs, readFields, sendMessage } from './send.ts';
import { createSigner } from './sign.ts';

type Refused = { readonly ok: false; readonly problem: Problem };

type Resend = {
  readonly merchantId: bigint;
  readonly notificationId: bigint;
  /** Written down by whoever lets them do it. */
  readonly actor?: string;
};

const readTarget = `
  select n.endpoint_id as "endpointId", n.url, n.method, n.signed_text as "signedText",
    e.url as "endpointUrl", e.method as "endpointMethod", e.state as "endpointState"
  from notification n
  left join endpoint e on e.merchant_id = n.merchant_id and e.endpoint_id = n.endpoint_id
  where n.merchant_id = $1 and n.notification_id = $2`;

type Method = 'POST' | 'GET';

type TargetRow = {
  readonly endpointId: number | null;
  readonly url: string;
  readonly method: Method;
  readonly signedText: string;
  readonly endpointUrl: string | null;
  readonly endpointMethod: Method | null;
  readonly endpointState: 'active' | 'disabled' | null;
};

// The job first and then the notification, like whoever records a delivery: neither waits for the other in a circle.
// A job that is there already is run now, unless it is due or in somebody's hands, which both end within a lease. If
// the notification goes elsewhere from now on ($5), the hands that still send it to the old address lose the job.
// The key of the notification is locked before anything else: a record of a delivery does not wait for that, and a
// notification that is being archived gets no job.
const queueAgain = `
  with known as (
    select merchant_id, notification_id from notification
    where merchant_id = $1 and notification_id = $2 for key share
  ), job as (
    insert into job as j (kind, merchant_id, subject_id, lane, run_at)
    select 'notification', merchant_id, notification_id, $3, clock_timestamp() from known
    on conflict (kind, merchant_id, subject_id) do update set lane = excluded.lane,
      fence = j.fence + case when $5 then 1 else 0 end,
      run_at = case when $5 or j.run_at > clock_timestamp() + $4 * interval '1 millisecond'
        then clock_timestamp() else j.run_at end
    returning merchant_id, subject_id, xmax = 0 as is_new
  ), sent as (
    update notification n set url = $6, method = $7, signed_text = $8,
      sign = case when n.signed_text = $8 then n.sign end,
      tries_before = case when job.is_new then n.tries else n.tries_before end,
      state = case n.state when 'dead' then 'pending' else n.state end,
      ended_at = case n.state when 'dead' then null else n.ended_at end
    from job
    where (job.is_new or $5) and n.merchant_id = job.merchant_id and n.notification_id = job.subject_id
  )
  select 1 from job`;

/**
 * Sends a notification again at once, through the whole schedule of retries. To the endpoint as it is now: whoever
 * mended its address wants it there. Otherwise the same id, text and signature. One that is still being sent is not
 * sent twice, only sooner.
 */
export async function resendNotification(
  needs: { readonly db: Sql; readonly wake: () => void },
  { merchantId, notificationId }: Resend,
): Promise<{ readonly ok: true } | Refused> {
  const [row] = await needs.db.query<TargetRow>(readTarget, [merchantId, notificationId]);
  const id = { merchantId, notificationId };
  if (row === undefined) return { ok: false, problem: await explainAbsence(needs.db, id) };
  if (row.endpointState === 'disabled') {
    return { ok: false, problem: { code: 'endpoint_disabled', field: 'notification_id' } };
  }
  const url = row.endpointUrl ?? row.url;
  if (url === '') return { ok: false, problem: { code: 'endpoint_unknown', field: 'notification_id' } };
  const method = row.endpointMethod ?? row.method;
  const signedText = method === row.method ? row.signedText : rewriteText(row.signedText, method);
  const isMoved = url !== row.url || method !== row.method;
  const lane = laneOf(merchantId, url);
  const given = [merchantId, notificationId, lane, deliveryLeaseMs, isMoved, url, method, signedText];
  const queued = await needs.db.query(queueAgain, given);
  if (queued.length === 0) return { ok: false, problem: await explainAbsence(needs.db, id) };
  needs.wake();
  return { ok: true };
}

/** Each value is signed as the receiver sees it, and by the other method it sees one of them differently. */
function rewriteText(signedText: string, method: Method): string {
  return notificationText({ fields: readFields(signedText), method });
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
