import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Account, AccountService, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { writeAmount } from '../parts/amount.tsx';
import type { Values } from '../parts/ask.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { showCharge } from './show-charge.ts';

type OfAccount = { readonly account: Account; readonly path: string };

/** What the account may pay to, and at which price. */
export function AccountServices({ account, path }: OfAccount) {
  const { t, i18n } = useTranslation();
  const mayChange = useMay('approver');
  const query = useQuery({
    queryKey: ['account-services', path],
    queryFn: () => read<ApiPage<AccountService>>(`${path}/services`),
  });
  const write = (amount: string | null) => (amount === null ? '—' : writeAmount(amount, i18n.language));
  const price = ({ use }: AccountService) => {
    if (use === null) return '—';
    const { percent, fixed, bearer } = use.commission;
    return t('commission.short', {
      percent: writeAmount(percent.replace(/\.?0+$/, '') || '0', i18n.language),
      fixed: write(fixed),
      bearer: t(`bearers.${bearer}`),
    });
  };
  return (
    <Panel title={t('pages.services')} isBare>
      <Loaded query={query}>
        {({ items }) => (
          <Records
            label={t('pages.services')}
            rows={items}
            empty={t('services.noneOfCurrency', { currency: account.currency })}
            keyOf={({ service }) => service.service_code}
            columns={[
              {
                title: t('services.code'),
                cell: ({ service }) => <span className="code">{service.service_code}</span>,
              },
              {
                title: t('services.name'),
                cell: ({ service }) => (i18n.language === 'ru' ? service.names.ru : service.names.en),
              },
              {
                title: t('services.state'),
                cell: ({ use }) => <State value={use?.enabled === true ? 'active' : 'disabled'} />,
              },
              { title: t('services.price'), cell: price },
              { title: t('services.min'), cell: (one) => write(one.use?.min ?? one.service.min), isEnd: true },
              { title: t('services.max'), cell: (one) => write(one.use?.max ?? one.service.max), isEnd: true },
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (one) => mayChange && <SetService account={account} path={path} setting={one} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** The example is computed by the gateway's own rule: what is shown here is what a payout will cost. */
function SetService({ account, path, setting }: OfAccount & { readonly setting: AccountService }) {
  const { t, i18n } = useTranslation();
  const { service, use } = setting;
  const { currency } = account;
  const commission = use?.commission;
  const example = (values: Values) => {
    const charge = showCharge(values, currency);
    if (charge === undefined) return t('commission.cannotShow');
    const write = (text: string) => `${writeAmount(text, i18n.language)}\u00a0${currency}`;
    return t('commission.example', {
      amount: write(charge.amount),
      due: write(charge.due),
      debit: write(charge.debit),
      commission: write(charge.commission),
    });
  };
  return (
    <Act
      title={service.service_code}
      label={t('services.set')}
      about={service.service_code}
      isSmall
      submit={t('save')}
      fields={[
        { name: 'enabled', label: t('services.enabled'), kind: 'switch', value: String(use?.enabled ?? true) },
        {
          name: 'commission.percent',
          label: t('commission.percent'),
          kind: 'amount',
          value: commission?.percent ?? '0',
        },
        { name: 'commission.fixed', label: t('commission.fixed'), kind: 'amount', value: commission?.fixed ?? '0' },
        { name: 'commission.min', label: t('commission.min'), kind: 'amount', value: commission?.min ?? '0' },
        {
          name: 'commission.max',
          label: t('commission.max'),
          kind: 'amount',
          value: commission?.max ?? '',
          isOptional: true,
        },
        {
          name: 'commission.bearer',
          label: t('commission.bearer'),
          kind: 'choice',
          value: commission?.bearer ?? 'account',
          choices: (['account', 'recipient'] as const).map((value) => ({ value, label: t(`bearers.${value}`) })),
        },
        { name: 'min', label: t('services.min'), kind: 'amount', value: use?.min ?? '', isOptional: true },
        { name: 'max', label: t('services.max'), kind: 'amount', value: use?.max ?? '', isOptional: true },
        { name: 'example', label: t('commission.exampleAmount'), kind: 'amount', value: '1000.00' },
      ]}
      preview={(values) => <p role="status">{example(values)}</p>}
      done={t('saved')}
      run={(values) => change('PUT', `${path}/services/${service.service_code}`, toBody(values))}
    />
  );
}

function toBody(values: Values): object {
  const text = (name: string): string => (values[name] ?? '').trim().replace(',', '.');
  const orNull = (name: string): string | null => (text(name) === '' ? null : text(name));
  return {
    enabled: values['enabled'] === 'true',
    commission: {
      percent: text('commission.percent') || '0',
      fixed: text('commission.fixed') || '0',
      min: text('commission.min') || '0',
      max: orNull('commission.max'),
      bearer: values['commission.bearer'],
    },
    min: orNull('min'),
    max: orNull('max'),
  };
}
