import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedServices } from '../../../src/core/catalogue.ts';
import { isJsonObject, JsonNumber, type JsonObject, parseStrict } from '../../../src/core/json.ts';
import { canonicalOrder, checkOrder } from '../../../src/core/order.ts';
import { refusalBody } from '../../../src/http/errors.ts';
import { readOrder } from '../../../src/http/schemas/order.ts';

function parse(body: unknown): JsonObject {
  const reading = parseStrict(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  assert.ok(reading.ok && isJsonObject(reading.value));
  return reading.value;
}

const base = { amount: '1000.44', number: '4111111111111111', order_id: 'A-1', service: 'payment_card_rub' };

function problemsOf(fields: Record<string, unknown>): string[] {
  const { problems } = readOrder(parse({ ...base, ...fields }), 2);
  // Each problem brings the values that its texts name.
  for (const language of ['en', 'ru'] as const) {
    assert.doesNotMatch(JSON.stringify(refusalBody(problems, language)), /undefined|null/);
  }
  return problems.map((problem) => `${problem.field} ${problem.code}`);
}

function orderOf(fields: Record<string, unknown>) {
  const reading = readOrder(parse({ ...base, ...fields }), 2);
  assert.ok(reading.order, JSON.stringify(reading.problems));
  return reading.order;
}

/** A raw JSON text in place of the value, for what JavaScript cannot write. */
function orderOfRaw(field: string, raw: string) {
  const body = JSON.stringify({ ...base, [field]: '@' }).replace('"@"', raw);
  return readOrder(parse(body), 2);
}

test('the smallest order', () => {
  const order = orderOf({});
  assert.deepEqual(
    { ...order, extra: { ...order.extra } },
    {
      orderId: 'A-1',
      amountMinor: 100_044n,
      serviceCode: 'payment_card_rub',
      number: '4111111111111111',
      customer: {},
      extra: {},
    },
  );
});

test('every field', () => {
  const order = orderOf({
    notification_endpoint_id: 5,
    notification_endpoint_url: 'https://merchant.example/cb?a=1&b=2',
    extra: {
      card_exp_year: '24',
      card_exp_month: '01',
      card_holder: 'CARDHOLDER NAME',
      card_country: 'UA',
      card_recipient_birth_date: '1999-12-15',
      own: 1.5,
    },
    customer_phone: '79001112233',
    customer_email: 'ivan@shop.example',
    customer_code: 'sberbank',
    customer_first_name: 'IVAN',
    customer_last_name: "O'Neil <b>",
    customer_country: 'DEU',
    project_url: 'https://shop.example',
    unknown: { ignored: true },
  });
  assert.deepEqual(order.customer, {
    phone: '79001112233',
    email: 'ivan@shop.example',
    code: 'sberbank',
    firstName: 'IVAN',
    lastName: "O'Neil <b>",
    country: 'DEU',
  });
  assert.equal(order.endpointId, 5);
  assert.equal(order.endpointUrl, 'https://merchant.example/cb?a=1&b=2');
  assert.equal(order.projectUrl, 'https://shop.example');
  assert.equal(order.extra['card_exp_year'], '24');
  assert.deepEqual(order.extra['own'], new JsonNumber('1.5'));
  assert.ok(!('unknown' in order));
});

test('an amount is a text, an integer or a number, read from its text', () => {
  const raws: readonly [raw: string, minor: bigint][] = [
    ['500', 50_000n],
    ['500.5', 50_050n],
    ['500.50', 50_050n],
    ['"500.00"', 50_000n],
    ['1000.10', 100_010n],
    ['0.50', 50n],
  ];
  for (const [raw, minor] of raws) assert.equal(orderOfRaw('amount', raw).order?.amountMinor, minor, raw);
});

test('amounts that are refused, with the reason', () => {
  const raws: readonly [raw: string, code: string][] = [
    ['null', 'field_required'],
    ['true', 'amount_type'],
    ['[5]', 'amount_type'],
    ['{}', 'amount_type'],
    ['"1e3"', 'amount_format'],
    ['1e3', 'amount_format'],
    ['1e400', 'amount_format'],
    ['"+5"', 'amount_format'],
    ['-5', 'amount_format'],
    ['"-0"', 'amount_format'],
    ['"05"', 'amount_format'],
    ['" 5"', 'amount_format'],
    ['"5."', 'amount_format'],
    ['".5"', 'amount_format'],
    ['"1,000.00"', 'amount_format'],
    ['"１００"', 'amount_format'],
    ['""', 'amount_format'],
    ['0', 'amount_not_positive'],
    ['"0.00"', 'amount_not_positive'],
    ['"1000.445"', 'amount_digits'],
    ['123456789012', 'amount_digits'],
    ['9007199254740993', 'amount_digits'],
  ];
  for (const [raw, code] of raws) {
    const { problems, order } = orderOfRaw('amount', raw);
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
      raw,
    );
    assert.equal(order, undefined);
  }
});

test('an order_id is 1 to 128 characters, or an integer kept as its text', () => {
  const kept: readonly [raw: string, text: string][] = [
    ['"😀"', '😀'],
    ['1700000000', '1700000000'],
    ['9007199254740993', '9007199254740993'],
    ['-5', '-5'],
    ['" a "', ' a '],
    ['"<script>"', '<script>'],
    [`"${'😀'.repeat(128)}"`, '😀'.repeat(128)],
    [`"${'x'.repeat(128)}"`, 'x'.repeat(128)],
  ];
  for (const [raw, text] of kept) assert.equal(orderOfRaw('order_id', raw).order?.orderId, text);
  const refused: readonly [raw: string, code: string][] = [
    ['null', 'field_required'],
    ['""', 'field_blank'],
    ['"   "', 'field_blank'],
    ['"\\u00a0\\n"', 'field_blank'],
    [`"${'x'.repeat(129)}"`, 'field_too_long'],
    [`"${'😀'.repeat(129)}"`, 'field_too_long'],
    ['1'.repeat(129), 'field_too_long'],
    ['1.0', 'field_not_text_or_integer'],
    ['1e3', 'field_not_text_or_integer'],
    ['{}', 'field_not_text_or_integer'],
    ['[]', 'field_not_text_or_integer'],
    ['true', 'field_not_text_or_integer'],
  ];
  for (const [raw, code] of refused) {
    const { problems, orderId } = orderOfRaw('order_id', raw);
    assert.deepEqual(
      problems.map((problem) => `${problem.field} ${problem.code}`),
      [`order_id ${code}`],
      raw,
    );
    assert.equal(orderId, undefined);
  }
});

test('missing and null required fields are each named', () => {
  const expected = ['amount', 'number', 'order_id', 'service'].map((field) => `${field} field_required`);
  const nulls = parse({ amount: null, number: null, order_id: null, service: null });
  for (const body of [parse({}), nulls]) {
    const { problems } = readOrder(body, 2);
    assert.deepEqual(
      problems.map((problem) => `${problem.field} ${problem.code}`),
      expected,
    );
  }
});

test('null in an optional field counts as absent', () => {
  const fields = ['notification_endpoint_id', 'notification_endpoint_url', 'extra', 'customer_phone', 'customer_email'];
  fields.push('customer_code', 'customer_first_name', 'customer_last_name', 'customer_country', 'project_url');
  const nulls = Object.fromEntries(fields.map((field) => [field, null]));
  assert.deepEqual(orderOf(nulls), orderOf({}));
  assert.deepEqual(orderOf({ extra: { card_holder: null, own: null } }), orderOf({}));
});

test('texts must be texts', () => {
  const fields = [
    'number',
    'service',
    'notification_endpoint_url',
    'customer_phone',
    'customer_email',
    'customer_code',
  ];
  for (const field of [...fields, 'customer_first_name', 'customer_last_name', 'customer_country', 'project_url']) {
    for (const value of [5, true, {}, []])
      assert.deepEqual(problemsOf({ [field]: value }), [`${field} field_not_text`]);
  }
});

test('each optional field is checked when it is present', () => {
  const wrong: readonly [field: string, values: readonly unknown[], code: string][] = [
    ['number', ['', '  '], 'field_blank'],
    ['number', ['x'.repeat(101)], 'field_too_long'],
    ['number', ['4111\u0007'], 'field_control_characters'],
    ['service', [''], 'field_blank'],
    ['service', ['x'.repeat(101)], 'field_too_long'],
    [
      'notification_endpoint_id',
      [0, -1, 1.5, 'abc', '', true, [], {}, 9_007_199_254_740_992, '05'],
      'field_not_integer',
    ],
    ['notification_endpoint_url', ['x'.repeat(256)], 'field_too_long'],
    ['customer_phone', ['', 'abc', '12', '1'.repeat(16), '７９００１１１２２３３'], 'customer_phone_wrong'],
    [
      'customer_email',
      ['', 'a', 'a@', '@b.example', 'a@b', 'a b@c.example', 'a@b..example', 'a@b.example\n'],
      'email_wrong',
    ],
    ['customer_code', ['', ' '], 'field_blank'],
    ['customer_code', ['x'.repeat(101)], 'field_too_long'],
    ['customer_first_name', ['a\nb', 'a\u0085'], 'field_control_characters'],
    ['customer_last_name', ['x'.repeat(256)], 'field_too_long'],
    ['customer_country', ['', 'DE', 'deu', 'XXX', 'Germany'], 'country_three_wrong'],
    [
      'project_url',
      ['', 'shop.example', 'javascript:alert(1)', 'ftp://shop.example', 'https://', 'https://a b'],
      'url_wrong',
    ],
    ['extra', ['text', 5, [1], true], 'field_not_object'],
  ];
  for (const [field, values, code] of wrong) {
    for (const value of values) assert.deepEqual(problemsOf({ [field]: value }), [`${field} ${code}`], String(value));
  }
});

test('the listed keys of extra are checked on any currency', () => {
  const wrong: readonly [key: string, values: readonly unknown[], code: string][] = [
    ['card_exp_year', ['2024', '4', '', 'ab', '２４'], 'card_year_wrong'],
    ['card_exp_month', ['00', '13', '1', '', '１２'], 'card_month_wrong'],
    ['card_holder', ['', '  '], 'field_blank'],
    ['card_holder', ['x'.repeat(101)], 'field_too_long'],
    ['card_country', ['', 'UKR', 'ua', 'XX'], 'country_two_wrong'],
    ['card_recipient_birth_date', ['', '15.12.1999', '1999-02-30', '1999-12-15 '], 'date_wrong'],
    ['card_exp_year', [24], 'field_not_text'],
    ['card_recipient_birth_date', [{}], 'field_not_text'],
  ];
  for (const [key, values, code] of wrong) {
    for (const value of values) assert.deepEqual(problemsOf({ extra: { [key]: value } }), [`extra.${key} ${code}`]);
  }
});

test('other keys of extra are kept, up to their limits', () => {
  const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key${at}`, 'x'.repeat(255)]));
  assert.equal(Object.keys(orderOf({ extra: { ...twenty, card_holder: 'A' } }).extra).length, 21);
  assert.deepEqual(problemsOf({ extra: { ...twenty, more: 1 } }), ['extra extra_too_many']);
  assert.deepEqual(problemsOf({ extra: { own: '😀'.repeat(255) } }), []);
  assert.deepEqual(problemsOf({ extra: { own: 'x'.repeat(256) } }), ['extra.own field_too_long']);
  assert.deepEqual(problemsOf({ extra: { own: ['x'.repeat(256)] } }), ['extra.own field_too_long']);
  assert.deepEqual(problemsOf({ extra: { own: { ['x'.repeat(256)]: 1 } } }), ['extra.own field_too_long']);
  assert.deepEqual(problemsOf({ extra: { ['x'.repeat(256)]: 1 } }), ['extra field_too_long']);
  const special = readOrder(parse(`{"extra":{"__proto__":{"a":1},"toString":"t"}}`), 2).draft.extra;
  assert.deepEqual(Object.keys(special ?? {}), ['__proto__', 'toString']);
});

test('a strange key of extra is never echoed', () => {
  const { problems } = readOrder(parse({ ...base, extra: { '4111111111111111': 'x'.repeat(256) } }), 2);
  assert.ok(!JSON.stringify(problems).includes('4111'));
  assert.equal(problems.length, 1);
});

test('what PHP, Python, Go and Java write for one order is one order', () => {
  const rest = '"notification_endpoint_id":5,"service":"qiwi_rub"';
  const spellings = [
    `{"order_id":"17","amount":500,"number":"79005554455",${rest},"extra":[]}`,
    `{"order_id": 17, "amount": "500.00", "number": "7900 555-44-55", ${rest}}`,
    `{"amount":500.0,"extra":{},${rest},"number":"79005554455","order_id":"17"}`,
    '{"service":"qiwi\\u005frub","customer_code":null,"extra":null,"notification_endpoint_id":"5",' +
      '"number":"79005554455","amount":"500.0","order_id":"17","unknown":1}',
  ];
  const texts = spellings.map((text) => {
    const { order, problems } = readOrder(parse(text), 2);
    assert.ok(order, JSON.stringify(problems));
    return canonicalOrder('0b3c1b2e-7d1f-4c55-9d0a-2f6a3c1d5e77', order);
  });
  assert.equal(new Set(texts).size, 1);
});

test('together with checkOrder the answer has all wrong fields at once, each once', () => {
  const body = parse({
    amount: 'x',
    number: '4111',
    order_id: 'A-1',
    service: 'payment_card_eur',
    notification_endpoint_id: 7,
    notification_endpoint_url: 'http://127.1/',
    customer_email: 'x',
    extra: { card_country: 'Germany', card_holder: 'A', card_recipient_birth_date: '2999-01-01' },
  });
  const { problems, draft, orderId, order } = readOrder(body, 2);
  assert.equal(order, undefined);
  assert.equal(orderId, 'A-1');
  const check = checkOrder(draft, {
    account: { currency: 'EUR', digits: 2, allowLoopbackUrls: false },
    service: shippedServices.find((service) => service.code === draft.serviceCode),
    serviceEnabled: true,
    commission: undefined,
    endpointExists: false,
    today: '2026-11-05',
  });
  assert.deepEqual([...problems, ...check.problems].map((problem) => problem.field).sort(), [
    'amount',
    'customer_email',
    'extra.card_country',
    'extra.card_exp_month',
    'extra.card_exp_year',
    'extra.card_recipient_birth_date',
    'notification_endpoint_id',
    'notification_endpoint_url',
    'number',
  ]);
});
