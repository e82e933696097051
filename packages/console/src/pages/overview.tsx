import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, Payout } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Payouts } from '../parts/payouts.tsx';
import { ApprovalTable } from './approvals.tsx';
import { IncidentTable, NotificationTable, ReviewTable } from './queues.tsx';
import { countText, useQueues } from './read-queues.ts';

const shownMax = 5;
const everyMs = 3_000;

/** What waits for a person, and what happened last. */
export function OverviewPage() {
  const { t } = useTranslation();
  const { reviews, dead, incidents, approvals } = useQueues();
  const latest = useQuery({
    queryKey: ['payouts', 'latest'],
    queryFn: () => read<ApiPage<Payout>>('/payouts?limit=12'),
    refetchInterval: pollEvery(everyMs),
  });
  const titled = (key: string, page: ApiPage<unknown> | undefined) =>
    countText(page) === '' ? t(`pages.${key}`) : `${t(`pages.${key}`)} · ${countText(page)}`;
  return (
    <Page title={t('pages.overview')}>
      <div className="panels">
        <Panel title={titled('reviews', reviews.data)} actions={<Link to="/reviews">{t('all')}</Link>} isBare>
          <Loaded query={reviews} rows={1}>
            {({ items }) => <ReviewTable rows={items.slice(0, shownMax)} />}
          </Loaded>
        </Panel>
        <Panel title={titled('approvals', approvals.data)} actions={<Link to="/approvals">{t('all')}</Link>} isBare>
          <Loaded query={approvals} rows={1}>
            {({ items }) => <ApprovalTable rows={items.slice(0, shownMax)} />}
          </Loaded>
        </Panel>
        <Panel title={titled('notifications', dead.data)} actions={<Link to="/notifications">{t('all')}</Link>} isBare>
          <Loaded query={dead} rows={1}>
            {({ items }) => <NotificationTable rows={items.slice(0, shownMax)} />}
          </Loaded>
        </Panel>
        <Panel title={titled('incidents', incidents.data)} actions={<Link to="/incidents">{t('all')}</Link>} isBare>
          <Loaded query={incidents} rows={1}>
            {({ items }) => <IncidentTable rows={items.slice(0, shownMax)} />}
          </Loaded>
        </Panel>
      </div>
      <Panel title={t('overview.latest')} actions={<Link to="/payouts">{t('all')}</Link>} isBare>
        <Loaded query={latest} rows={12}>
          {({ items }) => <Payouts rows={items} label={t('overview.latest')} empty={t('payouts.none')} />}
        </Loaded>
      </Panel>
    </Page>
  );
}
