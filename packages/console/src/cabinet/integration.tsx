import { CopyButton, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Endpoint, OwnService, Page as ApiPage } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { accountPath } from '../calls/paths.ts';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { type AccountWithBalance, nameAccount, useOwnAccounts } from './read-accounts.ts';
import { type Language, languages, writeSnippet } from './snippets.ts';

/** Code that orders a payout, filled with the merchant's own account: it runs as it stands. */
export function IntegrationPage() {
  const { t } = useTranslation();
  const accounts = useOwnAccounts();
  return (
    <Page title={t('pages.integration')}>
      <p>
        {t('integration.text')} <Link to="/keys">{t('pages.keys')}</Link>
      </p>
      <Loaded query={accounts} rows={12}>
        {({ items }) => {
          const [first] = items;
          if (first === undefined) return <p className="empty panel">{t('cabinet.noAccounts')}</p>;
          return <Code accounts={items} first={first} />;
        }}
      </Loaded>
    </Page>
  );
}

/** Those that need a number and nothing else come first; cards in euros want more. */
const plainKinds = ['wallet_phone', 'phone', 'iban', 'card', 'text', 'sbp_phone'];

function rankOf({ recipient_kind: kind }: OwnService): number {
  const rank = plainKinds.indexOf(kind);
  return rank === -1 ? plainKinds.length : rank;
}

type CodeProps = { readonly accounts: readonly AccountWithBalance[]; readonly first: AccountWithBalance };

function Code({ accounts, first }: CodeProps) {
  const { t } = useTranslation();
  const [accountId, setAccountId] = useState(first.account.id);
  const [language, setLanguage] = useState<Language>('PHP');
  const path = accountPath({ merchantId: 'own', accountId });
  const services = useQuery({
    queryKey: ['own-services', path],
    queryFn: () => read<ApiPage<OwnService>>(`${path}/services`),
  });
  const endpoints = useQuery({ queryKey: ['endpoints', 'own'], queryFn: () => read<ApiPage<Endpoint>>('/endpoints') });
  const usable = services.data?.items.filter(({ enabled }) => enabled) ?? [];
  // A sample needs no more than a number, where the account has such a service.
  const [service] = usable.toSorted((one, other) => rankOf(one) - rankOf(other));
  const code = writeSnippet(language, {
    baseUrl: location.origin,
    account: accountId,
    service: service?.service_code ?? 'qiwi_rub',
    kind: service?.recipient_kind ?? 'wallet_phone',
    endpointId: endpoints.data?.items.find(({ state }) => state === 'active')?.id,
  });
  return (
    <Panel
      title={t('integration.create')}
      actions={
        <>
          <NativeSelect
            size="xs"
            aria-label={t('accounts.one')}
            value={accountId}
            data={accounts.map(({ account }) => ({ value: account.id, label: nameAccount(account) }))}
            onChange={(event) => setAccountId(event.currentTarget.value)}
          />
          <NativeSelect
            size="xs"
            aria-label={t('integration.language')}
            value={language}
            data={[...languages]}
            onChange={(event) => setLanguage(languages.find((one) => one === event.currentTarget.value) ?? 'PHP')}
          />
          <CopyButton value={code}>
            {({ copied, copy }) => (
              <button type="button" className="plain" onClick={copy}>
                {copied ? t('copied') : t('copy')}
              </button>
            )}
          </CopyButton>
        </>
      }
    >
      <pre className="raw snippet" tabIndex={0} aria-label={language}>
        {code}
      </pre>
    </Panel>
  );
}
