import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, User } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import type { Field } from '../parts/ask.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';

/** The people who run the gateway. */
export function UsersPage() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ['users'], queryFn: () => read<ApiPage<User>>('/users') });
  return (
    <Page title={t('pages.users')} actions={<CreateUser />}>
      <div className="panel">
        <Loaded query={query}>
          {({ items }) => (
            <Records
              label={t('pages.users')}
              rows={items}
              empty={t('users.none')}
              keyOf={({ id }) => id}
              columns={[
                { title: t('users.login'), cell: ({ login }) => <span className="hostile">{login}</span> },
                { title: t('users.role'), cell: ({ role }) => t(`roles.${role}`) },
                { title: t('users.state'), cell: ({ state }) => <State value={state} /> },
                { title: t('createdAt'), cell: (user) => <Moment value={user.created_at} /> },
                {
                  title: t('actions'),
                  isEnd: true,
                  isSilent: true,
                  cell: (user) => (
                    <div className="actions">
                      <ChangeUser user={user} />
                      <ResetFactors user={user} />
                    </div>
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Page>
  );
}

function useRoleField(value: User['role']): Field {
  const { t } = useTranslation();
  const choices = (['viewer', 'operator', 'approver', 'owner'] as const).map((role) => ({
    value: role,
    label: `${t(`roles.${role}`)}: ${t(`roleHints.${role}`)}`,
  }));
  return { name: 'role', label: t('users.role'), kind: 'choice', value, choices };
}

function CreateUser() {
  const { t } = useTranslation();
  return (
    <Act
      title={t('users.create')}
      hash="add"
      isMain
      submit={t('users.create')}
      fields={[
        { name: 'login', label: t('users.login') },
        { name: 'password', label: t('users.password'), kind: 'password', hint: t('users.passwordHint') },
        useRoleField('viewer'),
      ]}
      done={t('users.created')}
      run={(values) => change('POST', '/users', values)}
    />
  );
}

function ChangeUser({ user }: { readonly user: User }) {
  const { t } = useTranslation();
  const states = ['active', 'disabled'].map((value) => ({ value, label: t(`states.${value}`) }));
  return (
    <Act
      title={t('users.change')}
      about={user.login}
      isSmall
      submit={t('save')}
      text={t('users.changeText')}
      fields={[
        useRoleField(user.role),
        { name: 'state', label: t('users.state'), kind: 'choice', value: user.state, choices: states },
        { name: 'password', label: t('users.newPassword'), kind: 'password', isOptional: true },
      ]}
      done={t('saved')}
      run={({ password = '', ...rest }) =>
        change('PATCH', `/users/${user.id}`, { ...rest, ...(password !== '' && { password }) })
      }
    />
  );
}

function ResetFactors({ user }: { readonly user: User }) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('users.resetFactors')}
      about={user.login}
      isSmall
      isDanger
      submit={t('users.resetFactors')}
      text={t('users.resetFactorsText', { login: user.login })}
      done={t('users.factorsReset')}
      run={() => change('POST', `/users/${user.id}/factors/reset`)}
    />
  );
}
