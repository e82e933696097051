import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { deriveTrace, isSampled } from '../../src/traces/derive.ts';
import { createTrail, placeOf, type Span } from '../../src/traces/trail.ts';

const digest = (text: string): Buffer => createHmac('sha256', 'a key').update(text).digest();
const payout = { merchantId: 7n, payoutId: 100_000_042n };
const monotonicMs = (): number => performance.now();

function openCollector() {
  const spans: Span[] = [];
  return { spans, write: (span: Span) => void spans.push(span) };
}

test('nobody follows: there is no trail', () => {
  assert.equal(createTrail({ digest, monotonicMs }), undefined);
});

test('a payout has the same trace wherever it is derived, and another key has another', () => {
  const trace = deriveTrace(digest, 42n);
  assert.deepEqual(deriveTrace(digest, 42n), trace);
  assert.match(trace.traceId, /^[0-9a-f]{32}$/);
  assert.match(trace.firstSpanId, /^[0-9a-f]{16}$/);
  assert.notEqual(deriveTrace(digest, 43n).traceId, trace.traceId);
  const other = (text: string): Buffer => createHmac('sha256', 'another key').update(text).digest();
  assert.notEqual(deriveTrace(other, 42n).traceId, trace.traceId);
});

test('a share of the payouts is collected, the same ones in every process', () => {
  const traces = Array.from({ length: 4_000 }, (_, at) => deriveTrace(digest, BigInt(at)));
  const kept = traces.filter((trace) => isSampled(trace, 0.25)).length;
  assert.ok(kept > 800 && kept < 1_200, String(kept));
  assert.ok(traces.every((trace) => isSampled(trace, 1) && !isSampled(trace, 0)));
  const collector = openCollector();
  const trail = createTrail({ digest, monotonicMs, collector, share: 0 }) ?? assert.fail();
  const step = trail.begin('attempt', payout);
  assert.match(step.traceparent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  step.end();
  assert.deepEqual(collector.spans, []);
});

test('the request is the first span and all others hang on it', () => {
  const collector = openCollector();
  const trail = createTrail({ digest, monotonicMs, collector }) ?? assert.fail();
  const { traceId, firstSpanId } = deriveTrace(digest, payout.payoutId);
  const step = trail.begin('deliver', payout);
  step.end({ notificationId: '9', tryNo: 2, statusCode: 500, isFailed: true });
  trail.note('request', payout, { startedMs: monotonicMs() - 20, isFirst: true, facts: { isReplay: false } });
  const [deliver, request] = collector.spans;
  assert.ok(deliver !== undefined && request !== undefined);
  assert.equal(step.traceparent, `00-${traceId}-${deliver.spanId}-01`);
  assert.deepEqual([deliver.traceId, deliver.parentSpanId], [traceId, firstSpanId]);
  assert.deepEqual([request.traceId, request.spanId, request.parentSpanId], [traceId, firstSpanId, undefined]);
  assert.ok(request.endedAtMs - request.startedAtMs >= 19);
  assert.ok(Math.abs(request.endedAtMs - Date.now()) < 60_000);
  assert.deepEqual(deliver.attributes, {
    'vyplata.payout_id': '100000042',
    'vyplata.merchant_id': '7',
    'vyplata.notification_id': '9',
    'vyplata.try_no': 2,
    'vyplata.status_code': 500,
    'vyplata.is_failed': true,
  });
});

test('a caller with a trace of its own gets one span in it, with a way to the payout’s', () => {
  const collector = openCollector();
  const trail = createTrail({ digest, monotonicMs, collector }) ?? assert.fail();
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
  trail.note('request', payout, { startedMs: 0, isFirst: true, parent });
  const [own, theirs] = collector.spans;
  assert.equal(own?.link, parent);
  assert.deepEqual([theirs?.traceId, theirs?.parentSpanId], [parent.traceId, parent.spanId]);
  assert.deepEqual(theirs?.link, { traceId: own?.traceId, spanId: own?.spanId });
  assert.notEqual(own?.traceId, parent.traceId);
  trail.note('request', payout, { startedMs: 0, isFirst: true, parent: { ...parent, isSampled: false } });
  assert.equal(collector.spans.length, 3, 'where the caller does not collect, nothing is put into its trace');
});

test('a line of the log names the payout like every other line, and tells what the span tells', () => {
  const lines: object[] = [];
  const log = { debug: (fields: object, text: string) => void lines.push({ ...fields, text }) };
  const trail = createTrail({ digest, monotonicMs: () => 5, log }) ?? assert.fail();
  const step = trail.begin('attempt', payout);
  assert.equal(step.traceparent, undefined, 'nobody collects: nothing is sent on');
  step.end({ connector: 'sandbox', outcome: 'succeeded' });
  const told = { step: 'payout.attempt', ...placeOf(digest, payout), connector: 'sandbox', outcome: 'succeeded' };
  assert.deepEqual(lines, [{ ...told, durationMs: 0, text: 'a payout was sent to its provider' }]);
});
