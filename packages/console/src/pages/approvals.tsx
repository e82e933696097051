import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Approval, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { Download } from '../parts/download.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Secret } from '../parts/secret.tsx';
import { useOperator } from '../session.tsx';
import { ApprovalTable, type Made } from './approval-table.tsx';
import { invitationLink } from './invitation-link.ts';

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
