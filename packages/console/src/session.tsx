import { Alert, Button, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type FormEvent, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Operator } from './calls/answers.ts';
import { CallError, change, listenSignedOut, read } from './calls/call.ts';
import { Preferences } from './preferences.tsx';

const sessionKey = ['session'] as const;
const SignedIn = createContext<Operator | undefined>(undefined);

/** Who is signed in. Only below SessionGate. */
export function useOperator(): Operator {
  const operator = useContext(SignedIn);
  if (operator === undefined) throw new Error('nobody is signed in here');
  return operator;
}

const roles = ['viewer', 'operator', 'approver', 'owner'];

export function useMay(role: Operator['role']): boolean {
  return roles.indexOf(useOperator().role) >= roles.indexOf(role);
}

async function readSession(): Promise<Operator | null> {
  return read<Operator>('/sessions/current').catch((error: unknown) => {
    if (error instanceof CallError && error.status === 401) return null;
    throw error;
  });
}

/** The page of the address once somebody is signed in; until then the way in. Whatever ends the session comes here. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const session = useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: Infinity });
  const leave = useLeave();
  useEffect(() => listenSignedOut(leave), [leave]);
  const enter = (operator: Operator) => queries.setQueryData(sessionKey, operator);
  if (session.isError) {
    return (
      <Entrance>
        <Alert color="red" variant="outline" title={t('errors.notLoaded')}>
          <p>{session.error.message}</p>
          <Button variant="default" onClick={() => void session.refetch()}>
            {t('errors.again')}
          </Button>
        </Alert>
      </Entrance>
    );
  }
  const operator = session.data;
  if (operator === undefined) return null;
  if (operator === null) return <PasswordStep onDone={enter} />;
  if (operator.next === 'second_factor') return <CodeStep onDone={enter} />;
  if (operator.next === 'enrol') {
    return (
      <Entrance>
        <Alert color="yellow" variant="outline" title={t('signIn.enrolTitle')}>
          {t('signIn.enrolText')}
        </Alert>
      </Entrance>
    );
  }
  return <SignedIn value={operator}>{children}</SignedIn>;
}

/** Back to the way in. Everything that was read belongs to whoever was signed in: it goes when they go. */
export function useLeave(): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    queries.setQueryData(sessionKey, null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
  }, [queries]);
}

export function useSignOut(): () => Promise<void> {
  const leave = useLeave();
  return async () => {
    await change('DELETE', '/sessions/current').catch(() => undefined);
    leave();
  };
}

function Entrance({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('signIn.title')} · Vyplata`;
  }, [t]);
  return (
    <main className="sign-in">
      <div>
        <Title order={1} size="h2" mb="md">
          Vyplata
        </Title>
        {children}
        <div style={{ marginTop: 24 }}>
          <Preferences />
        </div>
      </div>
    </main>
  );
}

type StepProps = { readonly onDone: (operator: Operator) => void };

function useStep(path: string, onDone: StepProps['onDone']) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>, paths = path) => {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(event.currentTarget));
    setBusy(true);
    setProblem(undefined);
    try {
      const changed = await change<Operator>('POST', paths, body);
      if (!changed.isAsked) onDone(changed.answer);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return { problem, isBusy, submit };
}

function Problem({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <Alert color="red" variant="outline" role="alert">
      {text}
    </Alert>
  );
}

function PasswordStep({ onDone }: StepProps) {
  const { t } = useTranslation();
  const { problem, isBusy, submit } = useStep('/sessions', onDone);
  return (
    <Entrance>
      <form onSubmit={(event) => void submit(event)}>
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
  const { problem, isBusy, submit } = useStep(isRecovery ? '/sessions/recovery-code' : '/sessions/code', onDone);
  const signOut = useSignOut();
  return (
    <Entrance>
      <form onSubmit={(event) => void submit(event)}>
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
          <Button variant="default" onClick={() => void signOut()}>
            {t('signIn.back')}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}
