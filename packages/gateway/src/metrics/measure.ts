import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Change, isFinal, type Payout, type PayoutEvent } from '../core/payout.ts';
import type { Problem } from '../core/problem.ts';
import type { OnGroup } from '../db/batch.ts';
import type { Sql, Tally } from '../db/pool.ts';
import type { Tried } from '../notifications/deliver.ts';
import { type MetricName, metrics, type MetricSpec } from './catalogue.ts';
import { type Backlog, readBacklog } from './read-backlog.ts';
import { type Disk, readDisk } from './read-disk.ts';

type Load = { readonly waiting: number; readonly open: number; readonly idle: number };

/** What this process can tell without asking anybody. */
export type Sources = {
  readonly pools: Readonly<Record<string, { load(): Load; tally(): Tally }>>;
  readonly workers: Readonly<Record<string, { inHand(): number }>>;
  readonly ordersWaiting: () => number;
  /** The clock of the database less that of this machine. */
  readonly clockOffsetMs: () => number;
  /** The folder of the embedded database, if it is this process that runs it. */
  readonly dataFolder?: string | undefined;
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
  readonly payout: Payout & {
    /** When it was accepted. */
    readonly createdAt: Date;
    readonly attemptStartedAt: Date | undefined;
  };
};

type Call = { readonly connector: string; readonly asked: 'send' | 'repeat' | 'inquiry'; readonly seconds: number };

export type Metrics = {
  noteRequest(request: Request): void;
  noteApplied(applied: Applied): void;
  noteLeaseLost(): void;
  noteCall(call: Call): void;
  noteTry(tried: Tried): void;
  noteRefused(problems: readonly Problem[]): void;
  /** For the groups of a name. */
  noteGroups(group: 'accept' | 'settle' | 'deliver'): OnGroup;
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
    fillTallies(counters, sources.pools);
    gauges.clockOffsetSeconds.set(sources.clockOffsetMs() / 1_000);
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
      countStage(histograms, { event, change, payout });
      if (!isFinal(change.to) || isFinal(payout.state)) return;
      counters.finals.inc({ status: change.to, connector });
      histograms.finalSeconds.observe({ status: change.to }, secondsSince(payout.createdAt));
    },
    noteLeaseLost: () => counters.leasesLost.inc(),
    noteCall: ({ connector, asked, seconds }) => histograms.providerSeconds.observe({ connector, asked }, seconds),
    noteTry: (tried) => countTry({ counters, histograms }, tried),
    noteRefused(problems) {
      for (const code of new Set(problems.map((problem) => problem.code))) counters.refusals.inc({ code });
    },
    noteGroups: (group) => (made) => {
      histograms.groupItems.observe({ group }, made.items);
      histograms.groupSeconds.observe({ group }, made.seconds);
    },
    async write() {
      fillFromProcess();
      const [backlog, disk] = await Promise.all([readShared(), readDisk(sources.dataFolder)]);
      fillDisk(gauges, disk);
      gauges.databaseUp.set(backlog === undefined ? 0 : 1);
      fillFromBacklog(gauges, backlog);
      return registry.metrics();
    },
  };
}

/** The clocks of the database and of this machine may differ by a little: nothing ends before it began. */
function secondsSince(moment: Date): number {
  return Math.max(0, Date.now() - moment.getTime()) / 1_000;
}

function countStage({ stageSeconds }: Histograms, { event, change, payout }: Applied): void {
  if (event.kind === 'send' && change.attempt?.attemptNo === 1) {
    stageSeconds.observe({ stage: 'queued' }, secondsSince(payout.createdAt));
  }
  if (!isFinal(change.to) || isFinal(payout.state) || payout.attemptStartedAt === undefined) return;
  stageSeconds.observe({ stage: 'sent' }, secondsSince(payout.attemptStartedAt));
}

function countTry({ counters, histograms }: { counters: Counters; histograms: Histograms }, tried: Tried): void {
  const { result, ended, isFirst, isResent, begunSeconds, triedSeconds } = tried;
  counters.tries.inc({ result });
  if (ended !== undefined) counters.notificationsEnded.inc({ state: ended });
  if (isFirst) histograms.stageSeconds.observe({ stage: 'untold' }, begunSeconds);
  if (ended === 'delivered' && !isResent) histograms.stageSeconds.observe({ stage: 'told' }, triedSeconds);
}

function fillTallies(counters: Counters, pools: Sources['pools']): void {
  let unreplicated = 0;
  counters.connectionWaits.reset();
  counters.connectionWaitSeconds.reset();
  for (const [pool, source] of Object.entries(pools)) {
    const tally = source.tally();
    counters.connectionWaits.inc({ pool }, tally.waits);
    counters.connectionWaitSeconds.inc({ pool }, tally.waitedMs / 1_000);
    unreplicated += tally.unreplicated;
  }
  setTotal(counters.unreplicated, unreplicated);
}

function fillDisk(gauges: Gauges, disk: Disk | undefined): void {
  gauges.diskBytes.reset();
  if (disk === undefined) return;
  gauges.diskBytes.set({ is: 'free' }, disk.freeBytes);
  gauges.diskBytes.set({ is: 'size' }, disk.sizeBytes);
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
type Counters = Readonly<Record<NamesOf<'counter'>, Counter>>;
type Histograms = Readonly<Record<NamesOf<'histogram'>, Histogram>>;

/** Nothing is left of what was true before: a kind that is gone has no figure any more. */
function fillFromBacklog(gauges: Gauges, backlog: Backlog | undefined): void {
  const { jobs, jobAgeSeconds, attempts, incidentsOpen, standbys, auditAgeSeconds } = gauges;
  for (const gauge of [jobs, jobAgeSeconds, attempts, incidentsOpen, standbys]) gauge.reset();
  // Without labels `reset` would say 0: that the audit has just ended.
  auditAgeSeconds.remove();
  if (backlog === undefined) return;
  for (const { kind, due, later, ageSeconds } of backlog.jobs) {
    gauges.jobs.set({ kind, is: 'due' }, Number(due));
    gauges.jobs.set({ kind, is: 'later' }, Number(later));
    gauges.jobAgeSeconds.set({ kind }, ageSeconds);
  }
  for (const { connector, state, olderThan, count } of backlog.attempts) {
    gauges.attempts.set({ connector, state, older_than: olderThan }, Number(count));
  }
  for (const { kind, count } of backlog.incidents) gauges.incidentsOpen.set({ kind }, Number(count));
  gauges.inReview.set(Number(backlog.review.count));
  gauges.reviewAgeSeconds.set(backlog.review.ageSeconds);
  gauges.notificationsDead.set(Number(backlog.notificationsDead));
  fillDatabase(gauges, backlog);
}

function fillDatabase(gauges: Gauges, { databaseBytes, auditAgeSeconds, standbys }: Backlog): void {
  gauges.databaseBytes.set(Number(databaseBytes));
  if (auditAgeSeconds !== null) gauges.auditAgeSeconds.set(auditAgeSeconds);
  for (const { sync, count } of standbys) gauges.standbys.set({ sync }, Number(count));
  gauges.replicationLagBytes.set(Math.max(0, ...standbys.map((one) => one.lagBytes)));
  gauges.replicationLagSeconds.set(Math.max(0, ...standbys.map((one) => one.lagSeconds)));
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
