import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readParent } from '../../src/traces/read-parent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent of version 00 is read, with its flag', () => {
  assert.deepEqual(readParent(`00-${traceId}-${spanId}-01`), { traceId, spanId, isSampled: true });
  assert.deepEqual(readParent(`00-${traceId}-${spanId}-02`), { traceId, spanId, isSampled: false });
});

const wrong = {
  absent: undefined,
  empty: '',
  'another version': `01-${traceId}-${spanId}-01`,
  'the version that never is': `ff-${traceId}-${spanId}-01`,
  'a trace of zeros': `00-${'0'.repeat(32)}-${spanId}-01`,
  'a span of zeros': `00-${traceId}-${'0'.repeat(16)}-01`,
  'capital letters': `00-${traceId.toUpperCase()}-${spanId}-01`,
  'too short': `00-${traceId.slice(1)}-${spanId}-01`,
  'something after it': `00-${traceId}-${spanId}-01-x`,
  'a line break after it': `00-${traceId}-${spanId}-01\n`,
  'two of them': `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  'two headers': [`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`],
  'very long': `00-${'a'.repeat(10_000)}`,
};

for (const [what, header] of Object.entries(wrong)) {
  test(`${what} is none`, () => assert.equal(readParent(header), undefined));
}
