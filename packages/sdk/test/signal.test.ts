import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eitherSignal, joinSignals } from '../src/signal.ts';

for (const [name, join] of [
  ['AbortSignal.any', (signals: AbortSignal[]) => eitherSignal(signals[0] ?? assert.fail(), signals[1])],
  ['what stands in for it on Node 18', joinSignals],
] as const) {
  test(`${name}: the first of two signals decides, with its reason`, () => {
    const [deadline, caller] = [new AbortController(), new AbortController()];
    const joined = join([deadline.signal, caller.signal]);
    assert.equal(joined.aborted, false);
    caller.abort('the caller');
    assert.deepEqual([joined.aborted, joined.reason], [true, 'the caller']);
    deadline.abort('the deadline');
    assert.equal(joined.reason, 'the caller');
    assert.equal(join([deadline.signal, new AbortController().signal]).reason, 'the deadline');
  });
}
