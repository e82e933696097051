import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { canonicalJsonNumber, canonicalOrder, type Order } from '../../src/core/order.ts';

const accountId = '0b3c1b2e-7d1f-4c55-9d0a-2f6a3c1d5e77';

/** Few and similar texts, made of the characters of the encoding itself, so that collisions would be found. */
const textArb = fc.oneof(fc.string({ unit: fc.constantFrom(...'1:-os'), maxLength: 4 }), fc.string({ maxLength: 6 }));
const numberTextArb = fc.constantFrom('0', '1', '10', '1.0', '1e1', '100e-1', '-1', '0.1', '1e-1', '11', '-0');

const leafArb: fc.Arbitrary<JsonValue> = fc.oneof(
  textArb,
  fc.boolean(),
  numberTextArb.map((text) => new JsonNumber(text)),
);

function objectOf(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  return Object.assign(createJsonObject(), Object.fromEntries(entries));
}

const { value: memberArb } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    leafArb,
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(textArb, tie('value')), { maxLength: 3 }).map(objectOf),
}));

const extraArb = fc
  .array(fc.tuple(textArb, memberArb), { maxLength: 3 })
  .map((entries) => objectOf(entries.filter(([, value]) => value !== null)));

const optionalText = { freq: 3, nil: undefined };

const orderArb: fc.Arbitrary<Order> = fc
  .record({
    orderId: textArb,
    amountMinor: fc.bigInt({ min: 1n, max: 120n }),
    serviceCode: textArb,
    number: fc.string({ unit: fc.constantFrom(...'01Ab -:'), maxLength: 5 }),
    endpointId: fc.option(fc.integer({ min: 1, max: 20 }), optionalText),
    endpointUrl: fc.option(textArb, optionalText),
    projectUrl: fc.option(textArb, optionalText),
    phone: fc.option(textArb, optionalText),
    email: fc.option(textArb, optionalText),
    code: fc.option(textArb, optionalText),
    firstName: fc.option(textArb, optionalText),
    lastName: fc.option(textArb, optionalText),
    country: fc.option(textArb, optionalText),
    extra: extraArb,
  })
  .map(({ phone, email, code, firstName, lastName, country, endpointId, endpointUrl, projectUrl, ...rest }) => ({
    ...rest,
    ...(endpointId === undefined ? {} : { endpointId }),
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
    ...(projectUrl === undefined ? {} : { projectUrl }),
    customer: {
      ...(phone === undefined ? {} : { phone }),
      ...(email === undefined ? {} : { email }),
      ...(code === undefined ? {} : { code }),
      ...(firstName === undefined ? {} : { firstName }),
      ...(lastName === undefined ? {} : { lastName }),
      ...(country === undefined ? {} : { country }),
    },
  }));

/** The meaning of an order by other means: plain data with exact rationals, compared structurally. */
function meaningOf(order: Order) {
  const number = order.number.replace(/[ -]/g, '').toUpperCase();
  return { ...order, number, extra: meaningOfValue(order.extra) };
}

function meaningOfValue(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return { number: Number(value.numberText) + 0 || 0 };
  if (Array.isArray(value)) return value.map((item: JsonValue) => meaningOfValue(item));
  if (value === null || typeof value !== 'object') return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, meaningOfValue(member)] as const));
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

test('two orders share a text exactly when they mean the same', () => {
  fc.assert(
    fc.property(orderArb, orderArb, (a, b) => {
      const sameText = canonicalOrder(accountId, a) === canonicalOrder(accountId, b);
      assert.equal(sameText, isSame(meaningOf(a), meaningOf(b)));
    }),
    { numRuns: 300 },
  );
});

test('changing one field by one other value changes the text exactly when the meaning changes', () => {
  const keys = ['orderId', 'amountMinor', 'serviceCode', 'number', 'endpointId', 'endpointUrl', 'projectUrl'] as const;
  fc.assert(
    fc.property(orderArb, orderArb, fc.constantFrom(...keys, 'customer', 'extra'), (a, b, key) => {
      const { [key]: _dropped, ...rest } = a;
      const changed = { ...rest, ...(b[key] === undefined ? {} : { [key]: b[key] }) } as Order;
      const sameText = canonicalOrder(accountId, a) === canonicalOrder(accountId, changed);
      assert.equal(sameText, isSame(meaningOf(a), meaningOf(changed)), key);
    }),
    { numRuns: 1000 },
  );
});

test('the order of keys, of extra and of nested objects too, does not matter', () => {
  const flip = (value: JsonValue): JsonValue => {
    if (value instanceof JsonNumber || value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((item: JsonValue) => flip(item));
    return objectOf(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, flip(member)] as const),
    );
  };
  fc.assert(
    fc.property(orderArb, (order) => {
      const flipped = Object.fromEntries(Object.entries(order).reverse()) as Order;
      const extra = flip(order.extra) as JsonObject;
      assert.equal(canonicalOrder(accountId, { ...flipped, extra }), canonicalOrder(accountId, order));
    }),
  );
});

const plain: Order = {
  orderId: 'A-1',
  amountMinor: 100_044n,
  serviceCode: 'payment_card_rub',
  number: '4111111111111111',
  customer: {},
  extra: createJsonObject(),
};

test('the text of an order never changes: it decides about repeats for ever', () => {
  assert.equal(
    canonicalOrder(accountId, plain),
    'order/1 36:0b3c1b2e-7d1f-4c55-9d0a-2f6a3c1d5e773:A-16:10004416:payment_card_rub16:4111111111111111---------o0:',
  );
  const full: Order = {
    ...plain,
    endpointId: 5,
    endpointUrl: 'https://a.example/',
    customer: {
      phone: '79001112233',
      email: 'a@b.example',
      code: 'sberbank',
      firstName: 'Иван',
      lastName: '',
      country: 'DEU',
    },
    projectUrl: 'https://b.example',
    extra: objectOf([
      ['z', [new JsonNumber('1.50'), true, null]],
      ['a', objectOf([['k', 'v']])],
    ]),
  };
  assert.equal(
    canonicalOrder(accountId.toUpperCase(), full),
    'order/1 36:0b3c1b2e-7d1f-4c55-9d0a-2f6a3c1d5e773:A-16:10004416:payment_card_rub16:41111111111111111:5' +
      '18:https://a.example/11:7900111223311:a@b.example8:sberbank4:Иван0:3:DEU17:https://b.example' +
      'o2:1:ao1:1:ks1:v1:za3:n5:15e-1tz',
  );
});

test('spaces, dashes and case of the number do not matter; the account does', () => {
  const text = canonicalOrder(accountId, { ...plain, number: 'DE89370400440532013000' });
  assert.equal(canonicalOrder(accountId, { ...plain, number: 'de89 3704-0044 0532 0130 00' }), text);
  assert.notEqual(canonicalOrder('11111111-7d1f-4c55-9d0a-2f6a3c1d5e77', { ...plain, number: plain.number }), text);
  assert.notEqual(canonicalOrder(accountId, { ...plain, number: '+DE89370400440532013000' }), text);
});

test('null members of extra count as absent; nested nulls do not', () => {
  const withNull = { ...plain, extra: objectOf([['card_holder', null]]) };
  assert.equal(canonicalOrder(accountId, withNull), canonicalOrder(accountId, plain));
  const nested = (value: JsonValue) => canonicalOrder(accountId, { ...plain, extra: objectOf([['a', value]]) });
  assert.notEqual(nested(objectOf([['b', null]])), nested(objectOf([])));
  assert.notEqual(nested([]), nested(objectOf([])));
});

test('numbers are the same however they are spelled, to any size', () => {
  const same: readonly (readonly string[])[] = [
    ['0', '-0', '0.0', '0e5', '-0.00E-7'],
    ['1.5', '1.50', '15e-1', '0.15E+1', '1.5e0', '150e-2'],
    ['100', '1e2', '1.00e2', '100.0', '10E1'],
    ['-7', '-7.0', '-70e-1'],
    ['1e400', '10e399', `1${'0'.repeat(400)}`],
    ['9007199254740993', '9007199254740993.0'],
  ];
  const texts = same.map((spellings) => new Set(spellings.map(canonicalJsonNumber)));
  for (const [at, set] of texts.entries()) assert.equal(set.size, 1, String(same[at]));
  assert.equal(new Set(texts.flatMap((set) => [...set])).size, same.length);
  assert.notEqual(canonicalJsonNumber('9007199254740993'), canonicalJsonNumber('9007199254740992'));
  for (const text of ['', '1.', 'NaN', '+1']) assert.throws(() => canonicalJsonNumber(text), RangeError);
});
