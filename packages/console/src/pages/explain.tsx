import { useTranslation } from 'react-i18next';
import type { History } from '../calls/answers.ts';
import { writeAmount } from '../parts/amount.tsx';
import { writeDuration } from '../parts/duration.ts';

/** The payout in a few sentences: what was asked for, how it went, what the merchant knows. */
export function Explain({ history }: { readonly history: History }) {
  const sentences = useSentences(history);
  return (
    <p className="explain hostile" role="status">
      {sentences.join(' ')}
    </p>
  );
}

function useSentences({ payout, attempts, notifications, deliveries }: History): readonly string[] {
  const { t, i18n } = useTranslation();
  const write = (amount: string) => `${writeAmount(amount, i18n.language)}\u00a0${payout.currency}`;
  const { state, created_at: created, final_at: final, recipient } = payout;
  const took = final === null ? '' : writeDuration(Date.parse(final) - Date.parse(created), i18n.language);
  const connector = attempts.at(-1)?.connector ?? payout.connectors[0] ?? '—';
  const reason = t(`failReasons.${payout.fail_reason}`, { defaultValue: payout.fail_reason ?? '' });
  const values = {
    amount: write(payout.amount),
    due: write(payout.due),
    debit: write(payout.debit),
    paid: write(payout.paid ?? '0'),
    recipient,
    connector,
    took,
    reason,
    count: payout.attempts,
  };
  return [t(`explain.${state}`, values), ...tellMerchant()];

  function tellMerchant(): readonly string[] {
    if (final === null) return [];
    if (payout.archived_at !== null) return [payout.told_at === null ? t('explain.untold') : t('explain.told')];
    if (notifications.length === 0) return [t('explain.noNotification')];
    const delivered = notifications.filter((one) => one.state === 'delivered').length;
    const dead = notifications.filter((one) => one.state === 'dead').length;
    const tries = deliveries.length;
    if (dead > 0) return [t('explain.dead', { count: dead, tries })];
    if (delivered === notifications.length) return [t('explain.delivered', { count: tries })];
    return [t('explain.pending', { count: tries })];
  }
}
