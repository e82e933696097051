import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { openPool } from '../../src/db/pool.ts';
import { metrics as catalogue } from '../../src/metrics/catalogue.ts';
import { type Metrics, openMetrics, type Sources } from '../../src/metrics/measure.ts';
import { advancePayout } from '../../src/payouts/dispatch.ts';
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
      [`vyplata_attempts_open{state="unknown",older_than="0s"}`]: 1,
      vyplata_orders_waiting: 5,
      [`vyplata_jobs_in_hand{kind="payout"}`]: 7,
      vyplata_pauses: 1,
      vyplata_audit_violations: 2,
      vyplata_audit_passes_total: 3,
      vyplata_database_up: 1,
    };
    for (const [line, value] of Object.entries(figures)) assert.equal(readFigure(text, line), value, line);
    assert.ok((readFigure(text, 'vyplata_review_age_seconds') ?? 0) > 0);
    assert.equal(readFigure(text, `vyplata_attempts_open{state="unknown",older_than="1h"}`), undefined);
    for (const { name, help } of Object.values(catalogue)) {
      assert.ok(text.includes(`# HELP ${name} ${help}`), `${name} is not told`);
    }
    assert.doesNotMatch(text, /NaN/);
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
  const gateway = await startDemoGateway({ env: { METRICS_PORT: String(port) } });
  try {
    assert.equal((await fetch(`${gateway.demo.baseUrl}/v1/nowhere/42`)).status, 404);
    assert.equal((await fetch(`${gateway.demo.baseUrl}/metrics`)).status, 404, 'not for the world');
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    assert.equal(readFigure(text, `vyplata_http_requests_total{route="/v1/payout",method="POST",status="200"}`), 1);
    assert.equal(readFigure(text, `vyplata_http_requests_total{route="unknown",method="GET",status="404"}`), 2);
    assert.equal(readFigure(text, `vyplata_payouts_final_total{status="paid",connector="sandbox"}`), 1);
  } finally {
    await gateway.close();
  }
});
