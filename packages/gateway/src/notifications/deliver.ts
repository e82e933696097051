import { delayWithJitter, notificationDelaysMs } from '../core/retry.ts';
import type { OnGroup } from '../db/batch.ts';
import type { Sql } from '../db/pool.ts';
import type { Job } from '../jobs/queue.ts';
import type { MerchantEntry } from '../merchants/directory.ts';
import type { Vault } from '../secrets/seal.ts';
import { type Facts, placeOf, type Trail } from '../traces/trail.ts';
import { type ConnectOptions, makeGuards, openReceivers } from './connect.ts';
import {
  composeMessage,
  deliveryDeadlineMs,
  readFields,
  sendMessage,
  switchedOff,
  type Try,
  withoutAddress,
} from './send.ts';
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
  readonly trail?: Trail | undefined;
  readonly meter?: Meter;
  /** For whoever measures the groups of records. */
  readonly onGroup?: OnGroup;
};

/** How one try went, for whoever counts. Times are seconds since the notification was announced. */
export type Tried = {
  readonly result: 'acknowledged' | 'refused' | 'unanswered' | 'unsent';
  /** What it ended as; undefined: it will be tried again, or it had ended before. */
  readonly ended: 'delivered' | 'dead' | undefined;
  readonly isFirst: boolean;
  /** Somebody asked to send it again. */
  readonly isResent: boolean;
  readonly begunSeconds: number;
  readonly triedSeconds: number;
};

type Meter = { noteTry(tried: Tried): void };

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
    const begin = (name: 'sign' | 'deliver') => needs.trail?.begin(name, payoutOf(notification));
    const signing = notification.sign === null ? begin('sign') : undefined;
    const sign = notification.sign ?? (await signer.sign({ merchantId, text: signedText }));
    signing?.end({ notificationId: notificationId.toString() });
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
    const step = begin('deliver');
    const traced = step?.traceparent === undefined ? {} : { traceparent: step.traceparent };
    const headers = { ...(await signer.makeHeaders(timed)), ...traced };
    const made = await sendMessage({ receivers, deadlineMs }, message, headers);
    step?.end(describeTry(notification, made));
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
      if (isRecorded) needs.meter?.noteTry(judgeTry(notification, { made, state, startedAt, endedMs: clock.now() }));
      if (isRecorded && state === 'dead') {
        const facts = { notificationId: job.subjectId.toString(), tries: tryNo };
        log.warn(
          { ...placeOf(needs.vault.digest, payoutOf(notification)), ...facts },
          'a notification was given up: it can be sent again from the console',
        );
      }
    },
    async close() {
      await store.drain();
      await receivers.close();
    },
  };
}

function payoutOf({ merchantId, signedText }: StoredNotification): { merchantId: bigint; payoutId: bigint } {
  return { merchantId, payoutId: BigInt(readFields(signedText).id) };
}

function describeTry({ notificationId, tries }: StoredNotification, { statusCode, isAcknowledged }: Try): Facts {
  return {
    notificationId: notificationId.toString(),
    tryNo: tries + 1,
    ...(statusCode === null ? {} : { statusCode }),
    ...(isAcknowledged ? {} : { isFailed: true }),
  };
}

type Judged = {
  readonly made: Try;
  readonly state: NotificationState;
  readonly startedAt: Date;
  readonly endedMs: number;
};

/** One that is sent again was announced long ago: how long that took says nothing of how fast merchants are told. */
function judgeTry(before: StoredNotification, { made, state, startedAt, endedMs }: Judged): Tried {
  const { createdAt, tries, triesBefore } = before;
  // The clocks of the database and of this machine may differ by a little.
  const since = (ms: number): number => Math.max(0, ms - createdAt.getTime()) / 1_000;
  return {
    result: resultOf(made),
    ended: before.state === 'pending' && state !== 'pending' ? state : undefined,
    isFirst: tries === 0,
    isResent: triesBefore > 0,
    begunSeconds: since(startedAt.getTime()),
    triedSeconds: since(endedMs),
  };
}

function resultOf({ isAcknowledged, isHopeless, statusCode }: Try): Tried['result'] {
  if (isAcknowledged) return 'acknowledged';
  if (isHopeless === true) return 'unsent';
  return statusCode === null ? 'unanswered' : 'refused';
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
