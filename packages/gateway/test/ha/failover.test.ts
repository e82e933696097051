import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrongs } from '../faults/verify.ts';
import { findMissing } from './cluster.ts';
import { runFailover } from './failover.ts';

test('a replicated database under load: nothing is lost or paid twice, whoever leads', async (context) => {
  const missing = findMissing();
  if (missing !== undefined) return context.skip(missing);
  const figures = await runFailover({ rounds: 1 });
  assert.ok(figures.acknowledged > 0, 'something was acknowledged');
  for (const wrong of wrongs) assert.equal(figures[wrong], 0, `${wrong}: ${figures.findings.join('\n')}`);
  for (const { what, outageMs } of figures.blows) context.diagnostic(`${what}: ${Math.round(outageMs)} ms`);
});
