import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account, Merchant, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { apiPath } from '../calls/side.ts';
import { useAddress } from '../navigation.ts';
import { Act } from '../parts/act.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { Endpoints } from './endpoints.tsx';
import { Keys } from './keys.tsx';
import { MerchantLimitsPanel } from './limits.tsx';
import { MerchantLog } from './merchant-log.tsx';
import { MerchantPeople } from './merchant-people.tsx';
import { NotificationKeys } from './notification-keys.tsx';
import { RecipientHold } from './recipient-hold.tsx';

/** A merchant with accounts, keys and endpoints. */
export function MerchantPage() {
  const { t } = useTranslation();
  const { merchantId } = useAddress();
  const query = useQuery({
    queryKey: ['merchant', merchantId],
    queryFn: () => read<Merchant>(merchantPath(merchantId)),
  });
  const mayChange = useMay('operator');
  return (
    <Page
      title={query.data?.name ?? t('merchants.one', { id: merchantId })}
      actions={query.data !== undefined && mayChange && <ChangeMerchant merchant={query.data} />}
    >
      <Loaded query={query}>
        {() => (
          <>
            <Accounts merchantId={merchantId} />
            <Keys merchantId={merchantId} />
            <Endpoints merchantId={merchantId} />
            <MerchantLimitsPanel merchantId={merchantId} />
            <NotificationKeys merchantId={merchantId} />
            <MerchantPeople merchantId={merchantId} />
            <RecipientHold merchantId={merchantId} />
            <MerchantLog merchantId={merchantId} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function ChangeMerchant({ merchant }: { readonly merchant: Merchant }) {
  const { t } = useTranslation();
  const { id, name, state } = merchant;
  const mayExport = useMay('owner');
  return (
    <>
      <State value={state} />
      <Link to="/payouts" search={{ merchant_id: String(id) }}>
        {t('pages.payouts')}
      </Link>
      {mayExport && (
        <a href={`${apiPath}${merchantPath(id)}/export`} download>
          {t('export.everything')}
        </a>
      )}
      <Act
        title={t('merchants.change')}
        submit={t('save')}
        fields={[
          { name: 'name', label: t('merchants.name'), value: name },
          {
            name: 'state',
            label: t('merchants.state'),
            kind: 'choice',
            value: state,
            hint: t('merchants.stateHint'),
            choices: ['active', 'disabled'].map((value) => ({ value, label: t(`states.${value}`) })),
          },
        ]}
        done={t('saved')}
        run={(values) => change('PATCH', merchantPath(id), values)}
      />
    </>
  );
}

function Accounts({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['accounts', merchantId],
    queryFn: () => read<ApiPage<Account>>(`${merchantPath(merchantId)}/accounts`),
  });
  return (
    <Panel title={t('accounts.title')} actions={useMay('operator') && <CreateAccount merchantId={merchantId} />} isBare>
      <Loaded query={query} rows={2}>
        {({ items }) => (
          <Records
            label={t('accounts.title')}
            rows={items}
            empty={t('accounts.none')}
            keyOf={({ id }) => id}
            columns={[
              {
                title: t('accounts.id'),
                cell: ({ id }) => (
                  <Link to="/merchants/$merchantId/accounts/$accountId" params={{ merchantId, accountId: id }}>
                    <span className="code">{id}</span>
                  </Link>
                ),
              },
              { title: t('accounts.name'), cell: ({ name }) => <span className="hostile">{name}</span> },
              { title: t('accounts.currency'), cell: ({ currency }) => currency },
              { title: t('accounts.mode'), cell: ({ mode }) => t(`modes.${mode}`) },
              { title: t('accounts.state'), cell: ({ state }) => <State value={state} /> },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function CreateAccount({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const open = ({ id }: Account) =>
    void navigate({ to: '/merchants/$merchantId/accounts/$accountId', params: { merchantId, accountId: id } });
  return (
    <Act<Account>
      title={t('accounts.create')}
      submit={t('accounts.create')}
      text={t('accounts.createText')}
      fields={[
        { name: 'currency', label: t('accounts.currency'), value: 'RUB', hint: t('accounts.currencyHint') },
        { name: 'name', label: t('accounts.name'), isOptional: true },
        {
          name: 'mode',
          label: t('accounts.mode'),
          kind: 'choice',
          value: 'live',
          choices: ['live', 'sandbox'].map((value) => ({ value, label: t(`modes.${value}`) })),
        },
      ]}
      done={t('accounts.created')}
      run={(values) =>
        change('POST', `${merchantPath(merchantId)}/accounts`, {
          ...values,
          currency: (values['currency'] ?? '').trim().toUpperCase(),
        })
      }
      onDone={open}
    />
  );
}
