import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCountryThree, isCountryTwo } from '../../src/core/country.ts';

test('codes of ISO 3166-1, upper case, each in its own form', () => {
  for (const code of ['UA', 'DE', 'RU', 'KZ', 'GB']) assert.ok(isCountryTwo(code), code);
  for (const code of ['DEU', 'RUS', 'UKR', 'KAZ', 'GBR']) assert.ok(isCountryThree(code), code);
  for (const code of ['', 'de', 'DEU', 'UK', 'XX', 'ZZ', 'D', '276', '__proto__']) assert.ok(!isCountryTwo(code), code);
  for (const code of ['', 'deu', 'DE', 'XXX', 'ZZZ', '276', 'toString']) assert.ok(!isCountryThree(code), code);
});
