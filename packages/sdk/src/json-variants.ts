// Owns the ways in which one JSON document is commonly written: what programs sign instead of what they send.
// Promises bytes as the named encoder would write them.
// Refuses to know signatures.
import { createHash } from 'node:crypto';

export type JsonVariant = { name: string; bytes: Uint8Array };

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The body with other white space at its ends, and, if it is JSON, as the encoders of PHP, JavaScript, Python, Go, Ruby
 * and Java write it. Numbers are those of JavaScript: a text such as 500.50 comes back as 500.5.
 */
export function encodeVariants(body: Uint8Array): JsonVariant[] {
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const ends: [string, string | Uint8Array][] = [
    ['without the white space at its ends', trimmed],
    ['with a line break at its end', `${trimmed}\n`],
    ['with a Windows line break at its end', `${trimmed}\r\n`],
    ['with a byte order mark', Buffer.concat([BOM, Buffer.from(trimmed)])],
    ['an empty body', ''],
    ['base64 of the body', bytes.toString('base64')],
    ['the SHA-1 of the body in hexadecimal', createHash('sha1').update(bytes).digest('hex')],
  ];
  const encoded = encodeAll(trimmed);
  return [...ends, ...encoded].map(([name, content]) => ({
    name,
    bytes: typeof content === 'string' ? Buffer.from(content, 'utf8') : content,
  }));
}

function encodeAll(text: string): [string, string][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const compact = { pair: ',', colon: ':' };
  const spaced = { pair: ', ', colon: ': ' };
  const ascii = (written: string) =>
    written.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const slashes = (written: string) => written.replaceAll('/', '\\/');
  const html = (written: string) =>
    written.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
  const plain = write(value, compact);
  const python = write(value, spaced);
  const sorted = write(value, { ...compact, isSorted: true });
  return [
    ['JSON.stringify of JavaScript', plain],
    ['json_encode of PHP', slashes(ascii(plain))],
    ['json_encode of PHP with JSON_UNESCAPED_UNICODE', slashes(plain)],
    ['json_encode of PHP with JSON_UNESCAPED_SLASHES', ascii(plain)],
    ['json.dumps of Python', ascii(python)],
    ['json.dumps of Python with ensure_ascii=False', python],
    ['json.Marshal of Go', html(sorted)],
    ['JSON with sorted keys', sorted],
    ['json_encode of PHP with sorted keys', slashes(ascii(sorted))],
    ['json.dumps of Python with sort_keys=True', ascii(write(value, { ...spaced, isSorted: true }))],
    ['JSON indented by two spaces', JSON.stringify(value, null, 2)],
    ['JSON indented by four spaces', JSON.stringify(value, null, 4)],
  ];
}

type Style = { pair: string; colon: string; isSorted?: boolean };

function write(value: unknown, style: Style): string {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(style.pair)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (style.isSorted) entries.sort(([left], [right]) => (left < right ? -1 : 1));
  const members = entries.map(([name, member]) => `${JSON.stringify(name)}${style.colon}${write(member, style)}`);
  return `{${members.join(style.pair)}}`;
}
