import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OwnPosting, OwnService, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { accountPath, withQuery } from '../calls/paths.ts';
import { useAddress } from '../navigation.ts';
import { Amount, writeAmount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { PayoutLink } from '../parts/payouts.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { type AccountWithBalance, nameAccount, useOwnAccounts } from './read-accounts.ts';

/** One's own account: money, prices, statement. */
export function OwnAccountPage() {
  const { t } = useTranslation();
  const { accountId } = useAddress();
  const accounts = useOwnAccounts();
  const found = accounts.data?.items.find(({ account }) => account.id === accountId);
  const path = accountPath({ merchantId: 'own', accountId });
  return (
    <Page
      title={found === undefined ? t('accounts.one') : nameAccount(found.account)}
      actions={
        <Link to="/payouts" search={{ account_id: accountId }}>
          {t('pages.payouts')}
        </Link>
      }
    >
      <Loaded query={accounts}>
        {() =>
          found === undefined ? (
            <p className="empty panel">{t('cabinet.noSuchAccount')}</p>
          ) : (
            <>
              <Balance found={found} />
              <Prices path={path} currency={found.balance.currency} />
              <Statement path={path} currency={found.balance.currency} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Balance({ found: { account, balance } }: { readonly found: AccountWithBalance }) {
  const { t } = useTranslation();
  const money = (value: string) => <Amount value={value} currency={balance.currency} />;
  return (
    <Panel title={t('accounts.balance')} actions={<State value={account.state} />}>
      <Facts
        facts={[
          [t('ledger.available'), money(balance.available)],
          [t('cabinet.pending'), money(balance.pending)],
          [t('ledger.frozen'), money(balance.frozen)],
          [t('ledger.reserve'), money(balance.reserve)],
          [t('accounts.id'), <span className="long">{account.id}</span>],
          [t('accounts.mode'), t(`modes.${account.mode}`)],
          [t('limits.signature'), t(`signatureRules.${account.signature_rule}`)],
        ]}
      />
    </Panel>
  );
}

type OfAccount = { readonly path: string; readonly currency: string };

function Prices({ path, currency }: OfAccount) {
  const { t, i18n } = useTranslation();
  const query = useQuery({
    queryKey: ['own-services', path],
    queryFn: () => read<ApiPage<OwnService>>(`${path}/services`),
  });
  const price = ({ commission: { percent, fixed, bearer } }: OwnService) =>
    t('commission.short', {
      percent: writeAmount(percent.replace(/\.?0+$/, '') || '0', i18n.language),
      fixed: writeAmount(fixed, i18n.language),
      bearer: t(`bearers.${bearer}`),
    });
  return (
    <Panel title={t('pages.services')} isBare>
      <Loaded query={query}>
        {({ items }) => (
          <Records
            label={t('pages.services')}
            rows={items}
            empty={t('services.noneOfCurrency', { currency })}
            keyOf={(one) => one.service_code}
            columns={[
              { title: t('services.code'), cell: (one) => <span className="code">{one.service_code}</span> },
              {
                title: t('services.name'),
                cell: ({ names }) => (i18n.language === 'ru' ? names.ru : names.en),
              },
              { title: t('services.state'), cell: (one) => <State value={one.enabled ? 'active' : 'disabled'} /> },
              { title: t('services.price'), cell: price },
              { title: t('services.min'), isEnd: true, cell: (one) => <Amount value={one.min} currency={currency} /> },
              { title: t('services.max'), isEnd: true, cell: (one) => <Amount value={one.max} currency={currency} /> },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Statement({ path, currency }: OfAccount) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['own-statement', path],
    queryFn: ({ pageParam }) =>
      read<ApiPage<OwnPosting>>(withQuery(`${path}/statement`, { cursor: pageParam, limit: 50 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <Panel title={t('accounts.statement')} isBare>
      <Loaded query={query}>
        {({ pages }) => (
          <Records
            label={t('accounts.statement')}
            rows={pages.flatMap(({ items }) => items)}
            empty={t('cabinet.noPostings')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
              { title: t('statement.kind'), cell: ({ kind }) => t(`postings.${kind}`, { defaultValue: kind }) },
              {
                title: t('payouts.columns.id'),
                cell: (one) => (one.payout_id === null ? '—' : <PayoutLink id={one.payout_id} />),
              },
              {
                title: t('statement.change'),
                isEnd: true,
                cell: (one) => <Amount value={one.change} currency={currency} />,
              },
              {
                title: t('statement.after'),
                isEnd: true,
                cell: (one) => <Amount value={one.available_after} currency={currency} />,
              },
            ]}
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
