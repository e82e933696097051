import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../calls/answers.ts';
import { Amount } from '../parts/amount.tsx';
import { writeDuration } from '../parts/duration.ts';
import { Moment } from '../parts/moment.tsx';
import { Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';

type OfOverview = { readonly overview: Overview };

/** The figures one looks at first; each leads to what it counts. */
export function Figures({ overview }: OfOverview) {
  const { t, i18n } = useTranslation();
  const { states, review, notifications, audit } = overview;
  const age = (since: string | null | undefined) =>
    since === null || since === undefined ? '' : writeDuration(Date.now() - Date.parse(since), i18n.language);
  const [oldest] = review.oldest;
  const late = Math.max(...overview.queues.map(({ late_ms: ms }) => ms), 0);
  return (
    <div className="figures">
      <Figure
        name={t('states.queued')}
        value={states.queued}
        more={late > 0 ? t('overview.late', { late: writeDuration(late, i18n.language) }) : t('overview.onTime')}
        link={<Link to="/payouts" search={{ state: 'queued' }} />}
      />
      <Figure
        name={t('states.sent')}
        value={states.sent}
        more={t('overview.inFlight')}
        link={<Link to="/payouts" search={{ state: 'sent' }} />}
      />
      <Figure
        name={t('pages.reviews')}
        value={review.payouts}
        isAlarm={review.payouts > 0}
        more={oldest === undefined ? t('overview.nothing') : t('overview.oldest', { age: age(oldest.since) })}
        link={<Link to="/reviews" />}
      />
      <Figure
        name={t('overview.notifications')}
        value={notifications.pending}
        more={
          notifications.oldest_at === null
            ? t('overview.nothing')
            : t('overview.oldest', { age: age(notifications.oldest_at) })
        }
        link={<Link to="/system" />}
      />
      <Figure
        name={t('pages.notifications')}
        value={notifications.dead}
        isAlarm={notifications.dead > 0}
        more={t('overview.givenUp')}
        link={<Link to="/notifications" />}
      />
      <Figure
        name={t('pages.incidents')}
        value={overview.open_incidents}
        isAlarm={overview.open_incidents > 0}
        more={
          audit.last_pass_at === null ? t('overview.noAudit') : t('overview.audited', { age: age(audit.last_pass_at) })
        }
        link={<Link to="/incidents" />}
      />
    </div>
  );
}

type FigureProps = {
  readonly name: string;
  readonly value: number;
  readonly more: string;
  readonly isAlarm?: boolean;
  readonly link: ReactNode;
};

function Figure({ name, value, more, isAlarm = false, link }: FigureProps) {
  const { i18n } = useTranslation();
  return (
    <div className={`figure${isAlarm ? ' alarm' : ''}`}>
      <span className="name">{name}</span>
      <span className="value">{value.toLocaleString(i18n.language)}</span>
      <span className="more">{more}</span>
      <FigureLink link={link} name={name} />
    </div>
  );
}

/** The whole figure is the link; its name is what is read out. */
function FigureLink({ link, name }: { readonly link: ReactNode; readonly name: string }) {
  if (typeof link !== 'object' || link === null || !('type' in link)) return null;
  const props = link.props as Parameters<typeof Link>[0];
  return (
    <Link {...props} className="cover">
      <span className="unseen">{name}</span>
    </Link>
  );
}

export function Money({ money }: Pick<Overview, 'money'>) {
  const { t } = useTranslation();
  const columns = ['available', 'held', 'clearing', 'frozen'] as const;
  return (
    <Panel title={t('overview.money')} isBare>
      <Records
        label={t('overview.money')}
        rows={money}
        empty={t('overview.noMoney')}
        keyOf={({ currency }) => currency}
        columns={[
          { title: t('accounts.currency'), cell: ({ currency }) => currency },
          ...columns.map((name) => ({
            title: t(`ledger.${name}`),
            isEnd: true,
            cell: (line: Overview['money'][number]) => <Amount value={line[name]} />,
          })),
        ]}
      />
    </Panel>
  );
}

export function Connectors({ connectors }: Pick<Overview, 'connectors'>) {
  const { t, i18n } = useTranslation();
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const time = (ms: number | null) => (ms === null ? '—' : writeDuration(ms, i18n.language));
  return (
    <Panel title={t('overview.connectors')} isBare>
      <Records
        label={t('overview.connectors')}
        rows={connectors}
        empty={t('overview.noConnectors')}
        keyOf={({ connector }) => connector}
        columns={[
          { title: t('pauses.scopes.connector'), cell: ({ connector }) => <span className="code">{connector}</span> },
          {
            title: t('overview.success'),
            isEnd: true,
            cell: ({ success_rate: rate }) => (rate === null ? '—' : percent.format(rate)),
          },
          {
            title: t('overview.ended'),
            isEnd: true,
            cell: ({ paid, fail }) => `${paid.toLocaleString(i18n.language)} / ${fail.toLocaleString(i18n.language)}`,
          },
          { title: t('overview.half'), isEnd: true, cell: (one) => time(one.final_ms_p50) },
          { title: t('overview.most'), isEnd: true, cell: (one) => time(one.final_ms_p95) },
        ]}
      />
    </Panel>
  );
}

export function Processes({ processes }: Pick<Overview, 'processes'>) {
  const { t } = useTranslation();
  return (
    <Panel title={t('overview.processes')} isBare>
      <Records
        label={t('overview.processes')}
        rows={processes}
        empty={t('overview.noProcesses')}
        keyOf={({ id }) => id}
        columns={[
          { title: t('overview.process'), cell: ({ id }) => <span className="code">{id.slice(0, 8)}</span> },
          {
            title: t('overview.does'),
            cell: (one) =>
              [one.serves ? t('overview.serves') : '', one.works ? t('overview.works') : ''].filter(Boolean).join(', '),
          },
          { title: t('overview.payoutsInHand'), isEnd: true, cell: (one) => one.payouts_in_hand },
          { title: t('overview.notificationsInHand'), isEnd: true, cell: (one) => one.notifications_in_hand },
          { title: t('system.startedAt'), isEnd: true, cell: (one) => <Moment value={one.started_at} /> },
          { title: t('overview.seen'), isEnd: true, cell: (one) => <Moment value={one.seen_at} /> },
        ]}
      />
    </Panel>
  );
}
