import { constants, createHash, privateEncrypt, sign as signWith } from 'node:crypto';
import { signBody, signRequestV2 } from '@vyplata/sdk/signature';
import { type Header, orderBody, type Row, type ShopName, type Signing } from './bad-input-row.ts';

type Make = (signing: Signing) => readonly Header[];

const order = orderBody('wallet');
const neither = ['account', 'sign'];

function row(what: string, fields: readonly string[], headers: Make): Row {
  return { what: `headers: ${what}`, fields, headers, body: order };
}

/** The right account with a `Sign` that is not acceptable base64: only `sign` is named. */
const spellings: Readonly<Record<string, (sign: string) => string>> = {
  'no base64 at all': () => 'x!',
  'one letter': () => 'A',
  'three letters': () => 'AAA',
  base64url: (sign) => `${sign.slice(0, 20)}-_${sign.slice(22)}`,
  'no padding': (sign) => sign.replace(/=+$/, ''),
  'one padding sign': (sign) => sign.replace(/==$/, '='),
  'three padding signs': (sign) => `${sign}=`,
  'text behind it': (sign) => `${sign}AAAA`,
  'a word behind it': (sign) => `${sign} x`,
  'a comma behind it': (sign) => `${sign},`,
  'itself behind it': (sign) => `${sign}, ${sign}`,
  'a space inside': (sign) => `${sign.slice(0, 76)} ${sign.slice(76)}`,
  'a tab inside': (sign) => `${sign.slice(0, 76)}\t${sign.slice(76)}`,
  'quotes around it': (sign) => `"${sign}"`,
  'single quotes around it': (sign) => `'${sign}'`,
  'a scheme before it': (sign) => `Bearer ${sign}`,
  'its name before it': (sign) => `sign=${sign}`,
  'percent escapes': (sign) => encodeURIComponent(sign),
  'a letter outside ASCII': (sign) => `${sign.slice(0, 10)}é${sign.slice(11)}`,
  'unused bits that are not zero': (sign) => sign.replace(/.==$/, (end) => `${nextLetter(end[0] ?? '')}==`),
  'an escaped line break': (sign) => `${sign.slice(0, 64)}\\n${sign.slice(64)}`,
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function nextLetter(letter: string): string {
  return letters[letters.indexOf(letter) + 1] ?? 'A';
}

/** Well-formed base64 that does not verify: like an account that does not exist. */
const wrongSigns: Readonly<Record<string, (signing: Signing) => string>> = {
  'of another key': ({ body, keys }) => signBody({ body, key: keys.foreign }),
  'of another key with SHA-256': ({ body, keys }) => signBody({ body, key: keys.foreign, digest: 'sha256' }),
  'of an elliptic curve': ({ body, keys }) => signWith('sha1', body, keys.curve).toString('base64'),
  'with SHA-512': ({ body, key }) => signWith('sha512', body, key).toString('base64'),
  'with MD5': ({ body, key }) => signWith('md5', body, key).toString('base64'),
  'with PSS padding': ({ body, key }) =>
    signWith('sha1', body, { key, padding: constants.RSA_PKCS1_PSS_PADDING }).toString('base64'),
  'of the bare digest': ({ body, key }) =>
    privateEncrypt(key, createHash('sha1').update(body).digest()).toString('base64'),
  'of the digest signed again': ({ body, key }) => signBody({ body: createHash('sha1').update(body).digest(), key }),
  'of the digest in hex': ({ body, key }) => signBody({ body: createHash('sha1').update(body).digest('hex'), key }),
  'of nothing': ({ key }) => signBody({ body: '', key }),
  'of the body with a space behind': ({ body, key }) =>
    signBody({ body: Buffer.concat([body, Buffer.from(' ')]), key }),
  'of the body with a line break behind': ({ body, key }) =>
    signBody({ body: Buffer.concat([body, Buffer.from('\n')]), key }),
  'of the body without its last byte': ({ body, key }) => signBody({ body: body.subarray(0, -1), key }),
  'of the body with one byte changed': ({ body, key }) => signBody({ body: changed(body, 40), key }),
  'of the body with one bit changed': ({ body, key }) => signBody({ body: changed(body, 12), key }),
  'of the body encoded again': ({ body, key }) =>
    signBody({ body: JSON.stringify(JSON.parse(Buffer.from(body).toString()), null, 1), key }),
  'of the body in base64': ({ body, key }) => signBody({ body: Buffer.from(body).toString('base64'), key }),
  'with the account before the body': ({ body, key, account }) =>
    signBody({ body: account + Buffer.from(body).toString(), key }),
  'in hex': ({ sign }) => Buffer.from(sign, 'base64').toString('hex'),
  'in base64 twice': ({ sign }) => Buffer.from(sign).toString('base64'),
  'byte by byte from the end': ({ sign }) => Buffer.from(sign, 'base64').reverse().toString('base64'),
  'without its first byte': ({ sign }) => Buffer.from(sign, 'base64').subarray(1).toString('base64'),
  'without its last byte': ({ sign }) => Buffer.from(sign, 'base64').subarray(0, -1).toString('base64'),
  'with a zero byte before': ({ sign }) =>
    Buffer.concat([Buffer.alloc(1), Buffer.from(sign, 'base64')]).toString('base64'),
  'with a zero byte behind': ({ sign }) =>
    Buffer.concat([Buffer.from(sign, 'base64'), Buffer.alloc(1)]).toString('base64'),
  'with one bit changed': ({ sign }) => Buffer.from(changed(Buffer.from(sign, 'base64'), 100)).toString('base64'),
  'of zeros': () => Buffer.alloc(256).toString('base64'),
  'of a one': () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])]).toString('base64'),
  'larger than any modulus': () => Buffer.alloc(256, 0xff).toString('base64'),
  'of one byte': () => 'AA==',
  'of 3,000 bytes': () => Buffer.alloc(3_000, 1).toString('base64'),
};

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const signRows: readonly Row[] = [
  row('no Sign', ['sign'], ({ account }) => [['Account', account]]),
  row('an empty Sign', ['sign'], ({ account }) => [
    ['Account', account],
    ['Sign', ''],
  ]),
  row('a blank Sign', ['sign'], ({ account }) => [
    ['Account', account],
    ['Sign', '   '],
  ]),
  ...Object.entries(spellings).map(([what, spell]) =>
    row(`Sign with ${what}`, ['sign'], ({ account, sign }) => [
      ['Account', account],
      ['Sign', spell(sign)],
    ]),
  ),
  ...Object.entries(wrongSigns).map(([what, make]) =>
    row(`Sign ${what}`, neither, (signing) => [
      ['Account', signing.account],
      ['Sign', make(signing)],
    ]),
  ),
  row('SHA-256 on a key for SHA-1', ['sign'], ({ account, body, key }) => [
    ['Account', account],
    ['Sign', signBody({ body, key, digest: 'sha256' })],
  ]),
  row('two right Sign', ['sign'], ({ account, sign }) => [
    ['Account', account],
    ['Sign', sign],
    ['Sign', sign],
  ]),
  row('two Sign, the second wrong', ['sign'], ({ account, sign }) => [
    ['Account', account],
    ['Sign', sign],
    ['sign', 'AAAA'],
  ]),
  row('two Sign, the first empty', ['sign'], ({ account, sign }) => [
    ['Account', account],
    ['SIGN', ''],
    ['Sign', sign],
  ]),
  row('Sign under another name', ['sign'], ({ account, sign }) => [
    ['Account', account],
    ['Signature', sign],
    ['X-Sign', sign],
  ]),
  row('the second scheme on an account of the first', ['sign'], ({ account, key, body }) => [
    ['Account', account],
    ...Object.entries(signRequestV2({ method: 'POST', path: '/v1/payout', account, body }, key)),
  ]),
];

/** No account's UUID, whatever else is right. */
const noAccounts: Readonly<Record<string, (account: string) => string>> = {
  'a word': () => 'me',
  'a number': () => '1',
  'no dashes': (account) => account.replaceAll('-', ''),
  braces: (account) => `{${account}}`,
  'a URN': (account) => `urn:uuid:${account}`,
  'one digit less': (account) => account.slice(1),
  'one digit more': (account) => `${account}0`,
  'a letter that is no digit': (account) => `g${account.slice(1)}`,
  'dashes at other places': (account) => `${account.slice(0, 7)}-${account.slice(7, 8)}${account.slice(9)}`,
  'spaces for dashes': (account) => account.replaceAll('-', ' '),
  quotes: (account) => `"${account}"`,
  'two accounts in one': (account) => `${account}, ${account}`,
  SQL: (account) => `${account}' or '1'='1`,
  'a path': (account) => `../${account}`,
  JSON: (account) => JSON.stringify({ id: account }),
  'a letter outside ASCII': (account) => `é${account.slice(1)}`,
  'a thousand letters': () => 'a'.repeat(1_000),
};

function forShop(what: string, fields: readonly string[], shop: ShopName): Row {
  return row(what, fields, ({ accounts, sign }) => [
    ['Account', accounts[shop]],
    ['Sign', sign],
  ]);
}

const accountRows: readonly Row[] = [
  row('no Account', ['account'], ({ sign }) => [['Sign', sign]]),
  row('an empty Account', ['account'], ({ sign }) => [
    ['Account', ''],
    ['Sign', sign],
  ]),
  ...Object.entries(noAccounts).map(([what, spell]) =>
    row(`Account as ${what}`, ['account'], ({ account, sign }) => [
      ['Account', spell(account)],
      ['Sign', sign],
    ]),
  ),
  row('two right Account', ['account'], ({ account, sign }) => [
    ['Account', account],
    ['Account', account],
    ['Sign', sign],
  ]),
  row('two Account, one foreign', ['account'], ({ account, accounts, sign }) => [
    ['Account', account],
    ['account', accounts.foreign],
    ['Sign', sign],
  ]),
  ...['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'].map((id) =>
    row(`the account ${id}`, neither, ({ sign }) => [
      ['Account', id],
      ['Sign', sign],
    ]),
  ),
  row('an account that does not exist', neither, ({ account, sign }) => [
    ['Account', account.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    ['Sign', sign],
  ]),
  forShop('another merchant’s account', neither, 'foreign'),
  forShop('another merchant’s account that is closed', neither, 'closed'),
  forShop('the own account, switched off', ['account'], 'disabled'),
  {
    ...row('an account of a merchant switched off', ['account'], ({ account, sign }) => [
      ['Account', account],
      ['Sign', sign],
    ]),
    shop: 'closed',
  },
  row('neither Account nor Sign', neither, () => []),
  row('both empty', neither, () => [
    ['Account', ''],
    ['Sign', ''],
  ]),
  row('both malformed', neither, () => [
    ['Account', 'me'],
    ['Sign', 'x!'],
  ]),
  row('both twice', neither, ({ account, sign }) => [
    ['Account', account],
    ['Account', account],
    ['Sign', sign],
    ['Sign', sign],
  ]),
  row('Sign and Account exchanged', neither, ({ account, sign }) => [
    ['Account', sign],
    ['Sign', `${account}!`],
  ]),
  row('a name and a password instead', neither, () => [['Authorization', 'Basic ZGVtbzpkZW1v']]),
];

/** Who may not order at all gets no hint about the body, however wrong it is. */
const bodyRows: readonly Row[] = [
  ['no order and no Sign', '{}'],
  ['no JSON and no Sign', '{{'],
  ['nothing and no Sign', ''],
].map(([what = '', text = '']) => ({
  ...row(what, ['sign'], ({ account }) => [['Account', account]]),
  body: () => text,
}));

const types = [
  'text/plain',
  'text/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/jsonp',
  'application/json-patch+json',
  'application/problem+json',
  'application/xml',
  'application',
  'json',
  '*/*',
  '',
];

const typeRows: readonly Row[] = [
  ...types.map((type) => ({ ...typeRow(`type ${type}`), headers: withHeader('Content-Type', type) })),
  ...['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'identity, gzip', 'aes128gcm', ''].map((encoding) => ({
    ...typeRow(`encoding ${encoding}`),
    headers: withHeader('Content-Encoding', encoding),
  })),
];

function typeRow(what: string): Row {
  return { what, status: 415, fields: ['request'], body: order };
}

function withHeader(name: string, value: string): Make {
  return ({ account, sign }) => [
    ['Account', account],
    ['Sign', sign],
    [name, value],
  ];
}

export const authorityRows: readonly Row[] = [...signRows, ...accountRows, ...bodyRows, ...typeRows];
