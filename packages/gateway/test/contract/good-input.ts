import {
  type Fields,
  type Header,
  type OrderName,
  orderBody,
  type Row,
  type ShopName,
  shopOf,
  textOf,
} from './bad-input-row.ts';

/** An order that is accepted, and what its status says then. */
export type GoodRow = Pick<Row, 'what' | 'body' | 'headers' | 'path'> & {
  readonly shop: ShopName;
  readonly status: Readonly<Record<string, string>>;
  /** The order_id, when the body does not take the given one. */
  readonly orderId?: string;
};

function good(name: OrderName, patch: Fields, status: GoodRow['status'] = {}): GoodRow {
  const what = Object.entries(patch).map(([key, text]) => `${key} ${(text ?? 'absent').slice(0, 60)}`);
  return { what: `${name}: ${what.join(', ')}`, body: orderBody(name, patch), shop: shopOf(name), status };
}

function goodOrderId(text: string, orderId: string): GoodRow {
  return { ...good('wallet', { order_id: text }, { order_id: orderId }), orderId };
}

const orderIds: readonly GoodRow[] = [
  ...[
    'x'.repeat(128),
    '😀'.repeat(128),
    'й'.repeat(128),
    'a',
    ' a ',
    'two words',
    '=cmd()',
    '<script>alert(1)</script>',
    "' or '1'='1",
    '../../etc/passwd',
    '%00',
    '"quoted"',
    '\\back\\slash',
    'line\nbreak',
    '👨‍👩‍👧‍👦',
    '\u200b',
    'null',
    '__proto__',
  ].map((orderId) => goodOrderId(JSON.stringify(orderId), orderId)),
  goodOrderId('123456', '123456'),
  goodOrderId('-7', '-7'),
  goodOrderId('9007199254740993', '9007199254740993'),
  goodOrderId('9'.repeat(128), '9'.repeat(128)),
  goodOrderId('"\\u0031\\u00e9\\ud83d\\ude00"', '1é😀'),
];

const amounts: readonly GoodRow[] = [
  good('wallet', { amount: '500' }, { amount: '500.00' }),
  good('wallet', { amount: '500.5' }, { amount: '500.50' }),
  good('wallet', { amount: '500.50' }, { amount: '500.50' }),
  good('wallet', { amount: '"500"' }, { amount: '500.00' }),
  good('wallet', { amount: '"500.5"' }, { amount: '500.50' }),
  good('wallet', { amount: '"1"' }, { amount: '1.00' }),
  good('phone', { amount: '"0.50"' }, { amount: '0.50' }),
  good('phone', { amount: '0.5' }, { amount: '0.50' }),
  good('phone', { amount: '"0.01"' }, { amount: '0.01' }),
  good('text', { amount: '"100000000.00"' }, { amount: '100000000.00', account_payment_amount: '100000000.00' }),
  {
    ...good('wallet', { amount: '99999999999' }, { amount: '99999999999.00', account_new_balance: '0.00' }),
    shop: 'rich',
  },
  good('yen', { amount: '100' }, { amount: '100' }),
  good('dinar', { amount: '"1.005"' }, { amount: '1.005' }),
  good('dinar', { amount: '2' }, { amount: '2.000' }),
];

const card = { card_mask: '427638******0005' };

const numbers: readonly GoodRow[] = [
  ...['4276 3800 0000 0005', '4276-3800-0000-0005', ' 4276380000000005 ', '4276\u00a03800–0000—0005'].map((number) =>
    good('card', { number: JSON.stringify(number) }, card),
  ),
  good('card', { number: '"600000000007"' }, { card_mask: '600000**0007' }),
  good('card', { number: '"6000000000000000004"' }, { card_mask: '600000*********0004' }),
  good('wallet', { number: '"7 900 555-44-55"' }),
  good('wallet', { number: '"380671234567"' }),
  good('sbp', { number: '"7 900 111-22-33"' }),
  good('iban', { number: '"de89 3704 0044 0532 0130 00"' }),
  good('account', { number: '"40817 810 2 0000 1234567"' }),
  good('text', { number: textOf('я', 64) }),
  good('text', { number: '" 8800 1234 "' }),
];

const nothing = Object.fromEntries(
  [
    'notification_endpoint_id',
    'notification_endpoint_url',
    'extra',
    'customer_phone',
    'customer_email',
    'customer_code',
    'customer_first_name',
    'customer_last_name',
    'customer_country',
    'project_url',
  ].map((field) => [field, 'null']),
);

const twentyKeys = `{${Array.from({ length: 20 }, (_, at) => `"key_${at}":${textOf('😀', 255)}`).join(',')}}`;

const optionals: readonly GoodRow[] = [
  good('wallet', nothing),
  good('wallet', { extra: '[]' }),
  good('wallet', { extra: '{}' }),
  good('wallet', { extra: '{"card_country":null,"note":null}' }),
  good('wallet', { extra: twentyKeys }),
  good('wallet', { extra: '{"a":{"b":[1,true,"x"]},"__proto__":"x","":"y","card_country":"DE"}' }),
  good('euroCard', {}, { card_mask: '411111******1111' }),
  good('wallet', { Amount: '"1.00"', sum: '{}', amounts: '[1e400]', '': 'null', __proto: '{"amount":"1"}' }),
  good('wallet', { notification_endpoint_id: '5' }),
  good('wallet', { notification_endpoint_id: '"5"' }),
  good('wallet', {
    customer_phone: '"+7 (900) 111-22-33"',
    customer_email: '"анна.о’нил+x@пример.рф"',
    customer_code: '"sberbank"',
    customer_first_name: '"Анна 😀"',
    customer_last_name: '""',
    customer_country: '"DEU"',
    project_url: '"https://shop.example:8080/?q=1#x"',
  }),
];

const host = 'https://shop.invalid/';

const urls: readonly GoodRow[] = [
  host,
  'HTTPS://Shop.INVALID:443/a?b=1&c=2#d',
  'http://shop.invalid:80',
  'http://shop.invalid:1024/',
  'https://shop.invalid:65535/',
  'https://shop.invalid./',
  'https://магазин.invalid/путь',
  'https://shop.invalid/%20?u=user@host',
  host + 'x'.repeat(255 - host.length),
  host + '😀'.repeat(255 - host.length),
].map((url) => good('wallet', { notification_endpoint_url: JSON.stringify(url), notification_endpoint_id: '5' }));

type Spell = (own: { readonly account: string; readonly sign: string }) => readonly Header[];

function goodHeaders(what: string, headers: Spell): GoodRow {
  return { ...good('wallet', {}), what: `headers: ${what}`, headers };
}

const types = [
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'Application/JSON',
  'application/json; charset="utf-8"',
  ' application/json ',
];

const headers: readonly GoodRow[] = [
  ...types.map((type) =>
    goodHeaders(type, ({ account, sign }) => [
      ['Account', account],
      ['Sign', sign],
      ['Content-Type', type],
    ]),
  ),
  goodHeaders('capitals in Account', ({ account, sign }) => [
    ['Account', account.toUpperCase()],
    ['Sign', sign],
  ]),
  goodHeaders('names in capitals', ({ account, sign }) => [
    ['ACCOUNT', account],
    ['SIGN', sign],
  ]),
  goodHeaders('spaces around the values', ({ account, sign }) => [
    ['Account', `  ${account} `],
    ['Sign', ` ${sign}\t`],
  ]),
  goodHeaders('Content-Encoding: identity', ({ account, sign }) => [
    ['Account', account],
    ['Sign', sign],
    ['Content-Encoding', 'identity'],
  ]),
];

const wallet = orderBody('wallet');

const bodies: readonly GoodRow[] = [
  { ...good('wallet', {}), what: 'white space around the body', body: (orderId) => `\r\n\t ${wallet(orderId)} \n` },
  { ...good('wallet', {}), what: 'a body of 32 KiB', body: (orderId) => wallet(orderId).padEnd(32 * 1024, ' ') },
  { ...good('wallet', {}), what: 'four levels', body: (orderId) => `${wallet(orderId).slice(0, -1)},"x":[[[5]]]}` },
  { ...good('wallet', {}), what: 'a query', path: '/v1/payout?debug=1' },
  { ...good('wallet', {}), what: 'an escaped path', path: '/v1/%70ayout' },
];

export const goodRows: readonly GoodRow[] = [
  ...orderIds,
  ...amounts,
  ...numbers,
  ...optionals,
  ...urls,
  ...headers,
  ...bodies,
];

const note = '"https://shop.invalid/a?b=1&c=<Оплата> 😀"';
const escaped = '"https://shop.invalid/a?b=1&c=<\\u041e\\u043f\\u043b\\u0430\\u0442\\u0430> \\ud83d\\ude00"';
const url = '"https://shop.invalid/a"';
const number = '"79005554455"';

type Spelling = {
  /** Between a key and its value, and between two members. */
  readonly colon?: string;
  readonly comma?: string;
  readonly members: readonly (readonly [key: string, text: string])[];
  readonly end?: string;
};

function spell({ colon = ':', comma = ',', members, end = '' }: Spelling): string {
  return `{${members.map(([key, text]) => `"${key}"${colon}${text}`).join(comma)}}${end}`;
}

const inOrder = (amount: string, extra: string, project = url): Spelling['members'] => [
  ['amount', amount],
  ['number', number],
  ['order_id', '"spelled"'],
  ['service', '"qiwi_rub"'],
  ['project_url', project],
  ['extra', extra],
];

/** One order as real clients write it: their languages disagree about spaces, escapes and the order of keys. */
export const spellings: Readonly<Record<string, string>> = {
  'PHP, json_encode': spell({
    members: [
      ...inOrder('500', `{"note":${escaped.replaceAll('/', '\\/')}}`, url.replaceAll('/', '\\/')),
      ['customer_code', 'null'],
    ],
  }),
  'PHP, slashes and letters as they are': spell({ members: inOrder('500.0', `{"note":${note}}`) }),
  'Laravel, letters escaped, slashes not': spell({
    members: [...inOrder('"500.00"', `{"note":${escaped}}`).toReversed(), ['notification_endpoint_id', 'null']],
  }),
  'Python, json.dumps': spell({ colon: ': ', comma: ', ', members: inOrder('"500"', `{"note": ${escaped}}`) }),
  'Go, sorted keys, HTML escaped': spell({
    members: inOrder('500.00', `{"note":${escapeHtml(note)}}`).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    end: '\n',
  }),
  'Java, a map in any order': spell({
    colon: ' : ',
    comma: ',\r\n  ',
    members: [3, 5, 2, 1, 4, 0].flatMap((at) => inOrder('"500.0"', `{ "note" : ${note} }`).slice(at, at + 1)),
  }),
  'Ruby, "%.2f"': spell({ members: inOrder('"500.00"', `{"note":${note}}`).toReversed() }),
  'Node, JSON.stringify': spell({ members: inOrder('500', `{"note":${note},"unset":null}`) }),
};

function escapeHtml(text: string): string {
  return text.replaceAll('&', '\\u0026').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
}
