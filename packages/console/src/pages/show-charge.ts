import { chargeFor } from '../../../gateway/src/core/commission.ts';
import { findCurrency } from '../../../gateway/src/core/currency.ts';
import { formatMinor, parseAmountText } from '../../../gateway/src/core/money.ts';

type Shown = {
  readonly amount: string;
  readonly due: string;
  readonly debit: string;
  readonly commission: string;
};

const percentDigits = 4;

/** What one payout of `values.example` costs under the rule in the form; undefined while that is not a rule yet. */
export function showCharge(values: Readonly<Record<string, string>>, currency: string): Shown | undefined {
  const digits = findCurrency(currency)?.digits ?? 2;
  const readText = (name: string): string => (values[name] ?? '').trim().replace(',', '.');
  const readMinor = (text: string, places: number): bigint | undefined => {
    const minor = parseAmountText(text, places);
    if (typeof minor === 'bigint') return minor;
    return minor === 'not_positive' ? 0n : undefined;
  };
  const readPart = (name: string) => readMinor(readText(`commission.${name}`) || '0', digits);
  const amountMinor = readMinor(readText('example'), digits);
  const percent = readMinor(readText('commission.percent') || '0', percentDigits);
  const [fixedMinor, minMinor] = [readPart('fixed'), readPart('min')];
  const maxMinor = readText('commission.max') === '' ? null : readPart('max');
  if (amountMinor === undefined || percent === undefined || percent > 1_000_000n) return undefined;
  if (fixedMinor === undefined || minMinor === undefined || maxMinor === undefined) return undefined;
  const bearer = values['commission.bearer'] === 'recipient' ? 'recipient' : 'account';
  const charge = chargeFor({ percentPpm: Number(percent), fixedMinor, minMinor, maxMinor, bearer }, amountMinor);
  const write = (minor: bigint): string => formatMinor(minor, digits);
  return {
    amount: write(amountMinor),
    due: write(charge.dueMinor),
    debit: write(charge.debitMinor),
    commission: write(charge.commissionMinor),
  };
}
