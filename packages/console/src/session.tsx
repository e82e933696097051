import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useEffect } from 'react';
import type { Operator } from './calls/answers.ts';
import { CallError, change, listenSignedOut, read } from './calls/call.ts';

const sessionKey = ['session'] as const;
const SignedIn = createContext<Operator | undefined>(undefined);

const SignIn = lazy(() => import('./pages/sign-in.tsx').then(({ SignInPage: page }) => ({ default: page })));

/** Who is signed in. Only below SessionGate. */
export function useOperator(): Operator {
  const operator = useContext(SignedIn);
  if (operator === undefined) throw new Error('nobody is signed in here');
  return operator;
}

const roles = ['viewer', 'operator', 'approver', 'owner'] as const;

/** Whose things only people of the merchant itself, or operators of that role, may change. */
export function useMay(role: Operator['role']): boolean {
  const { role: own } = useOperator();
  if (own === 'merchant' || role === 'merchant') return own === role;
  return roles.indexOf(own) >= roles.indexOf(role);
}

/** What both sides have: keys, endpoints. Operators change them for a merchant, people of merchants their own. */
export function useMayManage(): boolean {
  const [isOperator, isMerchant] = [useMay('operator'), useMay('merchant')];
  return isOperator || isMerchant;
}

export function useRoles(): Readonly<Record<Operator['role'], boolean>> {
  return {
    viewer: useMay('viewer'),
    operator: useMay('operator'),
    approver: useMay('approver'),
    owner: useMay('owner'),
    merchant: useMay('merchant'),
  };
}

async function readSession(): Promise<Operator | null> {
  return read<Operator>('/sessions/current').catch((error: unknown) => {
    if (error instanceof CallError && error.status === 401) return null;
    throw error;
  });
}

/** The page of the address once somebody is signed in; until then the way in. Whatever ends the session comes here. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const session = useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: Infinity });
  const leave = useLeave();
  useEffect(() => listenSignedOut(leave), [leave]);
  const operator = session.data;
  if (operator === undefined && !session.isError) return null;
  if (operator === undefined || operator === null || operator.next !== 'nothing') {
    const enter = (entered?: Operator) =>
      entered === undefined ? void session.refetch() : queries.setQueryData(sessionKey, entered);
    return (
      <Suspense>
        <SignIn operator={operator ?? null} error={session.error} onDone={enter} />
      </Suspense>
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
