import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseStrict,
  writeJson,
} from '../../src/core/json.ts';

function read(text: string | Uint8Array, depthMax?: number): JsonValue {
  const reading = tryRead(text, depthMax);
  assert.ok(reading.ok, `${text} was refused: ${JSON.stringify(reading)}`);
  return reading.value;
}

function tryRead(text: string | Uint8Array, depthMax?: number) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return depthMax === undefined ? parseStrict(bytes) : parseStrict(bytes, { depthMax });
}

function codeOf(text: string | Uint8Array): string {
  const reading = tryRead(text);
  return reading.ok ? 'accepted' : reading.problem.code;
}

function readObject(text: string): JsonObject {
  const value = read(text);
  assert.ok(isJsonObject(value));
  return value;
}

test('numbers keep their text', () => {
  for (const text of ['0', '-0', '500.50', '9007199254740993', '1e400', '1E+2', '-12.5e-07', '0.10', '0e1']) {
    const value = read(` ${text}\t`);
    assert.ok(value instanceof JsonNumber);
    assert.equal(value.numberText, text);
  }
});

test('texts are decoded as JSON says', () => {
  assert.equal(read('""'), '');
  assert.equal(read('"заказ\\/1"'), 'заказ/1');
  assert.equal(read('"\\u0437\\u0430\\"\\\\\\b\\f\\n\\r\\t\\/"'), 'за"\\\b\f\n\r\t/');
  assert.equal(read('"\\ud83d\\ude00😀\\uD83D\\uDE00"'), '😀😀😀');
  assert.equal(read('"a\\u0020b\u007f\u2028"'), 'a b\u007f\u2028');
  assert.equal(read('"\uffff\\uFFFE\\ud7ff\\ue000"'), '\uffff\ufffe\ud7ff\ue000');
});

test('white space is the four characters of JSON and no other', () => {
  assert.deepEqual(read('\r\n\t [ true , false ,\nnull ] \n'), [true, false, null]);
  for (const space of ['\u00a0', '\u000b', '\f', '\u2003', '\u0085']) {
    assert.equal(codeOf(`[1,${space}2]`), 'json_syntax', JSON.stringify(space));
  }
});

test('objects have no prototype, so no key is special', () => {
  const object = readObject('{"__proto__":{"x":1},"constructor":2,"toString":"t","":null}');
  assert.equal(Object.getPrototypeOf(object), null);
  assert.deepEqual(Object.keys(object), ['__proto__', 'constructor', 'toString', '']);
  assert.equal(object['x'], undefined);
});

test('a number is never mistaken for an object with the same shape', () => {
  const object = readObject('{"numberText":"5"}');
  assert.ok(!(object instanceof JsonNumber));
  assert.equal(isJsonObject(read('5')), false);
  assert.equal(isJsonObject(read('[]')), false);
  assert.equal(isJsonObject(read('null')), false);
  assert.equal(isJsonObject(undefined), false);
});

test('duplicate keys are refused, however they are spelled', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"b":2,"a":1}',
    '{"a":1,"\\u0061":1}',
    '{"x":{"a":null,"a":null}}',
    '{"__proto__":1,"__proto__":1}',
    '{"":1,"":1}',
  ]) {
    assert.equal(codeOf(text), 'json_duplicate_key', text);
  }
  assert.equal(codeOf('{"a":{"a":1},"b":{"a":1}}'), 'accepted');
});

test('the body is the first of four levels', () => {
  assert.equal(codeOf('{"a":{"b":{"c":{}}}}'), 'accepted');
  assert.equal(codeOf('[[[[]]],[[[]]]]'), 'accepted');
  assert.equal(codeOf('{"a":{"b":{"c":{"d":{}}}}}'), 'json_too_deep');
  assert.equal(codeOf('[[[[[1]]]]]'), 'json_too_deep');
  assert.equal(codeOf('['.repeat(5_000_000)), 'json_too_deep');
  assert.deepEqual(read('[[[[[[1]]]]]]', 6), [[[[[[new JsonNumber('1')]]]]]]);
});

test('what holds no value is empty', () => {
  for (const text of ['', ' ', '\n\t']) assert.equal(codeOf(text), 'json_empty', JSON.stringify(text));
});

test('bytes that are not UTF-8 without BOM are refused', () => {
  assert.equal(codeOf('\ufeff{}'), 'json_bom');
  assert.equal(codeOf(Buffer.from('{}', 'utf16le')), 'json_nul');
  const invalid = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80], [0xc3]];
  for (const bytes of invalid) {
    assert.equal(codeOf(Buffer.from([0x22, ...bytes, 0x22])), 'json_encoding', String(bytes));
  }
  assert.equal(codeOf(Buffer.from('"\u043f"', 'latin1').fill(0xef, 1, 2)), 'json_encoding');
  assert.equal(codeOf('{"a":"\ufeff"}'), 'accepted');
});

test('NUL is refused, raw and escaped', () => {
  for (const text of ['"a\u0000b"', '"a\\u0000b"', '{"a\\u0000":1}', '\u0000', '{}\u0000', '{"a"\u0000:1}']) {
    assert.equal(codeOf(text), 'json_nul', JSON.stringify(text));
  }
});

test('lone surrogates are refused', () => {
  for (const text of [
    '\\ud83d',
    '\\ude00',
    '\\ud83dx',
    '\\ud83d\\u0041',
    '\\ude00\\ud83d',
    '\\ud83d\\n',
    '\\ud83d😀',
    '\\udc00\\udc00',
  ]) {
    assert.equal(codeOf(`"${text}"`), 'json_lone_surrogate', text);
  }
  assert.equal(codeOf('{"\\udc00":1}'), 'json_lone_surrogate');
});

test('what is not JSON is refused', () => {
  const texts = [
    '{',
    '}',
    '[',
    ']',
    '[1,]',
    '{"a":1,}',
    '[,1]',
    '[1 2]',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '{"a"}',
    '{,}',
  ];
  texts.push('{"a":}', '{"a":1 "b":2}', '[1]]', '{}{}', '{} x', '"', '"a', '"\\"', '"\\x41"', '"\\u12"', '"\\u12G4"');
  texts.push('"\t"', '"\n"', '"\u001f"', 'tru', 'True', 'TRUE', 'nul', 'NaN', 'Infinity', '-Infinity', 'undefined');
  texts.push('-', '+1', '01', '-01', '1.', '.5', '1.e5', '1e', '1e+', '0x1', '1_000', '1,000', '--1', '1.2.3', '１');
  texts.push(
    '/* c */{}',
    '{}//c',
    '[1,,2]',
    '{"a":1,,"b":2}',
    '{1:1}',
    '{null:1}',
    '"\\',
    '"\\u',
    'truefalse',
    '[true',
  );
  for (const text of texts) assert.equal(codeOf(text), 'json_syntax', text);
});

test('a problem says where it was found', () => {
  const reading = tryRead('{"a":1,}');
  assert.deepEqual(reading, { ok: false, problem: { code: 'json_syntax', field: 'json', values: { at: 8 } } });
  assert.deepEqual(tryRead('{"a":1, "a":1}'), {
    ok: false,
    problem: { code: 'json_duplicate_key', field: 'json', values: { at: 9 } },
  });
});

test('written JSON keeps number texts and escapes what must be', () => {
  const text = '{"a":[500.50,1e400,-0],"b":"\\"\\\\\\n","c":{"d":null,"e":true},"__proto__":{}}';
  assert.equal(writeJson(read(text)), text);
  assert.equal(writeJson(null), 'null');
});
