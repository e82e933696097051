import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommissionRule, chargeFor, chargeOfPartial } from '../../src/core/commission.ts';

const free: CommissionRule = { percentPpm: 0, fixedMinor: 0n, minMinor: 0n, maxMinor: null, bearer: 'account' };

test('the account bears the commission on top of the amount', () => {
  const charge = chargeFor({ ...free, percentPpm: 15_000, fixedMinor: 1000n }, 100_000n);
  assert.deepEqual(charge, { commissionMinor: 2500n, percentMinor: 1500n, debitMinor: 102_500n, dueMinor: 100_000n });
});

test('the recipient bears the commission out of the amount', () => {
  const charge = chargeFor({ ...free, percentPpm: 15_000, fixedMinor: 1000n, bearer: 'recipient' }, 100_000n);
  assert.deepEqual(charge, { commissionMinor: 2500n, percentMinor: 1500n, debitMinor: 100_000n, dueMinor: 97_500n });
});

test('the percentage is rounded half up to the minor unit', () => {
  const rule = { ...free, percentPpm: 15_000 };
  assert.equal(chargeFor(rule, 100n).commissionMinor, 2n);
  assert.equal(chargeFor(rule, 99n).commissionMinor, 1n);
  assert.equal(chargeFor(rule, 33n).commissionMinor, 0n);
  assert.equal(chargeFor(rule, 34n).commissionMinor, 1n);
});

test('minimum and maximum decide, and then nothing of the commission is returned pro rata', () => {
  const rule = { ...free, percentPpm: 10_000, fixedMinor: 5n, minMinor: 100n, maxMinor: 500n };
  assert.deepEqual(chargeFor(rule, 1000n), {
    commissionMinor: 100n,
    percentMinor: 0n,
    debitMinor: 1100n,
    dueMinor: 1000n,
  });
  assert.equal(chargeFor(rule, 1_000_000n).commissionMinor, 500n);
  assert.equal(chargeFor(rule, 1_000_000n).percentMinor, 0n);
  // Exactly at a bound the percentage itself decided.
  assert.equal(chargeFor(rule, 9500n).commissionMinor, 100n);
  assert.equal(chargeFor(rule, 9500n).percentMinor, 95n);
  assert.equal(chargeFor(rule, 49_500n).percentMinor, 495n);
});

test('a commission may leave the recipient nothing, which the caller refuses', () => {
  const rule = { ...free, fixedMinor: 100n, bearer: 'recipient' as const };
  assert.equal(chargeFor(rule, 100n).dueMinor, 0n);
  assert.equal(chargeFor(rule, 40n).dueMinor, -60n);
});

test('a partial payment returns the undelivered part and its share of the percentage', () => {
  const charge = chargeFor({ ...free, percentPpm: 15_000, fixedMinor: 1000n }, 100_000n);
  assert.deepEqual(chargeOfPartial(charge, 40_000n), {
    commissionMinor: 1600n,
    debitMinor: 41_600n,
    returnedMinor: 60_900n,
  });
});

test('the returned share is rounded half up', () => {
  const charge = chargeFor({ ...free, percentPpm: 10_000 }, 300n);
  assert.equal(charge.percentMinor, 3n);
  // Half of 3 is 1.5: 2 come back, 1 stays.
  assert.equal(chargeOfPartial(charge, 150n).commissionMinor, 1n);
});

test('a partial payment borne by the recipient is counted in what was due', () => {
  const charge = chargeFor({ ...free, percentPpm: 100_000, bearer: 'recipient' }, 1000n);
  assert.deepEqual(chargeOfPartial(charge, 450n), { commissionMinor: 50n, debitMinor: 500n, returnedMinor: 500n });
});

test('minimum, maximum and fixed part stay on a partial payment', () => {
  const charge = chargeFor({ ...free, percentPpm: 10_000, minMinor: 100n }, 1000n);
  assert.deepEqual(chargeOfPartial(charge, 1n), { commissionMinor: 100n, debitMinor: 101n, returnedMinor: 999n });
});

test('more than due, less than nothing, or nothing due is an incident, not a charge', () => {
  const charge = chargeFor(free, 1000n);
  assert.throws(() => chargeOfPartial(charge, 1001n), RangeError);
  assert.throws(() => chargeOfPartial(charge, -1n), RangeError);
  const eaten = chargeFor({ ...free, fixedMinor: 100n, bearer: 'recipient' }, 100n);
  assert.throws(() => chargeOfPartial(eaten, 0n), RangeError);
});
