import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Change, isFinal, type Payout, type PayoutEvent } from '../core/payout.ts';
import type { Sql } from '../db/pool.ts';
import { type MetricName, metrics, type MetricSpec } from './catalogue.ts';
import { type Backlog, readBacklog } from './read-backlog.ts';

type Load = { readonly waiting: number; readonly open: number; readonly idle: number };

/** What this process can tell without asking anybody. */
export type Sources = {
  readonly pools: Readonly<Record<string, { load(): Load }>>;
  readonly workers: Readonly<Record<string, { inHand(): number }>>;
  readonly ordersWaiting: () => number;
  readonly pauses: () => number;
  readonly audit: () => { readonly passes: number; readonly failures: number; readonly violations: number };
};

export type Request = {
  /** The pattern, never the path: paths hold ids. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
};

export type Applied = {
  readonly event: PayoutEvent;
  readonly change: Change;
  readonly payout: Payout & { /** When it was accepted. */ readonly createdAt: Date };
};

export type Metrics = {
  noteRequest(request: Request): void;
  noteApplied(applied: Applied): void;
  noteLeaseLost(): void;
  /** Everything, in the text format of Prometheus. */
  write(): Promise<string>;
  readonly contentType: string;
};

/** How old the figures of the database may be: several who ask at once are answered by one reading. */
const backlogMaxAgeMs = 2_000;

export function openMetrics(
  needs: { readonly db: Sql; readonly monotonicMs: () => number },
  sources: Sources,
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { counters, gauges, histograms } = register(registry);
  const readShared = shareReading(needs);

  function fillFromProcess(): void {
    for (const [pool, source] of Object.entries(sources.pools)) {
      for (const [is, value] of Object.entries(source.load())) gauges.connections.set({ pool, is }, value);
    }
    for (const [kind, worker] of Object.entries(sources.workers)) gauges.jobsInHand.set({ kind }, worker.inHand());
    gauges.ordersWaiting.set(sources.ordersWaiting());
    gauges.pauses.set(sources.pauses());
    const { passes, failures, violations } = sources.audit();
    setTotal(counters.auditPasses, passes);
    setTotal(counters.auditFailures, failures);
    gauges.auditViolations.set(violations);
  }

  return {
    contentType: registry.contentType,
    noteRequest({ route, method, status, seconds }) {
      counters.requests.inc({ route, method, status });
      histograms.requestSeconds.observe({ route }, seconds);
    },
    noteApplied({ event, change, payout }) {
      const connector = change.attempt?.connector ?? payout.attempt?.connector ?? 'none';
      if (event.kind === 'outcome') {
        counters.outcomes.inc({ connector, source: event.source, outcome: event.outcome.kind });
      }
      if (change.incident !== undefined) counters.incidents.inc({ kind: change.incident.kind });
      if (change.to === 'review' && change.cause !== 'asked_in_review') counters.reviews.inc({ cause: change.cause });
      if (!isFinal(change.to) || isFinal(payout.state)) return;
      counters.finals.inc({ status: change.to, connector });
      // The clocks of the database and of this machine may differ by a little: nothing ends before it began.
      histograms.finalSeconds.observe(
        { status: change.to },
        Math.max(0, Date.now() - payout.createdAt.getTime()) / 1_000,
      );
    },
    noteLeaseLost: () => counters.leasesLost.inc(),
    async write() {
      fillFromProcess();
      const backlog = await readShared();
      gauges.databaseUp.set(backlog === undefined ? 0 : 1);
      fillFromBacklog(gauges, backlog);
      return registry.metrics();
    },
  };
}

/** A database that does not answer is a figure too, and must not keep the others from being read. */
function shareReading({ db, monotonicMs }: { readonly db: Sql; readonly monotonicMs: () => number }) {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Backlog | undefined> = Promise.resolve(undefined);
  return () => {
    if (monotonicMs() - readAt > backlogMaxAgeMs) {
      readAt = monotonicMs();
      reading = readBacklog(db).catch(() => undefined);
    }
    return reading;
  };
}

type Gauges = Readonly<Record<NamesOf<'gauge'>, Gauge>>;

/** Nothing is left of what was true before: a kind that is gone has no figure any more. */
function fillFromBacklog(gauges: Gauges, backlog: Backlog | undefined): void {
  for (const gauge of [gauges.jobs, gauges.jobAgeSeconds, gauges.attempts, gauges.incidentsOpen]) gauge.reset();
  if (backlog === undefined) return;
  for (const { kind, due, later, ageSeconds } of backlog.jobs) {
    gauges.jobs.set({ kind, is: 'due' }, Number(due));
    gauges.jobs.set({ kind, is: 'later' }, Number(later));
    gauges.jobAgeSeconds.set({ kind }, ageSeconds);
  }
  for (const { state, olderThan, count } of backlog.attempts) {
    gauges.attempts.set({ state, older_than: olderThan }, Number(count));
  }
  for (const { kind, count } of backlog.incidents) gauges.incidentsOpen.set({ kind }, Number(count));
  gauges.inReview.set(Number(backlog.review.count));
  gauges.reviewAgeSeconds.set(backlog.review.ageSeconds);
  gauges.notificationsDead.set(Number(backlog.notificationsDead));
}

/** A count that somebody else keeps. */
function setTotal(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}

type NamesOf<K> = { [N in MetricName]: (typeof metrics)[N]['kind'] extends K ? N : never }[MetricName];

function register(registry: Registry) {
  const counters = {} as Record<NamesOf<'counter'>, Counter>;
  const gauges = {} as Record<NamesOf<'gauge'>, Gauge>;
  const histograms = {} as Record<NamesOf<'histogram'>, Histogram>;
  for (const [key, spec] of Object.entries(metrics) as [MetricName, MetricSpec][]) {
    const options = { name: spec.name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
    if (spec.kind === 'counter') counters[key as NamesOf<'counter'>] = new Counter(options);
    else if (spec.kind === 'gauge') gauges[key as NamesOf<'gauge'>] = new Gauge(options);
    else histograms[key as NamesOf<'histogram'>] = new Histogram({ ...options, buckets: [...(spec.buckets ?? [])] });
  }
  return { counters, gauges, histograms };
}
