import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Preflight } from '../calls/answers.ts';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Panel } from '../parts/page.tsx';

type PreflightProps = {
  readonly checked: Preflight | undefined;
  readonly isBusy: boolean;
  readonly onOrder: () => void;
};

/** What an order would do, in numbers; the button stands under them. */
export function PreflightPanel({ checked, isBusy, onOrder }: PreflightProps) {
  const { t } = useTranslation();
  const money = (value: string | null) => <Amount value={value} currency={checked?.currency ?? ''} />;
  return (
    <Panel title={t('order.preflight')}>
      <div role="status">
        {checked === undefined ? (
          <p>{t('order.notChecked')}</p>
        ) : (
          <>
            <p>
              <span className={`state ${checked.can_order ? 'good' : 'bad'}`}>
                {t(checked.can_order ? 'order.canOrder' : 'order.cannotOrder')}
              </span>{' '}
              {checked.payout_id !== null && t('order.known', { id: checked.payout_id })}
            </p>
            <Facts
              facts={[
                [t('payouts.columns.recipient'), <span className="code">{checked.recipient ?? '—'}</span>],
                [t('payout.due'), money(checked.due)],
                [t('payout.commission'), money(checked.commission)],
                [t('order.debit'), money(checked.debit)],
                [t('ledger.available'), money(checked.available)],
                [t('order.after'), money(checked.available_after)],
              ]}
            />
            {!checked.can_order && (
              <ul className="problems">
                {Object.entries(checked.errors).map(([name, texts]) => (
                  <li key={name} className="hostile">
                    {texts.join(' ')}
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </div>
      {checked?.can_order === true && (
        <Button mt="md" loading={isBusy} onClick={onOrder}>
          {t('order.submit')}
        </Button>
      )}
    </Panel>
  );
}
