import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from '@mantine/core';
import { Link, Navigate, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Merchant, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';

export function MerchantsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('pages.merchants')} actions={useMay('operator') && <CreateMerchant />}>
      <MerchantList isSure />
    </Page>
  );
}

/** Certificates belong to a merchant: the only one, or the one that is chosen here. */
export function KeysPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('keys.title')}>
      <p>{t('merchants.chooseForKeys')}</p>
      <MerchantList />
    </Page>
  );
}

export function AccountsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('accounts.title')}>
      <p>{t('merchants.chooseForAccounts')}</p>
      <MerchantList />
    </Page>
  );
}

function CreateMerchant() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Act<Merchant>
      title={t('merchants.create')}
      hash="add"
      isMain
      submit={t('merchants.create')}
      fields={[{ name: 'name', label: t('merchants.name') }]}
      done={t('merchants.created')}
      run={(values) => change('POST', '/merchants', values)}
      onDone={({ id }) => void navigate({ to: '/merchants/$merchantId', params: { merchantId: String(id) } })}
    />
  );
}

/** `isSure`: the list itself is wanted, even when it has one line. */
function MerchantList({ isSure = false }: { readonly isSure?: boolean }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['merchants'],
    queryFn: ({ pageParam }) => read<ApiPage<Merchant>>(withQuery('/merchants', { cursor: pageParam, limit: 100 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <div className="panel">
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items);
          const [only] = rows;
          if (!isSure && rows.length === 1 && only !== undefined) {
            return <Navigate to="/merchants/$merchantId" params={{ merchantId: String(only.id) }} replace />;
          }
          return <MerchantTable rows={rows} />;
        }}
      </Loaded>
      {query.hasNextPage && (
        <Button variant="default" m="sm" onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </div>
  );
}

function MerchantTable({ rows }: { readonly rows: readonly Merchant[] }) {
  const { t } = useTranslation();
  return (
    <Records
      label={t('pages.merchants')}
      rows={rows}
      empty={t('merchants.none')}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t('merchants.name'),
          cell: ({ id, name }) => (
            <Link to="/merchants/$merchantId" params={{ merchantId: String(id) }} className="hostile">
              {name}
            </Link>
          ),
        },
        { title: t('merchants.number'), cell: ({ id }) => id },
        { title: t('merchants.state'), cell: ({ state }) => <State value={state} /> },
        { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
      ]}
    />
  );
}
