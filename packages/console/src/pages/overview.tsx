import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Overview, Page as ApiPage, Payout } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Payouts } from '../parts/payouts.tsx';
import { ApprovalTable } from './approval-table.tsx';
import { DayChart, MinuteChart } from './overview-charts.tsx';
import { Connectors, Figures, Money, Processes } from './overview-figures.tsx';
import { useQueues } from './read-queues.ts';
import { ReviewTable } from './review-table.tsx';

const shownMax = 5;
const everyMs = 5_000;

/** How the gateway does: what flows, what waits for a person, and what happened last. */
export function OverviewPage() {
  const { t } = useTranslation();
  const overview = useQuery({
    queryKey: ['overview'],
    queryFn: () => read<Overview>('/overview'),
    refetchInterval: pollEvery(everyMs),
  });
  return (
    <Page title={t('pages.overview')}>
      <Loaded query={overview} rows={16}>
        {(shown) => (
          <>
            <Figures overview={shown} />
            <div className="panels">
              <Panel title={t('overview.minutes')}>
                <MinuteChart spans={shown.minutes} />
              </Panel>
              <Panel title={t('overview.days')}>
                <DayChart spans={shown.days} />
              </Panel>
            </div>
            <div className="panels">
              <Money money={shown.money} />
              <Connectors connectors={shown.connectors} />
            </div>
          </>
        )}
      </Loaded>
      <Waiting />
      <Latest />
      {overview.data !== undefined && <Processes processes={overview.data.processes} />}
    </Page>
  );
}

/** What waits for a person: nothing is shown of an empty queue but in the figures above. */
function Waiting() {
  const { t } = useTranslation();
  const { reviews, approvals } = useQueues();
  const [waiting, asked] = [reviews.data?.items ?? [], approvals.data?.items ?? []];
  return (
    <>
      {waiting.length > 0 && (
        <Panel title={t('pages.reviews')} actions={<Link to="/reviews">{t('all')}</Link>} isBare>
          <ReviewTable rows={waiting.slice(0, shownMax)} />
        </Panel>
      )}
      {asked.length > 0 && (
        <Panel title={t('pages.approvals')} actions={<Link to="/approvals">{t('all')}</Link>} isBare>
          <ApprovalTable rows={asked.slice(0, shownMax)} />
        </Panel>
      )}
    </>
  );
}

function Latest() {
  const { t } = useTranslation();
  const latest = useQuery({
    queryKey: ['payouts', 'latest'],
    queryFn: () => read<ApiPage<Payout>>('/payouts?limit=8'),
    refetchInterval: pollEvery(everyMs),
  });
  return (
    <Panel title={t('overview.latest')} actions={<Link to="/payouts">{t('all')}</Link>} isBare>
      <Loaded query={latest} rows={8}>
        {({ items }) => <Payouts rows={items} label={t('overview.latest')} empty={t('payouts.none')} />}
      </Loaded>
    </Panel>
  );
}
