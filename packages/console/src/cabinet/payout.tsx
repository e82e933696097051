import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OwnHistory, OwnPayout } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { useAddress } from '../navigation.ts';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { State, toneOf } from '../parts/state.tsx';
import { NotificationLog } from './notification-log.tsx';

const everyMs = 2_000;
const everyFinalMs = 15_000;

/** One payout as its merchant sees it: what it is, what happened, and what was told about it. */
export function OwnPayoutPage() {
  const { t } = useTranslation();
  const { payoutId } = useAddress();
  const query = useQuery({
    queryKey: ['payout', payoutId],
    queryFn: () => read<OwnHistory>(`/payouts/${encodeURIComponent(payoutId)}`),
    refetchInterval: (state) => pollEvery(state.state.data?.payout.final_at === null ? everyMs : everyFinalMs)(state),
  });
  return (
    <Page title={t('payout.title', { id: payoutId })}>
      <Loaded query={query} rows={10}>
        {(history) => (
          <>
            <Panel title={t('payout.facts')} actions={<State value={history.payout.payment_status} />}>
              {history.payout.archived_at !== null && <p className="explain">{t('payout.archived')}</p>}
              <OwnFacts payout={history.payout} />
            </Panel>
            <Panel title={t('payout.timeline')}>
              <ol className="timeline">
                {history.timeline.map(({ event, at }) => (
                  <li key={event} className={toneOf(event)}>
                    <Moment value={at} isPrecise />
                    <div>{t(`cabinet.events.${event}`)}</div>
                  </li>
                ))}
              </ol>
            </Panel>
            {history.payout.archived_at === null && (
              <Panel title={t('payout.notifications')} isBare>
                <NotificationLog rows={history.notifications} />
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function OwnFacts({ payout }: { readonly payout: OwnPayout }) {
  const { t } = useTranslation();
  const money = (value: string | null) => <Amount value={value} currency={payout.currency} />;
  const reason = payout.fail_reason;
  return (
    <Facts
      facts={[
        [t('payouts.columns.order'), <span className="hostile">{payout.order_id}</span>],
        [t('payouts.columns.recipient'), <span className="code">{payout.recipient}</span>],
        [t('payouts.columns.service'), payout.service_code],
        [t('payouts.columns.amount'), money(payout.amount)],
        [t('payout.due'), money(payout.due)],
        [t('payout.commission'), money(payout.final_commission ?? payout.commission)],
        [t('payout.debit'), money(payout.debit)],
        [t('payout.paid'), money(payout.paid)],
        [t('payout.oldBalance'), money(payout.account_old_balance)],
        [t('payout.newBalance'), money(payout.account_new_balance)],
        [
          t('payout.account'),
          <Link to="/accounts/$accountId" params={{ accountId: payout.account_id }}>
            <span className="long">{payout.account_id}</span>
          </Link>,
        ],
        [t('payouts.columns.created'), <Moment value={payout.created_at} />],
        [t('payout.finalAt'), <Moment value={payout.final_at} />],
        ...(payout.archived_at === null
          ? []
          : [[t('payout.archivedAt'), <Moment value={payout.archived_at} />] as const]),
        ...(reason === null
          ? []
          : [[t('payout.failReason'), t(`failReasons.${reason}`, { defaultValue: reason })] as const]),
        ...(payout.rrn === null ? [] : [['RRN', <span className="code">{payout.rrn}</span>] as const]),
      ]}
    />
  );
}
