import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chargeFor } from '../../src/core/commission.ts';
import { creditAccount, reversePaid, reverseUnpaid } from '../../src/core/reversal.ts';

const rule = { percentPpm: 20_000, fixedMinor: 5n, minMinor: 0n, maxMinor: null, bearer: 'account' } as const;

test('who was paid after the end is charged as if it had been paid in time; what is not there is owed', () => {
  const charge = chargeFor(rule, 1_000n);
  assert.deepEqual(reverseUnpaid({ charge, paidMinor: 1_000n, availableMinor: 5_000n }), {
    availableMinor: -1_025n,
    receivableMinor: 0n,
    paidMinor: 1_000n,
    commissionMinor: 25n,
  });
  assert.deepEqual(reverseUnpaid({ charge, paidMinor: 500n, availableMinor: 100n }), {
    availableMinor: -100n,
    receivableMinor: -415n,
    paidMinor: 500n,
    commissionMinor: 15n,
  });
  for (const paidMinor of [0n, -1n, 1_001n]) {
    assert.throws(() => reverseUnpaid({ charge, paidMinor, availableMinor: 0n }), RangeError);
  }
});

test('what came back goes to the account with its commission, after what the account owes', () => {
  assert.deepEqual(reversePaid({ paidMinor: 1_000n, commissionMinor: 25n, receivableMinor: -25n }), {
    availableMinor: 1_000n,
    receivableMinor: 25n,
    paidMinor: -1_000n,
    commissionMinor: -25n,
  });
  assert.deepEqual(creditAccount({ amountMinor: 10n, owedMinor: -30n }), { availableMinor: 0n, receivableMinor: 10n });
});

test('every reversal sums to nothing, takes no more than there is, and repays no more than is owed', () => {
  const amount = fc.bigInt(1n, 10n ** 12n);
  fc.assert(
    fc.property(
      amount,
      fc.bigInt(0n, 10n ** 12n),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (minor, other, share) => {
        const charge = chargeFor(rule, minor);
        const part = 1n + BigInt(Math.floor(Number(minor - 1n) * share));
        const unpaid = reverseUnpaid({ charge, paidMinor: part < minor ? part : minor, availableMinor: other });
        const paid = reversePaid({
          paidMinor: minor,
          commissionMinor: charge.commissionMinor,
          receivableMinor: -other,
        });
        for (const entries of [unpaid, paid]) {
          assert.equal(
            Object.values(entries).reduce((sum, entry) => sum + entry, 0n),
            0n,
          );
        }
        assert.ok(other + unpaid.availableMinor >= 0n && unpaid.receivableMinor <= 0n);
        assert.ok(paid.availableMinor >= 0n && paid.receivableMinor <= other);
      },
    ),
  );
});
