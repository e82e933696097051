import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signBody } from '@vyplata/sdk/signature';
import { signatureHeader, signCallback } from '../../src/connectors/sandbox-callback.ts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { steps } from '../../src/traces/trail.ts';
import { openMerchant, send, type TestMerchant } from '../contract/merchant.ts';
import { type Running, startDemoGateway, startProcess } from '../gateway.ts';
import { openReceiver, type Receiver } from '../notifications/receiver.ts';

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type OtlpSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
};
type Otlp = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
};

const callers = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) };
const person = {
  customer_first_name: 'Planteda',
  customer_last_name: 'Plantedova',
  customer_email: 'planteda@planted.example',
};

/** The gateway as two processes on one database, a receiver of traces and the merchant's receiver. */
describe('a payout that two processes share is one trace', () => {
  let database: EmbeddedDatabase;
  let merchant: TestMerchant;
  let baseUrl = '';
  let dataDir = '';
  const running: Running[] = [];
  let collector: Receiver;
  let receiver: Receiver;
  const secrets: string[] = [];

  before(async () => {
    [collector, receiver] = await Promise.all([openReceiver(), openReceiver()]);
    collector.answer = (response) => response.setHeader('content-type', 'application/json').end('{}');
    const demo = await startDemoGateway();
    await demo.kill('SIGTERM');
    ({ dataDir } = demo);
    ({ baseUrl } = demo.demo);
    merchant = await openMerchant(demo);
    database = await startEmbedded({ dataDir });
    const env = {
      DATABASE_URL: `postgres://vyplata@localhost/vyplata?host=${encodeURIComponent(database.connection.host)}`,
      MASTER_KEY_FILE: join(dataDir, 'master.key'),
      ALLOW_LOOPBACK: 'true',
      SANDBOX_TIME_SCALE: '0.02',
      OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.url).origin,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-planted=a%20token',
      LOG_LEVEL: 'debug',
      AUDIT_EVERY_MS: '0',
    };
    const { port } = demo;
    const shared = { dataDir, port };
    running.push(await startProcess({ command: 'serve', ...shared, env: { ...env, OTEL_SERVICE_NAME: 'serving' } }));
    running.push(await startProcess({ command: 'work', ...shared, env: { ...env, OTEL_SERVICE_NAME: 'working' } }));
    secrets.push((await readFile(join(dataDir, 'master.key'), 'utf8')).trim(), ...Object.values(person));
  });
  after(async () => {
    for (const one of running) await one.kill('SIGTERM');
    await database?.stop();
    await Promise.all([collector?.close(), receiver?.close()]);
    if (dataDir !== '') await rm(dataDir, { recursive: true, force: true });
  });

  /** Signed like any order, with a header of tracing beside it. */
  async function order(name: string): Promise<string> {
    const number = (sandboxScripts.find((one) => one.name === name) ?? assert.fail(name)).phone;
    const given = { order_id: `traced-${name}`, amount: '1.00', service: 'qiwi_rub', number, ...person };
    const body = JSON.stringify({ ...given, notification_endpoint_url: receiver.url });
    const sign = signBody({ body, key: merchant.key });
    secrets.push(number, sign);
    const traceparent = `00-${callers.traceId}-${callers.spanId}-01`;
    const headers = { 'Content-Type': 'application/json', Account: merchant.account, Sign: sign, traceparent };
    const answer = await send(`${baseUrl}/v1/payout`, { method: 'POST', headers, body });
    assert.equal(answer.status, 200, answer.text);
    await merchant.waitFinal({ order_id: given.order_id });
    return String(answer.json['id']);
  }

  const collected = () =>
    collector.received
      .flatMap(({ body }) => (JSON.parse(body) as Otlp).resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) =>
          spans.map((span) => ({ ...span, by: valueOf(resource.attributes, 'service.name') })),
        ),
      );
  const spansOf = (payoutId: string) =>
    collected().filter(({ attributes }) => valueOf(attributes, 'vyplata.payout_id') === payoutId);

  async function waitForSpans(payoutId: string, names: readonly string[]) {
    const givenUpAt = performance.now() + 20_000;
    for (;;) {
      const spans = spansOf(payoutId).filter(({ traceId }) => traceId !== callers.traceId);
      const seen = new Set(spans.map(({ name }) => name));
      if (names.every((name) => seen.has(name))) return spans;
      if (performance.now() > givenUpAt) assert.fail(`only ${[...seen].join(', ')} came`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  let payoutId = '';

  test('from the request to the notification, under one id', async () => {
    payoutId = await order('paid_after_5s');
    const { callback: _, ...wanted } = steps;
    const spans = await waitForSpans(
      payoutId,
      Object.values(wanted).map(({ name }) => name),
    );
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
    const by = new Map(spans.map((span) => [span.name, span.by]));
    assert.deepEqual(
      ['payout.request', 'payout.accept', 'payout.attempt', 'notification.deliver'].map((name) => by.get(name)),
      ['serving', 'serving', 'working', 'working'],
    );
    const request = spans.find(({ name }) => name === 'payout.request') ?? assert.fail();
    assert.equal(request.parentSpanId, undefined);
    for (const span of spans.filter((one) => one !== request))
      assert.equal(span.parentSpanId, request.spanId, span.name);
    for (const { startTimeUnixNano, endTimeUnixNano, name } of spans) {
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano), name);
    }
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  });

  test('the merchant’s receiver gets it, and the merchant’s own trace a way to it', async () => {
    const deliver = spansOf(payoutId).find(({ name }) => name === 'notification.deliver');
    const [told] = receiver.received;
    assert.equal(told?.headers['traceparent'], `00-${deliver?.traceId}-${deliver?.spanId}-01`);
    const requests = spansOf(payoutId).filter(({ name }) => name === 'payout.request');
    const own = requests.find(({ traceId }) => traceId !== callers.traceId);
    const theirs = requests.find(({ traceId }) => traceId === callers.traceId);
    assert.equal(own?.links?.[0]?.spanId, callers.spanId);
    assert.equal(theirs?.parentSpanId, callers.spanId);
    assert.equal(theirs?.links?.[0]?.traceId, own?.traceId);
  });

  test('a callback is a step like the others', async () => {
    const id = await order('paid');
    const masterKey = Buffer.from(await readFile(join(dataDir, 'master.key'), 'utf8'), 'base64');
    const secret = openVault(masterKey).digest('sandbox callbacks').toString('hex');
    const told = { kind: 'executed', reference: `${id}-1`, paidMinor: '100', providerId: 'p', rrn: '1' };
    const body = JSON.stringify(told);
    const signature = signCallback({ secret, body, at: Date.now() });
    const headers = { 'Content-Type': 'application/json', [signatureHeader]: signature };
    const answer = await send(`${baseUrl}/callbacks/sandbox`, { method: 'POST', headers, body });
    assert.equal(answer.status, 200, answer.text);
    const spans = await waitForSpans(id, ['payout.callback', 'notification.deliver']);
    assert.equal(spans.find(({ name }) => name === 'payout.callback')?.by, 'serving');
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  });

  test('the log of both processes has a line for each step, with the same fields', async () => {
    const lines = running
      .flatMap((one) => one.output().split('\n'))
      .filter((line) => line.includes(`"payoutId":"${payoutId}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { callback: _, ...wanted } = steps;
    const told = new Set(lines.map((line) => line['step']));
    for (const { name } of Object.values(wanted)) assert.ok(told.has(name), `no line of ${name}`);
    const { traceId } = spansOf(payoutId).find((span) => span.traceId !== callers.traceId) ?? assert.fail();
    for (const line of lines) {
      assert.equal(line['trace_id'], traceId);
      assert.match(String(line['merchantId']), /^\d+$/);
      assert.equal(typeof line['durationMs'], 'number');
      assert.ok(typeof line['msg'] === 'string' && line['level'] === 20);
    }
  });

  test('nothing of a recipient and no secret is in any of it', async () => {
    assert.equal(collector.received.length > 0 && collector.received[0]?.headers['x-planted'], 'a token');
    const notified = receiver.received.map(({ body }) => (JSON.parse(body) as { sign: string }).sign);
    const webhooks = receiver.received.map(({ headers }) => String(headers['webhook-signature']));
    const needles = [...secrets, ...notified, ...webhooks, 'a token', 'a%20token'];
    assert.ok(needles.length > 10 && needles.every((needle) => needle.length > 6));
    const haystacks = [...collector.received.map(({ body }) => body), ...running.map((one) => one.output())];
    for (const needle of needles) {
      for (const haystack of haystacks) assert.ok(!haystack.includes(needle), `${needle} was told`);
    }
    const keys = new Set(collected().flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    assert.deepEqual(
      [...keys].filter((key) => !allowed.has(key)),
      [],
    );
  });

  test('a receiver that is gone is said once and stops nothing', async () => {
    await collector.close();
    await order('partial');
    await order('cancelled');
    const givenUpAt = performance.now() + 20_000;
    const outputs = () => running.map((one) => one.output().match(/traces do not arrive/g)?.length ?? 0);
    while (outputs().some((count) => count === 0) && performance.now() < givenUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(outputs(), [1, 1]);
  });
});

const allowed = new Set(
  [
    'payout_id',
    'merchant_id',
    'connector',
    'attempt_no',
    'outcome',
    'source',
    'cause',
    'state',
    'items',
    'is_replay',
    'notification_id',
    'try_no',
    'status_code',
    'is_failed',
  ].map((name) => `vyplata.${name}`),
);

function valueOf(attributes: readonly Attribute[], key: string): unknown {
  return attributes.find((one) => one.key === key)?.value['stringValue'];
}
