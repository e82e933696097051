import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseStrict } from '../../../src/core/json.ts';
import { readLookup } from '../../../src/http/schemas/lookup.ts';

function lookup(text: string) {
  const reading = parseStrict(Buffer.from(text));
  assert.ok(reading.ok && isJsonObject(reading.value));
  return readLookup(reading.value);
}

function lookedUp(text: string) {
  const reading = lookup(text);
  assert.ok(reading.ok, text);
  return reading.lookup;
}

function refused(text: string): string[] {
  const reading = lookup(text);
  assert.ok(!reading.ok, text);
  return reading.problems.map((problem) => `${problem.field} ${problem.code}`);
}

test('by order_id, by id, or by both, as a text or an integer', () => {
  assert.deepEqual(lookedUp('{"order_id":"A-1"}'), { orderId: 'A-1' });
  assert.deepEqual(lookedUp('{"order_id":17}'), { orderId: '17' });
  assert.deepEqual(lookedUp('{"id":100001524}'), { id: 100_001_524 });
  assert.deepEqual(lookedUp('{"id":"100001524","other":true}'), { id: 100_001_524 });
  assert.deepEqual(lookedUp('{"id":1,"order_id":"A-1"}'), { id: 1, orderId: 'A-1' });
  assert.deepEqual(lookedUp('{"id":null,"order_id":"A-1"}'), { orderId: 'A-1' });
  assert.deepEqual(lookedUp('{"id":9007199254740991}'), { id: 9_007_199_254_740_991 });
});

test('neither names both', () => {
  for (const text of ['{}', '{"id":null}', '{"id":null,"order_id":null}', '{"orderId":"A-1"}']) {
    assert.deepEqual(refused(text), ['order_id lookup_missing', 'id lookup_missing'], text);
  }
});

test('wrong shapes are refused, both at once', () => {
  assert.deepEqual(refused('{"order_id":"","id":"x"}'), ['order_id field_blank', 'id field_not_integer']);
  assert.deepEqual(refused('{"order_id":{},"id":5}'), ['order_id field_not_text_or_integer']);
  for (const id of ['1.0', '1e3', '-1', '"01"', '""', '" 1"', 'true', '[]', '{}', '"１"']) {
    assert.deepEqual(refused(`{"id":${id}}`), ['id field_not_integer'], id);
  }
});

test('an id that no payout can have is not found, and never rounded to one that exists', () => {
  for (const id of ['9007199254740993', '"9007199254740992"', '1'.repeat(400)]) {
    assert.deepEqual(refused(`{"id":${id}}`), ['id payout_not_found'], id);
  }
});
