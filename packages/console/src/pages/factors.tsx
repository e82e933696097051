import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Factors, Page as ApiPage, Passkey, RecoveryCodes } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { hasPasskeys } from '../calls/passkey.ts';
import { Act, useOpening } from '../parts/act.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Panel } from '../parts/page.tsx';
import { Records } from '../parts/records.tsx';
import { AddPasskey, AddTotp } from './add-factor.tsx';
import { RecoveryDialog } from './recovery-dialog.tsx';

/** One's own second factors. */
export function FactorsPanel() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const factors = useQuery({ queryKey: ['factors'], queryFn: () => read<Factors>('/factors') });
  const refresh = () => void queries.invalidateQueries();
  const has = factors.data;
  return (
    <Panel
      title={t('factors.title')}
      actions={
        has !== undefined && (
          <>
            {!has.totp && (
              <AddTotp onDone={refresh}>
                {(open) => <Opener hash="totp" open={open} text={t('factors.addTotp')} />}
              </AddTotp>
            )}
            {hasPasskeys() && (
              <AddPasskey onDone={refresh}>
                {(open) => <Opener hash="passkey" open={open} text={t('factors.addPasskey')} />}
              </AddPasskey>
            )}
            {has.totp && <RemoveTotp />}
            {(has.totp || has.passkeys > 0) && <RenewCodes />}
          </>
        )
      }
    >
      <Loaded query={factors} rows={2}>
        {(shown) => (
          <Facts
            facts={[
              [t('factors.totp'), shown.totp ? t('yes') : t('no')],
              [t('factors.passkeys'), shown.passkeys],
              [t('factors.codesLeft'), shown.recovery_codes_left],
              [t('factors.required'), shown.is_required ? t('yes') : t('no')],
            ]}
          />
        )}
      </Loaded>
      {(has?.passkeys ?? 0) > 0 && <Passkeys />}
    </Panel>
  );
}

type OpenerProps = { readonly hash: string; readonly text: string; readonly open: () => void };

/** Pressed, or asked for by the page's address. */
function Opener({ hash, text, open }: OpenerProps) {
  const [isOpen, setOpen] = useOpening(hash);
  useEffect(() => {
    if (!isOpen) return;
    setOpen(false);
    open();
  }, [isOpen, setOpen, open]);
  return (
    <Button variant="default" size="xs" onClick={open}>
      {text}
    </Button>
  );
}

function usePassword() {
  const { t } = useTranslation();
  return [{ name: 'current_password', label: t('own.currentPassword'), kind: 'password' }] as const;
}

function RemoveTotp() {
  const { t } = useTranslation();
  return (
    <Act
      title={t('factors.removeTotp')}
      isDanger
      submit={t('factors.removeTotp')}
      text={t('factors.removeTotpText')}
      fields={usePassword()}
      done={t('factors.removed')}
      run={(values) => change('POST', '/totp/remove', values)}
    />
  );
}

function RenewCodes() {
  const { t } = useTranslation();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <>
      <Act<RecoveryCodes>
        title={t('factors.renew')}
        submit={t('factors.renew')}
        text={t('factors.renewText')}
        fields={usePassword()}
        done={t('factors.renewed')}
        run={(values) => change('POST', '/recovery-codes', values)}
        onDone={({ recovery_codes: made }) => setCodes(made ?? [])}
      />
      {codes !== undefined && <RecoveryDialog codes={codes} onClose={() => setCodes(undefined)} />}
    </>
  );
}

function Passkeys() {
  const { t } = useTranslation();
  const fields = usePassword();
  const query = useQuery({ queryKey: ['passkeys'], queryFn: () => read<ApiPage<Passkey>>('/passkeys') });
  return (
    <Loaded query={query} rows={1}>
      {({ items }) => (
        <Records
          label={t('factors.passkeys')}
          rows={items}
          empty={t('factors.noPasskeys')}
          keyOf={({ id }) => id}
          columns={[
            { title: t('factors.passkey'), cell: ({ label }) => <span className="hostile">{label}</span> },
            { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
            { title: t('keys.lastUsed'), cell: (one) => <Moment value={one.last_used_at} /> },
            {
              title: t('actions'),
              isEnd: true,
              isSilent: true,
              cell: (one) => (
                <Act
                  title={t('factors.removePasskey')}
                  about={one.label}
                  isSmall
                  isDanger
                  submit={t('factors.removePasskey')}
                  text={t('factors.removePasskeyText', { label: one.label })}
                  fields={fields}
                  done={t('factors.removed')}
                  run={(values) => change('POST', `/passkeys/${one.id}/remove`, values)}
                />
              ),
            },
          ]}
        />
      )}
    </Loaded>
  );
}
