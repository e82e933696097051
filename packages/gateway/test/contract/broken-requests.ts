/** A whole signed order, to be broken. */
export type WholeRequest = { readonly line: string; readonly headers: readonly string[]; readonly body: string };

type Break = (whole: WholeRequest) => string;

const end = '\r\n';

export function textOf(whole: WholeRequest): string {
  const { headers, body } = whole;
  return `${[whole.line, ...headers].join(end)}${end}${end}${body}`;
}

function lengthOf({ body }: WholeRequest): number {
  return Buffer.byteLength(body);
}

/** The order with another request line. */
function line(text: string): Break {
  return (whole) => textOf({ ...whole, line: text });
}

/** The order with more headers. */
function plus(...headers: readonly string[]): Break {
  return (whole) => textOf({ ...whole, headers: [...whole.headers, ...headers] });
}

/** The order with one header line changed. */
function change(name: string, to: (value: string) => readonly string[]): Break {
  return (whole) =>
    textOf({
      ...whole,
      headers: whole.headers.flatMap((header) => {
        const [own = '', value = ''] = header.split(': ');
        return own === name ? to(value) : [header];
      }),
    });
}

/** The order with other headers for its length, and `body` made of its bytes. */
function framed(headers: (whole: WholeRequest) => readonly string[], body: (text: string) => string): Break {
  return (whole) =>
    textOf({
      line: whole.line,
      headers: [...whole.headers.filter((header) => !header.startsWith('Content-Length')), ...headers(whole)],
      body: body(whole.body),
    });
}

function length(spell: (length: number) => readonly string[]): Break {
  return framed((whole) => spell(lengthOf(whole)), same);
}

function same(text: string): string {
  return text;
}

function chunked(text: string): string {
  return `${text.length.toString(16)}${end}${text}${end}0${end}${end}`;
}

function coded(...headers: readonly string[]): Break {
  return framed(() => headers, chunked);
}

function chunks(body: (text: string) => string): Break {
  return framed(() => ['Transfer-Encoding: chunked'], body);
}

const lengths: Readonly<Record<string, Break>> = {
  'two lengths that agree': length((bytes) => [`Content-Length: ${bytes}`, `Content-Length: ${bytes}`]),
  'two lengths, the first right': length((bytes) => [`Content-Length: ${bytes}`, 'Content-Length: 5']),
  'two lengths, the second right': length((bytes) => ['Content-Length: 5', `Content-Length: ${bytes}`]),
  'two lengths, one of them 0': length((bytes) => ['Content-Length: 0', `content-length: ${bytes}`]),
  'a list of lengths': length((bytes) => [`Content-Length: ${bytes}, ${bytes}`]),
  'a length with a plus': length((bytes) => [`Content-Length: +${bytes}`]),
  'a negative length': length((bytes) => [`Content-Length: -${bytes}`]),
  'a hexadecimal length': length((bytes) => [`Content-Length: 0x${bytes.toString(16)}`]),
  'a length with a point': length((bytes) => [`Content-Length: ${bytes}.0`]),
  'a length with an exponent': length(() => ['Content-Length: 1e2']),
  'a length with a space inside': length((bytes) => [`Content-Length: ${String(bytes).replace(/^./, '$& ')}`]),
  'a length with a word behind': length((bytes) => [`Content-Length: ${bytes} bytes`]),
  'an empty length': length(() => ['Content-Length:']),
  'a length beyond 64 bits': length(() => ['Content-Length: 18446744073709551617']),
  'a length in other digits': length(() => ['Content-Length: ١٠٠']),
  'a length of 0': length(() => ['Content-Length: 0']),
  'a length one too small': length((bytes) => [`Content-Length: ${bytes - 1}`]),
  'no length at all': length(() => []),
};

const codings: Readonly<Record<string, Break>> = {
  'chunked and a length': framed(
    (whole) => [`Content-Length: ${lengthOf(whole)}`, 'Transfer-Encoding: chunked'],
    chunked,
  ),
  'chunked and a length, the body by length': framed(
    (whole) => ['Transfer-Encoding: chunked', `Content-Length: ${lengthOf(whole)}`],
    same,
  ),
  'chunked and a length of 0': framed(() => ['Content-Length: 0', 'Transfer-Encoding: chunked'], chunked),
  'an unknown coding': coded('Transfer-Encoding: xchunked'),
  identity: coded('Transfer-Encoding: identity'),
  'chunked twice': coded('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  'chunked twice in one': coded('Transfer-Encoding: chunked, chunked'),
  'chunked and then identity': coded('Transfer-Encoding: chunked, identity'),
  'chunked and then gzip': coded('Transfer-Encoding: chunked, gzip'),
  'gzip and then chunked': coded('Transfer-Encoding: gzip, chunked'),
  'chunked with a space before the colon': coded('Transfer-Encoding : chunked'),
  'chunked with a vertical tab': coded('Transfer-Encoding: \u000bchunked'),
  'chunked in quotes': coded('Transfer-Encoding: "chunked"'),
  'chunked folded': coded('Transfer-Encoding:', ' chunked'),
  'chunked under a name with an underscore': coded('Transfer_Encoding: chunked'),
  'an empty coding': coded('Transfer-Encoding:'),
};

const badChunks: Readonly<Record<string, Break>> = {
  'a chunk size that is no number': chunks((text) => `ZZ${end}${text}${end}0${end}${end}`),
  'a negative chunk size': chunks((text) => `-5${end}${text}${end}0${end}${end}`),
  'a chunk size with 0x': chunks((text) => `0x${text.length.toString(16)}${end}${text}${end}0${end}${end}`),
  'a chunk size with a plus': chunks((text) => `+${text.length.toString(16)}${end}${text}${end}0${end}${end}`),
  'a chunk size beyond 64 bits': chunks((text) => `fffffffffffffffff${end}${text}${end}0${end}${end}`),
  'an empty chunk size': chunks((text) => `${end}${text}${end}0${end}${end}`),
  'a space before the chunk size': chunks((text) => ` ${text.length.toString(16)}${end}${text}${end}0${end}${end}`),
  'a chunk longer than its size': chunks((text) => `5${end}${text}${end}0${end}${end}`),
  'a chunk without its line break': chunks((text) => `${text.length.toString(16)}${end}${text}0${end}${end}`),
  'a chunk with bare line feeds': chunks((text) => `${text.length.toString(16)}\n${text}\n0\n\n`),
  'a chunk size with a NUL': chunks((text) => `${text.length.toString(16)}\0${end}${text}${end}0${end}${end}`),
  'a trailer that is no header': chunks(
    (text) => `${text.length.toString(16)}${end}${text}${end}0${end}Trailer${end}${end}`,
  ),
};

const headerLines: Readonly<Record<string, Break>> = {
  'a folded header': plus('X-Note: a', ' b'),
  'a header folded with a tab': plus('X-Note: a', '\tb'),
  'a folded Sign': change('Sign', (value) => ['Sign:', ` ${value}`]),
  'a Sign folded in two': change('Sign', (value) => [`Sign: ${value.slice(0, 76)}`, ` ${value.slice(76)}`]),
  'a space before the colon of Sign': change('Sign', (value) => [`Sign : ${value}`]),
  'a tab before the colon of Sign': change('Sign', (value) => [`Sign\t: ${value}`]),
  'a space before the name of Sign': (whole) => textOf({ ...whole, headers: [' X: y', ...whole.headers] }),
  'a Sign without a colon': change('Sign', (value) => [`Sign ${value}`]),
  'a header without a name': plus(': value'),
  'a header without a colon': plus('Nothing'),
  'a name with a space': plus('X Note: a'),
  'a name with a slash': plus('X/Note: a'),
  'a name outside ASCII': plus('X-Né: a'),
  'a NUL in a name': plus('X-\0Note: a'),
  'a NUL in a value': plus('X-Note: a\0b'),
  'a NUL behind Sign': change('Sign', (value) => [`Sign: ${value}\0`]),
  'a bell in a value': plus('X-Note: a\u0007b'),
  'a delete in a value': plus('X-Note: a\u007fb'),
  'a bare carriage return': plus('X-Note: a\rb'),
  'a bare carriage return before another Sign': plus('X-Note: a\rSign: AAAA'),
  'bare line feeds only': (whole) => textOf(whole).replaceAll(end, '\n'),
  'one bare line feed': (whole) => textOf(whole).replace(`${end}Account`, '\nAccount'),
  'a bare line feed before the body': (whole) => textOf(whole).replace(`${end}${end}`, '\n\n'),
  'headers of 17 KiB': plus(`X-Note: ${'x'.repeat(17 * 1024)}`),
  'a thousand headers': plus(...Array.from({ length: 1_000 }, (_, at) => `X-Note-${at}: ${at}-and-more`)),
  'a Sign of 20 KiB': change('Sign', (value) => [`Sign: ${value.repeat(60)}`]),
  'two Host': plus('Host: other.example'),
  'no Host': change('Host', () => []),
  'Sign twice': change('Sign', (value) => [`Sign: ${value}`, `Sign: ${value}`]),
  'Account twice': change('Account', (value) => [`Account: ${value}`, `account: ${value}`]),
  'Sign in a trailer only': (whole) => {
    const sign = whole.headers.find((header) => header.startsWith('Sign')) ?? '';
    const kept = whole.headers.filter((header) => !/^(?:Sign|Content-Length)/.test(header));
    const body = chunked(whole.body).replace(/0\r\n\r\n$/, `0${end}${sign}${end}${end}`);
    return textOf({ ...whole, headers: [...kept, 'Trailer: Sign', 'Transfer-Encoding: chunked'], body });
  },
  'an unknown expectation': plus('Expect: a-miracle'),
  'a compressed body': plus('Content-Encoding: gzip'),
  'another content type': change('Content-Type', () => ['Content-Type: text/plain']),
  'two content types': change('Content-Type', () => ['Content-Type: text/plain', 'Content-Type: application/json']),
};

const lines: Readonly<Record<string, Break>> = {
  'HTTP/0.9': line('POST /v1/payout HTTP/0.9'),
  'HTTP/1.2': line('POST /v1/payout HTTP/1.2'),
  'HTTP/2.0': line('POST /v1/payout HTTP/2.0'),
  'HTTP/3': line('POST /v1/payout HTTP/3'),
  'HTTP/11.1': line('POST /v1/payout HTTP/11.1'),
  'small letters in the protocol': line('POST /v1/payout http/1.1'),
  'no protocol': line('POST /v1/payout'),
  'a word behind the protocol': line('POST /v1/payout HTTP/1.1 x'),
  'a tab for a space': line('POST\t/v1/payout HTTP/1.1'),
  'a space before the method': line(' POST /v1/payout HTTP/1.1'),
  'a space in the path': line('POST /v1/pay out HTTP/1.1'),
  'a method in small letters': line('post /v1/payout HTTP/1.1'),
  'an unknown method': line('BREW /v1/payout HTTP/1.1'),
  'no method': line('/v1/payout HTTP/1.1'),
  'no path': line('POST HTTP/1.1'),
  'a path without a slash': line('POST v1/payout HTTP/1.1'),
  'a NUL in the path': line('POST /v1/payout\0 HTTP/1.1'),
  'a letter outside ASCII in the path': line('POST /v1/payouté HTTP/1.1'),
  'a path of 20 KiB': line(`POST /v1/payout?${'x'.repeat(20_000)} HTTP/1.1`),
  'a path that is no escape': line('POST /v1/%zz HTTP/1.1'),
  'a pattern as path': line('POST /v1/:(payout HTTP/1.1'),
  'a slash behind the path': line('POST /v1/payout/ HTTP/1.1'),
  'two slashes': line('POST //v1/payout HTTP/1.1'),
  'the path in capitals': line('POST /V1/PAYOUT HTTP/1.1'),
  'an escaped slash': line('POST /v1%2fpayout HTTP/1.1'),
  'a parameter in the path': line('POST /v1/payout;x=1 HTTP/1.1'),
  'a path with dots': line('POST /v1/x/../payout HTTP/1.1'),
  'an authority as target': line('POST 127.0.0.1:80 HTTP/1.1'),
  'an absolute target to nowhere': line('POST http://127.0.0.1/v1/payouts HTTP/1.1'),
  'a star as target': line('POST * HTTP/1.1'),
  GET: line('GET /v1/payout HTTP/1.1'),
  PUT: line('PUT /v1/payout HTTP/1.1'),
  QUERY: line('QUERY /v1/payout HTTP/1.1'),
  PROPFIND: line('PROPFIND /v1/payout HTTP/1.1'),
  CONNECT: line('CONNECT /v1/payout HTTP/1.1'),
  'CONNECT to a host': line('CONNECT 127.0.0.1:443 HTTP/1.1'),
};

const greetings: Readonly<Record<string, Break>> = {
  'junk before the order': (whole) => `junk${textOf(whole)}`,
  'junk and a line break before the order': (whole) => `junk${end}${end}${textOf(whole)}`,
  'the preface of HTTP/2': (whole) => `PRI * HTTP/2.0${end}${end}SM${end}${end}${textOf(whole)}`,
  'a TLS hello': (whole) => `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${textOf(whole)}`,
  'a line of a proxy': (whole) => `PROXY TCP4 1.2.3.4 5.6.7.8 1 2${end}${textOf(whole)}`,
  SSH: (whole) => `SSH-2.0-OpenSSH_9.2${end}${textOf(whole)}`,
  bytes: (whole) => `\u0000\u00ff\u0001\u00fe${textOf(whole)}`,
  'a byte order mark': (whole) => `\u00ef\u00bb\u00bf${textOf(whole)}`,
  'an answer instead of a request': (whole) => `HTTP/1.1 200 OK${end}Content-Length: 0${end}${end}${textOf(whole)}`,
};

/** Whole signed orders of which one thing each makes an HTTP request that must not be served. */
export const brokenRequests: Readonly<Record<string, Break>> = {
  ...lengths,
  ...codings,
  ...badChunks,
  ...headerLines,
  ...lines,
  ...greetings,
};

/** Unusual, and right: each is an order. */
export const unusualRequests: Readonly<Record<string, Break>> = {
  chunks: coded('Transfer-Encoding: chunked'),
  'chunks of one byte': chunks((text) => `${[...text].map((byte) => `1${end}${byte}${end}`).join('')}0${end}${end}`),
  'chunks with an extension': chunks((text) => `${text.length.toString(16)};x=y${end}${text}${end}0${end}${end}`),
  'chunks with a trailer': chunks((text) => `${text.length.toString(16)}${end}${text}${end}0${end}X: y${end}${end}`),
  'HTTP/1.0': line('POST /v1/payout HTTP/1.0'),
  'HTTP/1.0 without a Host': (whole) => change('Host', () => [])({ ...whole, line: 'POST /v1/payout HTTP/1.0' }),
  'an absolute target': line('POST http://gateway.example/v1/payout HTTP/1.1'),
  'a query': line('POST /v1/payout?a=b HTTP/1.1'),
  'an escaped letter': line('POST /v1/%70ayout HTTP/1.1'),
  'empty lines before': (whole) => `${end}${end}${textOf(whole)}`,
  'leave to go on': plus('Expect: 100-continue'),
  'leave to go on and a miracle': plus('Expect: 100-continue, a-miracle'),
  'two spaces in the first line': line('POST  /v1/payout HTTP/1.1'),
  'an upgrade that is not taken': plus('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
  'an upgrade to HTTP/2': plus('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
  'no space behind the colons': (whole) =>
    textOf({ ...whole, headers: whole.headers.map((header) => header.replace(': ', ':')) }),
  'names in capitals': (whole) =>
    textOf({
      ...whole,
      headers: whole.headers.map((header) => header.replace(/^[^:]+/, (name) => name.toUpperCase())),
    }),
  'a forged address': plus('X-Forwarded-For: 10.0.0.1', 'Forwarded: for=10.0.0.1', 'X-Real-IP: 10.0.0.1'),
  'another method in a header': plus('X-HTTP-Method-Override: DELETE'),
  'a length with zeros before': length((bytes) => [`Content-Length: 000${bytes}`]),
};
