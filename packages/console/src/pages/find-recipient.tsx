import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Modal } from '@mantine/core';
import type { OwnPayout, Page as ApiPage, Payout } from '../calls/answers.ts';
import { change } from '../calls/call.ts';
import { Ask } from '../parts/ask.tsx';
import { Payouts } from '../parts/payouts.tsx';

type Found = ApiPage<Payout | OwnPayout>;

/** Payouts to one recipient by the whole number. It is sent in the body and stands in no address and in no log. */
export function FindRecipient({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [found, setFound] = useState<Found>();
  if (found === undefined) {
    return (
      <Ask<Found>
        title={t('recipient.title')}
        text={t('recipient.text')}
        submit={t('payouts.find')}
        fields={[{ name: 'recipient', label: t('recipient.number') }]}
        keepsSession
        run={({ recipient = '' }) => change('POST', '/payouts/search', { recipient: recipient.trim(), limit: 100 })}
        onDone={setFound}
        // Once something was found its list takes the place of the form.
        onClose={() => setFound((before) => before)}
        onCancel={onClose}
      />
    );
  }
  const rows = found.items.map((item) => ('state' in item ? item : { ...item, state: item.payment_status }));
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('recipient.found', { count: rows.length })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Payouts rows={rows} label={t('recipient.title')} empty={t('recipient.none')} />
      {found.next_cursor !== null && <p>{t('recipient.more')}</p>}
    </Modal>
  );
}
