import { Alert, Button, Code, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import type { Ceremony, NewPasskey, RecoveryCodes, Totp } from '../calls/answers.ts';
import { change } from '../calls/call.ts';
import { makePasskey } from '../calls/passkey.ts';
import { Ask } from '../parts/ask.tsx';
import { useSay } from '../parts/toasts.tsx';
import { RecoveryDialog } from './recovery-dialog.tsx';

type AddProps = {
  /** After the last dialog was closed. */
  readonly onDone: () => void;
  readonly children: (open: () => void) => ReactNode;
};

type Codes = RecoveryCodes['recovery_codes'];

/** What a first factor brings along is shown before anything else goes on. */
function useEnd(onDone: () => void) {
  const { t } = useTranslation();
  const say = useSay();
  const [codes, setCodes] = useState<Codes>(null);
  const end = () => {
    say(t('factors.added'));
    onDone();
  };
  const finish = (made: Codes) => (made === null ? end() : setCodes(made));
  const dialog = codes !== null && (
    <RecoveryDialog
      codes={codes}
      onClose={() => {
        setCodes(null);
        end();
      }}
    />
  );
  return { finish, dialog };
}

function usePasswordField() {
  const { t } = useTranslation();
  return { name: 'current_password', label: t('own.currentPassword'), kind: 'password' } as const;
}

/** A generator of one-time codes: password, QR code, first code, recovery codes. */
export function AddTotp({ onDone, children }: AddProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const [totp, setTotp] = useState<Totp>();
  const { finish, dialog } = useEnd(onDone);
  const password = usePasswordField();
  return (
    <>
      {children(() => setOpen(true))}
      {isOpen && (
        <Ask<Totp>
          title={t('factors.addTotp')}
          text={t('factors.addTotpText')}
          submit={t('factors.goOn')}
          fields={[password]}
          run={(values) => change('POST', '/totp', values)}
          onDone={setTotp}
          onClose={() => setOpen(false)}
        />
      )}
      {totp !== undefined && (
        <ConfirmTotp
          totp={totp}
          onClose={() => setTotp(undefined)}
          onDone={(codes) => {
            setTotp(undefined);
            finish(codes);
          }}
        />
      )}
      {dialog}
    </>
  );
}

type ConfirmProps = { readonly totp: Totp; readonly onClose: () => void; readonly onDone: (codes: Codes) => void };

function ConfirmTotp({ totp, onClose, onDone }: ConfirmProps) {
  const { t } = useTranslation();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const confirm = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = new FormData(event.currentTarget).get('code');
    setBusy(true);
    setProblem(undefined);
    try {
      const done = await change<RecoveryCodes>('POST', '/totp/confirm', { code });
      if (!done.isAsked) onDone(done.answer.recovery_codes);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('factors.addTotp')}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form onSubmit={(event) => void confirm(event)} noValidate>
        <Stack gap="sm">
          <div>{t('factors.scan')}</div>
          <QrCode text={totp.uri} label={t('factors.qr')} />
          <div>
            {t('factors.typeIn')} <Code className="long">{totp.secret.replace(/(.{4})(?=.)/g, '$1 ')}</Code>
          </div>
          <TextInput
            name="code"
            label={t('factors.firstCode')}
            inputMode="numeric"
            autoComplete="one-time-code"
            error={problem}
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button type="submit" loading={isBusy}>
              {t('factors.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Dark on light in both colour schemes, as cameras expect it. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = useMemo(() => {
    const { data, size: modules } = encode(text, { border: 3, ecc: 'M' });
    const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { size: modules, path: squares.join('') };
  }, [text]);
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

/** A passkey: password, the browser's own window, recovery codes. */
export function AddPasskey({ onDone, children }: AddProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { finish, dialog } = useEnd(onDone);
  const password = usePasswordField();
  const add = async ({ label, current_password: proof }: Readonly<Record<string, string>>) => {
    const asked = await change<Ceremony>('POST', '/passkeys/challenge', { current_password: proof });
    if (asked.isAsked) return asked;
    const credential = await makePasskey(asked.answer);
    return change<NewPasskey>('POST', '/passkeys', { label, credential });
  };
  return (
    <>
      {children(() => setOpen(true))}
      {isOpen && (
        <Ask<NewPasskey>
          title={t('factors.addPasskey')}
          text={<Alert variant="outline">{t('factors.addPasskeyText')}</Alert>}
          submit={t('factors.goOn')}
          fields={[{ name: 'label', label: t('factors.label'), hint: t('factors.labelHint') }, password]}
          run={add}
          onDone={({ recovery_codes: codes }) => finish(codes)}
          onClose={() => setOpen(false)}
          keepsSession
        />
      )}
      {dialog}
    </>
  );
}
