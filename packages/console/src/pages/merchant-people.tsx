import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, User } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { Secret } from '../parts/secret.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { invitationLink } from './invitation-link.ts';

type Invited = { readonly user: User; readonly secret: string };
type PanelProps = { readonly merchantId: string };

/** The people of a merchant, who see and do what is their own merchant's. */
export function MerchantPeople({ merchantId }: PanelProps) {
  const { t } = useTranslation();
  const mayInvite = useMay('operator');
  const [invited, setInvited] = useState<Invited>();
  const path = `${merchantPath(merchantId)}/users`;
  const query = useQuery({ queryKey: ['merchant-users', path], queryFn: () => read<ApiPage<User>>(path) });
  const invite = (
    <Act<Invited>
      title={t('people.invite')}
      submit={t('people.invite')}
      text={t('people.inviteText')}
      fields={[{ name: 'login', label: t('users.login'), hint: t('people.loginHint') }]}
      done={t('people.invited')}
      run={(values) => change('POST', path, values)}
      onDone={setInvited}
    />
  );
  return (
    <Panel title={t('people.title')} actions={mayInvite && invite} isBare>
      <Loaded query={query} rows={1}>
        {({ items }) => (
          <Records
            label={t('people.title')}
            rows={items}
            empty={t('people.none')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('users.login'), cell: ({ login }) => <span className="hostile">{login}</span> },
              { title: t('users.state'), cell: ({ state }) => <State value={state} /> },
              { title: t('createdAt'), cell: (user) => <Moment value={user.created_at} /> },
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (user) => mayInvite && <PersonActs path={path} user={user} onInvited={setInvited} />,
              },
            ]}
          />
        )}
      </Loaded>
      {invited !== undefined && (
        <Secret
          title={t('people.link')}
          text={t('people.linkText', { login: invited.user.login })}
          secret={invitationLink(invited.secret)}
          onClose={() => setInvited(undefined)}
        />
      )}
    </Panel>
  );
}

type ActsProps = { readonly path: string; readonly user: User; readonly onInvited: (invited: Invited) => void };

function PersonActs({ path, user, onInvited }: ActsProps) {
  const { t } = useTranslation();
  const mayReset = useMay('owner');
  const { id, login, state } = user;
  const isActive = state === 'active';
  const title = isActive ? t('people.disable') : t('people.enable');
  return (
    <div className="actions">
      <Act<Invited>
        title={t('people.inviteAgain')}
        about={login}
        isSmall
        submit={t('people.inviteAgain')}
        text={t('people.inviteAgainText', { login })}
        done={t('people.invited')}
        run={() => change('POST', `${path}/${id}/invitations`)}
        onDone={onInvited}
      />
      <Act
        title={title}
        about={login}
        isSmall
        isDanger={isActive}
        submit={title}
        text={isActive ? t('people.disableText', { login }) : t('people.enableText', { login })}
        done={t('saved')}
        run={() =>
          isActive ? change('POST', `${path}/${id}/disable`) : change('PATCH', `${path}/${id}`, { state: 'active' })
        }
      />
      {mayReset && (
        <Act
          title={t('users.resetFactors')}
          about={login}
          isSmall
          isDanger
          submit={t('users.resetFactors')}
          text={t('users.resetFactorsText', { login })}
          done={t('users.factorsReset')}
          run={() => change('POST', `${path}/${id}/factors/reset`)}
        />
      )}
    </div>
  );
}
