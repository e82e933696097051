import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { System } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { writeDuration } from '../parts/duration.ts';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';

const everyMs = 5_000;

/** Versions, database, queues, workers and connectors: where one looks when something is slow. */
export function SystemPage() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['system'],
    queryFn: () => read<System>('/system'),
    refetchInterval: pollEvery(everyMs),
  });
  return (
    <Page title={t('pages.system')}>
      <Loaded query={query} rows={14}>
        {(system) => (
          <>
            <div className="panels">
              <Gateway system={system} />
              <Database system={system} />
            </div>
            <Jobs jobs={system.jobs} />
            <Pools pools={system.pools} />
            <Connectors connectors={system.connectors} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Gateway({ system }: { readonly system: System }) {
  const { t, i18n } = useTranslation();
  const { gateway, audit } = system;
  return (
    <Panel title={t('system.gateway')}>
      <Facts
        facts={[
          [t('system.version'), gateway.version],
          ['Node.js', gateway.node],
          [t('system.startedAt'), <Moment value={gateway.started_at} />],
          [t('system.uptime'), writeDuration(gateway.uptime_ms, i18n.language)],
          [
            t('system.audit'),
            audit.is_late ? (
              <span className="state alarm">{t('system.auditLate')}</span>
            ) : (
              <span className="state good">{t('system.auditRuns')}</span>
            ),
          ],
          [t('system.nextPass'), <Moment value={audit.next_pass_at} />],
        ]}
      />
    </Panel>
  );
}

function Database({ system: { database } }: { readonly system: System }) {
  const { t, i18n } = useTranslation();
  const { migration } = database;
  const size = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(database.size_bytes / 1e6);
  return (
    <Panel title={t('system.database')}>
      <Facts
        facts={[
          ['PostgreSQL', database.version],
          [t('system.size'), `${size} MB`],
          [t('system.connections'), t('system.ofMax', { count: database.connections, max: database.connections_max })],
          [t('system.schema'), <span title={migration.name}>{`${migration.number} · ${migration.name}`}</span>],
          [t('system.startedAt'), <Moment value={database.started_at} />],
          [t('system.standbys'), database.sync_standbys === 0 ? t('system.noStandby') : database.sync_standbys],
        ]}
      />
    </Panel>
  );
}

function Jobs({ jobs }: Pick<System, 'jobs'>) {
  const { t } = useTranslation();
  const write = (count: number, isCutOff: boolean) => `${count}${isCutOff ? '+' : ''}`;
  return (
    <Panel title={t('system.jobs')} isBare>
      <Records
        label={t('system.jobs')}
        rows={jobs}
        empty={t('system.noJobs')}
        keyOf={({ kind }) => kind}
        columns={[
          { title: t('system.job'), cell: ({ kind }) => t(`system.jobKinds.${kind}`) },
          { title: t('system.due'), cell: (job) => write(job.due, job.is_cut_off), isEnd: true },
          { title: t('system.later'), cell: (job) => write(job.later, job.is_cut_off), isEnd: true },
          { title: t('system.oldestDue'), cell: (job) => <Moment value={job.oldest_due_at} />, isEnd: true },
        ]}
      />
    </Panel>
  );
}

function Pools({ pools }: Pick<System, 'pools'>) {
  const { t } = useTranslation();
  return (
    <Panel title={t('system.pools')} isBare>
      <Records
        label={t('system.pools')}
        rows={pools}
        empty={t('system.noPools')}
        keyOf={({ name, address }) => `${name} ${address}`}
        columns={[
          { title: t('system.use'), cell: ({ name }) => <span className="code">{name}</span> },
          { title: t('system.from'), cell: ({ address }) => address || t('system.sameMachine') },
          { title: t('system.connections'), cell: ({ connections }) => connections, isEnd: true },
          { title: t('system.busy'), cell: ({ busy }) => busy, isEnd: true },
          { title: t('system.since'), cell: ({ since }) => <Moment value={since} />, isEnd: true },
        ]}
      />
    </Panel>
  );
}

function Connectors({ connectors }: Pick<System, 'connectors'>) {
  const { t, i18n } = useTranslation();
  const period = (ms: number | null) =>
    ms === null || ms === 0 ? t('system.noPromise') : writeDuration(ms, i18n.language);
  return (
    <Panel title={t('system.connectors')} isBare>
      <Records
        label={t('system.connectors')}
        rows={connectors}
        empty={t('system.noConnectors')}
        keyOf={({ name }) => name}
        columns={[
          { title: t('services.name'), cell: ({ name }) => <span className="code">{name}</span> },
          { title: t('system.idempotent'), cell: (one) => period(one.idempotent_for_ms) },
          { title: t('system.delay'), cell: (one) => period(one.delivery_delay_max_ms) },
          { title: t('system.inquire'), cell: (one) => (one.can_inquire ? t('yes') : t('no')) },
          { title: t('system.callbacks'), cell: (one) => (one.has_signed_callbacks ? t('yes') : t('no')) },
        ]}
      />
    </Panel>
  );
}
