import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnNotification, PayoutRow } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { isMerchantSide } from '../calls/side.ts';
import { writeAmount } from '../parts/amount.tsx';
import { LazyBulk as Bulk } from '../parts/bulk-lazy.tsx';
import { sumByCurrency } from '../parts/decimal.ts';
import { useMay, useMayManage } from '../session.tsx';
import type { Selection } from './payouts.tsx';

type BulkBarProps = { readonly selection: Selection; readonly onClear: () => void };
type Chosen = PayoutRow & { readonly key: number; readonly name: string };

/** What can be done with the rows that are marked. It takes its room from the table, so nothing jumps. */
export function PayoutBulk({ selection, onClear }: BulkBarProps) {
  const { t } = useTranslation();
  const mayCancel = useMay('operator');
  const mayResend = useMayManage();
  const [open, setOpen] = useState<'cancel' | 'resend'>();
  const rows = [...selection.values()].map((payout) => ({
    ...payout,
    key: payout.id,
    name: `${payout.id} · ${payout.order_id}`,
  }));
  if (rows.length === 0) return null;
  const queued = rows.filter(({ state }) => state === 'queued');
  const final = rows.filter(({ final_at: finalAt }) => finalAt !== null);
  return (
    <div className="bulk-bar" role="region" aria-label={t('bulk.title')}>
      <strong>{t('bulk.selected', { count: rows.length })}</strong>
      {mayCancel && (
        <Button size="compact-xs" variant="default" onClick={() => setOpen('cancel')}>
          {t('payout.cancel')}: {queued.length}
        </Button>
      )}
      {mayResend && (
        <Button size="compact-xs" variant="default" onClick={() => setOpen('resend')}>
          {t(isMerchantSide ? 'bulk.resendOwn' : 'bulk.resend')}: {final.length}
        </Button>
      )}
      <Button size="compact-xs" variant="subtle" onClick={onClear}>
        {t('bulk.clear')}
      </Button>
      {open === 'cancel' && (
        <CancelMany items={queued} others={rows.length - queued.length} onClose={() => setOpen(undefined)} />
      )}
      {open === 'resend' && (
        <ResendMany items={final} others={rows.length - final.length} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}

type ManyProps = { readonly items: readonly Chosen[]; readonly others: number; readonly onClose: () => void };

function CancelMany({ items, others, onClose }: ManyProps) {
  const { t, i18n } = useTranslation();
  const sums = sumByCurrency(items.map(({ debit: amount, currency }) => ({ amount, currency }))).map(
    ([currency, sum]) => `${writeAmount(sum, i18n.language)}\u00a0${currency}`,
  );
  const count = items.length;
  return (
    <Bulk
      title={t('payout.cancel')}
      text={
        <div>
          <p>{t('bulk.cancelText', { count, sums: sums.join(', ') || '0' })}</p>
          {others > 0 && <p>{t('bulk.cancelOthers', { count: others })}</p>}
        </div>
      }
      submit={t('bulk.cancelSubmit', { count })}
      reasonLabel={t('payout.reason')}
      items={items}
      run={async ({ id }, reason) => {
        await change('POST', `/payouts/${id}/cancel`, { reason });
        return t('payout.cancelled');
      }}
      onClose={onClose}
    />
  );
}

function ResendMany({ items, others, onClose }: ManyProps) {
  const { t } = useTranslation();
  const count = items.length;
  const resend = async ({ id, merchant_id: merchantId }: Chosen): Promise<string> => {
    const { notifications } = await read<{ notifications: readonly OwnNotification[] }>(`/payouts/${id}`);
    const body = merchantId === undefined ? undefined : { merchant_id: merchantId };
    for (const notification of notifications) {
      await change('POST', `/notifications/${notification.id}/resend`, body);
    }
    return t('bulk.resentCount', { count: notifications.length });
  };
  return (
    <Bulk
      title={t('bulk.resend')}
      text={
        <div>
          <p>{t('bulk.resendText', { count })}</p>
          {others > 0 && <p>{t('bulk.resendOthers', { count: others })}</p>}
        </div>
      }
      submit={t('bulk.resendSubmit', { count })}
      items={items}
      run={resend}
      onClose={onClose}
    />
  );
}
