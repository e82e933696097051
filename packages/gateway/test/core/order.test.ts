import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedServices } from '../../src/core/catalogue.ts';
import type { CommissionRule } from '../../src/core/commission.ts';
import { createJsonObject, type JsonObject } from '../../src/core/json.ts';
import { checkOrder, type Order, type OrderDraft, type OrderFacts } from '../../src/core/order.ts';
import type { Service } from '../../src/core/service.ts';

function findService(code: string): Service {
  const service = shippedServices.find((one) => one.code === code);
  assert.ok(service, code);
  return service;
}

const emptyExtra: JsonObject = createJsonObject();
const cardOrder: Order = {
  orderId: 'A-1',
  amountMinor: 100_000n,
  serviceCode: 'payment_card_rub',
  number: '4111 1111 1111 1111',
  customer: {},
  extra: emptyExtra,
};

function factsFor(code: string, more: Partial<OrderFacts> = {}): OrderFacts {
  const service = findService(code);
  return {
    account: { currency: service.currency, digits: 2, allowLoopbackUrls: false },
    service,
    serviceEnabled: true,
    commission: undefined,
    endpointExists: true,
    today: '2026-11-05',
    ...more,
  };
}

function problemsOf(order: OrderDraft, facts: OrderFacts): string[] {
  return checkOrder(order, facts).problems.map((problem) => `${problem.field} ${problem.code}`);
}

const rubFacts = factsFor('payment_card_rub');

test('a good order has its recipient and its charge', () => {
  const commission: CommissionRule = {
    percentPpm: 15_000,
    fixedMinor: 0n,
    minMinor: 0n,
    maxMinor: null,
    bearer: 'account',
  };
  assert.deepEqual(checkOrder(cardOrder, { ...rubFacts, commission }), {
    problems: [],
    recipient: { number: '4111111111111111', mask: '411111******1111' },
    charge: { commissionMinor: 1500n, percentMinor: 1500n, debitMinor: 101_500n, dueMinor: 100_000n },
  });
});

test('without a commission rule nothing is charged', () => {
  const { charge } = checkOrder(cardOrder, rubFacts);
  assert.deepEqual(charge, { commissionMinor: 0n, percentMinor: 0n, debitMinor: 100_000n, dueMinor: 100_000n });
});

test('a service must exist, be on, be on for the account, and be of its currency', () => {
  const service = findService('payment_card_rub');
  assert.deepEqual(problemsOf(cardOrder, { ...rubFacts, service: undefined }), ['service service_unknown']);
  assert.deepEqual(problemsOf(cardOrder, { ...rubFacts, serviceEnabled: false }), ['service service_unknown']);
  assert.deepEqual(problemsOf(cardOrder, { ...rubFacts, service: { ...service, enabled: false } }), [
    'service service_unknown',
  ]);
  const account = { ...rubFacts.account, currency: 'KZT' };
  assert.deepEqual(checkOrder(cardOrder, { ...rubFacts, account }).problems, [
    {
      code: 'service_other_currency',
      field: 'service',
      values: { serviceCurrency: 'RUB', accountCurrency: 'KZT' },
    },
  ]);
});

test('a service that is off gives no charge', () => {
  assert.equal(checkOrder(cardOrder, { ...rubFacts, serviceEnabled: false }).charge, undefined);
});

test('limits are inclusive, and those of the account replace those of the service', () => {
  const service = { ...findService('payment_card_rub'), minMinor: 100n, maxMinor: 5000n };
  const amountProblems = (amountMinor: bigint, more: Partial<OrderFacts> = {}) =>
    problemsOf({ ...cardOrder, amountMinor }, { ...rubFacts, service, ...more });
  assert.deepEqual(amountProblems(99n), ['amount amount_below_min']);
  assert.deepEqual(amountProblems(100n), []);
  assert.deepEqual(amountProblems(5000n), []);
  assert.deepEqual(amountProblems(5001n), ['amount amount_above_max']);
  assert.deepEqual(amountProblems(99n, { minMinor: 50n }), []);
  assert.deepEqual(amountProblems(199n, { minMinor: 200n }), ['amount amount_below_min']);
  assert.deepEqual(amountProblems(9999n, { maxMinor: null }), []);
  assert.deepEqual(amountProblems(4001n, { maxMinor: 4000n }), ['amount amount_above_max']);
  assert.deepEqual(checkOrder({ ...cardOrder, amountMinor: 99n }, { ...rubFacts, service }).problems[0]?.values, {
    min: '1.00',
    currency: 'RUB',
  });
});

test('a commission that leaves the recipient nothing is refused on the amount', () => {
  const commission: CommissionRule = {
    percentPpm: 0,
    fixedMinor: 500n,
    minMinor: 0n,
    maxMinor: null,
    bearer: 'recipient',
  };
  const facts = { ...rubFacts, commission };
  assert.deepEqual(problemsOf({ ...cardOrder, amountMinor: 500n }, facts), ['amount amount_below_commission']);
  assert.deepEqual(problemsOf({ ...cardOrder, amountMinor: 300n }, facts), ['amount amount_below_commission']);
  assert.equal(checkOrder({ ...cardOrder, amountMinor: 501n }, facts).charge?.dueMinor, 1n);
});

const eurExtra: JsonObject = Object.assign(createJsonObject(), {
  card_exp_year: '29',
  card_exp_month: '01',
  card_holder: 'CARDHOLDER NAME',
  card_country: 'DE',
  card_recipient_birth_date: '1999-12-15',
});

test('a card payout from a EUR account needs the five fields of extra', () => {
  const facts = factsFor('payment_card_eur');
  const order = { ...cardOrder, serviceCode: 'payment_card_eur' };
  assert.deepEqual(problemsOf({ ...order, extra: eurExtra }, facts), []);
  assert.deepEqual(problemsOf(order, facts), [
    'extra.card_exp_year field_required',
    'extra.card_exp_month field_required',
    'extra.card_holder field_required',
    'extra.card_country field_required',
    'extra.card_recipient_birth_date field_required',
  ]);
  for (const key of Object.keys(eurExtra)) {
    const extra: JsonObject = Object.fromEntries(Object.entries(eurExtra).filter(([one]) => one !== key));
    assert.deepEqual(problemsOf({ ...order, extra }, facts), [`extra.${key} field_required`]);
  }
});

test('other currencies and other services of a EUR account need none', () => {
  assert.deepEqual(problemsOf(cardOrder, rubFacts), []);
  const iban = { ...cardOrder, serviceCode: 'bank_account_eur', number: 'DE89370400440532013000' };
  assert.deepEqual(problemsOf(iban, factsFor('bank_account_eur')), []);
});

test('a birth date lies in the past, on any currency', () => {
  const born = (date: string) => {
    const extra: JsonObject = Object.assign(createJsonObject(), { card_recipient_birth_date: date });
    return problemsOf({ ...cardOrder, extra }, rubFacts);
  };
  assert.deepEqual(born('2026-11-04'), []);
  assert.deepEqual(born('2026-11-05'), ['extra.card_recipient_birth_date date_not_past']);
  assert.deepEqual(born('2027-01-01'), ['extra.card_recipient_birth_date date_not_past']);
});

test('an endpoint must be one of this merchant, and a URL public', () => {
  const facts = { ...rubFacts, endpointExists: false };
  assert.deepEqual(problemsOf(cardOrder, facts), []);
  assert.deepEqual(problemsOf({ ...cardOrder, endpointId: 5 }, facts), ['notification_endpoint_id endpoint_unknown']);
  assert.deepEqual(problemsOf({ ...cardOrder, endpointId: 5 }, rubFacts), []);
  const local = { ...cardOrder, endpointUrl: 'http://127.0.0.1:8080/x' };
  assert.deepEqual(problemsOf(local, rubFacts), ['notification_endpoint_url url_host_not_public']);
  assert.deepEqual(problemsOf(local, { ...rubFacts, account: { ...rubFacts.account, allowLoopbackUrls: true } }), []);
  const long = { ...cardOrder, endpointUrl: `https://a.example/${'x'.repeat(255)}` };
  assert.deepEqual(checkOrder(long, rubFacts).problems, [
    { code: 'field_too_long', field: 'notification_endpoint_url', values: { max: 255 } },
  ]);
});

test('all wrong fields are answered at once', () => {
  const order = { ...cardOrder, amountMinor: 1n, number: '4111', endpointId: 5, endpointUrl: 'ftp://a.example' };
  const account = { currency: 'RUB', digits: 2, allowLoopbackUrls: false };
  const problems = problemsOf(order, { ...rubFacts, account, endpointExists: false });
  assert.deepEqual(problems.sort(), [
    'amount amount_below_min',
    'notification_endpoint_id endpoint_unknown',
    'notification_endpoint_url url_scheme',
    'number card_digits',
  ]);
});

test('the readable part of a wrong order is checked, and fields refused already get no second problem', () => {
  const facts = factsFor('payment_card_sbp_rub');
  const draft: OrderDraft = {
    serviceCode: 'payment_card_sbp_rub',
    number: '123',
    customer: {},
    extra: emptyExtra,
    refusedFields: new Set(['amount', 'customer_code']),
  };
  assert.deepEqual(problemsOf(draft, facts), ['number sbp_phone_wrong']);
  assert.deepEqual(problemsOf({}, facts), []);
  const numberless: OrderDraft = { serviceCode: 'payment_card_sbp_rub', refusedFields: new Set(['number']) };
  assert.deepEqual(problemsOf(numberless, facts), ['customer_code sbp_member_wrong']);
  const eur = { serviceCode: 'payment_card_eur', refusedFields: new Set(['extra']) };
  assert.deepEqual(problemsOf(eur, factsFor('payment_card_eur')), []);
});
