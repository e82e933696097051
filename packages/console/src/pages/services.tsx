import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, Service } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { Act } from '../parts/act.tsx';
import { Amount } from '../parts/amount.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';

/** The catalogue: what can be paid to at all. */
export function ServicesPage() {
  const { t, i18n } = useTranslation();
  const mayChange = useMay('approver');
  const query = useQuery({ queryKey: ['services'], queryFn: () => read<ApiPage<Service>>('/services') });
  return (
    <Page title={t('pages.services')}>
      <p>{t('services.text')}</p>
      <div className="panel">
        <Loaded query={query}>
          {({ items }) => (
            <Records
              label={t('pages.services')}
              rows={items}
              empty={t('services.none')}
              keyOf={(one) => one.service_code}
              columns={[
                { title: t('services.code'), cell: (one) => <span className="code">{one.service_code}</span> },
                { title: t('services.name'), cell: ({ names }) => (i18n.language === 'ru' ? names.ru : names.en) },
                { title: t('services.state'), cell: (one) => <State value={one.enabled ? 'active' : 'disabled'} /> },
                { title: t('services.connectors'), cell: ({ connectors }) => connectors.join(', ') || '—' },
                {
                  title: t('services.min'),
                  isEnd: true,
                  cell: (one) => <Amount value={one.min} currency={one.currency} />,
                },
                {
                  title: t('services.max'),
                  isEnd: true,
                  cell: (one) => <Amount value={one.max} currency={one.currency} />,
                },
                {
                  title: t('actions'),
                  isEnd: true,
                  isSilent: true,
                  cell: (one) => mayChange && <SwitchService service={one} />,
                },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Page>
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
