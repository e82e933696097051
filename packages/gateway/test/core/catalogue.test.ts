import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedServices } from '../../src/core/catalogue.ts';
import { findCurrency } from '../../src/core/currency.ts';

test('the shipped services are those of the contract', () => {
  assert.deepEqual(
    shippedServices.map((service) => `${service.code} ${service.recipientKind}`),
    [
      'payment_card_rub card',
      'payment_card_kzt card',
      'payment_card_eur card',
      'payment_card_usd card',
      'payment_card_uah card',
      'payment_card_sbp_rub sbp_phone',
      'qiwi_rub wallet_phone',
      'bank_account_eur iban',
      'bank_account_rub russian_account',
      'online_banking_idr text',
      'virtual_account_idr text',
    ],
  );
});

test('each is named after its method and currency and starts at 1.00', () => {
  for (const service of shippedServices) {
    assert.equal(service.code, `${service.method}_${service.currency.toLowerCase()}`);
    // 100 minor units are 1.00 only with two minor digits.
    assert.equal(findCurrency(service.currency)?.digits, 2);
    assert.equal(service.minMinor, 100n);
    assert.equal(service.maxMinor, null);
    assert.deepEqual(service.connectors, []);
    assert.ok(service.enabled);
    assert.match(service.names.ru, /[А-я]/);
  }
});
