/** Amounts are text with the currency's digits. They are added as whole numbers, never as floats. */
type Decimal = { readonly minor: bigint; readonly digits: number };

function readDecimal(text: string): Decimal {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const minor = BigInt(whole + fraction);
  return { minor: text.startsWith('-') ? -minor : minor, digits: fraction.length };
}

function writeDecimal({ minor, digits }: Decimal): string {
  const padded = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  const text = digits === 0 ? padded : `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
  return minor < 0n ? `-${text}` : text;
}

/** `from` less `taken`; both of one currency. */
export function subtractText(from: string, taken: string): string {
  const { minor, digits } = readDecimal(from);
  return writeDecimal({ minor: minor - readDecimal(taken).minor, digits });
}

/** The sum of amounts per currency, in the order in which the currencies appear. */
export function sumByCurrency(
  amounts: readonly { readonly amount: string; readonly currency: string }[],
): readonly (readonly [currency: string, sum: string])[] {
  const sums = new Map<string, Decimal>();
  for (const { amount, currency } of amounts) {
    const { minor, digits } = readDecimal(amount);
    sums.set(currency, { minor: (sums.get(currency)?.minor ?? 0n) + minor, digits });
  }
  return [...sums].map(([currency, sum]) => [currency, writeDecimal(sum)]);
}
