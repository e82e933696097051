import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Key, Page as ApiPage } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { merchantPath } from '../calls/paths.ts';
import { isMerchantSide } from '../calls/side.ts';
import { Act } from '../parts/act.tsx';
import type { Field } from '../parts/ask.tsx';
import { Download } from '../parts/download.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMayManage } from '../session.tsx';

type OfMerchant = { readonly merchantId: string };
type Made = { readonly key: Key; readonly archive: string };

/** Payouts certificates: what the merchant signs orders with. */
export function Keys({ merchantId }: OfMerchant) {
  const { t } = useTranslation();
  const mayChange = useMayManage();
  const query = useQuery({
    queryKey: ['keys', merchantId],
    queryFn: () => read<ApiPage<Key>>(`${merchantPath(merchantId)}/keys`),
  });
  return (
    <Panel title={t('keys.title')} actions={mayChange && <AddKey merchantId={merchantId} />} isBare>
      <Loaded query={query} rows={2}>
        {({ items }) => (
          <Records
            label={t('keys.title')}
            rows={items}
            empty={t('keys.none')}
            keyOf={({ id }) => id}
            columns={[
              { title: t('keys.fingerprint'), cell: (key) => <span className="long">{key.fingerprint}</span> },
              { title: t('keys.digest'), cell: (key) => t(`digests.${key.digest_rule}`) },
              { title: t('keys.state'), cell: ({ state }) => <State value={state} /> },
              { title: t('createdAt'), cell: (key) => <Moment value={key.created_at} /> },
              { title: t('keys.firstUsed'), cell: (key) => <Moment value={key.first_used_at} /> },
              { title: t('keys.lastUsed'), cell: (key) => <Moment value={key.last_used_at} /> },
              { title: t('keys.expires'), cell: (key) => <Moment value={key.expires_at} /> },
              {
                title: t('actions'),
                isEnd: true,
                isSilent: true,
                cell: (key) =>
                  mayChange && key.state === 'active' && <ChangeKey merchantId={merchantId} activeKey={key} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function useKeyFields(key?: Key): readonly Field[] {
  const { t } = useTranslation();
  return [
    {
      name: 'digest_rule',
      label: t('keys.digest'),
      kind: 'choice',
      hint: t('keys.digestHint'),
      value: key?.digest_rule ?? 'sha1',
      choices: (['sha1', 'any', 'sha256'] as const).map((value) => ({ value, label: t(`digests.${value}`) })),
    },
    {
      name: 'expires_at',
      label: t('keys.expires'),
      hint: t('keys.expiresHint'),
      value: key?.expires_at?.slice(0, 10) ?? '',
      isOptional: true,
    },
  ];
}

function readKeyValues(values: Readonly<Record<string, string>>): object {
  const { expires_at: expiresAt = '', ...rest } = values;
  return { ...rest, expires_at: expiresAt.trim() === '' ? null : expiresAt.trim() };
}

function AddKey({ merchantId }: OfMerchant) {
  const { t } = useTranslation();
  const fields = useKeyFields();
  // A new key can order payouts: for its own merchant a session that was left open is not enough.
  const proof: readonly Field[] = isMerchantSide
    ? [{ name: 'current_password', label: t('own.currentPassword'), kind: 'password' }]
    : [];
  const [made, setMade] = useState<Made>();
  const path = `${merchantPath(merchantId)}/keys`;
  return (
    <>
      <Act<Made>
        title={t('keys.generate')}
        hash="generate"
        submit={t('keys.generate')}
        text={t('keys.generateText')}
        fields={[...fields, ...proof]}
        done={t('keys.generated')}
        run={(values) => change('POST', `${path}/generate`, readKeyValues(values))}
        onDone={setMade}
      />
      <Act
        title={t('keys.upload')}
        hash="upload"
        submit={t('keys.upload')}
        text={t('keys.uploadText')}
        fields={[{ name: 'public_pem', label: t('keys.publicPem'), kind: 'text' }, ...fields, ...proof]}
        done={t('keys.uploaded')}
        run={(values) => change('POST', path, readKeyValues(values))}
      />
      {made !== undefined && (
        <Download
          title={t('keys.archive')}
          text={t('keys.archiveText')}
          name={`vyplata-payouts-${made.key.id}.zip`}
          base64={made.archive}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}

function ChangeKey({ merchantId, activeKey }: OfMerchant & { readonly activeKey: Key }) {
  const { t } = useTranslation();
  const fields = useKeyFields(activeKey);
  const path = `${merchantPath(merchantId)}/keys/${activeKey.id}`;
  return (
    <div className="actions">
      {!isMerchantSide && (
        <Act
          title={t('keys.change')}
          about={activeKey.fingerprint}
          isSmall
          submit={t('save')}
          fields={fields}
          done={t('saved')}
          run={(values) => change('PATCH', path, readKeyValues(values))}
        />
      )}
      <Act
        title={t('keys.retire')}
        about={activeKey.fingerprint}
        isSmall
        isDanger
        submit={t('keys.retire')}
        text={t('keys.retireText', { fingerprint: activeKey.fingerprint })}
        done={t('keys.retired')}
        run={() => change('POST', `${path}/retire`)}
      />
    </div>
  );
}
