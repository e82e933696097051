import { delayWithJitter, notificationDelaysMs } from '../core/retry.ts';
import type { Sql } from '../db/pool.ts';
import type { Job } from '../jobs/queue.ts';
import type { MerchantEntry } from '../merchants/directory.ts';
import type { Vault } from '../secrets/seal.ts';
import { type ConnectOptions, makeGuards, openReceivers } from './connect.ts';
import { composeMessage, deliveryDeadlineMs, sendMessage, switchedOff, type Try, withoutAddress } from './send.ts';
import { createSigner } from './sign.ts';
import { createDeliveryStore, type NotificationState, type StoredNotification } from './store.ts';

/**
 * How many milliseconds a worker owns a notification: the deadline of the try, and as long again to load, sign and
 * record it. A worker that is slower is overtaken: the merchant may be told twice, and the slower record is void.
 */
export function deliveryLease(deadlineMs: number): number {
  return 2 * deadlineMs;
}

/** The lease with the deadline that the contract names. */
export const deliveryLeaseMs = deliveryLease(deliveryDeadlineMs);

export type Needs = {
  readonly db: Sql;
  readonly directory: { findMerchant(merchantId: bigint): Promise<MerchantEntry> };
  readonly vault: Vault;
  readonly log: { warn(facts: object, text: string): void };
  readonly allowLoopback: boolean;
  /** The error for a job that finds the queue to the database full. */
  readonly overloaded: () => Error;
  /** Milliseconds since 1970. */
  readonly clock?: { now(): number };
  readonly random01?: () => number;
  readonly delaysMs?: readonly number[];
  readonly deadlineMs?: number;
  readonly connect?: Partial<ConnectOptions>;
};

export type Deliverer = {
  /**
   * One try of one notification, recorded. Throws when it could not be recorded; the job comes again then. `known`: the
   * notification as it has just been written; without it, it is read.
   */
  handle(job: Job, known?: StoredNotification): Promise<void>;
  close(): Promise<void>;
};

/** Tells merchants, at least once: a crash between the answer and its record sends the same bytes again. */
export function createDeliverer(needs: Needs): Deliverer {
  const { clock = Date, random01 = Math.random, delaysMs = notificationDelaysMs, log } = needs;
  const deadlineMs = needs.deadlineMs ?? deliveryDeadlineMs;
  const receivers = openReceivers({ guards: makeGuards(needs), ...needs.connect, deadlineMs });
  const signer = createSigner(needs);
  const store = createDeliveryStore(needs);

  async function send(notification: StoredNotification): Promise<Sent> {
    const { merchantId, notificationId, endpointId, signedText } = notification;
    const sign = notification.sign ?? (await signer.sign({ merchantId, text: signedText }));
    const startedAt = new Date(clock.now());
    if (!URL.canParse(notification.url)) return { sign, startedAt, made: withoutAddress };
    const { endpoints } = await needs.directory.findMerchant(merchantId);
    const isSwitchedOff = endpointId !== null && endpoints.get(endpointId)?.state === 'disabled';
    if (isSwitchedOff) return { sign, startedAt, made: switchedOff };
    const message = composeMessage({ ...notification, sign });
    const timed = {
      merchantId,
      endpointId,
      webhookId: nameWebhook(notificationId),
      body: message.body,
      now: startedAt,
    };
    const made = await sendMessage({ receivers, deadlineMs }, message, await signer.makeHeaders(timed));
    return { sign, startedAt, made };
  }

  return {
    async handle(job, known) {
      const notification = known ?? (await store.find({ merchantId: job.merchantId, notificationId: job.subjectId }));
      if (notification === undefined) throw new Error(`notification ${job.subjectId} of a queued job is not there`);
      const { sign, startedAt, made } = await send(notification);
      const { state, delayMs } = decideNext({ notification, made, delaysMs });
      const runInMs = delayMs === undefined ? null : delayWithJitter(delayMs, random01());
      const tryNo = notification.tries + 1;
      const isRecorded = await store.record({ job, tryNo, sign, startedAt, made, state, runInMs });
      if (isRecorded && state === 'dead') {
        const facts = { merchantId: job.merchantId.toString(), notificationId: job.subjectId.toString(), tries: tryNo };
        log.warn(facts, 'a notification was given up: it can be sent again from the console');
      }
    },
    async close() {
      await store.drain();
      await receivers.close();
    },
  };
}

type Sent = { readonly sign: string; readonly startedAt: Date; readonly made: Try };

/** `webhook-id`: what receivers of the Standard Webhooks tell repeats by. */
function nameWebhook(notificationId: bigint): string {
  return `ntf_${notificationId}`;
}

/**
 * What a notification is after a try, and when the next one is due. One that was delivered before stays delivered,
 * however the tries to send it again end.
 */
export function decideNext(input: {
  readonly notification: Pick<StoredNotification, 'state' | 'tries' | 'triesBefore'>;
  readonly made: Pick<Try, 'isAcknowledged' | 'isHopeless'>;
  readonly delaysMs: readonly number[];
}): { readonly state: NotificationState; readonly delayMs: number | undefined } {
  const { notification, made, delaysMs } = input;
  if (made.isAcknowledged) return { state: 'delivered', delayMs: undefined };
  const delayMs = made.isHopeless ? undefined : delaysMs[notification.tries - notification.triesBefore];
  if (notification.state === 'delivered') return { state: 'delivered', delayMs };
  return { state: delayMs === undefined ? 'dead' : 'pending', delayMs };
}
