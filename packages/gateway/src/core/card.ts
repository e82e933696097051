/** The digit that completes `payload` (decimal digits) to a number that passes Luhn (ISO/IEC 7812-1, annex B). */
export function luhnCheckDigit(payload: string): string {
  return String((10 - (luhnSum(payload, true) % 10)) % 10);
}

/** Whether decimal digits end in their Luhn check digit. */
export function luhnIsValid(digits: string): boolean {
  return digits.length > 1 && luhnSum(digits, false) % 10 === 0;
}

function luhnSum(digits: string, doubleLast: boolean): number {
  let sum = 0;
  let doubled = doubleLast;
  for (let at = digits.length - 1; at >= 0; at -= 1) {
    const digit = digits.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) throw new RangeError('Luhn is defined for decimal digits only.');
    const term = doubled ? digit * 2 : digit;
    sum += term > 9 ? term - 9 : term;
    doubled = !doubled;
  }
  return sum;
}

export type CardBrand =
  | 'mir'
  | 'visa'
  | 'mastercard'
  | 'maestro'
  | 'unionpay'
  | 'uzcard'
  | 'humo'
  | 'amex'
  | 'jcb'
  | 'diners'
  | 'discover'
  | 'other';

/** Leading digits, first and last of a range that is inclusive; the first line that fits decides. */
const brandRanges: readonly (readonly [first: string, last: string, brand: CardBrand])[] = [
  ['2200', '2204', 'mir'],
  ['8600', '8600', 'uzcard'],
  ['5614', '5614', 'uzcard'],
  ['9860', '9860', 'humo'],
  ['2221', '2720', 'mastercard'],
  ['51', '55', 'mastercard'],
  ['34', '34', 'amex'],
  ['37', '37', 'amex'],
  ['3528', '3589', 'jcb'],
  ['300', '305', 'diners'],
  ['36', '36', 'diners'],
  ['38', '39', 'diners'],
  ['4', '4', 'visa'],
  ['6011', '6011', 'discover'],
  ['644', '649', 'discover'],
  ['65', '65', 'discover'],
  ['62', '62', 'unionpay'],
  ['81', '81', 'unionpay'],
  ['50', '50', 'maestro'],
  ['56', '58', 'maestro'],
  ['63', '63', 'maestro'],
  ['67', '67', 'maestro'],
];

/** The brand by the leading digits. A hint for routing and display: it never decides whether a number is accepted. */
export function cardBrand(number: string): CardBrand {
  for (const [first, last, brand] of brandRanges) {
    const lead = number.slice(0, first.length);
    if (lead >= first && lead <= last && lead.length === first.length) return brand;
  }
  return 'other';
}
