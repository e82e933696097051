import { useQueries } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { OwnPayout, Page as ApiPage, Payout, PayoutRow } from './answers.ts';
import { read } from './call.ts';
import { withQuery } from './paths.ts';
import { pollEvery } from './poll.ts';
import type { Filters } from './search.ts';

const pageSize = 100;
const everyMs = 3_000;
const deepEveryMs = 10_000;
/** A page that is out of sight is forgotten after this; scrolling back reads it again. */
const keptMs = 60_000;

/** Where each page begins, as far as one has come; and how many rows there are, once the end was seen. */
type Chain = { readonly cursors: readonly string[]; readonly end: number | undefined };

const start: Chain = { cursors: [''], end: undefined };

type Window = {
  /** Rows in sight; pages they stand on are kept and read anew, no others. */
  readonly firstRow: number;
  readonly lastRow: number;
  /** Whether new payouts may come in at the top: only while nobody reads further down. */
  readonly isLive: boolean;
};

export type PayoutPages = {
  /** Rows there is room for: those known, and one page that is on its way. */
  readonly count: number;
  readonly isEmpty: boolean;
  /** undefined: on its way. */
  row(index: number): PayoutRow | undefined;
  readonly error: Error | null;
  readonly isFirstLoading: boolean;
  refetch(): void;
};

/**
 * The payouts table as pages by cursor, of which only those in sight are in memory: a million rows take as much of it
 * as a hundred. A cursor is the id before which a page begins, so a page stays what it is while newer payouts come.
 */
export function usePayoutPages(filters: Filters, { firstRow, lastRow, isLive }: Window): PayoutPages {
  const [chain, setChain] = useState(start);
  const lastPage = chain.cursors.length - 1;
  const from = Math.min(lastPage, Math.max(0, Math.floor(firstRow / pageSize)));
  const to = Math.min(lastPage, Math.max(from, Math.floor(lastRow / pageSize)));
  const shown = chain.cursors.slice(from, to + 1);
  const isChanging = filters.state !== undefined || filters.payment_status !== undefined;
  const results = useQueries({
    queries: shown.map((cursor, at) => ({
      queryKey: ['payouts', 'page', filters, cursor],
      queryFn: () => readPage(withQuery('/payouts', { ...filters, limit: pageSize, cursor })),
      gcTime: keptMs,
      refetchInterval: pollPage({ isTop: from + at === 0, isLive, isChanging }),
      refetchOnWindowFocus: from + at > 0 ? !isChanging : isLive,
    })),
  });
  const ends = results.map(({ data }) => (data ? `${data.next_cursor} ${data.items.length}` : 'none')).join(', ');
  useEffect(() => {
    setChain((before) => results.reduce((next, { data }, at) => follow(next, from + at, data), before));
    // The answers themselves are new objects each time; where they end is what the chain follows.
  }, [ends, from]);
  const count = chain.end ?? chain.cursors.length * pageSize;
  return {
    count,
    isEmpty: chain.end === 0,
    row: (index) => results[Math.floor(index / pageSize) - from]?.data?.items[index % pageSize],
    error: results.find(({ error }) => error !== null)?.error ?? null,
    isFirstLoading: from === 0 && results[0]?.data === undefined,
    refetch: () => results.forEach((result) => void result.refetch()),
  };
}

/** People of merchants know a payout's status and no more of its state. */
async function readPage(path: string): Promise<ApiPage<PayoutRow>> {
  const page = await read<ApiPage<Payout | OwnPayout>>(path);
  const items = page.items.map((item) => ('state' in item ? item : { ...item, state: item.payment_status }));
  return { ...page, items };
}

type Polled = { readonly isTop: boolean; readonly isLive: boolean; readonly isChanging: boolean };

/** Further down the states of rows stay fresh, but no row may move; where a filter would move them, all stand still. */
function pollPage({ isTop, isLive, isChanging }: Polled) {
  if (isTop) return isLive ? pollEvery(everyMs) : false;
  return isChanging ? false : pollEvery(deepEveryMs);
}

function follow(chain: Chain, page: number, data: ApiPage<PayoutRow> | undefined): Chain {
  if (data === undefined || page >= chain.cursors.length) return chain;
  const { next_cursor: next, items } = data;
  if (next === null) {
    const end = page * pageSize + items.length;
    return chain.end === end ? chain : { cursors: chain.cursors.slice(0, page + 1), end };
  }
  if (chain.cursors[page + 1] === next) return chain;
  return { cursors: [...chain.cursors.slice(0, page + 1), next], end: undefined };
}
