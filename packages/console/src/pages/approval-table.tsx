import { useTranslation } from 'react-i18next';
import type { Approval, User } from '../calls/answers.ts';
import { change } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { Moment } from '../parts/moment.tsx';
import { type Column, Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay, useOperator } from '../session.tsx';

/** What an approved act answers once and never again: a key's archive, the secret of an endpoint or an invitation. */
export type Made = { readonly archive?: string; readonly secret?: string; readonly user?: User };

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
