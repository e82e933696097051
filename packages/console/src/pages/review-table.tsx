import { useTranslation } from 'react-i18next';
import type { Payout } from '../calls/answers.ts';
import { Payouts } from '../parts/payouts.tsx';
import { useMay } from '../session.tsx';
import { Verdict } from './verdict.tsx';

type TableProps = { readonly rows: readonly Payout[]; readonly hasActions?: boolean };

export function ReviewTable({ rows, hasActions = false }: TableProps) {
  const { t } = useTranslation();
  const mayJudge = useMay('approver');
  const more = {
    title: t('actions'),
    isEnd: true,
    isSilent: true,
    cell: (payout: Payout) => <Verdict payout={payout} />,
  };
  return (
    <Payouts
      rows={rows}
      label={t('pages.reviews')}
      empty={t('reviews.none')}
      more={hasActions && mayJudge ? [more] : []}
    />
  );
}
