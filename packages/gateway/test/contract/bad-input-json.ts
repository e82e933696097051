import { orderBody, type Row } from './bad-input-row.ts';

const order = orderBody('wallet');
const encoder = new TextEncoder();

/** The right order, with `marks` put before its closing brace. */
function withMember(marks: string): (orderId: string) => string {
  return (orderId) => `${order(orderId).slice(0, -1)},${marks}}`;
}

/** The bytes of an order in which each `~` of an unknown field has become `bytes`. */
function withBytes(...bytes: readonly number[]): (orderId: string) => Uint8Array {
  return (orderId) => {
    const [head = '', tail = ''] = withMember('"note":"~"')(orderId).split('~');
    return Buffer.concat([encoder.encode(head), Uint8Array.from(bytes), encoder.encode(tail)]);
  };
}

const wholes: Readonly<Record<string, string | ((orderId: string) => string | Uint8Array)>> = {
  'an empty body': '',
  'white space only': ' \r\n\t ',
  null: 'null',
  true: 'true',
  false: 'false',
  'a number': '5',
  'a text': '"order"',
  'an empty array': '[]',
  'an array of nothing': '[null]',
  'an order in an array': (orderId) => `[${order(orderId)}]`,
  'an order as a text': (orderId) => JSON.stringify(order(orderId)),
  'two orders': (orderId) => order(orderId) + order(orderId),
  'two orders on two lines': (orderId) => `${order(orderId)}\n${order(orderId)}`,
  'text behind the order': (orderId) => `${order(orderId)}x`,
  'a comma behind the order': (orderId) => `${order(orderId)},`,
  'a semicolon behind the order': (orderId) => `${order(orderId)};`,
  'a brace too many': (orderId) => `${order(orderId)}}`,
  'a brace too few': (orderId) => order(orderId).slice(0, -1),
  'half an order': (orderId) => order(orderId).slice(0, 30),
  'no opening brace': (orderId) => order(orderId).slice(1),
  'a form': 'amount=500.00&number=79005554455&order_id=1&service=qiwi_rub',
  xml: '<order><amount>500.00</amount></order>',
  yaml: 'amount: "500.00"\nservice: qiwi_rub\n',
  'an XSSI prefix': (orderId) => `)]}',\n${order(orderId)}`,
  JSONP: (orderId) => `f(${order(orderId)})`,
  'a shell variable': '$BODY',
  undefined: 'undefined',
  NaN: 'NaN',
  TRUE: 'TRUE',
  'half a word': 'nul',
  'a form feed before': (orderId) => `\f${order(orderId)}`,
  'a no-break space behind': (orderId) => `${order(orderId)}\u00a0`,
  'a line separator behind': (orderId) => `${order(orderId)}\u2028`,
  'a NUL behind': (orderId) => `${order(orderId)}\0`,
  'a NUL before': (orderId) => `\0${order(orderId)}`,
  'a byte order mark': (orderId) => `\ufeff${order(orderId)}`,
  'a byte order mark behind': (orderId) => `${order(orderId)}\ufeff`,
  'UTF-16, little end first': (orderId) => Buffer.from(order(orderId), 'utf16le'),
  'UTF-16, big end first': (orderId) => Buffer.from(order(orderId), 'utf16le').swap16(),
  'UTF-32': (orderId) => Buffer.concat([...order(orderId)].map((letter) => Buffer.from(`${letter}\0\0\0`))),
  gzip: () => Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
};

const bytes: Readonly<Record<string, readonly number[]>> = {
  'a Latin-1 letter': [0xe9],
  'a Windows-1251 letter': [0xcf, 0xf0],
  'a stray continuation byte': [0x80],
  'a letter cut off': [0xd0],
  'an emoji cut off': [0xf0, 0x9f, 0x98],
  'an overlong slash': [0xc0, 0xaf],
  'an overlong NUL': [0xc0, 0x80],
  'an overlong slash of three bytes': [0xe0, 0x80, 0xaf],
  'a surrogate half in bytes': [0xed, 0xa0, 0x80],
  'a pair of surrogates in bytes': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  'beyond the last character': [0xf4, 0x90, 0x80, 0x80],
  'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'the byte fe': [0xfe],
  'the byte ff': [0xff],
  'a raw NUL': [0x00],
  'a raw line break': [0x0a],
  'a raw tab': [0x09],
  'a raw escape': [0x1b],
};

const members: Readonly<Record<string, string>> = {
  'a key twice': '"amount":"500.00"',
  'a key twice with other values': '"amount":"1.00"',
  'a key twice, spelled otherwise': '"\\u0061mount":"1.00"',
  'a key twice, null': '"amount":null',
  'an unknown key twice': '"x":1,"x":1',
  'an unknown key twice, first null': '"x":null,"x":1',
  'an empty key twice': '"":1,"":1',
  '__proto__ twice': '"__proto__":1,"__proto__":2',
  'a key twice inside extra': '"extra":{"a":1,"a":2}',
  'a key twice deep in an unknown field': '"x":{"y":{"a":1,"\\u0061":2}}',
  'five levels': '"x":[[[[]]]]',
  'five levels of objects': '"extra":{"a":{"b":{"c":{}}}}',
  'a hundred levels': `"x":${'['.repeat(100)}${']'.repeat(100)}`,
  'ten thousand levels': `"x":${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'ten thousand levels, not closed': `"x":${'{"a":'.repeat(2_000)}`,
  'a comma before the brace': '"x":1,',
  'a comma before the bracket': '"x":[1,]',
  'two commas': '"x":1,,"y":2',
  'a comma first in an array': '"x":[,1]',
  'no colon': '"x" 1',
  'two colons': '"x"::1',
  'no value': '"x":',
  'no comma': '"x":1 "y":2',
  'a key without quotes': 'x:1',
  'a key in single quotes': "'x':1",
  'a number as key': '1:1',
  'a value in single quotes': '"x":\'a\'',
  'a text that does not end': '"x":"a',
  'a comment': '"x":1/* c */',
  'a comment of a line': '"x":1//c\n',
  'a plus sign': '"x":+1',
  'a minus alone': '"x":-',
  'a leading zero': '"x":01',
  'a point without digits before': '"x":.5',
  'a point without digits behind': '"x":5.',
  'an exponent without digits': '"x":1e',
  'a hexadecimal number': '"x":0x10',
  'a big integer': '"x":10n',
  'an infinite number': '"x":Infinity',
  'no number': '"x":NaN',
  'a capital word': '"x":True',
  'a number with a separator': '"x":1_000',
  'full-width digits': '"x":５',
  'an unknown escape': '"x":"\\x41"',
  'an escaped single quote': '"x":"\\\'"',
  'an escaped line break': '"x":"a\\\nb"',
  'a short escape': '"x":"\\u12"',
  'an escape with other letters': '"x":"\\u12g4"',
  'an escape in braces': '"x":"\\u{41}"',
  'a capital U': '"x":"\\U0041"',
  'an escaped NUL': '"x":"\\u0000"',
  'an escaped NUL in a key': '"x\\u0000":1',
  'a high surrogate alone': '"x":"\\ud83d"',
  'a low surrogate alone': '"x":"\\ude00"',
  'a high surrogate before a letter': '"x":"\\ud83dA"',
  'two high surrogates': '"x":"\\ud83d\\ud83d"',
  'surrogates in the wrong order': '"x":"\\ude00\\ud83d"',
  'a surrogate alone in a key': '"\\ud83d":1',
  'a surrogate alone in extra': '"extra":{"a":"\\udfff"}',
};

function rowsOf<Value>(table: Readonly<Record<string, Value>>, bodyOf: (value: Value) => Row['body']): Row[] {
  return Object.entries(table).map(([what, value]) => ({
    what: `JSON: ${what}`,
    fields: ['json'],
    body: bodyOf(value),
  }));
}

export const jsonRows: readonly Row[] = [
  ...rowsOf(wholes, (whole) => (typeof whole === 'string' ? () => whole : whole)),
  ...rowsOf(bytes, (list) => withBytes(...list)),
  ...rowsOf(members, withMember),
  ...[32 * 1024 + 1, 33 * 1024, 200 * 1024].map((size) => ({
    what: `a body of ${size} bytes`,
    status: 413,
    fields: ['request'],
    body: (orderId: string) => order(orderId).padEnd(size, ' '),
  })),
];
