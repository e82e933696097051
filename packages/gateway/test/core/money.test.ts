import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEight, formatMinor, parseAmountText, roundHalfUpDiv } from '../../src/core/money.ts';

test('amounts of the grammar become minor units', () => {
  const accepted: readonly [text: string, digits: number, minor: bigint][] = [
    ['1000.44', 2, 100044n],
    ['500', 2, 50000n],
    ['500.5', 2, 50050n],
    ['500.00', 2, 50000n],
    ['0.50', 2, 50n],
    ['0.01', 2, 1n],
    ['999999999.99', 2, 99999999999n],
    ['99999999999', 2, 9999999999900n],
    ['500', 0, 500n],
    ['1.234', 3, 1234n],
    ['0.0001', 4, 1n],
  ];
  for (const [text, digits, minor] of accepted) assert.equal(parseAmountText(text, digits), minor, text);
});

test('what is not in the grammar is refused by kind', () => {
  const format = ['', ' ', '1e3', '1E3', '+5', '-5', '-0', '05', '00', '00.5', ' 5', '5 ', '5.', '.5', '.', '1,000.00'];
  format.push('1.000.00', '0x10', '１２', '٣', '5\n', 'NaN', 'Infinity', '1_000', '5.-1', '1 000', '१', '5.0e1', '०.५');
  for (const text of format) assert.equal(parseAmountText(text, 2), 'format', JSON.stringify(text));
  for (const text of ['1000.445', '0.001', '123456789012', '1234567890.12', '1'.repeat(32768)]) {
    assert.equal(parseAmountText(text, 2), 'digits', text.slice(0, 20));
  }
  assert.equal(parseAmountText('5.0', 0), 'digits');
  for (const text of ['0', '0.0', '0.00']) assert.equal(parseAmountText(text, 2), 'not_positive', text);
});

test('minor units are written with the digits of the currency', () => {
  assert.equal(formatMinor(100044n, 2), '1000.44');
  assert.equal(formatMinor(-5n, 2), '-0.05');
  assert.equal(formatMinor(0n, 2), '0.00');
  assert.equal(formatMinor(500n, 0), '500');
  assert.equal(formatMinor(-1n, 0), '-1');
  assert.equal(formatMinor(7n, 3), '0.007');
  assert.equal(formatMinor(10n ** 30n, 2), `1${'0'.repeat(28)}.00`);
});

test('balances are written with eight decimals', () => {
  assert.equal(formatEight(9384n, 2), '93.84000000');
  assert.equal(formatEight(0n, 2), '0.00000000');
  assert.equal(formatEight(-1n, 3), '-0.00100000');
  assert.equal(formatEight(12n, 0), '12.00000000');
  assert.throws(() => formatEight(1n, 9), RangeError);
});

test('halves are rounded up, towards plus infinity', () => {
  const cases: readonly [numerator: bigint, denominator: bigint, rounded: bigint][] = [
    [5n, 10n, 1n],
    [4n, 10n, 0n],
    [15n, 10n, 2n],
    [25n, 10n, 3n],
    [-5n, 10n, 0n],
    [-6n, 10n, -1n],
    [-15n, 10n, -1n],
    [-16n, 10n, -2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [0n, 7n, 0n],
  ];
  for (const [numerator, denominator, rounded] of cases) {
    assert.equal(roundHalfUpDiv(numerator, denominator), rounded, `${numerator} / ${denominator}`);
  }
  assert.throws(() => roundHalfUpDiv(1n, 0n), RangeError);
  assert.throws(() => roundHalfUpDiv(1n, -1n), RangeError);
});
