import { Alert, Button, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditRow, AuditVerdict, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { useMay } from '../session.tsx';

type AuditFilters = { readonly actor?: string; readonly action?: string };

/** What people did, and whether the record of it is whole. */
export function AuditLogPage() {
  const { t } = useTranslation();
  const { actor, action }: AuditFilters = useSearch({ strict: false });
  const query = useInfiniteQuery({
    queryKey: ['audit-log', actor, action],
    queryFn: ({ pageParam }) =>
      read<ApiPage<AuditRow>>(withQuery('/audit-log', { actor, action, cursor: pageParam, limit: 100 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <Page title={t('pages.auditLog')}>
      {useMay('owner') && <Verification />}
      <AuditFilterForm key={`${actor} ${action}`} actor={actor} action={action} />
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

type FormProps = { readonly actor: string | undefined; readonly action: string | undefined };

function AuditFilterForm({ actor = '', action = '' }: FormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const go = (search: AuditFilters) => void navigate({ to: '/audit-log', search });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = [...new FormData(event.currentTarget)].flatMap(([name, value]) =>
      typeof value === 'string' && value.trim() !== '' ? [[name, value.trim()] as const] : [],
    );
    go(Object.fromEntries(typed));
  };
  return (
    <form className="filters" onSubmit={submit} aria-label={t('payouts.filters')}>
      <TextInput
        size="xs"
        name="actor"
        label={t('audit.actor')}
        placeholder="operator:anna"
        defaultValue={actor}
        autoComplete="off"
      />
      <TextInput
        size="xs"
        name="action"
        label={t('audit.action')}
        placeholder="pause.set"
        defaultValue={action}
        autoComplete="off"
      />
      <Button type="submit" size="xs" variant="default">
        {t('payouts.find')}
      </Button>
      {(actor !== '' || action !== '') && (
        <Button size="xs" variant="default" onClick={() => go({})}>
          {t('payouts.clear')}
        </Button>
      )}
    </form>
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

/** Each row's hash is over the row and the hash before it: what was changed or taken out shows. */
function Verification() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['audit-verdict'],
    queryFn: () => read<AuditVerdict>('/audit-log/verdict'),
    enabled: false,
  });
  const verdict = query.data;
  const verify = (
    <Button variant="default" size="xs" loading={query.isFetching} onClick={() => void query.refetch()}>
      {t('audit.verify')}
    </Button>
  );
  return (
    <Panel title={t('audit.chain')} actions={verify}>
      <div role="status">
        {query.error !== null && <span className="state bad">{query.error.message}</span>}
        {verdict === undefined && query.error === null && t('audit.chainText')}
        {verdict?.is_whole === true && (
          <>
            <span className="state good">{t('audit.whole', { count: verdict.rows ?? 0 })}</span> {t('audit.head')}{' '}
            <span className="long">{verdict.head_hash}</span>
          </>
        )}
        {verdict?.is_whole === false && (
          <Alert color="red" variant="outline">
            {t('audit.broken', { row: verdict.broken_at_row, why: t(`auditFaults.${verdict.why ?? 'changed'}`) })}
          </Alert>
        )}
      </div>
    </Panel>
  );
}
