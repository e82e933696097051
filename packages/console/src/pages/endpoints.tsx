import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Endpoint, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { Act } from '../parts/act.tsx';
import type { Field } from '../parts/ask.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { Secret } from '../parts/secret.tsx';
import { State } from '../parts/state.tsx';
import { useSay } from '../parts/toasts.tsx';
import { useMayManage } from '../session.tsx';

type OfMerchant = { readonly merchantId: string };
type Made = { readonly endpoint: Endpoint; readonly secret: string };
type Tried = { readonly status_code: number | null; readonly duration_ms: number; readonly error: string | null };

/** Where a merchant listens. */
export function Endpoints({ merchantId }: OfMerchant) {
  const { t } = useTranslation();
  const mayChange = useMayManage();
  const query = useQuery({
    queryKey: ['endpoints', merchantId],
    queryFn: () => read<ApiPage<Endpoint>>(`${merchantPath(merchantId)}/endpoints`),
  });
  return (
    <Panel title={t('endpoints.title')} actions={mayChange && <CreateEndpoint merchantId={merchantId} />} isBare>
      <Loaded query={query} rows={2}>
        {({ items }) => (
          <Records
            label={t('endpoints.title')}
            rows={items}
            empty={t('endpoints.none')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('endpoints.number'), cell: ({ id }) => id },
              { title: t('endpoints.name'), cell: ({ name }) => <span className="hostile">{name}</span> },
              {
                title: t('endpoints.url'),
                cell: ({ method, url }) => <span className="long">{`${method} ${url}`}</span>,
              },
              { title: t('endpoints.subscribed'), cell: ({ subscribed }) => (subscribed ? t('yes') : t('no')) },
              { title: t('endpoints.state'), cell: ({ state }) => <State value={state} /> },
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (endpoint) => mayChange && <EndpointActs merchantId={merchantId} endpoint={endpoint} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function useFields(endpoint?: Endpoint): readonly Field[] {
  const { t } = useTranslation();
  return [
    { name: 'url', label: t('endpoints.url'), value: endpoint?.url ?? 'https://' },
    { name: 'name', label: t('endpoints.name'), value: endpoint?.name ?? '', isOptional: true },
    {
      name: 'method',
      label: t('endpoints.method'),
      kind: 'choice',
      value: endpoint?.method ?? 'POST',
      choices: ['POST', 'GET'].map((value) => ({ value, label: value })),
    },
    {
      name: 'subscribed',
      label: t('endpoints.subscribe'),
      kind: 'switch',
      value: String(endpoint?.subscribed ?? false),
    },
  ];
}

function toBody({ subscribed, ...rest }: Readonly<Record<string, string>>): object {
  return { ...rest, subscribed: subscribed === 'true' };
}

function CreateEndpoint({ merchantId }: OfMerchant) {
  const { t } = useTranslation();
  const [made, setMade] = useState<Made>();
  return (
    <>
      <Act<Made>
        title={t('endpoints.create')}
        hash="add"
        submit={t('endpoints.create')}
        fields={useFields()}
        done={t('endpoints.created')}
        run={(values) => change('POST', `${merchantPath(merchantId)}/endpoints`, toBody(values))}
        onDone={setMade}
      />
      {made !== undefined && (
        <Secret
          title={t('endpoints.secret')}
          text={t('endpoints.secretText')}
          secret={made.secret}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}

function EndpointActs({ merchantId, endpoint }: OfMerchant & { readonly endpoint: Endpoint }) {
  const { t } = useTranslation();
  const say = useSay();
  const [secret, setSecret] = useState<string>();
  const about = String(endpoint.id);
  const path = `${merchantPath(merchantId)}/endpoints/${endpoint.id}`;
  const tell = ({ status_code: status, duration_ms: ms, error }: Tried) =>
    say(status === null ? t('endpoints.noAnswer', { error }) : t('endpoints.answered', { status, ms }));
  const isActive = endpoint.state === 'active';
  return (
    <div className="actions">
      <Act<Tried>
        title={t('endpoints.test')}
        about={about}
        isSmall
        submit={t('endpoints.test')}
        text={t('endpoints.testText', { url: endpoint.url })}
        done={t('endpoints.tested')}
        run={() => change('POST', `${path}/test`)}
        onDone={tell}
      />
      <SecretActs path={path} about={about} onSecret={setSecret} />
      <Act
        title={t('endpoints.change')}
        about={about}
        isSmall
        submit={t('save')}
        fields={useFields(endpoint)}
        done={t('saved')}
        run={(values) => change('PATCH', path, toBody(values))}
      />
      <Act
        title={isActive ? t('endpoints.disable') : t('endpoints.enable')}
        about={about}
        isSmall
        isDanger={isActive}
        submit={isActive ? t('endpoints.disable') : t('endpoints.enable')}
        text={isActive ? t('endpoints.disableText') : t('endpoints.enableText')}
        done={t('saved')}
        run={() => change('PATCH', path, { state: isActive ? 'disabled' : 'active' })}
      />
      {secret !== undefined && (
        <Secret
          title={t('endpoints.secret')}
          text={t('endpoints.secretText')}
          secret={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </div>
  );
}

type SecretActsProps = {
  readonly path: string;
  readonly about: string;
  readonly onSecret: (secret: string) => void;
};

function SecretActs({ path, about, onSecret }: SecretActsProps) {
  const { t } = useTranslation();
  return (
    <>
      <Act<{ secret: string }>
        title={t('endpoints.reveal')}
        about={about}
        isSmall
        submit={t('endpoints.reveal')}
        text={t('endpoints.revealText')}
        done={t('endpoints.revealed')}
        run={() => change('POST', `${path}/secret/reveal`)}
        onDone={(answer) => onSecret(answer.secret)}
      />
      <Act<{ secret: string }>
        title={t('endpoints.rotate')}
        about={about}
        isSmall
        isDanger
        submit={t('endpoints.rotate')}
        text={t('endpoints.rotateText')}
        done={t('endpoints.rotated')}
        run={() => change('POST', `${path}/secret/rotate`)}
        onDone={(answer) => onSecret(answer.secret)}
      />
    </>
  );
}
