import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currencies, findCurrency } from '../../src/core/currency.ts';

/**
 * Currencies whose digits differ between ISO 4217 and CLDR, which `Intl` follows: CLDR shows none where coins are not
 * in use. A difference outside this list means that the table, or the world, has changed.
 */
const shownWithoutDigits = new Set(
  `AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR RSD SOS SYP YER CHE CHW`.split(' '),
);

/** Units of account and very new codes that this `Intl` may not list. */
const notListedByIntl = new Set('BOV CHE CHW CLF COU MXV USN UYI UYW VED XAD XCG ZWG'.split(' '));

/** Codes that `Intl` still lists although ISO has withdrawn them, and units without minor digits. */
const withdrawn = new Set('ANG BGN CUC HRK SLL XSU XDR ZWL'.split(' '));

const listed = new Set(Intl.supportedValuesOf('currency'));

test('every currency of the table is known to Intl, or is a known exception', () => {
  for (const code of Object.keys(currencies)) assert.ok(listed.has(code) || notListedByIntl.has(code), code);
});

test('every currency of Intl is in the table, or is withdrawn', () => {
  const missing = [...listed].filter((code) => findCurrency(code) === undefined && !withdrawn.has(code));
  assert.deepEqual(missing, []);
});

test('the digits are those of Intl, except where CLDR shows none', () => {
  for (const { code, digits } of Object.values(currencies)) {
    if (!listed.has(code) || shownWithoutDigits.has(code)) continue;
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
    assert.equal(digits, format.resolvedOptions().maximumFractionDigits, code);
  }
});

test('the well-known ones', () => {
  assert.equal(findCurrency('RUB')?.digits, 2);
  assert.equal(findCurrency('IDR')?.digits, 2);
  assert.equal(findCurrency('JPY')?.digits, 0);
  assert.equal(findCurrency('KWD')?.digits, 3);
  assert.equal(findCurrency('CLF')?.digits, 4);
  assert.equal(Object.keys(currencies).length, 165);
});

test('a code is upper case and own: no prototype key is a currency', () => {
  for (const code of ['rub', 'toString', '__proto__', 'constructor', '', 'XXX', 'XAU']) {
    assert.equal(findCurrency(code), undefined, code);
  }
});
