import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CommissionRule, chargeFor, chargeOfPartial } from '../../src/core/commission.ts';
import { formatEight, formatMinor, parseAmountText, roundHalfUpDiv } from '../../src/core/money.ts';

const digitsArb = fc.constantFrom(0, 2, 3, 4);
const amountArb = fc.bigInt({ min: 1n, max: 99_999_999_999n });

const ruleArb: fc.Arbitrary<CommissionRule> = fc.record({
  percentPpm: fc.integer({ min: 0, max: 1_000_000 }),
  fixedMinor: fc.bigInt({ min: 0n, max: 100_000n }),
  minMinor: fc.bigInt({ min: 0n, max: 100_000n }),
  maxMinor: fc.option(fc.bigInt({ min: 0n, max: 10_000_000n })),
  bearer: fc.constantFrom('account', 'recipient'),
});

test('reading what was written gives the same minor units', () => {
  fc.assert(
    fc.property(amountArb, digitsArb, (minor, digits) => {
      assert.equal(parseAmountText(formatMinor(minor, digits), digits), minor);
    }),
  );
});

test('every text that is read fits the grammar, and its digits are the value', () => {
  const textArb = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789.') }),
    fc.string({ unit: fc.constantFrom(...'01259.-+e ,') }),
  );
  fc.assert(
    fc.property(textArb, digitsArb, (text, digits) => {
      const minor = parseAmountText(text, digits);
      const fits = new RegExp(`^(0|[1-9][0-9]*)(\\.[0-9]{1,${Math.max(digits, 1)}})?$`).test(text);
      const count = text.replace('.', '').length;
      const isFine = fits && count <= 11 && (digits > 0 || !text.includes('.')) && /[1-9]/.test(text);
      assert.equal(typeof minor === 'bigint', isFine, `${text} gave ${minor}`);
      if (typeof minor !== 'bigint') return;
      const [whole = '', fraction = ''] = text.split('.');
      assert.equal(minor, BigInt(whole) * 10n ** BigInt(digits) + BigInt(fraction.padEnd(digits, '0') || '0'));
    }),
    { numRuns: 500 },
  );
});

test('eight decimals say the same amount as the currency digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), digitsArb, (minor, digits) => {
      const text = formatEight(minor, digits);
      assert.match(text, /^-?\d+\.\d{8}$/);
      assert.equal(BigInt(text.replace('.', '')), minor * 10n ** BigInt(8 - digits));
    }),
  );
});

test('rounding is never off by more than half, and a half goes up', () => {
  const denominatorArb = fc.bigInt({ min: 1n, max: 10n ** 9n });
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), denominatorArb, (numerator, denominator) => {
      const off = 2n * (roundHalfUpDiv(numerator, denominator) * denominator - numerator);
      assert.ok(off > -denominator && off <= denominator);
    }),
  );
});

test('debit = due + commission, and the commission keeps its bounds', () => {
  fc.assert(
    fc.property(ruleArb, amountArb, (rule, amountMinor) => {
      const charge = chargeFor(rule, amountMinor);
      assert.equal(charge.debitMinor, charge.dueMinor + charge.commissionMinor);
      assert.equal(rule.bearer === 'account' ? charge.dueMinor : charge.debitMinor, amountMinor);
      assert.ok(charge.percentMinor >= 0n && charge.percentMinor <= charge.commissionMinor);
      if (rule.maxMinor !== null) assert.ok(charge.commissionMinor <= rule.maxMinor);
      if (rule.maxMinor === null || rule.maxMinor >= rule.minMinor) assert.ok(charge.commissionMinor >= rule.minMinor);
    }),
  );
});

test('a partial payment never debits more, loses nothing, and in full is the full charge', () => {
  fc.assert(
    fc.property(ruleArb, amountArb, fc.nat({ max: 1_000_000 }), (rule, amountMinor, share) => {
      const charge = chargeFor(rule, amountMinor);
      fc.pre(charge.dueMinor > 0n);
      const paidMinor = (charge.dueMinor * BigInt(share)) / 1_000_000n;
      const part = chargeOfPartial(charge, paidMinor);
      assert.ok(part.debitMinor >= 0n && part.debitMinor <= charge.debitMinor);
      assert.equal(paidMinor + part.commissionMinor, part.debitMinor);
      assert.equal(part.debitMinor + part.returnedMinor, charge.debitMinor);
      assert.ok(part.commissionMinor >= charge.commissionMinor - charge.percentMinor);
      assert.deepEqual(chargeOfPartial(charge, charge.dueMinor), {
        commissionMinor: charge.commissionMinor,
        debitMinor: charge.debitMinor,
        returnedMinor: 0n,
      });
    }),
  );
});

test('the more is delivered, the more is debited', () => {
  fc.assert(
    fc.property(ruleArb, fc.bigInt({ min: 2n, max: 10n ** 6n }), fc.nat({ max: 999 }), (rule, amountMinor, share) => {
      const charge = chargeFor(rule, amountMinor);
      fc.pre(charge.dueMinor > 1n);
      const lessMinor = ((charge.dueMinor - 1n) * BigInt(share)) / 1000n;
      const less = chargeOfPartial(charge, lessMinor);
      assert.ok(chargeOfPartial(charge, lessMinor + 1n).debitMinor > less.debitMinor);
    }),
  );
});
