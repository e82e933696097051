import { type Row, textOf } from './bad-input-row.ts';

const statusPath = '/v1/payout/status';

function lookup(text: string, fields: readonly string[], given: { readonly isNotFound?: boolean } = {}): Row {
  return {
    what: `status of ${text.slice(0, 60)}`,
    path: statusPath,
    fields,
    body: () => text,
    saysNotCreated: given.isNotFound === true,
  };
}

const both = ['order_id', 'id'];

const noIds = [
  '"abc"',
  '""',
  '" "',
  '"1 "',
  '" 1"',
  '"01"',
  '"+1"',
  '"1e3"',
  '"1.0"',
  '"-1"',
  '"０"',
  '"0x1"',
  '-1',
  '-0',
  '1.5',
  '1.0',
  '1e3',
  '1e400',
  'true',
  'false',
  '[]',
  '[100000001]',
  '{}',
  '{"id":1}',
];

const unknownIds = [
  '0',
  '1',
  '"1"',
  '999999999999',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '"9223372036854775807"',
  '"9223372036854775808"',
  '9'.repeat(30),
];

const noOrderIds = ['""', '" "', '"\\t"', textOf('x', 129), 'true', '[]', '["a"]', '{}', '1.5', '1e3'];

const unknownOrderIds = [
  '"never"',
  '"NEVER"',
  '7',
  '-7',
  '"\\u0001"',
  '"%"',
  '"_"',
  '"*"',
  "\"never' or '1'='1\"",
  textOf('😀', 128),
];

const statusRows: readonly Row[] = [
  lookup('{}', both),
  lookup('{"order_id":null}', both),
  lookup('{"id":null,"order_id":null}', both),
  lookup('{"ID":1,"orderId":"x"}', both),
  lookup('{"payout_id":100000001}', both),
  ...noIds.map((text) => lookup(`{"id":${text}}`, ['id'])),
  ...unknownIds.map((text) => lookup(`{"id":${text}}`, ['id'])),
  ...noOrderIds.map((text) => lookup(`{"order_id":${text}}`, ['order_id'])),
  ...unknownOrderIds.map((text) => lookup(`{"order_id":${text}}`, ['order_id'], { isNotFound: true })),
  lookup('{"id":"x","order_id":""}', both),
  lookup('{"id":"x","order_id":"never"}', ['id']),
  lookup('{"id":1,"order_id":"never"}', ['id']),
  lookup('{"id":100000001,"order_id":""}', ['order_id']),
  lookup('{"id":100000001,"order_id":"never"}', ['order_id'], { isNotFound: true }),
  lookup('{"id":100000001,"id":100000001}', ['json']),
  ...['', 'null', '[]', '"100000001"', '100000001', '[100000001]', '{"id":100000001', '{"id":100000001,}'].map((text) =>
    lookup(text, ['json']),
  ),
];

const accountPaths = ['/v1/account/balance', '/v1/account/info'];
const noBodies = [
  '',
  ' ',
  'null',
  'true',
  '5',
  '"x"',
  '[1]',
  '[null]',
  '[[]]',
  '[{}]',
  '{',
  '{"a":1,"a":2}',
  '{"a":[[[[]]]]}',
  '\ufeff{}',
  '{}{}',
];

const accountRows: readonly Row[] = accountPaths.flatMap((path) => [
  ...noBodies.map((text) => ({
    what: `${path} with ${text}`,
    path,
    fields: ['json'],
    body: () => text,
    saysNotCreated: false,
  })),
  {
    what: `${path} without Sign`,
    path,
    fields: ['sign'],
    body: () => '[]',
    headers: ({ account }: { readonly account: string }) => [['Account', account] as const],
  },
  {
    what: `${path} of another merchant`,
    path,
    fields: ['account', 'sign'],
    body: () => '[]',
    headers: ({ accounts, sign }: { readonly accounts: { readonly foreign: string }; readonly sign: string }) =>
      [
        ['Account', accounts.foreign],
        ['Sign', sign],
      ] as const,
  },
  { what: `${path} with too much`, path, status: 413, fields: ['request'], body: () => `[]${' '.repeat(33 * 1024)}` },
]);

export const lookupRows: readonly Row[] = [...statusRows, ...accountRows];
