import { describe, test } from 'node:test';
import { assertClean } from './assert-clean.ts';
import { forms } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// Most of the time is spent waiting for leases and deadlines to pass.
describe('faults', { concurrency: 3 }, () => {
  for (const { name, what, run } of scenarios) {
    test(`${name}: ${what}`, async (context) => {
      assertClean(context, await run(forms.short), 0);
    });
  }
});
