import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, problemCodes } from '../../src/core/problem.ts';
import { errorLines, languageOf, refusalBody, statusOf } from '../../src/http/errors.ts';

/** Has a value of every name that a text may ask for. */
const values = new Proxy<Record<string, string | number>>({}, { get: (_none, name) => `<${String(name)}>` });

test('every code has a whole sentence in both languages, each in its own', () => {
  for (const code of problemCodes) {
    const { en, ru } = errorLines[code];
    for (const text of [en(values), ru(values)]) {
      assert.match(text, /^[A-ZА-Яo].*[.]$/su, code);
      assert.doesNotMatch(text, /undefined|null|NaN|\[object| {2}/, code);
    }
    assert.doesNotMatch(en(values), /[А-я]/, code);
    assert.notEqual(en(values), ru(values), code);
    assert.match(ru(values), /[А-я]{3}/, code);
  }
});

test('texts that need no value do not show that one is missing', () => {
  const optional = [
    'json_syntax',
    'method_wrong',
    'body_too_large',
    'too_fast',
    'internal_error',
    'outcome_unknown',
  ] as const;
  for (const code of [...optional, 'sign_digest_refused', 'json_duplicate_key', 'funds_insufficient'] as const) {
    for (const text of [errorLines[code].en({ field: 'x' }), errorLines[code].ru({ field: 'x' })]) {
      assert.doesNotMatch(text, /undefined/, code);
    }
  }
});

test('the body has the shape that clients know, every field once with all its texts', () => {
  const problems: readonly Problem[] = [
    { code: 'amount_not_positive', field: 'amount' },
    { code: 'country_two_wrong', field: 'extra.card_country' },
    { code: 'funds_insufficient', field: 'amount' },
    { code: 'amount_not_positive', field: 'amount' },
  ];
  const body = refusalBody(problems, 'en');
  assert.equal(body.message, 'The given data was invalid.');
  assert.deepEqual(Object.keys(body.errors), ['amount', 'extra.card_country']);
  assert.equal(body.errors['amount']?.length, 2);
  assert.deepEqual(body.errors['extra.card_country'], [
    'The extra.card_country field must be an ISO 3166-1 alpha-2 country code, such as "DE".',
  ]);
  assert.match(refusalBody(problems, 'ru').errors['amount']?.[0] ?? '', /больше нуля/);
});

test('errors are never empty, whatever was forgotten', () => {
  const body = refusalBody([], 'en');
  assert.equal(body.errors['request']?.length, 1);
  assert.equal(statusOf([]), 500);
});

test('answers after which the outcome is open name the status call, the request and the support contact', () => {
  for (const code of ['internal_error', 'outcome_unknown'] as const) {
    for (const language of ['en', 'ru'] as const) {
      const problem = {
        code,
        field: 'request',
        values: { requestId: 'r-1', support: 'support@gateway.example' },
      };
      const text = refusalBody([problem], language).errors['request']?.[0] ?? '';
      for (const part of ['/v1/payout/status', 'r-1', 'support@gateway.example']) assert.ok(text.includes(part), text);
    }
  }
});

test('amounts are explained in the digits of the currency', () => {
  assert.match(errorLines.amount_format.en({ digits: 2 }), /like 1000\.44:/);
  assert.match(errorLines.amount_format.en({ digits: 3 }), /like 1000\.440:/);
  assert.match(errorLines.amount_format.ru({ digits: 0 }), /так: 1000 —/);
  assert.match(errorLines.amount_digits.en({ digits: 0, max: 11 }), /no digits after a point and at most 11/);
});

test('only 500 and 504 leave the outcome open', () => {
  const open = problemCodes.filter((code) => [500, 504].includes(errorLines[code].status));
  assert.deepEqual(open, ['timed_out', 'internal_error', 'outcome_unknown']);
});

test('every status is one of a refusal, and of a wrong field always 400', () => {
  for (const code of problemCodes) {
    const { status } = errorLines[code];
    assert.ok(status >= 400 && status <= 504, code);
    if (/^(?:sign_(?!in)|account_|json_|field_|amount_|service_|card_|url_)/.test(code))
      assert.equal(status, 400, code);
  }
});

test('the status of several problems: open wins over certain, and a special one over 400', () => {
  const status = (...codes: readonly Problem['code'][]) => statusOf(codes.map((code) => ({ code, field: 'request' })));
  assert.equal(status('amount_format'), 400);
  assert.equal(status('amount_format', 'body_too_large'), 413);
  assert.equal(status('path_unknown'), 404);
  assert.equal(status('internal_error', 'overloaded'), 500);
  assert.equal(status('overloaded', 'internal_error'), 500);
  assert.equal(status('amount_format', 'outcome_unknown', 'too_fast'), 504);
});

test('Russian is answered when it is asked for before English', () => {
  for (const header of [
    'ru',
    'ru-RU',
    'RU',
    'ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7',
    'de, ru;q=0.5',
    'en;q=0.1, ru;q=0.2',
    'ru, en',
  ]) {
    assert.equal(languageOf(header), 'ru', header);
  }
  const english = [
    undefined,
    '',
    '*',
    'en',
    'de',
    'en, ru',
    'ru;q=0',
    'run',
    'ru;q=0.4, en;q=0.5',
    'uk',
    ';;;',
    'r',
    'rus',
  ];
  for (const header of english) assert.equal(languageOf(header), 'en', header);
});
