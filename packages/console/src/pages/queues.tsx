import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Incident, Notification, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { pollEvery } from '../calls/poll.ts';
import { Act } from '../parts/act.tsx';
import type { BulkItem } from '../parts/bulk.tsx';
import { LazyBulk as Bulk } from '../parts/bulk-lazy.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { PayoutLink } from '../parts/payouts.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { useQueues } from './read-queues.ts';
import { ReviewTable } from './review-table.tsx';

const everyMs = 10_000;

/** Payouts of which nobody knows yet whether they were executed. */
export function ReviewsPage() {
  const { t } = useTranslation();
  const { reviews } = useQueues();
  return (
    <Page title={t('pages.reviews')}>
      <p>{t('reviews.text')}</p>
      <div className="panel">
        <Loaded query={reviews}>{({ items }) => <ReviewTable rows={items} hasActions />}</Loaded>
      </div>
    </Page>
  );
}

type TableProps<Row> = {
  readonly rows: readonly Row[];
  readonly hasActions?: boolean;
  readonly hasState?: boolean;
  readonly empty?: string;
};

export function NotificationsPage() {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['dead'],
    queryFn: ({ pageParam }) =>
      read<ApiPage<Notification>>(withQuery('/notifications/dead', { cursor: pageParam, limit: 200 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: pollEvery(everyMs),
  });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Page title={t('pages.notifications')} actions={useMay('operator') && <ResendAll rows={rows} />}>
      <p>{t('notifications.text')}</p>
      <div className="panel">
        <Loaded query={query}>{() => <NotificationTable rows={rows} hasActions />}</Loaded>
        {query.hasNextPage && (
          <Button variant="default" m="sm" loading={query.isFetching} onClick={() => void query.fetchNextPage()}>
            {t('more')}
          </Button>
        )}
      </div>
    </Page>
  );
}

/** All that are shown: one server that was down has hundreds of them. */
function ResendAll({ rows }: { readonly rows: readonly Notification[] }) {
  const { t } = useTranslation();
  // What is asked for stays the same while the list behind it grows shorter.
  const [items, setItems] = useState<readonly (Notification & BulkItem)[]>();
  const open = () => setItems(rows.map((row) => ({ ...row, key: row.id, name: `${row.payout_id} → ${row.url}` })));
  return (
    <>
      <Button size="xs" variant="default" disabled={rows.length === 0} onClick={open}>
        {t('notifications.resendAll', { count: rows.length })}
      </Button>
      {items !== undefined && (
        <Bulk
          title={t('notifications.resendAll', { count: items.length })}
          text={<p>{t('notifications.resendAllText', { count: items.length })}</p>}
          submit={t('notifications.resend')}
          items={items}
          run={async ({ id, merchant_id: merchantId }) => {
            await change('POST', `/notifications/${id}/resend`, { merchant_id: merchantId });
            return t('notifications.resent');
          }}
          onClose={() => setItems(undefined)}
        />
      )}
    </>
  );
}

export function NotificationTable(props: TableProps<Notification>) {
  const { rows, hasActions = false, hasState = false, empty } = props;
  const { t } = useTranslation();
  const mayResend = useMay('operator') && hasActions;
  return (
    <Records
      label={t('pages.notifications')}
      rows={rows}
      empty={empty ?? t('notifications.none')}
      keyOf={({ id }) => id}
      columns={[
        { title: t('payouts.columns.id'), cell: (one) => <PayoutLink id={one.payout_id} /> },
        ...(hasState
          ? [{ title: t('endpoints.state'), cell: ({ state }: Notification) => <State value={state} /> }]
          : []),
        { title: t('notifications.where'), cell: (one) => <span className="long">{`${one.method} ${one.url}`}</span> },
        { title: t('notifications.tries'), cell: ({ tries }) => tries, isEnd: true },
        { title: t('notifications.endedAt'), cell: (one) => <Moment value={one.ended_at} /> },
        ...(mayResend
          ? [
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (one: Notification) => <Resend notification={one} />,
              },
            ]
          : []),
      ]}
    />
  );
}

export function Resend({ notification }: { readonly notification: Notification }) {
  const { t } = useTranslation();
  const { id, merchant_id: merchantId, url } = notification;
  return (
    <Act
      title={t('notifications.resend')}
      about={String(id)}
      isSmall
      submit={t('notifications.resend')}
      text={t('notifications.resendText', { url })}
      done={t('notifications.resent')}
      run={() => change('POST', `/notifications/${id}/resend`, { merchant_id: merchantId })}
    />
  );
}

export function IncidentsPage() {
  const { t } = useTranslation();
  const { incidents } = useQueues();
  return (
    <Page title={t('pages.incidents')}>
      <p>{t('incidents.text')}</p>
      <div className="panel">
        <Loaded query={incidents}>{({ items }) => <IncidentTable rows={items} hasActions />}</Loaded>
      </div>
    </Page>
  );
}

export function IncidentTable({ rows, hasActions = false }: TableProps<Incident>) {
  const { t } = useTranslation();
  const mayClose = useMay('operator') && hasActions;
  return (
    <Records
      label={t('pages.incidents')}
      rows={rows}
      empty={t('incidents.none')}
      keyOf={({ id }) => id}
      columns={[
        { title: t('incidents.kind'), cell: ({ kind }) => t(`incidentKinds.${kind}`, { defaultValue: kind }) },
        { title: t('payouts.columns.id'), cell: (one) => one.payout_id !== null && <PayoutLink id={one.payout_id} /> },
        { title: t('incidents.openedAt'), cell: (one) => <Moment value={one.opened_at} /> },
        ...(mayClose
          ? [
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (one: Incident) => <CloseIncident incident={one} />,
              },
            ]
          : []),
      ]}
    />
  );
}

function CloseIncident({ incident }: { readonly incident: Incident }) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('incidents.close')}
      about={String(incident.id)}
      isSmall
      submit={t('incidents.close')}
      text={<pre className="raw">{JSON.stringify(incident.detail, null, 2)}</pre>}
      fields={[{ name: 'reason', label: t('incidents.reason'), kind: 'text' }]}
      done={t('incidents.closed')}
      run={(values) => change('POST', `/incidents/${incident.id}/close`, values)}
    />
  );
}
