import { decodeCanonicalBase64 } from './signature.ts';

/** How a signature was written instead of in standard base64 with padding and without line breaks. */
export type Spelling =
  | 'line_breaks'
  | 'spaces'
  | 'quotes'
  | 'base64url'
  | 'padding_missing'
  | 'url_encoded'
  | 'plus_lost'
  | 'json_escaped'
  | 'hex'
  | 'encoded_twice'
  | 'not_canonical';

export type RepairedSign = {
  readonly bytes: Uint8Array;
  /** undefined: it was spelled right. */
  readonly spelling: Spelling | undefined;
};

type Repair = readonly [spelling: Spelling, mend: (text: string) => string | undefined];

/** Tried in this order; the first that gives a right spelling names the mistake. */
const repairs: readonly Repair[] = [
  ['line_breaks', (text) => (/[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : undefined)],
  ['json_escaped', (text) => (text.includes('\\/') ? text.replaceAll('\\/', '/') : undefined)],
  ['quotes', (text) => /^\s*["'](.*)["']\s*$/s.exec(text)?.[1]],
  ['url_encoded', (text) => (/%[0-9a-f]{2}/i.test(text) ? decodeUrl(text) : undefined)],
  // A space inside, where a plus was: a form decoder has been at work.
  ['plus_lost', (text) => (/\S \S/.test(text) ? text.trim().replaceAll(' ', '+') : undefined)],
  ['spaces', (text) => (/\s/.test(text) ? text.replace(/\s/g, '') : undefined)],
  ['hex', (text) => (/^(?:[0-9a-f]{2}){128,}$/i.test(text) ? Buffer.from(text, 'hex').toString('base64') : undefined)],
  ['base64url', (text) => (/[-_]/.test(text) ? pad(text.replaceAll('-', '+').replaceAll('_', '/')) : undefined)],
  ['padding_missing', (text) => (text.endsWith('=') ? undefined : pad(text))],
  [
    'not_canonical',
    (text) => (/^[A-Za-z0-9+/]+=*$/.test(text) ? Buffer.from(text, 'base64').toString('base64') : undefined),
  ],
];

/** No signature is longer: RSA of 4096 bits, written in hex or encoded twice. */
const textMax = 4_096;

/** The bytes of a signature, also from the spellings that programs get wrong; undefined: no such thing. */
export function repairSign(sign: string): RepairedSign | undefined {
  if (sign.length > textMax) return undefined;
  const bytes = decodeCanonicalBase64(sign);
  if (bytes !== undefined && !/^(?:[0-9a-f]{2}){128,}$/i.test(sign)) {
    // Base64 of base64 decodes as well.
    const inner = decodeCanonicalBase64(Buffer.from(bytes).toString('latin1'));
    const isTwice = inner !== undefined && inner.length >= 128;
    return isTwice ? { bytes: inner, spelling: 'encoded_twice' } : { bytes, spelling: undefined };
  }
  for (const [spelling, mend] of repairs) {
    const mended = mend(sign);
    const found = mended === undefined || mended === '' ? undefined : decodeCanonicalBase64(mended);
    if (found !== undefined) return { bytes: found, spelling };
  }
  return undefined;
}

function pad(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
