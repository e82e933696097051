import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemCodes, Refusal } from '../../src/core/problem.ts';

test('no code is listed twice', () => {
  assert.equal(new Set(problemCodes).size, problemCodes.length);
});

test('a refusal carries its problems and names them, without their values', () => {
  const refusal = new Refusal([
    { code: 'amount_below_min', field: 'amount', values: { min: '1.00' } },
    { code: 'field_required', field: 'extra.card_country' },
  ]);
  assert.ok(refusal instanceof Error);
  assert.equal(refusal.problems.length, 2);
  assert.equal(refusal.message, 'Refused: amount amount_below_min, extra.card_country field_required');
});

test('a refusal without a reason is a bug', () => {
  assert.throws(() => new Refusal([]), RangeError);
});
