import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnNotification, OwnNotificationDetail } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded } from '../parts/page.tsx';
import { PayoutLink } from '../parts/payouts.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';

/** What the merchant was told: each with its tries and its exact text, and a way to have it sent again. */
export function NotificationLog({ rows }: { readonly rows: readonly OwnNotification[] }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<number>();
  return (
    <>
      <Records
        label={t('cabinet.log')}
        rows={rows}
        empty={t('cabinet.noNotifications')}
        keyOf={({ id }) => id}
        columns={[
          { title: t('payouts.columns.id'), cell: (one) => <PayoutLink id={one.payout_id} /> },
          { title: t('endpoints.state'), cell: ({ state }) => <State value={state} /> },
          {
            title: t('notifications.where'),
            cell: (one) => <span className="long">{`${one.method} ${one.url}`}</span>,
          },
          { title: t('notifications.tries'), cell: ({ tries }) => tries, isEnd: true },
          { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
          { title: t('notifications.endedAt'), cell: (one) => <Moment value={one.ended_at} /> },
          {
            title: t('actions'),
            isEnd: true,
            isSilent: true,
            cell: (one) => (
              <div className="actions">
                <button
                  type="button"
                  className="plain"
                  aria-label={`${t('cabinet.tries')}: ${one.id}`}
                  onClick={() => setShown(one.id)}
                >
                  {t('cabinet.tries')}
                </button>
                <ResendOwn notification={one} />
              </div>
            ),
          },
        ]}
      />
      {shown !== undefined && <Detail id={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

function ResendOwn({ notification: { id, url } }: { readonly notification: OwnNotification }) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('notifications.resend')}
      about={String(id)}
      isSmall
      submit={t('notifications.resend')}
      text={t('notifications.resendText', { url })}
      done={t('notifications.resent')}
      run={() => change('POST', `/notifications/${id}/resend`)}
    />
  );
}

function Detail({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('cabinet.notification', { id })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <NotificationDetail id={id} />
    </Modal>
  );
}

/** The exact signed text, its signature, and how each try went. */
function NotificationDetail({ id }: { readonly id: number }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['own-notification', id],
    queryFn: () => read<OwnNotificationDetail>(`/notifications/${id}`),
  });
  return (
    <Loaded query={query}>
      {({ signed_text: text, sign, deliveries }) => (
        <>
          <h3 className="small">{t('timeline.signedText')}</h3>
          <pre className="raw" tabIndex={0}>
            {text}
          </pre>
          {sign !== null && (
            <>
              <h3 className="small">{t('timeline.sign')}</h3>
              <pre className="raw" tabIndex={0}>
                {sign}
              </pre>
            </>
          )}
          <h3 className="small">{t('cabinet.tries')}</h3>
          <Records
            label={t('cabinet.tries')}
            rows={deliveries}
            empty={t('cabinet.noTries')}
            keyOf={(one) => one.try_no}
            columns={[
              { title: '№', cell: (one) => one.try_no },
              { title: t('timeline.received'), cell: (one) => <TryResult line={one} /> },
              { title: t('cabinet.took'), cell: (one) => t('cabinet.ms', { ms: one.duration_ms }), isEnd: true },
              { title: t('createdAt'), cell: (one) => <Moment value={one.started_at} /> },
            ]}
          />
        </>
      )}
    </Loaded>
  );
}

type Line = OwnNotificationDetail['deliveries'][number];

function TryResult({ line }: { readonly line: Line }) {
  const { status_code: status, error, answer } = line;
  const isFine = status !== null && status < 300;
  return (
    <>
      <span className={`state ${isFine ? 'good' : 'bad'}`}>{status === null ? error : `HTTP ${status}`}</span>{' '}
      <span className="long">{answer}</span>
    </>
  );
}
