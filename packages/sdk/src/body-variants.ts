import { createHash } from 'node:crypto';

/** What a program may have signed instead of the bytes that it sent. */
export type BodyVariant =
  | 'line_break_missing'
  | 'line_break_added'
  | 'spaces_trimmed'
  | 'bom_missing'
  | 'bom_added'
  | 'line_breaks_unix'
  | 'line_breaks_windows'
  | 'empty'
  | 'hex_digest'
  | 'raw_digest'
  | 'base64_body'
  | 'json_compact'
  | 'json_python'
  | 'json_python_ascii'
  | 'json_php'
  | 'json_php_slashes'
  | 'json_php_unicode'
  | 'json_go'
  | 'json_sorted'
  | 'json_pretty'
  | 'values_joined'
  | 'form'
  | 'encoding_utf16'
  | 'encoding_latin1';

type Variant = { readonly variant: BodyVariant; readonly bytes: Uint8Array };

/** Larger bodies are not orders; parsing and encoding them a dozen times is work for nothing. */
const bodyBytesMax = 65_536;
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/** Every other text that the signer may have had in hand, the likeliest first. */
export function listBodyVariants(body: Uint8Array): Variant[] {
  if (body.length > bodyBytesMax) return [];
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  const variants: (readonly [BodyVariant, string | Uint8Array])[] = [
    ['line_break_missing', text.replace(/\r?\n$/, '')],
    ['line_break_added', `${text}\n`],
    ['line_break_added', `${text}\r\n`],
    ['bom_missing', bytes.subarray(0, 3).equals(bom) ? bytes.subarray(3) : bytes],
    ['bom_added', Buffer.concat([bom, bytes])],
    ['spaces_trimmed', text.trim()],
    ['line_breaks_unix', text.replaceAll('\r\n', '\n')],
    ['line_breaks_windows', text.replace(/\r?\n/g, '\r\n')],
    ...jsonVariants(text),
    ['empty', ''],
    ['hex_digest', createHash('sha1').update(bytes).digest('hex')],
    ['hex_digest', createHash('sha256').update(bytes).digest('hex')],
    ['raw_digest', createHash('sha1').update(bytes).digest()],
    ['raw_digest', createHash('sha256').update(bytes).digest()],
    ['base64_body', bytes.toString('base64')],
    ['encoding_utf16', Buffer.from(text, 'utf16le')],
    ['encoding_latin1', Buffer.from(text, 'latin1')],
  ];
  return variants.map(([variant, value]) => ({
    variant,
    bytes: typeof value === 'string' ? Buffer.from(value) : value,
  }));
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The same order as other languages write it by default. */
function jsonVariants(text: string): (readonly [BodyVariant, string])[] {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return [];
  }
  if (depthOf(value) > depthMax) return [];
  const compact = JSON.stringify(value);
  const python = writeSpaced(value);
  const sorted = JSON.stringify(sortKeys(value));
  const php = compact.replaceAll('/', '\\/');
  const flat = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return [
    ['json_compact', compact],
    ['json_python', python],
    ['json_python_ascii', toAscii(python)],
    ['json_php', toAscii(php)],
    ['json_php_slashes', toAscii(compact)],
    ['json_php_unicode', php],
    ['json_go', escapeHtml(sorted)],
    ['json_go', escapeHtml(compact)],
    ['json_go', `${escapeHtml(compact)}\n`],
    ['json_sorted', sorted],
    ['json_pretty', JSON.stringify(value, null, 2)],
    ['json_pretty', JSON.stringify(value, null, 4)],
    ['values_joined', flat.map(([, member]) => textOf(member)).join('')],
    ['form', flat.map(([key, member]) => `${encodeURIComponent(key)}=${encodeURIComponent(textOf(member))}`).join('&')],
  ];
}

const depthMax = 16;

function depthOf(value: Json, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > depthMax) return depth;
  return Math.max(depth, ...Object.values(value).map((member) => depthOf(member, depth + 1)));
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `{"a": 1, "b": [2, 3]}`, as Python's json.dumps writes it. */
function writeSpaced(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeSpaced).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${writeSpaced(member)}`);
  return `{${members.join(', ')}}`;
}

function sortKeys(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sortKeys(member)]));
}

function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`);
}
