import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OwnNotification, OwnPayout, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { apiPath } from '../calls/side.ts';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Payouts } from '../parts/payouts.tsx';
import { State } from '../parts/state.tsx';
import { NotificationLog } from './notification-log.tsx';
import { nameAccount, useOwnAccounts } from './read-accounts.ts';

const everyMs = 3_000;

/** What there is to spend, what happened last, and what did not arrive. */
export function OwnOverviewPage() {
  const { t } = useTranslation();
  const latest = useQuery({
    queryKey: ['payouts', 'latest'],
    queryFn: () => read<ApiPage<OwnPayout>>('/payouts?limit=12'),
    refetchInterval: pollEvery(everyMs),
  });
  const dead = useQuery({
    queryKey: ['own-notifications', 'dead'],
    queryFn: () => read<ApiPage<OwnNotification>>('/notifications?state=dead&limit=5'),
    refetchInterval: pollEvery(everyMs * 3),
  });
  return (
    <Page
      title={t('pages.overview')}
      actions={
        <>
          <a href={`${apiPath}/export`} download>
            {t('export.everything')}
          </a>
          <Link to="/order">{t('pages.order')}</Link>
        </>
      }
    >
      <Balances />
      {(dead.data?.items.length ?? 0) > 0 && (
        <Panel title={t('cabinet.undelivered')} actions={<Link to="/endpoints">{t('all')}</Link>} isBare>
          <NotificationLog rows={dead.data?.items ?? []} />
        </Panel>
      )}
      <Panel title={t('overview.latest')} actions={<Link to="/payouts">{t('all')}</Link>} isBare>
        <Loaded query={latest} rows={12}>
          {({ items }) => (
            <Payouts
              rows={items.map((payout) => ({ ...payout, state: payout.payment_status }))}
              label={t('overview.latest')}
              empty={t('cabinet.noPayouts')}
            />
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}

function Balances() {
  const { t } = useTranslation();
  const accounts = useOwnAccounts();
  return (
    <Loaded query={accounts} rows={3}>
      {({ items }) => (
        <div className="panels">
          {items.length === 0 && <p className="empty panel">{t('cabinet.noAccounts')}</p>}
          {items.map(({ account, balance }) => (
            <Panel
              key={account.id}
              title={nameAccount(account)}
              actions={
                <>
                  <State value={account.state} />
                  <Link to="/accounts/$accountId" params={{ accountId: account.id }}>
                    {t('accounts.statement')}
                  </Link>
                </>
              }
            >
              <Facts
                facts={[
                  [t('ledger.available'), <Amount key="a" value={balance.available} currency={balance.currency} />],
                  [t('cabinet.pending'), <Amount key="p" value={balance.pending} currency={balance.currency} />],
                  [t('accounts.mode'), t(`modes.${account.mode}`)],
                ]}
              />
            </Panel>
          ))}
        </div>
      )}
    </Loaded>
  );
}
