import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, Session, Token } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { Secret } from '../parts/secret.tsx';
import { useLeave, useOperator } from '../session.tsx';
import { FactorsPanel } from './factors.tsx';

/** One's own password, sessions and tokens. */
export function OwnPage() {
  const { t } = useTranslation();
  const { login, role, expires_at: expiresAt } = useOperator();
  const leave = useLeave();
  return (
    <Page
      title={t('pages.own')}
      actions={
        <Act
          title={t('own.changePassword')}
          hash="password"
          submit={t('own.changePassword')}
          text={t('own.passwordText')}
          fields={[
            { name: 'current_password', label: t('own.currentPassword'), kind: 'password' },
            { name: 'password', label: t('users.newPassword'), kind: 'password', hint: t('users.passwordHint') },
          ]}
          done={t('own.passwordChanged')}
          run={(values) => change('POST', '/password', values)}
          onDone={leave}
        />
      }
    >
      <Panel title={login}>
        <Facts
          facts={[
            [t('users.role'), `${t(`roles.${role}`)}: ${t(`roleHints.${role}`)}`],
            [t('own.sessionEnds'), <Moment value={expiresAt} />],
          ]}
        />
      </Panel>
      <FactorsPanel />
      <Sessions />
      <Tokens />
    </Page>
  );
}

function Sessions() {
  const { t } = useTranslation();
  const leave = useLeave();
  const query = useQuery({ queryKey: ['sessions'], queryFn: () => read<ApiPage<Session>>('/sessions') });
  const endAll = (
    <Act
      title={t('own.endAll')}
      hash="end-all"
      isDanger
      submit={t('own.endAll')}
      text={t('own.endAllText', { count: query.data?.items.length ?? 0 })}
      done={t('own.ended')}
      run={() => change('DELETE', '/sessions')}
      onDone={leave}
    />
  );
  return (
    <Panel title={t('own.sessions')} actions={endAll} isBare>
      <Loaded query={query} rows={2}>
        {({ items }) => (
          <Records
            label={t('own.sessions')}
            rows={items}
            empty={t('own.noSessions')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('own.session'), cell: (one) => (one.is_current ? t('own.thisOne') : `№ ${one.id}`) },
              { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
              { title: t('keys.lastUsed'), cell: (one) => <Moment value={one.last_used_at} /> },
              { title: t('own.ends'), cell: (one) => <Moment value={one.expires_at} /> },
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (one) =>
                  !one.is_current && (
                    <Act
                      title={t('own.end')}
                      about={String(one.id)}
                      isSmall
                      isDanger
                      submit={t('own.end')}
                      text={t('own.endText')}
                      done={t('own.ended')}
                      run={() => change('DELETE', `/sessions/${one.id}`)}
                    />
                  ),
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Tokens() {
  const { t } = useTranslation();
  const [secret, setSecret] = useState<string>();
  const query = useQuery({ queryKey: ['tokens'], queryFn: () => read<ApiPage<Token>>('/tokens') });
  const create = (
    <Act<{ secret: string }>
      title={t('own.createToken')}
      hash="token"
      submit={t('own.createToken')}
      text={t('own.createTokenText')}
      fields={[
        { name: 'label', label: t('own.label') },
        { name: 'days', label: t('own.days'), value: '90' },
      ]}
      done={t('own.tokenCreated')}
      run={({ label, days }) => change('POST', '/tokens', { label, days: Number(days) })}
      onDone={(answer) => setSecret(answer.secret)}
    />
  );
  return (
    <Panel title={t('own.tokens')} actions={create} isBare>
      <Loaded query={query} rows={2}>
        {({ items }) => <TokenTable rows={items} />}
      </Loaded>
      {secret !== undefined && (
        <Secret title={t('own.token')} text={t('own.tokenText')} secret={secret} onClose={() => setSecret(undefined)} />
      )}
    </Panel>
  );
}

function TokenTable({ rows }: { readonly rows: readonly Token[] }) {
  const { t } = useTranslation();
  return (
    <Records
      label={t('own.tokens')}
      rows={rows}
      empty={t('own.noTokens')}
      keyOf={({ id }) => id}
      columns={[
        { title: t('own.label'), cell: ({ label }) => <span className="hostile">{label}</span> },
        { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
        { title: t('keys.lastUsed'), cell: (one) => <Moment value={one.last_used_at} /> },
        { title: t('own.ends'), cell: (one) => <Moment value={one.expires_at} /> },
        {
          title: t('actions'),
          isEnd: true,
          isSilent: true,
          cell: (one) => (
            <Act
              title={t('own.revoke')}
              about={one.label}
              isSmall
              isDanger
              submit={t('own.revoke')}
              text={t('own.revokeText', { label: one.label })}
              done={t('own.revoked')}
              run={() => change('DELETE', `/tokens/${one.id}`)}
            />
          ),
        },
      ]}
    />
  );
}
