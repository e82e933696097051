import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { History, Payout } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { useAddress } from '../navigation.ts';
import { Act } from '../parts/act.tsx';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { subtractText } from '../parts/decimal.ts';
import { Explain } from './explain.tsx';
import { NotificationTable } from './queues.tsx';
import { Timeline } from './timeline.tsx';
import { Verdict } from './verdict.tsx';

const everyMs = 2_000;
const everyFinalMs = 15_000;

/** One payout: what it is, and everything that happened to it in one line of time. */
export function PayoutPage() {
  const { t } = useTranslation();
  const { payoutId } = useAddress();
  const query = useQuery({
    queryKey: ['payout', payoutId],
    queryFn: () => read<History>(`/payouts/${encodeURIComponent(payoutId)}`),
    refetchInterval: (state) => pollEvery(state.state.data?.payout.final_at === null ? everyMs : everyFinalMs)(state),
  });
  const payout = query.data?.payout;
  return (
    <Page title={t('payout.title', { id: payoutId })} actions={payout !== undefined && <Actions payout={payout} />}>
      <Loaded query={query} rows={10}>
        {(history) => (
          <>
            <Panel title={t('payout.facts')} actions={<State value={history.payout.state} />}>
              <Explain history={history} />
              {history.payout.archived_at !== null && <p className="explain">{t('payout.archived')}</p>}
              <PayoutFacts payout={history.payout} />
            </Panel>
            <Panel title={t('payout.timeline')}>
              <Timeline history={history} />
            </Panel>
            {history.notifications.length > 0 && (
              <Panel title={t('payout.notifications')} isBare>
                <NotificationTable rows={history.notifications} hasActions />
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ payout }: { readonly payout: Payout }) {
  const { t } = useTranslation();
  const mayJudge = useMay('approver');
  const mayCancel = useMay('operator');
  if (payout.state === 'review' && mayJudge) return <Verdict payout={payout} isMain />;
  if (payout.state !== 'queued' || !mayCancel) return null;
  return (
    <Act
      title={t('payout.cancel')}
      submit={t('payout.cancel')}
      isDanger
      text={t('payout.cancelText', { amount: payout.debit, currency: payout.currency })}
      fields={[{ name: 'reason', label: t('payout.reason'), kind: 'text' }]}
      done={t('payout.cancelled')}
      run={(values) => change('POST', `/payouts/${payout.id}/cancel`, values)}
    />
  );
}

function PayoutFacts({ payout }: { readonly payout: Payout }) {
  const { t } = useTranslation();
  const { currency, merchant_id: merchantId, account_id: accountId } = payout;
  const money = (value: string | null) => <Amount value={value} currency={currency} />;
  const account = (
    <Link to="/merchants/$merchantId/accounts/$accountId" params={{ merchantId: String(merchantId), accountId }}>
      <span className="long">{accountId}</span>
    </Link>
  );
  const merchant = (
    <Link to="/merchants/$merchantId" params={{ merchantId: String(merchantId) }}>
      {merchantId}
    </Link>
  );
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
        [t('payout.newBalance'), money(subtractText(payout.account_old_balance, payout.debit))],
        [t('payout.merchant'), merchant],
        [t('payout.account'), account],
        [t('payouts.columns.created'), <Moment value={payout.created_at} />],
        [t('payout.finalAt'), <Moment value={payout.final_at} />],
        ...(reason === null ? [] : [[t('payout.failReason'), <span className="code">{reason}</span>] as const]),
        ...(payout.rrn === null ? [] : [['RRN', <span className="code">{payout.rrn}</span>] as const]),
        ...(payout.provider_id === null
          ? []
          : [[t('payout.providerId'), <span className="code hostile">{payout.provider_id}</span>] as const]),
        ...(payout.archived_at === null
          ? []
          : ([
              [t('payout.toldAt'), <Moment value={payout.told_at} />],
              [t('payout.archivedAt'), <Moment value={payout.archived_at} />],
            ] as const)),
      ]}
    />
  );
}
