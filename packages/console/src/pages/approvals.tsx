import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Approval, Page as ApiPage, User } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { Act } from '../parts/act.tsx';
import { Download } from '../parts/download.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { type Column, Records } from '../parts/records.tsx';
import { Secret } from '../parts/secret.tsx';
import { State } from '../parts/state.tsx';
import { useMay, useOperator } from '../session.tsx';
import { invitationLink } from './merchant-people.tsx';

/** What an approved act answers once and never again: a key's archive, an endpoint's secret. */
type Made = { readonly archive?: string; readonly secret?: string; readonly user?: User };

/** What one person asked for and another one has to approve. */
export function ApprovalsPage() {
  const { t } = useTranslation();
  const operator = useOperator();
  const [made, setMade] = useState<Made>();
  const query = useQuery({
    queryKey: ['approvals'],
    queryFn: () => read<ApiPage<Approval>>('/approvals?limit=100'),
    refetchInterval: pollEvery(5_000),
  });
  return (
    <Page title={t('pages.approvals')}>
      <p>{operator.is_one_person ? t('approvals.onePerson') : t('approvals.text')}</p>
      <div className="panel">
        <Loaded query={query}>{({ items }) => <ApprovalTable rows={items} onMade={setMade} />}</Loaded>
      </div>
      {made !== undefined && <Once made={made} onClose={() => setMade(undefined)} />}
    </Page>
  );
}

type OnceProps = { readonly made: Made; readonly onClose: () => void };

function Once({ made, onClose }: OnceProps) {
  const { t } = useTranslation();
  const { archive, secret, user } = made;
  if (archive !== undefined) {
    return (
      <Download
        title={t('keys.archive')}
        text={t('keys.archiveText')}
        name="vyplata-payouts.zip"
        base64={archive}
        onClose={onClose}
      />
    );
  }
  if (secret === undefined) return null;
  if (user !== undefined) {
    const link = invitationLink(secret);
    const text = t('people.linkText', { login: user.login });
    return <Secret title={t('people.link')} text={text} secret={link} onClose={onClose} />;
  }
  return <Secret title={t('endpoints.secret')} text={t('endpoints.secretText')} secret={secret} onClose={onClose} />;
}

type OnMade = (made: Made) => void;
type ApprovalTableProps = { readonly rows: readonly Approval[]; readonly onMade?: OnMade };

export function ApprovalTable({ rows, onMade }: ApprovalTableProps) {
  const { t } = useTranslation();
  const mayDecide = useMay('approver');
  const asked: Column<Approval> = {
    title: t('approvals.request'),
    cell: ({ request }) => (
      <details>
        <summary>{t('approvals.show')}</summary>
        <pre className="raw">{JSON.stringify(request, null, 2)}</pre>
      </details>
    ),
  };
  const decide: Column<Approval> = {
    title: t('actions'),
    isEnd: true,
    isSilent: true,
    cell: (approval) => mayDecide && onMade !== undefined && <Decide approval={approval} onMade={onMade} />,
  };
  return (
    <Records
      label={t('pages.approvals')}
      rows={rows}
      empty={t('approvals.none')}
      keyOf={({ id }) => id}
      columns={[
        { title: t('approvals.action'), cell: ({ action }) => <span className="code">{action}</span> },
        { title: t('approvals.by'), cell: (one) => one.requested_by },
        { title: t('approvals.at'), cell: (one) => <Moment value={one.requested_at} /> },
        { title: t('approvals.state'), cell: ({ state }) => <State value={state} /> },
        ...(onMade === undefined ? [] : [asked, decide]),
      ]}
    />
  );
}

type DecideProps = { readonly approval: Approval; readonly onMade: OnMade };

function Decide({ approval, onMade }: DecideProps) {
  const { t } = useTranslation();
  const { login } = useOperator();
  const isOwn = approval.requested_by === login;
  if (approval.state !== 'pending') return null;
  const shown = <pre className="raw">{JSON.stringify(approval.request, null, 2)}</pre>;
  return (
    <div className="actions">
      {!isOwn && (
        <Act<{ result: Made }>
          title={t('approvals.approve')}
          about={String(approval.id)}
          isSmall
          submit={t('approvals.approve')}
          text={shown}
          done={t('approvals.approved')}
          run={() => change('POST', `/approvals/${approval.id}/approve`)}
          onDone={({ result }) => onMade(result)}
        />
      )}
      <Act
        title={isOwn ? t('approvals.takeBack') : t('approvals.refuse')}
        about={String(approval.id)}
        isSmall
        isDanger
        submit={isOwn ? t('approvals.takeBack') : t('approvals.refuse')}
        text={shown}
        fields={[{ name: 'reason', label: t('approvals.reason'), kind: 'text' }]}
        done={t('approvals.refused')}
        run={(values) => change('POST', `/approvals/${approval.id}/refuse`, values)}
      />
    </div>
  );
}
