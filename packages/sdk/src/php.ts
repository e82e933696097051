// Owns the two encoders of PHP that receivers rebuild the signed text with.
// Promises the very bytes of json_encode and http_build_query with their default flags, for flat values.
// Refuses to know nested values, floats and objects of other kinds: none is ever signed.

export type PhpValue = string | number | bigint | boolean | null;

const SHORT_ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * Encodes a flat object as PHP's `json_encode($array)` does by default: no spaces, `/` as `\/`, everything outside
 * ASCII as `\uXXXX` in lower-case hex (surrogate pairs above U+FFFF), DEL as itself.
 *
 * @throws TypeError for a value PHP would encode in another way or not at all: a float, a lone surrogate
 */
export function encodePhpJson(value: Readonly<Record<string, PhpValue>>): string {
  const members = Object.entries(value).map(([name, member]) => `${encodeText(name)}:${encodeValue(member)}`);
  // PHP cannot tell an empty map from an empty list.
  return members.length === 0 ? '[]' : `{${members.join(',')}}`;
}

/** Encodes a flat object as PHP's `http_build_query($array)` does by default (RFC 1738: a space becomes `+`). */
export function encodePhpQuery(value: Readonly<Record<string, PhpValue>>): string {
  const pairs: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    const text = typeof member === 'boolean' ? String(Number(member)) : String(member);
    pairs.push(`${encodeUrlText(name)}=${encodeUrlText(text)}`);
  }
  return pairs.join('&');
}

function encodeValue(value: PhpValue): string {
  if (typeof value === 'string') return encodeText(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new TypeError(`${value} is not a safe integer. Pass amounts as strings and large numbers as bigint.`);
  }
  return String(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
const escapable = /["\\/\u0000-\u001f\u0080-\uffff]/;

function encodeText(text: string): string {
  // Most texts have nothing to escape, and then no surrogate either.
  if (!escapable.test(text)) return `"${text}"`;
  if (!isWellFormed(text)) throw new TypeError('The text has a lone surrogate, which UTF-8 cannot carry.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
  return `"${text.replace(/["\\/\u0000-\u001f\u0080-\uffff]/g, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function encodeUrlText(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!~*'()]/g, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether UTF-8 can carry the text. Node 18 has no `isWellFormed`; under `u` only a lone half is a surrogate. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
