/** Amounts: text on the wire, whole minor units (`bigint`) inside. No floating point ever touches one. */

/** The most digits an amount may have, before and after the point together. */
export const amountDigitsMax = 11;

/** `format`: not the grammar. `digits`: too many after the point or in all. `not_positive`: zero. */
export type AmountFault = 'format' | 'digits' | 'not_positive';

const zero = 48;
const nine = 57;
const point = 46;

/**
 * Reads an amount as the wire contract writes it: digits without a leading zero (a single 0 before a point is fine),
 * then at most `digits` digits after a point; no sign, exponent, space or other digits; at most eleven digits in all;
 * positive. JSON numbers go through here as their text. Returns minor units, or what is wrong.
 */
export function parseAmountText(text: string, digits: number): bigint | AmountFault {
  const { length } = text;
  if (length === 0) return 'format';
  let pointAt = -1;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) continue;
    if (code !== point || pointAt !== -1) return 'format';
    pointAt = at;
  }
  const wholeEnd = pointAt === -1 ? length : pointAt;
  if (wholeEnd === 0 || pointAt === length - 1) return 'format';
  if (wholeEnd > 1 && text.charCodeAt(0) === zero) return 'format';
  const fraction = pointAt === -1 ? '' : text.slice(pointAt + 1);
  if (fraction.length > digits || wholeEnd + fraction.length > amountDigitsMax) return 'digits';
  const minor = BigInt(text.slice(0, wholeEnd) + fraction.padEnd(digits, '0'));
  return minor === 0n ? 'not_positive' : minor;
}

/** Minor units as text with the currency's digits: `1000.44`, `-0.05`, `500` for a currency without minor units. */
export function formatMinor(minor: bigint, digits: number): string {
  const negative = minor < 0n;
  const text = (negative ? -minor : minor).toString().padStart(digits + 1, '0');
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return negative ? `-${whole}` : whole;
}

/** Minor units as text with eight decimals, as the balance call writes them: `93.84000000`. `digits` is at most 8. */
export function formatEight(minor: bigint, digits: number): string {
  if (digits > 8) throw new RangeError(`A currency has at most 8 minor digits here, not ${digits}.`);
  return formatMinor(minor * 10n ** BigInt(8 - digits), 8);
}

/** Quotient rounded half up (a half goes towards plus infinity): the one rounding rule of the house. */
export function roundHalfUpDiv(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('The denominator must be positive.');
  const doubled = 2n * numerator + denominator;
  const divisor = 2n * denominator;
  const quotient = doubled / divisor;
  return doubled % divisor < 0n ? quotient - 1n : quotient;
}
