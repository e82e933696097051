import { Button, NativeSelect } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnNotification, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { pollEvery } from '../calls/poll.ts';
import { Endpoints } from '../pages/endpoints.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { NotificationLog } from './notification-log.tsx';

const everyMs = 5_000;

/** Where the merchant listens, and what was sent there. */
export function OwnEndpointsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('pages.endpoints')}>
      <p>{t('cabinet.endpointsText')}</p>
      <Endpoints merchantId="own" />
      <Log />
    </Page>
  );
}

function Log() {
  const { t } = useTranslation();
  const [state, setState] = useState('');
  const query = useInfiniteQuery({
    queryKey: ['own-notifications', state],
    queryFn: ({ pageParam }) =>
      read<ApiPage<OwnNotification>>(withQuery('/notifications', { state, cursor: pageParam, limit: 50 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (asked) => ((asked.state.data?.pages.length ?? 0) > 1 ? false : pollEvery(everyMs)(asked)),
  });
  const choices = ['pending', 'delivered', 'dead'].map((value) => ({ value, label: t(`states.${value}`) }));
  const filter = (
    <NativeSelect
      size="xs"
      aria-label={t('endpoints.state')}
      value={state}
      data={[{ value: '', label: t('payouts.anyState') }, ...choices]}
      onChange={(event) => setState(event.currentTarget.value)}
    />
  );
  return (
    <Panel title={t('cabinet.log')} actions={filter} isBare>
      <Loaded query={query}>{({ pages }) => <NotificationLog rows={pages.flatMap(({ items }) => items)} />}</Loaded>
      {query.hasNextPage && (
        <Button variant="default" m="sm" loading={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </Panel>
  );
}
