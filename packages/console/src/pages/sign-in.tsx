import { Alert, Button, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ceremony, Operator } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { readField } from '../calls/form.ts';
import { hasPasskeys, showPasskey } from '../calls/passkey.ts';
import { isMerchantSide } from '../calls/side.ts';
import { Preferences } from '../preferences.tsx';
import { useSignOut } from '../session.tsx';
import { Mark } from '../shell.tsx';

/** Nothing: what the session is now has to be read again. */
type Enter = (operator?: Operator) => void;
type SignInProps = { readonly operator: Operator | null; readonly error: Error | null; readonly onDone: Enter };

const Enrol = lazy(() => import('./enrol.tsx').then(({ EnrolStep: step }) => ({ default: step })));
const invitationForm = /^#invitation=([\w-]+)$/;
const setupForm = /^#setup=([\w-]+)$/;

/** The way in: the first owner, a password, a second factor, or setting one up where it is required. */
export function SignInPage({ operator, error, onDone }: SignInProps) {
  const { t } = useTranslation();
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: () => read<{ is_open: boolean }>('/setup'),
    retry: false,
    enabled: !isMerchantSide,
  });
  const [invitation] = useState(() => invitationForm.exec(location.hash)?.[1]);
  const [documented] = useState(() => documentedPages[location.pathname]);
  const isOpen = setup.data?.is_open === true;
  if (error !== null) {
    return (
      <Entrance title={t('signIn.title')}>
        <Alert color="red" variant="outline" title={t('errors.notLoaded')}>
          <p>{error.message}</p>
          <Button variant="default" onClick={() => onDone()}>
            {t('errors.again')}
          </Button>
        </Alert>
      </Entrance>
    );
  }
  if (operator?.next === 'second_factor') return <CodeStep onDone={onDone} />;
  if (operator?.next === 'enrol') {
    return (
      <Entrance title={t('signIn.enrolTitle')}>
        <Suspense>
          <Enrol onDone={() => onDone()} />
        </Suspense>
      </Entrance>
    );
  }
  if (isMerchantSide && operator === null && invitation !== undefined) {
    return <InvitationStep secret={invitation} onDone={onDone} />;
  }
  if (isMerchantSide && documented !== undefined) return <OperatorFirst target={documented} onDone={onDone} />;
  return isOpen ? <SetupStep onDone={onDone} /> : <PasswordStep onDone={onDone} />;
}

/** What the documentation names is for both sides: an operator who is signed in is led to the operators' page. */
const documentedPages: Readonly<Record<string, string>> = {
  '/cabinet/form/setting-api-certs': '/console/keys',
  '/cabinet/resources/project-accounts': '/console/accounts',
};

function OperatorFirst({ target, onDone }: StepProps & { readonly target: string }) {
  const [isOperator, setOperator] = useState<boolean>();
  useEffect(() => {
    void fetch('/operator/v1/sessions/current', { headers: { 'X-Vyplata-Request': '1' } }).then(
      ({ ok }) => (ok ? location.replace(target) : setOperator(false)),
      () => setOperator(false),
    );
  }, [target]);
  return isOperator === false ? <PasswordStep onDone={onDone} /> : null;
}

function Entrance({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · Vyplata`;
  }, [title]);
  return (
    <main className="sign-in">
      <div>
        <div className="sign-in-head">
          <Mark size={34} />
          <Title order={1} size="h3">
            Vyplata
          </Title>
          {isMerchantSide && <span className="state">{t('signIn.merchants')}</span>}
        </div>
        {children}
        <Preferences />
      </div>
    </main>
  );
}

type StepProps = { readonly onDone: Enter };

/** One step: what it sends, what was refused, and whether it is on its way. */
function useStep(onDone: Enter) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const run = async (call: () => ReturnType<typeof change<Operator>>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const changed = await call();
      if (!changed.isAsked) onDone(changed.answer);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const submit =
    (path: string, more: object = {}) =>
    (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault();
      const body = { ...Object.fromEntries(new FormData(event.currentTarget)), ...more };
      void run(() => change<Operator>('POST', path, body));
    };
  return { problem, isBusy, run, submit };
}

function Problem({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <Alert color="red" variant="outline" role="alert">
      {text}
    </Alert>
  );
}

type Run = ReturnType<typeof useStep>['run'];

function PasskeyButton({ run, isBusy }: { readonly run: Run; readonly isBusy: boolean }) {
  const { t } = useTranslation();
  if (!hasPasskeys()) return null;
  const show = () =>
    run(async () => {
      const asked = await change<Ceremony>('POST', '/sessions/passkey/challenge');
      if (asked.isAsked) return asked;
      return change<Operator>('POST', '/sessions/passkey', { credential: await showPasskey(asked.answer) });
    });
  return (
    <Button variant="default" disabled={isBusy} onClick={() => void show()}>
      {t('signIn.passkey')}
    </Button>
  );
}

function PasswordStep({ onDone }: StepProps) {
  const { t } = useTranslation();
  const { problem, isBusy, run, submit } = useStep(onDone);
  return (
    <Entrance title={t('signIn.title')}>
      <form onSubmit={submit('/sessions')}>
        <Stack gap="sm">
          <Problem text={problem} />
          <TextInput name="login" label={t('signIn.login')} autoComplete="username" autoFocus required />
          <PasswordInput
            name="password"
            label={t('signIn.password')}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          />
          <Button type="submit" loading={isBusy}>
            {t('signIn.submit')}
          </Button>
          <PasskeyButton run={run} isBusy={isBusy} />
          <a className="other-side" href={isMerchantSide ? '/console/' : '/cabinet/'}>
            {t(isMerchantSide ? 'signIn.forOperators' : 'signIn.forMerchants')}
          </a>
        </Stack>
      </form>
    </Entrance>
  );
}

/** Codes of the generator have six digits; recovery codes are longer. */
function CodeStep({ onDone }: StepProps) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const isRecovery = code.replace(/\s/g, '').length > 6;
  const { problem, isBusy, run, submit } = useStep(onDone);
  const signOut = useSignOut();
  return (
    <Entrance title={t('signIn.title')}>
      <form onSubmit={submit(isRecovery ? '/sessions/recovery-code' : '/sessions/code')}>
        <Stack gap="sm">
          <Problem text={problem} />
          <TextInput
            name="code"
            label={t('signIn.code')}
            description={t('signIn.codeHint')}
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            autoFocus
            required
          />
          <Button type="submit" loading={isBusy}>
            {t('signIn.submit')}
          </Button>
          <PasskeyButton run={run} isBusy={isBusy} />
          <Button variant="subtle" onClick={() => void signOut()}>
            {t('signIn.back')}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}

/** Nobody is there yet: whoever has the link that the gateway printed becomes the owner. */
function SetupStep({ onDone }: StepProps) {
  const { t } = useTranslation();
  const { problem, isBusy, submit } = useStep(onDone);
  const [token] = useState(() => setupForm.exec(location.hash)?.[1]);
  const enter = submit('/setup', { token });
  if (token === undefined) {
    return (
      <Entrance title={t('setup.title')}>
        <Alert color="yellow" variant="outline" title={t('setup.title')}>
          {t('setup.noLink')}
        </Alert>
      </Entrance>
    );
  }
  const begin = (event: FormEvent<HTMLFormElement>) => {
    enter(event);
    // The link is worth nothing from now on; it need not stay in anybody's history.
    globalThis.history.replaceState(globalThis.history.state, '', location.pathname);
  };
  return (
    <Entrance title={t('setup.title')}>
      <form onSubmit={begin}>
        <Stack gap="sm">
          <p className="lead">{t('setup.text')}</p>
          <Problem text={problem} />
          <TextInput name="login" label={t('signIn.login')} autoComplete="username" autoFocus required />
          <PasswordInput
            name="password"
            label={t('signIn.password')}
            description={t('users.passwordHint')}
            autoComplete="new-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          />
          <Button type="submit" loading={isBusy}>
            {t('setup.submit')}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}

/** Somebody of a merchant who was invited: chooses a password, and is signed in with it. */
function InvitationStep({ secret, onDone }: StepProps & { readonly secret: string }) {
  const { t } = useTranslation();
  const { problem, isBusy, run } = useStep(onDone);
  const accept = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = readField(new FormData(event.currentTarget), 'password');
    void run(async () => {
      const accepted = await change<{ login: string }>('POST', '/invitations/accept', { secret, password });
      if (accepted.isAsked) return accepted;
      globalThis.history.replaceState(globalThis.history.state, '', location.pathname);
      return change<Operator>('POST', '/sessions', { login: accepted.answer.login, password });
    });
  };
  return (
    <Entrance title={t('invitation.title')}>
      <form onSubmit={accept}>
        <Stack gap="sm">
          <p className="lead">{t('invitation.text')}</p>
          <Problem text={problem} />
          <PasswordInput
            name="password"
            label={t('users.newPassword')}
            description={t('users.passwordHint')}
            autoComplete="new-password"
            autoFocus
            required
            visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          />
          <Button type="submit" loading={isBusy}>
            {t('invitation.submit')}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}
