import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forms } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// Most of the time is spent waiting for leases and deadlines to pass.
describe('faults', { concurrency: 3 }, () => {
  for (const { name, what, run } of scenarios) {
    test(`${name}: ${what}`, async (context) => {
      const result = await run(forms.short);
      if ('skipped' in result) return context.skip(result.skipped);
      const { acknowledged, recoveredMs: _recoveredMs, findings, ...wrong } = result;
      assert.ok(acknowledged > 0, 'something was acknowledged');
      assert.deepEqual(
        wrong,
        { lost: 0, executedTwice: 0, stuck: 0, violated: 0, undelivered: 0, unresolved: 0 },
        findings.join('\n'),
      );
    });
  }
});
