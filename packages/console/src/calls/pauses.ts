import { useQuery } from '@tanstack/react-query';
import type { Page, Pause, PauseWeight } from './answers.ts';
import { read } from './call.ts';
import { withQuery } from './paths.ts';
import { pollEvery } from './poll.ts';

const everyMs = 10_000;

/** Everything that is paused: each page says so while it lasts. */
export function usePauses() {
  return useQuery({
    queryKey: ['pauses'],
    queryFn: () => read<Pick<Page<Pause>, 'items'>>('/pauses'),
    refetchInterval: pollEvery(everyMs),
  });
}

export type PauseTarget = Pick<Pause, 'scope'> & {
  readonly connector?: string | null;
  readonly merchant_id?: string | number | null;
  readonly account_id?: string | null;
};

/** What a pause holds back, or would hold back. */
export function usePauseWeight(target: PauseTarget) {
  const { scope, connector, merchant_id: merchantId, account_id: accountId } = target;
  const query = {
    scope,
    connector: connector ?? undefined,
    merchant_id: merchantId ?? undefined,
    account_id: accountId ?? undefined,
  };
  return useQuery({
    queryKey: ['pause-weight', query],
    queryFn: () => read<PauseWeight>(withQuery('/pauses/weight', query)),
    refetchInterval: pollEvery(everyMs),
  });
}
