/** A minute per sample, as `promtool test rules` writes series: `0+6x10` goes up by 6 ten times. */
export type Series = Readonly<Record<string, string>>;

export type Row = {
  readonly alert: string;
  /** In place of the sound series, or beside them. */
  readonly series: Series;
  /** When it has to have fired. */
  readonly at: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Other alerts that must not. */
  readonly quiet?: readonly string[];
};

const orders = 'vyplata_http_requests_total{route="/v1/payout",method="POST",status="200",instance="a"}';
const refused = 'vyplata_http_requests_total{route="/v1/payout",method="POST",status="400",instance="a"}';
const failed = 'vyplata_http_requests_total{route="/v1/payout",method="POST",status="503",instance="a"}';
const answered = 'vyplata_http_request_seconds_count{route="/v1/payout",instance="a"}';
const answeredSoon = 'vyplata_http_request_seconds_bucket{route="/v1/payout",le="0.5",instance="a"}';
const ended = 'vyplata_payout_final_seconds_count{status="paid",instance="a"}';
const endedSoon = 'vyplata_payout_final_seconds_bucket{status="paid",le="300",instance="a"}';
const tried = 'vyplata_stage_seconds_count{stage="untold",instance="a"}';
const toldSoon = 'vyplata_stage_seconds_bucket{stage="told",le="60",instance="a"}';
const succeeded = 'vyplata_attempt_outcomes_total{connector="sandbox",source="send",outcome="succeeded",instance="a"}';
const rejected = 'vyplata_attempt_outcomes_total{connector="sandbox",source="send",outcome="rejected",instance="a"}';
const callsWithin = (le: string): string =>
  `vyplata_provider_seconds_bucket{connector="sandbox",asked="send",le="${le}",instance="a"}`;
const syncStandby = 'vyplata_database_standbys{sync="sync",instance="a"}';
const asyncStandby = 'vyplata_database_standbys{sync="async",instance="a"}';
const diskFree = 'vyplata_disk_bytes{is="free",instance="a"}';

/** Eight hours of an installation in which all is well, with the small troubles that every one has. */
export const sound: Series = {
  [orders]: '0+1000x480',
  [refused]: '0+100x480',
  [answered]: '0+1000x480',
  [answeredSoon]: '0+999x480',
  [ended]: '0+1000x480',
  [endedSoon]: '0+999x480',
  [tried]: '0+1000x480',
  [toldSoon]: '0+990x480',
  [succeeded]: '0+900x480',
  [rejected]: '0+100x480',
  [callsWithin('0.5')]: '0+990x480',
  [callsWithin('5')]: '0+1000x480',
  [callsWithin('10')]: '0+1000x480',
  [callsWithin('+Inf')]: '0+1000x480',
  // A failover: the one that was synchronous is not, for a while.
  [syncStandby]: '1x100 stale _x99 1x279',
  [asyncStandby]: '_x101 1x99 stale',
  [diskFree]: '60x480',
  'vyplata_disk_bytes{is="size",instance="a"}': '100x480',
  'vyplata_audit_violations{instance="a"}': '0x480',
  'vyplata_audit_passes_total{instance="a"}': '0+1x480',
  'vyplata_audit_failures_total{instance="a"}': '0x100 1x380',
  'vyplata_audit_age_seconds{instance="a"}': '30x480',
  'vyplata_review_age_seconds{instance="a"}': '0x100 600x380',
  'vyplata_attempts_open{connector="sandbox",state="unknown",older_than="15m",instance="a"}': '2x480',
  'vyplata_attempts_open{connector="sandbox",state="accepted",older_than="15m",instance="a"}': '500x480',
  'vyplata_pauses{instance="a"}': '0x100 1x60 0x320',
  // Out of reach for a moment.
  'vyplata_database_up{instance="a"}': '1x480',
  'vyplata_database_up{instance="b"}': '1x50 0x2 1x428',
  'vyplata_job_age_seconds{kind="payout",instance="a"}': '0x60 70x3 0x417',
  'vyplata_notifications_dead{instance="a"}': '0x480',
  'vyplata_leases_lost_total{instance="a"}': '0x20 2x460',
  'nodejs_eventloop_lag_p99_seconds{instance="a"}': '0.02x480',
  'vyplata_database_wait_seconds_total{pool="work",instance="a"}': '0+6x480',
  'vyplata_clock_offset_seconds{instance="a"}': '-0.01x480',
  'vyplata_commits_unreplicated_total{instance="a"}': '0x480',
  'vyplata_database_replication_lag_seconds{instance="a"}': '0.1x480',
  'vyplata_database_replication_lag_bytes{instance="a"}': '4096x480',
};

const kind = { kind: 'payout' };
const connector = { connector: 'sandbox' };
const instance = { instance: 'a' };

/** For each alert the trouble that it is for. */
export const rows: readonly Row[] = [
  { alert: 'LedgerViolated', series: { 'vyplata_audit_violations{instance="a"}': '0x9 1x30' }, at: '15m' },
  {
    alert: 'IncidentOpen',
    series: { 'vyplata_incidents_open{kind="refused_after_paid",instance="a"}': '1x30' },
    at: '10m',
    labels: { kind: 'refused_after_paid' },
  },
  { alert: 'ReviewWaits', series: { 'vyplata_review_age_seconds{instance="a"}': '0+60x100' }, at: '90m' },
  {
    alert: 'OutcomesUnknown',
    series: { 'vyplata_attempts_open{connector="sandbox",state="unknown",older_than="15m",instance="a"}': '11x30' },
    at: '10m',
    labels: connector,
  },
  {
    alert: 'ProviderRefuses',
    series: { [succeeded]: '0+60x60', [rejected]: '0+40x60' },
    at: '40m',
    labels: connector,
  },
  {
    alert: 'ProviderSlow',
    series: { [callsWithin('0.5')]: '0+100x60', [callsWithin('5')]: '0+900x60' },
    at: '30m',
    labels: connector,
  },
  { alert: 'PauseStands', series: { 'vyplata_pauses{instance="a"}': '1x300' }, at: '250m' },
  {
    alert: 'AcceptBudgetBurnsFast',
    series: { [failed]: '0+20x480' },
    at: '70m',
    labels: { slo: 'accept' },
    quiet: ['AcceptLatencyBudgetBurnsFast', 'PayoutEndBudgetBurnsFast', 'NotificationBudgetBurnsFast'],
  },
  {
    alert: 'AcceptBudgetBurnsSlowly',
    series: { [failed]: '0+2x480' },
    at: '150m',
    labels: { slo: 'accept' },
    quiet: ['AcceptBudgetBurnsFast'],
  },
  {
    alert: 'AcceptLatencyBudgetBurnsFast',
    series: { [answeredSoon]: '0+800x480' },
    at: '70m',
    labels: { slo: 'accept_latency' },
    quiet: ['AcceptBudgetBurnsFast'],
  },
  {
    alert: 'AcceptLatencyBudgetBurnsSlowly',
    series: { [answeredSoon]: '0+960x480' },
    at: '150m',
    labels: { slo: 'accept_latency' },
    quiet: ['AcceptLatencyBudgetBurnsFast'],
  },
  {
    alert: 'PayoutEndBudgetBurnsFast',
    series: { [endedSoon]: '0+800x480' },
    at: '70m',
    labels: { slo: 'payout_end' },
  },
  {
    alert: 'PayoutEndBudgetBurnsSlowly',
    series: { [endedSoon]: '0+960x480' },
    at: '150m',
    labels: { slo: 'payout_end' },
    quiet: ['PayoutEndBudgetBurnsFast'],
  },
  {
    alert: 'NotificationBudgetBurnsFast',
    series: { [toldSoon]: '0+200x480' },
    at: '70m',
    labels: { slo: 'notification' },
  },
  {
    alert: 'NotificationBudgetBurnsSlowly',
    series: { [toldSoon]: '0+800x480' },
    at: '150m',
    labels: { slo: 'notification' },
    quiet: ['NotificationBudgetBurnsFast'],
  },
  {
    alert: 'DatabaseDown',
    series: { 'vyplata_database_up{instance="a"}': '0x10', 'vyplata_database_up{instance="b"}': '0x10' },
    at: '3m',
  },
  {
    alert: 'QueueBehind',
    series: { 'vyplata_job_age_seconds{kind="payout",instance="a"}': '61x30' },
    at: '10m',
    labels: kind,
  },
  { alert: 'NotificationsDead', series: { 'vyplata_notifications_dead{instance="a"}': '1x30' }, at: '20m' },
  { alert: 'LeasesLost', series: { 'vyplata_leases_lost_total{instance="a"}': '0+10x60' }, at: '40m' },
  { alert: 'AuditFails', series: { 'vyplata_audit_failures_total{instance="a"}': '0+1x120' }, at: '90m' },
  {
    alert: 'EventLoopBlocked',
    series: { 'nodejs_eventloop_lag_p99_seconds{instance="a"}': '0.6x30' },
    at: '10m',
    labels: instance,
  },
  {
    alert: 'ConnectionsShort',
    series: { 'vyplata_database_wait_seconds_total{pool="work",instance="a"}': '0+360x60' },
    at: '30m',
    labels: { pool: 'work' },
  },
  { alert: 'ClockOff', series: { 'vyplata_clock_offset_seconds{instance="a"}': '-3x30' }, at: '15m', labels: instance },
  {
    alert: 'CommitsUnreplicated',
    series: { 'vyplata_commits_unreplicated_total{instance="a"}': '0x5 1x30' },
    at: '10m',
  },
  { alert: 'StandbyLost', series: { [syncStandby]: '1x60 stale', [asyncStandby]: '1x480' }, at: '80m' },
  {
    alert: 'ReplicationBehind',
    series: { 'vyplata_database_replication_lag_seconds{instance="a"}': '61x30' },
    at: '15m',
  },
  { alert: 'DiskFills', series: { [diskFree]: '10x30' }, at: '10m' },
];

/** More troubles of alerts that have more than one. */
export const furtherRows: readonly Row[] = [
  { alert: 'AuditFails', series: { 'vyplata_audit_age_seconds{instance="a"}': '0+60x120' }, at: '90m' },
  { alert: 'AuditFails', series: { 'vyplata_audit_passes_total{instance="a"}': '5x120' }, at: '90m' },
  {
    alert: 'ReplicationBehind',
    series: { 'vyplata_database_replication_lag_bytes{instance="a"}': '2000000000x30' },
    at: '15m',
  },
  // Six times the budget over hours, and not fourteen times within one.
  { alert: 'AcceptBudgetBurnsFast', series: { [failed]: '0+5x480' }, at: '100m', labels: { slo: 'accept' } },
];
