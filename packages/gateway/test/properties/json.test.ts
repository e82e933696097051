import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, JsonNumber, type JsonValue, parseStrict, writeJson } from '../../src/core/json.ts';

/** What `JSON.parse` would have given: numbers become doubles, objects get their keys. */
function loosen(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.numberText);
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, loosen(of)]));
  return Array.isArray(value) ? value.map((item: JsonValue) => loosen(item)) : value;
}

function parseLoosely(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

const wellFormed = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\u0000'));
const valueArb = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme-composite' });

test('what JSON.stringify writes is read as JSON.parse reads it, indented or not', () => {
  fc.assert(
    fc.property(valueArb, fc.constantFrom(0, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      fc.pre(!text.includes('\\u0000'));
      const reading = parseStrict(Buffer.from(text), { depthMax: 10 });
      assert.ok(reading.ok, text);
      // Object.fromEntries defines `__proto__` as an own key, as JSON.parse does.
      assert.deepEqual(loosen(reading.value), JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test('texts survive, escaped as PHP does or raw', () => {
  fc.assert(
    fc.property(wellFormed, (text) => {
      const raw = JSON.stringify(text);
      const escaped = raw
        .replaceAll('/', '\\/')
        .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
      for (const spelling of [raw, escaped]) {
        assert.deepEqual(parseStrict(Buffer.from(spelling)), { ok: true, value: text });
      }
    }),
    { numRuns: 300 },
  );
});

test('random near-JSON: whatever is accepted, JSON.parse accepts with the same value', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"b"',
    '"\\u0061"',
    '"',
    '\\',
    '0',
    '1',
    '-',
    '.',
    'e',
    '+',
    ' ',
  ];
  pieces.push('true', 'null', 'false', '\n', '"\\ud83d"', '"\\ud83d\\ude00"', '12.50', '"\u0000"', 'é');
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (chosen) => {
      const text = chosen.join('');
      const reading = parseStrict(Buffer.from(text));
      const loose = parseLoosely(text);
      if (reading.ok) {
        assert.ok(loose.ok, text);
        assert.deepEqual(loosen(reading.value), loose.value);
      } else if (loose.ok) {
        // The strict reader refuses more, but only for its own reasons.
        assert.match(reading.problem.code, /^json_(?:duplicate_key|too_deep|lone_surrogate|nul)$/, text);
      }
    }),
    { numRuns: 5000 },
  );
});

test('a cut or changed document never crashes the reader', () => {
  const body = Buffer.from('{"amount":"1000.44","extra":{"a":[1,2.5e3,"\\u0437\\ud83d\\ude00"]},"order_id":"заказ"}');
  for (let end = 0; end < body.length; end += 1) {
    assert.equal(parseStrict(body.subarray(0, end)).ok, false, `cut at ${end}`);
  }
  fc.assert(
    fc.property(fc.nat({ max: body.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Buffer.from(body);
      changed[at] = byte;
      const reading = parseStrict(changed);
      if (reading.ok) assert.deepEqual(loosen(reading.value), JSON.parse(changed.toString()));
      else assert.equal(reading.problem.field, 'json');
    }),
    { numRuns: 500 },
  );
});

test('writing what was read and reading it again changes nothing', () => {
  fc.assert(
    fc.property(valueArb, (value) => {
      const first = parseStrict(Buffer.from(JSON.stringify(value)), { depthMax: 10 });
      fc.pre(first.ok);
      if (!first.ok) return;
      const again = parseStrict(Buffer.from(writeJson(first.value)), { depthMax: 10 });
      assert.deepEqual(again, first);
    }),
  );
});
