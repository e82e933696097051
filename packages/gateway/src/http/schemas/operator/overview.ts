import { z } from 'zod';
import type { OutcomeCount, Overview, SpanCount } from '../../../payouts/overview.ts';
import { countMax } from '../../../payouts/overview.ts';
import { amountAnswer, amountWriter, idAnswer, momentAnswer, writeMoment } from './fields.ts';

const counts = { accepted: z.int(), paid: z.int(), fail: z.int(), cancel: z.int() };
const spanAnswer = z.object({ starts_at: momentAnswer, ...counts });
/** A count that stops at a limit: the queue is then at least this long. */
const boundedCount = z.int().meta({ description: `At most ${countMax + 1}, which means "more than ${countMax}"` });

export const overviewAnswer = z
  .object({
    counted_at: momentAnswer.nullable().meta({ description: 'When the workers last counted; null: not yet' }),
    states: z
      .object({ queued: z.int(), sent: z.int(), paid: z.int(), fail: z.int(), cancel: z.int() })
      .meta({ description: 'Payouts by state; those in review are among the ones that are queued or sent' }),
    minutes: z.array(spanAnswer).meta({ description: 'The last hour, each minute that had payouts' }),
    days: z.array(spanAnswer).meta({ description: 'The last 30 days (UTC), each that had payouts' }),
    money: z.array(
      z.object({
        currency: z.string(),
        accounts: z.int(),
        available: amountAnswer,
        held: amountAnswer.meta({ description: 'Reserved for payouts that were not sent' }),
        clearing: amountAnswer.meta({ description: 'Sent, the end not known yet' }),
        frozen: amountAnswer,
      }),
    ),
    connectors: z
      .array(
        z.object({
          connector: z.string(),
          paid: z.int(),
          fail: z.int(),
          cancel: z.int(),
          success_rate: z.number().min(0).max(1).nullable().meta({ description: 'paid of paid and fail' }),
          final_ms_p50: z.int().nullable().meta({ description: 'From accepted to final; up to a fifth too high' }),
          final_ms_p95: z.int().nullable(),
        }),
      )
      .meta({ description: 'The last 24 hours' }),
    queues: z.array(z.object({ kind: z.enum(['payout', 'notification']), jobs: boundedCount, late_ms: z.int() })),
    notifications: z.object({
      pending: boundedCount,
      oldest_at: momentAnswer.nullable(),
      dead: boundedCount,
    }),
    review: z.object({
      payouts: boundedCount,
      oldest: z
        .array(
          z.object({
            payout_id: idAnswer,
            merchant_id: idAnswer,
            currency: z.string(),
            amount: amountAnswer,
            since: momentAnswer,
          }),
        )
        .meta({ description: 'Those that wait longest' }),
    }),
    open_incidents: boundedCount,
    pauses: z.int(),
    processes: z.array(
      z.object({
        id: z.guid(),
        started_at: momentAnswer,
        seen_at: momentAnswer,
        serves: z.boolean(),
        works: z.boolean(),
        payouts_in_hand: z.int(),
        notifications_in_hand: z.int(),
      }),
    ),
    audit: z.object({
      last_pass_at: momentAnswer.nullable(),
      open_findings: boundedCount,
    }),
  })
  .meta({ id: 'Overview' });

export function writeOverview(overview: Overview): z.input<typeof overviewAnswer> {
  const { queues } = overview;
  const ofState = (state: string): number =>
    Number(overview.states.find((line) => line.state === state)?.payouts ?? 0n);
  return {
    counted_at: writeMoment(overview.countedAt),
    states: {
      queued: ofState('queued'),
      sent: ofState('sent'),
      paid: ofState('paid'),
      fail: ofState('fail'),
      cancel: ofState('cancel'),
    },
    minutes: writeSpans(overview.minutes),
    days: writeSpans(overview.days),
    money: overview.money.map(writeMoney),
    connectors: [...Map.groupBy(overview.outcomes, ({ connector }) => connector)].map(writeConnector),
    queues: queues.map(({ kind, jobs, lateMs }) => ({
      kind: kind === 'payout' ? 'payout' : 'notification',
      jobs,
      late_ms: Math.round(lateMs),
    })),
    notifications: {
      pending: queues.find(({ kind }) => kind === 'notification')?.jobs ?? 0,
      oldest_at: writeMoment(overview.oldestNotificationAt),
      dead: overview.deadNotifications,
    },
    review: { payouts: overview.reviewCount, oldest: overview.reviews.map(writeReview) },
    open_incidents: overview.openIncidents,
    pauses: overview.pauses,
    processes: overview.processes.map(writeProcess),
    audit: { last_pass_at: writeMoment(overview.lastAuditAt), open_findings: overview.openFindings },
  };
}

function writeSpans(spans: readonly SpanCount[]): z.input<typeof spanAnswer>[] {
  const byStart = Map.groupBy(spans, ({ startsAt }) => startsAt.getTime());
  return [...byStart].map(([start, lines]) => {
    const of = (state: string): number => Number(lines.find((line) => line.state === state)?.payouts ?? 0n);
    const written = writeMoment(new Date(start));
    return { starts_at: written, accepted: of('accepted'), paid: of('paid'), fail: of('fail'), cancel: of('cancel') };
  });
}

function writeMoney(money: Overview['money'][number]) {
  const write = amountWriter(money.currency);
  return {
    currency: money.currency,
    accounts: money.accounts,
    available: write(money.availableMinor),
    held: write(money.heldMinor),
    clearing: write(money.clearingMinor),
    frozen: write(money.frozenMinor),
  };
}

function writeReview(line: Overview['reviews'][number]) {
  return {
    payout_id: Number(line.payoutId),
    merchant_id: Number(line.merchantId),
    currency: line.currency,
    amount: amountWriter(line.currency)(line.debitMinor),
    since: writeMoment(line.sinceAt),
  };
}

function writeProcess(line: Overview['processes'][number]) {
  return {
    id: line.processId,
    started_at: writeMoment(line.startedAt),
    seen_at: writeMoment(line.seenAt),
    serves: line.serves,
    works: line.works,
    payouts_in_hand: line.payoutsInHand,
    notifications_in_hand: line.notificationsInHand,
  };
}

function writeConnector([connector, lines]: [string, OutcomeCount[]]) {
  const of = (state: string): number =>
    lines.reduce((sum, line) => sum + (line.state === state ? Number(line.payouts) : 0), 0);
  const [paid, fail, cancel] = [of('paid'), of('fail'), of('cancel')];
  return {
    connector,
    paid,
    fail,
    cancel,
    success_rate: paid + fail === 0 ? null : paid / (paid + fail),
    final_ms_p50: findQuantile(lines, 0.5),
    final_ms_p95: findQuantile(lines, 0.95),
  };
}

/** The upper end of the bucket that the quantile falls into: bucket n holds up to 2^(n/4) milliseconds. */
function findQuantile(lines: readonly OutcomeCount[], share: number): number | null {
  const total = lines.reduce((sum, { payouts }) => sum + Number(payouts), 0);
  let seen = 0;
  for (const { bucket, payouts } of lines.toSorted((a, b) => a.bucket - b.bucket)) {
    seen += Number(payouts);
    if (seen >= total * share) return Math.round(2 ** (bucket / 4));
  }
  return null;
}
