import { useTranslation } from 'react-i18next';

/** `1000.44` as people read it: narrow spaces between thousands, and a comma in Russian. Digits are never rounded. */
export function writeAmount(text: string, language: string): string {
  const [, sign = '', whole = '', fraction] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return text;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const end = fraction === undefined ? '' : `${language === 'ru' ? ',' : '.'}${fraction}`;
  return `${sign === '-' ? '\u2212' : ''}${grouped}${end}`;
}

export function Amount({ value, currency }: { readonly value: string | null; readonly currency?: string }) {
  const { i18n } = useTranslation();
  if (value === null) return <span className="amount">—</span>;
  return (
    <span className="amount">
      {writeAmount(value, i18n.language)}
      {currency !== undefined && <span className="currency">{`\u00a0${currency}`}</span>}
    </span>
  );
}
