import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Pause, System } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { type PauseTarget, usePauses, usePauseWeight } from '../calls/pauses.ts';
import { Act } from '../parts/act.tsx';
import type { Field } from '../parts/ask.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { useMay, useOperator } from '../session.tsx';
import { useWeightText } from './weight-text.ts';

/** The kill switches: what must not be sent for now. */
export function PausesPage() {
  const { t } = useTranslation();
  const pauses = usePauses();
  const mayLift = useMay('owner');
  return (
    <Page title={t('pages.pauses')} actions={useMay('operator') && <SetPause />}>
      <p>{t('pauses.text')}</p>
      <div className="panel">
        <Loaded query={pauses} rows={2}>
          {({ items }) => (
            <Records
              label={t('pages.pauses')}
              rows={items}
              empty={t('pauses.none')}
              keyOf={({ id }) => id}
              columns={[
                { title: t('pauses.scope'), cell: (pause) => <Scope pause={pause} /> },
                { title: t('pauses.holdsTitle'), cell: (pause) => <Weight target={pause} /> },
                { title: t('pauses.reason'), cell: ({ reason }) => <span className="hostile">{reason}</span> },
                { title: t('pauses.by'), cell: (pause) => <span className="hostile">{pause.set_by}</span> },
                { title: t('pauses.at'), cell: (pause) => <Moment value={pause.set_at} /> },
                {
                  title: t('actions'),
                  isEnd: true,
                  isSilent: true,
                  cell: (pause) => mayLift && <LiftPause pause={pause} />,
                },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Page>
  );
}

function Scope({ pause }: { readonly pause: Pause }) {
  const { t } = useTranslation();
  const { scope, connector, merchant_id: merchantId, account_id: accountId } = pause;
  const name = t(`pauses.scopes.${scope}`);
  if (scope !== 'account' || merchantId === null || accountId === null) {
    return scope === 'connector' ? `${name}: ${connector}` : name;
  }
  return (
    <Link to="/merchants/$merchantId/accounts/$accountId" params={{ merchantId: String(merchantId), accountId }}>
      {name} <span className="code">{accountId}</span>
    </Link>
  );
}

/** How much waits because of a pause, or would. */
export function Weight({ target }: { readonly target: PauseTarget }) {
  const weight = usePauseWeight(target);
  const write = useWeightText();
  return weight.data === undefined ? '…' : write(weight.data);
}

function LiftPause({ pause }: { readonly pause: Pause }) {
  const { t } = useTranslation();
  const { is_one_person: isOnePerson } = useOperator();
  return (
    <Act
      title={t('pauses.lift')}
      about={String(pause.id)}
      isSmall
      isDanger
      submit={t('pauses.lift')}
      text={
        <>
          <p>
            {t('pauses.liftText')} <Weight target={pause} />.
          </p>
          {!isOnePerson && <p>{t('pauses.liftTwo')}</p>}
        </>
      }
      done={t('pauses.lifted')}
      run={() => change('DELETE', `/pauses/${pause.id}`)}
    />
  );
}

const scopes = ['all', 'connector'] as const;

function SetPause() {
  const { t } = useTranslation();
  const system = useQuery({ queryKey: ['system'], queryFn: () => read<System>('/system') });
  const names = system.data?.connectors.map(({ name }) => name) ?? [];
  const choices = [
    { value: 'all', label: t('pauses.scopes.all') },
    ...names.map((name) => ({ value: `connector:${name}`, label: `${t('pauses.scopes.connector')}: ${name}` })),
  ];
  const fields: readonly Field[] = [
    { name: 'scope', label: t('pauses.scope'), kind: 'choice', value: 'all', choices, hint: t('pauses.accountHint') },
    { name: 'reason', label: t('pauses.reason'), kind: 'text', hint: t('pauses.reasonHint') },
  ];
  return (
    <Act
      title={t('pauses.set')}
      hash="add"
      isMain
      isDanger
      submit={t('pauses.set')}
      text={t('pauses.setText')}
      fields={fields}
      preview={({ scope = 'all' }) => (
        <p role="status">
          {t('pauses.wouldHold')} <Weight target={readTarget(scope)} />.
        </p>
      )}
      done={t('pauses.isSet')}
      run={({ scope = 'all', reason }) => change('PUT', '/pauses', { ...readTarget(scope), reason })}
    />
  );
}

function readTarget(text: string): PauseTarget {
  const [scope, connector] = [scopes.find((one) => text.startsWith(one)) ?? 'all', text.split(':').slice(1).join(':')];
  return scope === 'connector' ? { scope, connector } : { scope };
}

/** Of one account; on its page. */
export function PauseAccount({ merchantId, accountId }: { readonly merchantId: number; readonly accountId: string }) {
  const { t } = useTranslation();
  const target = { scope: 'account', merchant_id: merchantId, account_id: accountId } as const;
  return (
    <Act
      title={t('pauses.setAccount')}
      isDanger
      submit={t('pauses.setAccount')}
      text={
        <>
          <p>{t('pauses.setText')}</p>
          <p>
            {t('pauses.wouldHold')} <Weight target={target} />.
          </p>
        </>
      }
      fields={[{ name: 'reason', label: t('pauses.reason'), kind: 'text', hint: t('pauses.reasonHint') }]}
      done={t('pauses.isSet')}
      run={({ reason }) => change('PUT', '/pauses', { ...target, reason })}
    />
  );
}
