import { useTranslation } from 'react-i18next';
import type { Payout } from '../calls/answers.ts';
import { change } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { writeAmount } from '../parts/amount.tsx';
import type { Values } from '../parts/ask.tsx';

/** Ends a payout in review: what was found out, and what proves it. The numbers say what it will do. */
export function Verdict({ payout, isMain = false }: { readonly payout: Payout; readonly isMain?: boolean }) {
  const { t, i18n } = useTranslation();
  const { currency } = payout;
  const write = (value: string) => `${writeAmount(value, i18n.language)}\u00a0${currency}`;
  const preview = ({ verdict = 'paid', paid_amount: paid = '' }: Values) =>
    verdict === 'paid'
      ? t('verdict.paidMeans', { amount: write(paid === '' ? payout.due : paid) })
      : t('verdict.notExecutedMeans', { amount: write(payout.debit) });
  return (
    <Act
      title={t('verdict.title')}
      about={String(payout.id)}
      isMain={isMain}
      isSmall={!isMain}
      submit={t('verdict.submit')}
      text={t('verdict.text', { order: payout.order_id, amount: write(payout.due), recipient: payout.recipient })}
      fields={[
        {
          name: 'verdict',
          label: t('verdict.found'),
          kind: 'choice',
          value: 'paid',
          choices: [
            { value: 'paid', label: t('verdict.paid') },
            { value: 'not_executed', label: t('verdict.notExecuted') },
          ],
        },
        { name: 'paid_amount', label: t('verdict.paidAmount'), kind: 'amount', isOptional: true },
        { name: 'evidence', label: t('verdict.evidence'), hint: t('verdict.evidenceHint'), kind: 'text' },
      ]}
      preview={(values) => <p role="status">{preview(values)}</p>}
      done={t('verdict.done')}
      run={({ verdict, paid_amount: paid, evidence }) =>
        change('POST', `/payouts/${payout.id}/review`, {
          verdict,
          evidence,
          ...(verdict === 'paid' && paid !== '' && { paid_amount: paid }),
        })
      }
    />
  );
}
