import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Account, AccountLimits, MerchantLimits, Networks } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { useMay } from '../session.tsx';

/** How much a merchant may order on all accounts together, and from where. */
export function MerchantLimitsPanel({ merchantId }: { readonly merchantId: string }) {
  const { t } = useTranslation();
  const mayChange = useMay('operator');
  const path = merchantPath(merchantId);
  const limits = useQuery({
    queryKey: ['limits', path],
    queryFn: () => read<MerchantLimits>(`${path}/limits`),
  });
  const networks = useQuery({
    queryKey: ['networks', path],
    queryFn: () => read<Networks>(`${path}/networks`),
  });
  const isKnown = limits.data !== undefined && networks.data !== undefined;
  return (
    <Panel
      title={t('limits.title')}
      actions={
        mayChange &&
        isKnown && (
          <>
            <SetMerchantLimit path={path} limits={limits.data} />
            <SetNetworks path={path} networks={networks.data.networks} />
          </>
        )
      }
    >
      <Loaded query={limits} rows={1}>
        {({ orders_per_minute: orders }) => (
          <Facts
            facts={[
              [t('limits.ordersPerMinute'), orders ?? t('limits.none')],
              [
                t('limits.networks'),
                networks.data === undefined || networks.data.networks.length === 0 ? (
                  t('limits.anywhere')
                ) : (
                  <span className="long">{networks.data.networks.join(', ')}</span>
                ),
              ],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** Empty is no limit, and what is no number goes to the gateway as it is, to be refused there in words. */
function readOrders(text = ''): number | string | null {
  const trimmed = text.trim();
  return trimmed === '' ? null : /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

function SetMerchantLimit({ path, limits }: { readonly path: string; readonly limits: MerchantLimits }) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('limits.set')}
      submit={t('save')}
      text={t('limits.setText')}
      fields={[
        {
          name: 'orders_per_minute',
          label: t('limits.ordersPerMinute'),
          hint: t('limits.emptyHint'),
          value: limits.orders_per_minute?.toString() ?? '',
          isOptional: true,
        },
      ]}
      done={t('saved')}
      run={(values) =>
        change('PATCH', `${path}/limits`, { orders_per_minute: readOrders(values['orders_per_minute']) })
      }
    />
  );
}

function SetNetworks({ path, networks }: { readonly path: string; readonly networks: readonly string[] }) {
  const { t } = useTranslation();
  const readList = (text = '') => text.split(/[\s,;]+/).filter((network) => network !== '');
  return (
    <Act
      title={t('limits.setNetworks')}
      submit={t('save')}
      isDanger
      text={t('limits.setNetworksText')}
      fields={[
        {
          name: 'networks',
          label: t('limits.networks'),
          kind: 'text',
          hint: t('limits.networksHint'),
          value: networks.join('\n'),
          isOptional: true,
        },
      ]}
      preview={(values) => {
        const count = readList(values['networks']).length;
        return <p role="status">{count === 0 ? t('limits.anywhereMeans') : t('limits.networksMean', { count })}</p>;
      }}
      done={t('saved')}
      run={(values) => change('PUT', `${path}/networks`, { networks: readList(values['networks']) })}
    />
  );
}

type OfAccount = { readonly account: Account; readonly path: string };

/** What one account may order, and with which signature. */
export function AccountLimitsPanel({ account, path }: OfAccount) {
  const { t } = useTranslation();
  const mayChange = useMay('operator');
  const query = useQuery({ queryKey: ['limits', path], queryFn: () => read<AccountLimits>(`${path}/limits`) });
  return (
    <Panel
      title={t('limits.title')}
      actions={
        mayChange &&
        query.data !== undefined && (
          <>
            <SetAccountLimits account={account} path={path} limits={query.data} />
            <SetSignatureRule account={account} path={path} />
          </>
        )
      }
    >
      <Loaded query={query} rows={1}>
        {(limits) => (
          <Facts
            facts={[
              [t('limits.ordersPerMinute'), limits.orders_per_minute ?? t('limits.none')],
              [
                t('limits.amountPerDay'),
                limits.amount_per_day === null ? (
                  t('limits.none')
                ) : (
                  <Amount value={limits.amount_per_day} currency={account.currency} />
                ),
              ],
              [t('limits.signature'), t(`signatureRules.${account.signature_rule}`)],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function SetAccountLimits({ account, path, limits }: OfAccount & { readonly limits: AccountLimits }) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('limits.set')}
      submit={t('save')}
      text={t('limits.setText')}
      fields={[
        {
          name: 'orders_per_minute',
          label: t('limits.ordersPerMinute'),
          hint: t('limits.emptyHint'),
          value: limits.orders_per_minute?.toString() ?? '',
          isOptional: true,
        },
        {
          name: 'amount_per_day',
          label: `${t('limits.amountPerDay')}, ${account.currency}`,
          hint: t('limits.dayHint'),
          kind: 'amount',
          value: limits.amount_per_day ?? '',
          isOptional: true,
        },
      ]}
      done={t('saved')}
      run={({ orders_per_minute: orders, amount_per_day: amount = '' }) =>
        change('PATCH', `${path}/limits`, {
          orders_per_minute: readOrders(orders),
          amount_per_day: amount.trim() === '' ? null : amount.trim().replace(',', '.'),
        })
      }
    />
  );
}

const rules = ['v1', 'v1_or_v2', 'v2'] as const;

function SetSignatureRule({ account, path }: OfAccount) {
  const { t } = useTranslation();
  return (
    <Act
      title={t('limits.setSignature')}
      submit={t('save')}
      text={t('limits.setSignatureText')}
      fields={[
        {
          name: 'signature_rule',
          label: t('limits.signature'),
          kind: 'choice',
          value: account.signature_rule,
          choices: rules.map((value) => ({ value, label: t(`signatureRules.${value}`) })),
        },
      ]}
      preview={({ signature_rule: rule = 'v1' }) => <p role="status">{t(`signatureRuleHints.${rule}`)}</p>}
      done={t('saved')}
      run={(values) => change('PUT', `${path}/signature-rule`, values)}
    />
  );
}
