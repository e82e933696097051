import assert from 'node:assert/strict';

/**
 * Leaves a test out where a program that it needs is missing, as it may be on a developer's machine; answers whether it
 * did. The gate installs every program: there the test fails instead.
 */
export function skipMissing(context: { skip(reason: string): void }, missing: string | undefined): boolean {
  if (missing === undefined) return false;
  assert.equal(process.env['CI'], undefined, missing);
  context.skip(missing);
  return true;
}
