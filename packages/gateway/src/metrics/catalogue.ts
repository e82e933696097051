// Owns what is measured: the names, and the figures behind them.
// Promises that every figure stands in one list, and that reading them costs the database a moment at most.
// Refuses to know how they are asked for, and to change anything.

type Kind = 'counter' | 'gauge' | 'histogram';

export type MetricSpec = {
  readonly name: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
};

const requestSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 12, 25];
const groupItems = [1, 2, 5, 10, 25, 50, 100, 200, 300];
const groupSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const providerSeconds = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const lifeSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 86_400];

/**
 * Everything that `/metrics` tells beside what Node tells of itself (`process_…`, `nodejs_…`, with the delay of the
 * event loop among them). Units are in the names; amounts of money are not here.
 */
export const metrics = {
  requests: {
    name: 'vyplata_http_requests_total',
    kind: 'counter',
    labels: ['route', 'method', 'status'],
    help: 'Requests answered, by route and status code',
  },
  requestSeconds: {
    name: 'vyplata_http_request_seconds',
    kind: 'histogram',
    labels: ['route'],
    help: 'From the first byte of a request to the last of its answer',
    buckets: requestSeconds,
  },
  ordersWaiting: {
    name: 'vyplata_orders_waiting',
    kind: 'gauge',
    labels: [],
    help: 'Orders that wait for a group of accepts',
  },
  refusals: {
    name: 'vyplata_orders_refused_total',
    kind: 'counter',
    labels: ['code'],
    help: 'Refused orders, once for each code that the refusal names',
  },
  groupItems: {
    name: 'vyplata_group_items',
    kind: 'histogram',
    labels: ['group'],
    help: 'How many orders, changes of payouts or tries to tell were committed together',
    buckets: groupItems,
  },
  groupSeconds: {
    name: 'vyplata_group_seconds',
    kind: 'histogram',
    labels: ['group'],
    help: 'How long the round trip of such a group took',
    buckets: groupSeconds,
  },
  stageSeconds: {
    name: 'vyplata_stage_seconds',
    kind: 'histogram',
    labels: ['stage'],
    help: 'queued: accepted to first sent; sent: last sent to ended; untold: ended to first try; told: to delivered',
    buckets: lifeSeconds,
  },
  providerSeconds: {
    name: 'vyplata_provider_seconds',
    kind: 'histogram',
    labels: ['connector', 'asked'],
    help: 'How long a provider took over one call: send, repeat or inquiry',
    buckets: providerSeconds,
  },
  tries: {
    name: 'vyplata_delivery_tries_total',
    kind: 'counter',
    labels: ['result'],
    help: 'Tries to tell a merchant: acknowledged, refused, unanswered, or unsent for want of an address',
  },
  notificationsEnded: {
    name: 'vyplata_notifications_ended_total',
    kind: 'counter',
    labels: ['state'],
    help: 'Notifications that were delivered or given up',
  },
  outcomes: {
    name: 'vyplata_attempt_outcomes_total',
    kind: 'counter',
    labels: ['connector', 'source', 'outcome'],
    help: 'What providers said, by how it was learnt',
  },
  finals: {
    name: 'vyplata_payouts_final_total',
    kind: 'counter',
    labels: ['status', 'connector'],
    help: 'Payouts that ended',
  },
  finalSeconds: {
    name: 'vyplata_payout_final_seconds',
    kind: 'histogram',
    labels: ['status'],
    help: 'From the acceptance of a payout to its end',
    buckets: lifeSeconds,
  },
  reviews: {
    name: 'vyplata_payouts_to_review_total',
    kind: 'counter',
    labels: ['cause'],
    help: 'Payouts that a person has to look at',
  },
  leasesLost: {
    name: 'vyplata_leases_lost_total',
    kind: 'counter',
    labels: [],
    help: 'Changes that were not written because another worker had taken the payout over',
  },
  incidents: {
    name: 'vyplata_incidents_total',
    kind: 'counter',
    labels: ['kind'],
    help: 'Incidents that this process opened',
  },
  jobs: {
    name: 'vyplata_jobs',
    kind: 'gauge',
    labels: ['kind', 'is'],
    help: 'Queued jobs: due now, due later or in hand',
  },
  jobAgeSeconds: {
    name: 'vyplata_job_age_seconds',
    kind: 'gauge',
    labels: ['kind'],
    help: 'How long the job that waits longest has been due',
  },
  jobsInHand: {
    name: 'vyplata_jobs_in_hand',
    kind: 'gauge',
    labels: ['kind'],
    help: 'Jobs that this process is doing',
  },
  attempts: {
    name: 'vyplata_attempts_open',
    kind: 'gauge',
    labels: ['connector', 'state', 'older_than'],
    help: 'Attempts whose end is not known, at least so old',
  },
  inReview: { name: 'vyplata_payouts_in_review', kind: 'gauge', labels: [], help: 'Payouts that wait for a person' },
  reviewAgeSeconds: {
    name: 'vyplata_review_age_seconds',
    kind: 'gauge',
    labels: [],
    help: 'Age of the oldest payout that waits for a person',
  },
  notificationsDead: {
    name: 'vyplata_notifications_dead',
    kind: 'gauge',
    labels: [],
    help: 'Notifications that were given up and wait for a person',
  },
  incidentsOpen: {
    name: 'vyplata_incidents_open',
    kind: 'gauge',
    labels: ['kind'],
    help: 'Incidents nobody has closed',
  },
  pauses: { name: 'vyplata_pauses', kind: 'gauge', labels: [], help: 'Pauses that hold payouts back' },
  databaseUp: {
    name: 'vyplata_database_up',
    kind: 'gauge',
    labels: [],
    help: '1 when the figures above could be read',
  },
  connections: {
    name: 'vyplata_database_connections',
    kind: 'gauge',
    labels: ['pool', 'is'],
    help: 'Connections that are open and idle, and callers that wait for one',
  },
  connectionWaits: {
    name: 'vyplata_database_waits_total',
    kind: 'counter',
    labels: ['pool'],
    help: 'Callers that found every connection of their pool taken',
  },
  connectionWaitSeconds: {
    name: 'vyplata_database_wait_seconds_total',
    kind: 'counter',
    labels: ['pool'],
    help: 'How long they waited for one, together',
  },
  unreplicated: {
    name: 'vyplata_commits_unreplicated_total',
    kind: 'counter',
    labels: [],
    help: 'Commits that no standby confirmed in time; they are asked about anew and not taken for done',
  },
  standbys: {
    name: 'vyplata_database_standbys',
    kind: 'gauge',
    labels: ['sync'],
    help: 'Standbys that follow the database: sync, quorum, potential, async, or hidden from this role',
  },
  replicationLagBytes: {
    name: 'vyplata_database_replication_lag_bytes',
    kind: 'gauge',
    labels: [],
    help: 'What the slowest standby has not replayed yet',
  },
  replicationLagSeconds: {
    name: 'vyplata_database_replication_lag_seconds',
    kind: 'gauge',
    labels: [],
    help: 'How long the slowest standby took to replay',
  },
  databaseBytes: { name: 'vyplata_database_bytes', kind: 'gauge', labels: [], help: 'Size of the database' },
  diskBytes: {
    name: 'vyplata_disk_bytes',
    kind: 'gauge',
    labels: ['is'],
    help: 'The disk of the embedded database: free and size',
  },
  clockOffsetSeconds: {
    name: 'vyplata_clock_offset_seconds',
    kind: 'gauge',
    labels: [],
    help: 'The clock of the database less that of this machine',
  },
  auditAgeSeconds: {
    name: 'vyplata_audit_age_seconds',
    kind: 'gauge',
    labels: [],
    help: 'Since the last turn of the audit beside the work ended, in whichever process',
  },
  auditPasses: {
    name: 'vyplata_audit_passes_total',
    kind: 'counter',
    labels: [],
    help: 'Turns of the audit beside the work that this process made',
  },
  auditFailures: {
    name: 'vyplata_audit_failures_total',
    kind: 'counter',
    labels: [],
    help: 'Turns of the audit that could not be made',
  },
  auditViolations: {
    name: 'vyplata_audit_violations',
    kind: 'gauge',
    labels: [],
    help: 'What must never be, found by the last turn of the audit',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof metrics;
