import { useQuery } from '@tanstack/react-query';
import type { OwnAccount, OwnBalance, Page } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';

export type AccountWithBalance = { readonly account: OwnAccount; readonly balance: OwnBalance };

const everyMs = 5_000;

/** The merchant's accounts with what they have. */
export function useOwnAccounts() {
  return useQuery({
    queryKey: ['own-accounts'],
    queryFn: () => read<Page<AccountWithBalance>>('/accounts'),
    refetchInterval: pollEvery(everyMs),
  });
}

export function nameAccount({ name, currency }: OwnAccount): string {
  return name === '' ? currency : `${name} · ${currency}`;
}
