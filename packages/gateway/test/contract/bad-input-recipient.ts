import { type Fields, type OrderName, type Row, textOf, wrongField, wrongOrder } from './bad-input-row.ts';

const orderIdRows: readonly Row[] = wrongField('wallet', 'order_id', [
  undefined,
  'null',
  '""',
  '" "',
  '"     "',
  '"\\t\\r\\n"',
  '"\\u00a0"',
  '"\\u3000\\u2003"',
  '"\\ufeff"',
  textOf('x', 129),
  textOf('й', 129),
  textOf('😀', 129),
  textOf(' ', 129),
  textOf('x', 5_000),
  '9'.repeat(129),
  'true',
  'false',
  '{}',
  '{"id":1}',
  '[]',
  '["a"]',
  '1.5',
  '1.0',
  '1e3',
  '1E400',
]);

/** What no service takes as a number, whatever its kind. */
const noNumbers = [
  undefined,
  'null',
  '""',
  '" "',
  '79005554455',
  '4276380000000005',
  'true',
  '[]',
  '["79005554455"]',
  '{}',
  textOf('7', 101),
  textOf(' ', 101),
  '"7900555\\n4455"',
  '"79005554455\\u0007"',
  '"79005554455\\u0085"',
];

const cards = [
  '"4276380000000006"',
  '"4276380000000050"',
  '"4276 3800 0000 0006"',
  '"40000000006"',
  '"40000000000000000004"',
  '"4276 3800 000"',
  '"----------------"',
  '"427638000000000a"',
  '"4276.3800.0000.0005"',
  '"4276_3800_0000_0005"',
  '"4276/3800/0000/0005"',
  '"+4276380000000005"',
  '"4276380000000005;"',
  '"4276380000000005 4276380000000005"',
  '"４２７６３８０００００００００５"',
  '"٤٢٧٦٣٨٠٠٠٠٠٠٠٠٠٥"',
  '"427638******0005"',
  '"4.27638e15"',
  '"0x4276380000000005"',
  '"DE89370400440532013000"',
  '"4276\\u200b380000000005"',
  '"\\u202e4276380000000005"',
  '"4276\\u2028380000000005"',
];

const wallets = [
  '"+79005554455"',
  '"89005554455"',
  '"9005554455"',
  '"7900555445"',
  '"790055544550"',
  '"7(900)5554455"',
  '"7900555445a"',
  '"７９００５５５４４５５"',
  '"1"',
  '"123456789012345"',
  '"1234567890123456"',
  '"79005554455,79005554456"',
  '"anna@example.com"',
  '"4276380000000005"',
];

const phones = [
  '"+380671234567"',
  '"0671234567"',
  '"38067123456"',
  '"3806712345678"',
  '"38067123456x"',
  '"000000000000"',
];

const sbpPhones = [
  '"+79001112233"',
  '"89001112233"',
  '"7900111223"',
  '"790011122334"',
  '"380671234567"',
  '"7900111223o"',
  '"７９００１１１２２３３"',
];

const sbpMembers = [
  undefined,
  'null',
  '""',
  '" "',
  '"sberbank"',
  '"10000000011"',
  '"1000000001111"',
  '"1000 0000 0111"',
  '"１００００００００１１１"',
  '100000000111',
  '["100000000111"]',
  textOf('1', 101),
];

const ibans = [
  '"DE88370400440532013000"',
  '"DE00370400440532013000"',
  '"DE8937040044053201300"',
  '"DE893704004405320130000"',
  '"XX89370400440532013000"',
  '"D189370400440532013000"',
  '"89370400440532013000"',
  '"DE89.3704.0044.0532.0130.00"',
  '"IBAN DE89370400440532013000"',
  '"DE89370400440532O13000"',
  '"DE８９370400440532013000"',
  '"FR1420041010050500013M02607"',
  '"GB82WEST1234569876543"',
  '"DE"',
  '"4276380000000005"',
];

const accounts = [
  '"40817810300001234567"',
  '"4081781020000123456"',
  '"408178102000012345678"',
  '"4081781020000123456x"',
  '"４０８１７８１０２００００１２３４５６７"',
  '"DE89370400440532013000"',
  '"00000000000000000001"',
];

const bics = [undefined, 'null', '"04452522"', '"0445252251"', '"SABRRUMM"', '"04452522x"', '"044 525 225"'];

const texts = [
  textOf('a', 65),
  textOf('😀', 65),
  '"8800\\u202e12345678"',
  '"8800\\u200b5678"',
  '"8800\\u20285678"',
  '"\\ue000"',
];

const bothWrong: readonly (readonly [OrderName, Fields, readonly string[]])[] = [
  ['sbp', { number: '"1"', customer_code: '"x"' }, ['number', 'customer_code']],
  ['sbp', { number: undefined, customer_code: undefined }, ['number', 'customer_code']],
  ['account', { number: '5', customer_code: '"x"' }, ['number', 'customer_code']],
  ['account', { number: '"1"', customer_code: '"1"' }, ['number', 'customer_code']],
  ['account', { customer_code: '"044525226"' }, ['number']],
];

export const recipientRows: readonly Row[] = [
  ...orderIdRows,
  ...wrongField('wallet', 'number', [...noNumbers, ...wallets]),
  ...wrongField('card', 'number', cards),
  ...wrongField('euroCard', 'number', ['"4111111111111112"', '"411111111111111"', '"4111 1111"']),
  ...wrongField('phone', 'number', phones),
  ...wrongField('sbp', 'number', sbpPhones),
  ...wrongField('sbp', 'customer_code', sbpMembers),
  ...wrongField('iban', 'number', ibans),
  ...wrongField('account', 'number', accounts),
  ...wrongField('account', 'customer_code', bics),
  ...wrongField('text', 'number', texts),
  ...bothWrong.map(([name, patch, fields]) => wrongOrder(name, patch, fields)),
];
