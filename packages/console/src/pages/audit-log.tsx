import { Alert, Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { AuditRow, AuditVerdict, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { useMay } from '../session.tsx';

/** What people did, and whether the record of it is whole. */
export function AuditLogPage() {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['audit-log'],
    queryFn: ({ pageParam }) => read<ApiPage<AuditRow>>(withQuery('/audit-log', { cursor: pageParam, limit: 100 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <Page title={t('pages.auditLog')}>
      {useMay('owner') && <Verification />}
      <div className="panel">
        <Loaded query={query} rows={12}>
          {({ pages }) => <Rows rows={pages.flatMap(({ items }) => items)} />}
        </Loaded>
        {query.hasNextPage && (
          <Button variant="default" m="sm" loading={query.isFetching} onClick={() => void query.fetchNextPage()}>
            {t('more')}
          </Button>
        )}
      </div>
    </Page>
  );
}

function Rows({ rows }: { readonly rows: readonly AuditRow[] }) {
  const { t } = useTranslation();
  return (
    <Records
      label={t('pages.auditLog')}
      rows={rows}
      empty={t('audit.none')}
      keyOf={(row) => row.row_no}
      columns={[
        { title: t('audit.row'), cell: (row) => row.row_no, isEnd: true },
        { title: t('audit.at'), cell: (row) => <Moment value={row.created_at} /> },
        { title: t('audit.actor'), cell: ({ actor }) => <span className="hostile">{actor}</span> },
        { title: t('audit.action'), cell: ({ action }) => <span className="code">{action}</span> },
        { title: t('audit.subject'), cell: ({ subject }) => <span className="long">{subject}</span> },
        {
          title: t('audit.detail'),
          cell: ({ detail }) =>
            Object.keys(detail).length > 0 && <span className="long">{JSON.stringify(detail)}</span>,
        },
      ]}
    />
  );
}

function Verification() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['audit-verdict'],
    queryFn: () => read<AuditVerdict>('/audit-log/verdict'),
    enabled: false,
  });
  const verdict = query.data;
  return (
    <div className="filters">
      <Button variant="default" size="xs" loading={query.isFetching} onClick={() => void query.refetch()}>
        {t('audit.verify')}
      </Button>
      {query.error !== null && <span className="state bad">{query.error.message}</span>}
      {verdict?.is_whole === true && (
        <span className="state good">{t('audit.whole', { count: verdict.rows ?? 0 })}</span>
      )}
      {verdict?.is_whole === false && (
        <Alert color="red" variant="outline">
          {t('audit.broken', { row: verdict.broken_at_row, why: t(`auditFaults.${verdict.why ?? 'changed'}`) })}
        </Alert>
      )}
    </div>
  );
}
