import { Button, NativeSelect } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Notification, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { merchantPath, withQuery } from '../calls/paths.ts';
import { Loaded, Panel } from '../parts/page.tsx';
import { NotificationTable } from './queues.tsx';

/** What a merchant was told, newest first. */
export function MerchantLog({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const [state, setState] = useState('');
  const path = `${merchantPath(merchantId)}/notifications`;
  const query = useInfiniteQuery({
    queryKey: ['merchant-log', path, state],
    queryFn: ({ pageParam }) => read<ApiPage<Notification>>(withQuery(path, { state, cursor: pageParam, limit: 20 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
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
    <Panel title={t('merchants.log')} actions={filter} isBare>
      <Loaded query={query} rows={2}>
        {({ pages }) => (
          <NotificationTable
            rows={pages.flatMap(({ items }) => items)}
            hasActions
            hasState
            empty={t('merchants.noLog')}
          />
        )}
      </Loaded>
      {query.hasNextPage && (
        <Button variant="default" m="sm" loading={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </Panel>
  );
}
