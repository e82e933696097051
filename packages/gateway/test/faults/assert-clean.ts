import assert from 'node:assert/strict';
import type { Skipped } from './scenario.ts';
import type { Figures } from './verify.ts';

type Context = { skip(reason: string): void };

/** More than `acknowledgedOver` orders were acknowledged, and whatever must be zero is. */
export function assertClean(context: Context, result: Figures | Skipped, acknowledgedOver: number): void {
  // What cannot be broken on this machine (no small disk, no older commit) says so, and is not a green tick.
  if ('skipped' in result) return context.skip(result.skipped);
  const { acknowledged, recoveredMs: _recoveredMs, findings, ...wrong } = result;
  assert.ok(acknowledged > acknowledgedOver, `${acknowledged} orders were acknowledged`);
  assert.deepEqual(
    wrong,
    { lost: 0, executedTwice: 0, stuck: 0, violated: 0, undelivered: 0, unresolved: 0 },
    findings.join('\n'),
  );
}
