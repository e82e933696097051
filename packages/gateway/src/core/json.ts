/**
 * Reads JSON strictly. `JSON.parse` lets the last duplicate key win, loses digits of numbers, parses millions of nested
 * arrays and takes lone surrogates; an order that two readers can read differently must not move money.
 */
import type { Problem, ProblemCode } from './problem.ts';

/** A JSON number as it was written: `500.50` stays `500.50`, and no digit is lost to floating point. */
export class JsonNumber {
  readonly numberText: string;

  constructor(numberText: string) {
    this.numberText = numberText;
  }
}

/** An object without a prototype, so that keys such as `__proto__` are ordinary keys. */
export type JsonObject = { readonly [key: string]: JsonValue };

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export type JsonReading =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: Problem };

/** The deepest nesting of a request body; the body itself is the first level. */
const jsonDepthMax = 4;

/** True for a JSON object: not null, not an array, not a number. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** An empty object without a prototype, to be filled. */
export function createJsonObject(): Record<string, JsonValue> {
  return Object.create(null) as Record<string, JsonValue>;
}

/** JSON text of a value: numbers as they were written, keys in the object's order. */
export function writeJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof JsonNumber) return value.numberText;
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${writeJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return `[${value.map(writeJson).join(',')}]`;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads UTF-8 JSON: no BOM, no duplicate keys, no NUL, no lone surrogates, at most `depthMax` levels, and otherwise
 * exactly RFC 8259. Never throws; the problem is reported under `json` and names the character it was found at.
 */
export function parseStrict(bytes: Uint8Array, options?: { readonly depthMax: number }): JsonReading {
  if (bytes.length === 0) return refuse('json_empty');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return refuse('json_bom');
  let text: string;
  try {
    text = strictDecoder.decode(bytes);
  } catch {
    return refuse('json_encoding');
  }
  const reader = new Reader(text, options?.depthMax ?? jsonDepthMax);
  try {
    return { ok: true, value: reader.readDocument() };
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, problem: error.problem };
    throw error;
  }
}

function refuse(code: ProblemCode): JsonReading {
  return { ok: false, problem: { code, field: 'json' } };
}

class JsonFault extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** What one escaped letter stands for, by its code; `\u` is read apart. */
const escapes: Readonly<Record<number, string>> = {
  [quote]: '"',
  [backslash]: '\\',
  0x2f: '/',
  0x62: '\b',
  0x66: '\f',
  0x6e: '\n',
  0x72: '\r',
  0x74: '\t',
};

/** One pass over the decoded text. `charCodeAt` past the end is NaN, which equals nothing and so ends every loop. */
class Reader {
  readonly text: string;
  readonly depthMax: number;
  at = 0;
  depth = 0;

  constructor(text: string, depthMax: number) {
    this.text = text;
    this.depthMax = depthMax;
  }

  readDocument(): JsonValue {
    if (Number.isNaN(this.skipSpace())) throw this.fault('json_empty');
    const value = this.readValue();
    this.skipSpace();
    if (this.at < this.text.length) throw this.faultHere();
    return value;
  }

  readValue(): JsonValue {
    const code = this.text.charCodeAt(this.at);
    switch (code) {
      case quote:
        return this.readString();
      case openBrace:
        return this.readObject();
      case openBracket:
        return this.readArray();
      case 0x74:
        return this.readWord('true', true);
      case 0x66:
        return this.readWord('false', false);
      case 0x6e:
        return this.readWord('null', null);
      default:
        return this.readNumber();
    }
  }

  readWord<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) throw this.faultHere();
    this.at += word.length;
    return value;
  }

  readObject(): JsonObject {
    this.enter();
    const object = createJsonObject();
    if (this.skipSpace() === closeBrace) return this.leave(object);
    for (;;) {
      if (this.text.charCodeAt(this.at) !== quote) throw this.faultHere();
      const keyAt = this.at;
      const key = this.readString();
      if (object[key] !== undefined) throw this.fault('json_duplicate_key', keyAt);
      if (this.skipSpace() !== colon) throw this.faultHere();
      this.at += 1;
      this.skipSpace();
      object[key] = this.readValue();
      const next = this.skipSpace();
      if (next === closeBrace) return this.leave(object);
      if (next !== comma) throw this.faultHere();
      this.at += 1;
      this.skipSpace();
    }
  }

  readArray(): readonly JsonValue[] {
    this.enter();
    const items: JsonValue[] = [];
    if (this.skipSpace() === closeBracket) return this.leave(items);
    for (;;) {
      items.push(this.readValue());
      const next = this.skipSpace();
      if (next === closeBracket) return this.leave(items);
      if (next !== comma) throw this.faultHere();
      this.at += 1;
      this.skipSpace();
    }
  }

  enter(): void {
    this.depth += 1;
    if (this.depth > this.depthMax) throw this.fault('json_too_deep');
    this.at += 1;
  }

  leave<Value>(value: Value): Value {
    this.depth -= 1;
    this.at += 1;
    return value;
  }

  readString(): string {
    const { text } = this;
    const start = this.at + 1;
    for (let at = start; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.at = at + 1;
        return text.slice(start, at);
      }
      if (code === backslash) return this.readEscapedString(start, at);
      if (!(code >= 0x20)) throw this.faultAt(at);
    }
  }

  /** A string with escapes: pieces between them are sliced, never copied character by character. */
  readEscapedString(start: number, firstEscapeAt: number): string {
    const { text } = this;
    let value = '';
    let pieceAt = start;
    let at = firstEscapeAt;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.at = at + 1;
        return value + text.slice(pieceAt, at);
      }
      if (code === backslash) {
        value += text.slice(pieceAt, at);
        this.at = at + 1;
        value += this.readEscape();
        at = this.at;
        pieceAt = at;
        continue;
      }
      if (!(code >= 0x20)) throw this.faultAt(at);
      at += 1;
    }
  }

  /** What follows a backslash. A surrogate pair is read whole, so that half of one can never slip through. */
  readEscape(): string {
    const letter = this.text.charCodeAt(this.at);
    if (letter !== 0x75) {
      const plain = escapes[letter];
      if (plain === undefined) throw this.faultHere();
      this.at += 1;
      return plain;
    }
    const escapeAt = this.at - 1;
    const unit = this.readHexUnit();
    if (unit === 0) throw this.fault('json_nul', escapeAt);
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    if (unit > 0xdbff || !this.text.startsWith('\\u', this.at)) throw this.fault('json_lone_surrogate', escapeAt);
    this.at += 1;
    const low = this.readHexUnit();
    if (low < 0xdc00 || low > 0xdfff) throw this.fault('json_lone_surrogate', escapeAt);
    return String.fromCharCode(unit, low);
  }

  /** The four hexadecimal digits after the `u` at the current place. */
  readHexUnit(): number {
    let unit = 0;
    for (let at = this.at + 1; at <= this.at + 4; at += 1) {
      const digit = hexDigit(this.text.charCodeAt(at));
      if (digit < 0) throw this.faultAt(at);
      unit = unit * 16 + digit;
    }
    this.at += 5;
    return unit;
  }

  readNumber(): JsonNumber {
    const { text } = this;
    const start = this.at;
    if (text.charCodeAt(this.at) === minus) this.at += 1;
    if (text.charCodeAt(this.at) === zero) this.at += 1;
    else this.readDigits();
    if (text.charCodeAt(this.at) === point) {
      this.at += 1;
      this.readDigits();
    }
    const exponent = text.charCodeAt(this.at);
    if (exponent === 0x65 || exponent === 0x45) {
      this.at += 1;
      const sign = text.charCodeAt(this.at);
      if (sign === plus || sign === minus) this.at += 1;
      this.readDigits();
    }
    return new JsonNumber(text.slice(start, this.at));
  }

  readDigits(): void {
    const start = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (!(code >= zero && code <= nine)) break;
      this.at += 1;
    }
    if (this.at === start) throw this.faultHere();
  }

  /** Moves to the next character that is no white space and gives its code, NaN at the end. */
  skipSpace(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at += 1;
    }
  }

  faultHere(): JsonFault {
    return this.faultAt(this.at);
  }

  faultAt(at: number): JsonFault {
    return this.fault(this.text.charCodeAt(at) === 0 ? 'json_nul' : 'json_syntax', at);
  }

  fault(code: ProblemCode, at: number = this.at): JsonFault {
    return new JsonFault({ code, field: 'json', values: { at: at + 1 } });
  }
}

function hexDigit(code: number): number {
  if (code >= zero && code <= nine) return code - zero;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}
