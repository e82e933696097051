import { useTranslation } from 'react-i18next';
import type { PauseWeight } from '../calls/answers.ts';
import { writeAmount } from '../parts/amount.tsx';

/** `3 payouts, 1 200.00 RUB and 40.00 EUR`. */
export function useWeightText(): (weight: PauseWeight) => string {
  const { t, i18n } = useTranslation();
  return ({ payouts, amounts, is_cut_off: isCutOff }) => {
    const counted = t('pauses.count', { count: payouts });
    const sums = amounts.map(({ due, currency }) => `${writeAmount(due, i18n.language)}\u00a0${currency}`);
    const atLeast = isCutOff ? `${t('pauses.atLeast')} ` : '';
    return [`${atLeast}${counted}`, ...sums].join(', ');
  };
}
