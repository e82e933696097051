import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { openPool } from '../../src/db/pool.ts';
import { metrics as catalogue } from '../../src/metrics/catalogue.ts';
import { type Metrics, openMetrics, type Sources } from '../../src/metrics/measure.ts';
import { advancePayout } from '../../src/payouts/dispatch.ts';
import { openMerchant } from '../contract/merchant.ts';
import { findFreePort, startDemoGateway } from '../gateway.ts';
import { type Engine, startEngine } from '../payouts/engine.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from '../payouts/harness.ts';

/** The value of one line of the text format; undefined when it is not there. */
function readFigure(text: string, line: string): number | undefined {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('the figures of a gateway', () => {
  let room: Room;
  let engine: Engine;
  let metrics: Metrics;
  const audit = { passes: 3, failures: 0, violations: 2 };
  const sourcesOf = (own: Room): Sources => ({
    pools: { work: own.db },
    workers: { payout: { inHand: () => 7 } },
    ordersWaiting: () => 5,
    pauses: () => 1,
    clockOffsetMs: () => 250,
    dataFolder: import.meta.dirname,
    audit: () => audit,
  });
  before(async () => {
    room = await openRoom(100_000n);
    metrics = openMetrics({ db: room.db, monotonicMs }, sourcesOf(room));
    engine = await startEngine(room, { meter: metrics });
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  async function end(name: string): Promise<void> {
    const script = sandboxScripts.find((one) => one.name === name) ?? assert.fail();
    const checked = checkedOrder(room, { orderId: name, amountMinor: 100n });
    const order = { ...checked.order, number: script.phone };
    const creator = await room.openCreator();
    const recipient = { number: script.phone, mask: checked.recipient.mask };
    const answer = await creator.create({ ...checked, order, recipient });
    assert.ok(answer.kind === 'created');
    await engine.waitForEnd(answer.payoutId);
  }

  test('count what ended, what providers said, and what waits for a person', async () => {
    for (const name of ['paid', 'fail_returned', 'never_answers']) await end(name);
    const text = await metrics.write();
    const figures = {
      [`vyplata_payouts_final_total{status="paid",connector="sandbox"}`]: 1,
      [`vyplata_payouts_final_total{status="fail",connector="sandbox"}`]: 1,
      [`vyplata_attempt_outcomes_total{connector="sandbox",source="send",outcome="succeeded"}`]: 1,
      [`vyplata_payouts_to_review_total{cause="unknown_for_too_long"}`]: 1,
      [`vyplata_payout_final_seconds_count{status="paid"}`]: 1,
      vyplata_payouts_in_review: 1,
      [`vyplata_attempts_open{connector="sandbox",state="unknown",older_than="0s"}`]: 1,
      vyplata_orders_waiting: 5,
      [`vyplata_jobs_in_hand{kind="payout"}`]: 7,
      vyplata_pauses: 1,
      vyplata_audit_violations: 2,
      vyplata_audit_passes_total: 3,
      vyplata_database_up: 1,
      vyplata_clock_offset_seconds: 0.25,
      [`vyplata_jobs{kind="payout",is="later"}`]: 1,
      [`vyplata_job_age_seconds{kind="payout"}`]: 0,
    };
    for (const [line, value] of Object.entries(figures)) assert.equal(readFigure(text, line), value, line);
    assert.ok((readFigure(text, 'vyplata_review_age_seconds') ?? 0) > 0);
    assert.equal(
      readFigure(text, `vyplata_attempts_open{connector="sandbox",state="unknown",older_than="1h"}`),
      undefined,
    );
    for (const { name, help } of Object.values(catalogue)) {
      assert.ok(text.includes(`# HELP ${name} ${help}`), `${name} is not told`);
    }
    assert.doesNotMatch(text, /NaN/);
  });

  test('tell of whoever follows the database', async () => {
    // What a standby opens, before it asks for anything.
    const standby = new Client({ connectionString: `${room.url}&replication=true` });
    await standby.connect();
    const text = await openMetrics({ db: room.db, monotonicMs }, sourcesOf(room)).write();
    assert.equal(readFigure(text, `vyplata_database_standbys{sync="async"}`), 1);
    await standby.end();
  });

  test('say so when the database does not answer, and tell the rest', async () => {
    const connection = { host: '/nowhere', port: 5432, user: 'nobody', database: 'none' };
    const db = openPool({ connection, name: 'test', connectionsMax: 1 });
    const text = await openMetrics({ db, monotonicMs }, sourcesOf(room)).write();
    assert.equal(readFigure(text, 'vyplata_database_up'), 0);
    assert.equal(readFigure(text, 'vyplata_orders_waiting'), 5);
    await db.close();
  });

  test('count the change that came too late', async () => {
    await end('partial');
    const [row] = await room.db.query<{ id: bigint }>(`select payout_id as id from payout where order_id = 'partial'`);
    // A job of a payout that has ended is nobody's any more; one whose fence is old writes nothing.
    const job = { kind: 'payout', merchantId: room.merchantId, subjectId: row?.id ?? 0n, lane: '', lateMs: 0 } as const;
    await advancePayout(engine.needs, { ...job, fence: 0 });
    await room.db.query(`update payout set state = 'queued', final_at = null, final_paid_minor = null,
      final_commission_minor = null where payout_id = ${row?.id}`);
    await advancePayout(engine.needs, { ...job, fence: 0 });
    assert.equal(readFigure(await metrics.write(), 'vyplata_leases_lost_total'), 1);
  });
});

test('the program tells them on a port of its own, and counts its requests by route', async () => {
  const port = await findFreePort();
  const gateway = await startDemoGateway({ env: { METRICS_PORT: String(port), SANDBOX_TIME_SCALE: '0.01' } });
  try {
    assert.equal((await fetch(`${gateway.demo.baseUrl}/v1/nowhere/42`)).status, 404);
    assert.equal((await fetch(`${gateway.demo.baseUrl}/metrics`)).status, 404, 'not for the world');
    const merchant = await openMerchant(gateway);
    const order = { amount: '1.00', service: 'qiwi_rub', notification_endpoint_id: 5 };
    for (const name of ['paid_after_5s', 'fail_returned', 'contradicting_callback']) {
      const { phone: number } = sandboxScripts.find((one) => one.name === name) ?? assert.fail(name);
      assert.equal((await merchant.post('/v1/payout', { ...order, order_id: name, number })).status, 200);
      await merchant.waitFinal({ order_id: name });
    }
    assert.equal((await merchant.post('/v1/payout', { ...order, order_id: 'wrong', number: '1' })).status, 400);
    const url = `http://127.0.0.1:${port}/metrics`;
    const answer = await fetch(url);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    await waitForFigures(url, fedByOneLife);
  } finally {
    await gateway.close();
  }
});

/** What a gateway tells after four payouts, one of them asked about and one called back about, and a refused order. */
const fedByOneLife: Readonly<Record<string, (value: number) => boolean>> = {
  'vyplata_http_requests_total{route="/v1/payout",method="POST",status="200"}': (value) => value === 4,
  'vyplata_http_requests_total{route="unknown",method="GET",status="404"}': (value) => value === 2,
  'vyplata_http_request_seconds_count{route="/v1/payout"}': (value) => value === 5,
  'vyplata_orders_refused_total{code="wallet_phone_wrong"}': (value) => value === 1,
  vyplata_orders_waiting: (value) => value === 0,
  'vyplata_group_items_sum{group="accept"}': (value) => value === 4,
  'vyplata_group_items_sum{group="settle"}': (value) => value >= 6,
  'vyplata_group_items_sum{group="deliver"}': (value) => value >= 3,
  'vyplata_group_seconds_count{group="accept"}': (value) => value === 4,
  'vyplata_stage_seconds_count{stage="queued"}': (value) => value === 4,
  'vyplata_stage_seconds_count{stage="sent"}': (value) => value === 4,
  'vyplata_stage_seconds_count{stage="untold"}': (value) => value >= 3,
  'vyplata_stage_seconds_count{stage="told"}': (value) => value >= 3,
  'vyplata_provider_seconds_count{connector="sandbox",asked="send"}': (value) => value === 4,
  'vyplata_attempt_outcomes_total{connector="sandbox",source="send",outcome="accepted"}': (value) => value === 1,
  'vyplata_payouts_final_total{status="paid",connector="sandbox"}': (value) => value === 3,
  'vyplata_payouts_final_total{status="fail",connector="sandbox"}': (value) => value === 1,
  'vyplata_payout_final_seconds_count{status="paid"}': (value) => value === 3,
  'vyplata_delivery_tries_total{result="acknowledged"}': (value) => value >= 3,
  'vyplata_notifications_ended_total{state="delivered"}': (value) => value >= 3,
  'vyplata_jobs_in_hand{kind="payout"}': (value) => value === 0,
  vyplata_payouts_in_review: (value) => value === 0,
  vyplata_review_age_seconds: (value) => value === 0,
  vyplata_notifications_dead: (value) => value === 0,
  'vyplata_incidents_total{kind="refused_after_paid"}': (value) => value === 1,
  'vyplata_incidents_open{kind="refused_after_paid"}': (value) => value === 1,
  vyplata_pauses: (value) => value === 0,
  vyplata_database_up: (value) => value === 1,
  'vyplata_database_connections{pool="accept",is="open"}': (value) => value === 1,
  'vyplata_database_waits_total{pool="accept"}': (value) => value >= 0,
  'vyplata_database_wait_seconds_total{pool="work"}': (value) => value >= 0,
  vyplata_commits_unreplicated_total: (value) => value === 0,
  vyplata_database_replication_lag_bytes: (value) => value === 0,
  vyplata_database_replication_lag_seconds: (value) => value === 0,
  vyplata_database_bytes: (value) => value > 1_000_000,
  'vyplata_disk_bytes{is="free"}': (value) => value > 0,
  'vyplata_disk_bytes{is="size"}': (value) => value > 0,
  vyplata_clock_offset_seconds: (value) => Math.abs(value) < 60,
  vyplata_audit_age_seconds: (value) => value >= 0,
  vyplata_audit_passes_total: (value) => value >= 1,
  vyplata_audit_failures_total: (value) => value === 0,
  vyplata_audit_violations: (value) => value === 0,
  nodejs_eventloop_lag_p99_seconds: (value) => value >= 0,
};

/** Those that only trouble feeds; the tests of the rooms above and of the pool make that trouble. */
const fedByTrouble = new Set<string>([
  'vyplata_payouts_to_review_total',
  'vyplata_leases_lost_total',
  'vyplata_jobs',
  'vyplata_job_age_seconds',
  'vyplata_attempts_open',
  // By a connection like a standby's.
  'vyplata_database_standbys',
]);

test('every figure of the list is held against a life or against a trouble', () => {
  const lines = Object.keys(fedByOneLife).map((line) => line.replace(/\{.*/, ''));
  const fed = new Set([...lines.map((name) => name.replace(/_(count|sum)$/, '')), ...lines, ...fedByTrouble]);
  for (const { name } of Object.values(catalogue)) assert.ok(fed.has(name), `nothing feeds ${name}`);
});

/** The counts follow the answers by a moment: the merchant is told after the status says so. */
async function waitForFigures(url: string, wanted: typeof fedByOneLife): Promise<void> {
  const givenUpAt = performance.now() + 20_000;
  for (;;) {
    const text = await (await fetch(url)).text();
    const missing = Object.entries(wanted).filter(([line, isRight]) => {
      const value = readFigure(text, line);
      return value === undefined || !isRight(value);
    });
    if (missing.length === 0) return;
    if (performance.now() > givenUpAt) {
      assert.fail(missing.map(([line]) => `${line}: ${readFigure(text, line)}`).join('\n'));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
