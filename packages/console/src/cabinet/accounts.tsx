import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Amount } from '../parts/amount.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useOwnAccounts } from './read-accounts.ts';

/** The merchant's accounts: the id goes into the Account header. */
export function OwnAccountsPage() {
  const { t } = useTranslation();
  const accounts = useOwnAccounts();
  return (
    <Page title={t('accounts.title')}>
      <p>{t('cabinet.accountsText')}</p>
      <div className="panel">
        <Loaded query={accounts}>
          {({ items }) => (
            <Records
              label={t('accounts.title')}
              rows={items}
              empty={t('cabinet.noAccounts')}
              keyOf={({ account }) => account.id}
              columns={[
                {
                  title: t('accounts.id'),
                  cell: ({ account }) => (
                    <Link to="/accounts/$accountId" params={{ accountId: account.id }}>
                      <span className="code">{account.id}</span>
                    </Link>
                  ),
                },
                { title: t('accounts.name'), cell: ({ account }) => <span className="hostile">{account.name}</span> },
                { title: t('accounts.mode'), cell: ({ account }) => t(`modes.${account.mode}`) },
                { title: t('accounts.state'), cell: ({ account }) => <State value={account.state} /> },
                {
                  title: t('ledger.available'),
                  isEnd: true,
                  cell: ({ balance }) => <Amount value={balance.available} currency={balance.currency} />,
                },
                {
                  title: t('cabinet.pending'),
                  isEnd: true,
                  cell: ({ balance }) => <Amount value={balance.pending} currency={balance.currency} />,
                },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Page>
  );
}
