import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarios } from './scenarios.ts';

for (const { name, what, run } of scenarios) {
  test(`${name}: ${what}`, async () => {
    const { acknowledged, recoveredMs: _recoveredMs, ...wrong } = await run(2);
    assert.ok(acknowledged > 0, 'something was acknowledged');
    assert.deepEqual(wrong, { lost: 0, executedTwice: 0, stuck: 0, violated: 0, undelivered: 0, unresolved: 0 });
  });
}
