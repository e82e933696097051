import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, Service, System } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { Amount } from '../parts/amount.tsx';
import type { Field, Values } from '../parts/ask.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { type Column, Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';

/** The catalogue: what can be paid to at all, and through which connectors. */
export function ServicesPage() {
  const { t } = useTranslation();
  const mayChange = useMay('approver');
  const query = useQuery({ queryKey: ['services'], queryFn: () => read<ApiPage<Service>>('/services') });
  return (
    <Page title={t('pages.services')} actions={mayChange && <CreateService />}>
      <p>{t('services.text')}</p>
      <div className="panel">
        <Loaded query={query}>{({ items }) => <ServiceTable rows={items} mayChange={mayChange} />}</Loaded>
      </div>
    </Page>
  );
}

function ServiceTable({ rows, mayChange }: { readonly rows: readonly Service[]; readonly mayChange: boolean }) {
  const { t, i18n } = useTranslation();
  const acts: Column<Service> = {
    title: t('actions'),
    isEnd: true,
    isSilent: true,
    cell: (one) => (
      <div className="actions">
        <ChangeService service={one} />
        <SwitchService service={one} />
      </div>
    ),
  };
  return (
    <Records
      label={t('pages.services')}
      rows={rows}
      empty={t('services.none')}
      keyOf={(one) => one.service_code}
      columns={[
        { title: t('services.code'), cell: (one) => <span className="code">{one.service_code}</span> },
        {
          title: t('services.name'),
          cell: ({ names }) => <span className="hostile">{i18n.language === 'ru' ? names.ru : names.en}</span>,
        },
        { title: t('services.recipient'), cell: (one) => t(`recipientKinds.${one.recipient_kind}`) },
        { title: t('services.state'), cell: (one) => <State value={one.enabled ? 'active' : 'disabled'} /> },
        { title: t('services.connectors'), cell: ({ connectors }) => connectors.join(' → ') || '—' },
        { title: t('services.min'), isEnd: true, cell: (one) => <Amount value={one.min} currency={one.currency} /> },
        { title: t('services.max'), isEnd: true, cell: (one) => <Amount value={one.max} currency={one.currency} /> },
        ...(mayChange ? [acts] : []),
      ]}
    />
  );
}

function SwitchService({ service }: { readonly service: Service }) {
  const { t } = useTranslation();
  const { service_code: code, enabled } = service;
  const title = enabled ? t('services.switchOff') : t('services.switchOn');
  return (
    <Act
      title={title}
      about={code}
      isSmall
      isDanger={enabled}
      submit={title}
      text={enabled ? t('services.switchOffText', { code }) : t('services.switchOnText', { code })}
      done={t('saved')}
      run={() => change('PATCH', `/services/${code}`, { enabled: !enabled })}
    />
  );
}

/** Limits, names and the way a service takes: the fields that a service has at its making and later. */
function useServiceFields(service?: Service): readonly Field[] {
  const { t } = useTranslation();
  const system = useQuery({ queryKey: ['system'], queryFn: () => read<System>('/system'), staleTime: 60_000 });
  const known = system.data?.connectors.map(({ name }) => name).join(', ') ?? '…';
  return [
    { name: 'names.en', label: t('services.nameEn'), value: service?.names.en ?? '' },
    { name: 'names.ru', label: t('services.nameRu'), value: service?.names.ru ?? '' },
    { name: 'min', label: t('services.min'), kind: 'amount', value: service?.min ?? '1.00' },
    { name: 'max', label: t('services.max'), kind: 'amount', value: service?.max ?? '', isOptional: true },
    {
      name: 'connectors',
      label: t('services.connectors'),
      hint: t('services.connectorsHint', { known }),
      value: service?.connectors.join(', ') ?? '',
      isOptional: true,
    },
  ];
}

function readServiceValues(values: Values): object {
  const text = (name: string): string => (values[name] ?? '').trim();
  const amount = (name: string): string => text(name).replace(',', '.');
  return {
    min: amount('min'),
    max: amount('max') === '' ? null : amount('max'),
    connectors: text('connectors')
      .split(/[\s,]+/)
      .filter((name) => name !== ''),
    names: { en: text('names.en'), ru: text('names.ru') },
  };
}

function ChangeService({ service }: { readonly service: Service }) {
  const { t } = useTranslation();
  const { service_code: code } = service;
  return (
    <Act
      title={t('services.change', { code })}
      label={t('keys.change')}
      about={code}
      isSmall
      submit={t('save')}
      text={t('services.changeText')}
      fields={useServiceFields(service)}
      done={t('saved')}
      run={(values) => change('PATCH', `/services/${code}`, readServiceValues(values))}
    />
  );
}

const kinds = ['card', 'phone', 'sbp_phone', 'wallet_phone', 'iban', 'russian_account', 'text'] as const;

function CreateService() {
  const { t } = useTranslation();
  const fields: readonly Field[] = [
    { name: 'method', label: t('services.method'), hint: t('services.methodHint') },
    { name: 'currency', label: t('accounts.currency'), value: 'RUB', hint: t('services.currencyHint') },
    {
      name: 'recipient_kind',
      label: t('services.recipient'),
      hint: t('services.recipientHint'),
      kind: 'choice',
      value: 'card',
      choices: kinds.map((value) => ({ value, label: t(`recipientKinds.${value}`) })),
    },
    ...useServiceFields(),
  ];
  return (
    <Act
      title={t('services.create')}
      hash="add"
      isMain
      submit={t('services.create')}
      text={t('services.createText')}
      fields={fields}
      preview={(values) => <p role="status">{t('services.codeWillBe', { code: codeOf(values) })}</p>}
      done={t('services.created')}
      run={(values) =>
        change('POST', '/services', {
          service_code: codeOf(values),
          method: (values['method'] ?? '').trim(),
          currency: (values['currency'] ?? '').trim().toUpperCase(),
          recipient_kind: values['recipient_kind'],
          ...readServiceValues(values),
        })
      }
    />
  );
}

function codeOf({ method = '', currency = '' }: Values): string {
  return `${method.trim()}_${currency.trim().toLowerCase()}`;
}
