import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type FormEvent, type KeyboardEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page as ApiPage, Payout } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { withQuery } from '../calls/paths.ts';
import { pollEvery } from '../calls/poll.ts';
import { type FilterName, type Filters, readFilters } from '../calls/search.ts';
import { Amount } from '../parts/amount.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page } from '../parts/page.tsx';
import { State } from '../parts/state.tsx';

const pageSize = 100;
const everyMs = 3_000;
/** Further down the table stands still: what one reads must not move. */
const livePagesMax = 1;
const rowHeight = 36;

/** All payouts, newest first; the filters are the address. */
export function PayoutsPage() {
  const { t } = useTranslation();
  const filters = readFilters(useSearch({ strict: false }));
  const query = useInfiniteQuery({
    queryKey: ['payouts', filters],
    queryFn: ({ pageParam }) =>
      read<ApiPage<Payout>>(withQuery('/payouts', { ...filters, limit: pageSize, cursor: pageParam })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (state) =>
      (state.state.data?.pages.length ?? 0) > livePagesMax ? false : pollEvery(everyMs)(state),
  });
  const isLive = (query.data?.pages.length ?? 0) <= livePagesMax;
  const live = isLive ? t('payouts.live') : t('payouts.still');
  return (
    <Page title={t('pages.payouts')} className="payouts-page" actions={<span className="state">{live}</span>}>
      <FilterForm key={JSON.stringify(filters)} filters={filters} />
      <Loaded query={query} rows={12}>
        {({ pages }) => (
          <PayoutRows
            rows={pages.flatMap(({ items }) => items)}
            hasMore={query.hasNextPage}
            isFiltered={Object.keys(filters).length > 0}
            onEnd={() => {
              if (!query.isFetching) void query.fetchNextPage();
            }}
          />
        )}
      </Loaded>
    </Page>
  );
}

const states = ['queued', 'sent', 'review', 'paid', 'fail', 'cancel'];
const shownFilters: readonly FilterName[] = ['id', 'order_id', 'recipient_end', 'amount', 'created_from', 'created_to'];

function FilterForm({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const go = (search: Filters) => void navigate({ to: '/payouts', search });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = Object.fromEntries(new FormData(event.currentTarget));
    go(readFilters({ ...filters, ...typed }));
  };
  const others = (['merchant_id', 'account_id', 'service_code', 'currency', 'payment_status'] as const).filter(
    (name) => filters[name] !== undefined,
  );
  return (
    <form className="filters" onSubmit={submit} aria-label={t('payouts.filters')}>
      <NativeSelect
        size="xs"
        label={t('payouts.state')}
        value={filters.state ?? ''}
        data={[
          { value: '', label: t('payouts.anyState') },
          ...states.map((value) => ({ value, label: t(`states.${value}`) })),
        ]}
        onChange={(event) => go(readFilters({ ...filters, state: event.currentTarget.value }))}
      />
      {shownFilters.map((name) => (
        <TextInput
          key={name}
          size="xs"
          w={name === 'recipient_end' ? 96 : 128}
          type={name.startsWith('created') ? 'date' : 'text'}
          name={name}
          label={t(`filters.${name}`)}
          defaultValue={filters[name] ?? ''}
          autoComplete="off"
        />
      ))}
      <Button type="submit" size="xs" variant="default">
        {t('payouts.find')}
      </Button>
      {Object.keys(filters).length > 0 && (
        <Button size="xs" variant="default" onClick={() => go({})}>
          {t('payouts.clear')}
        </Button>
      )}
      {others.map((name) => (
        <span key={name} className="state hostile">
          {t(`filters.${name}`)}: {filters[name]}
        </span>
      ))}
    </form>
  );
}

type RowsProps = {
  readonly rows: readonly Payout[];
  readonly hasMore: boolean;
  readonly isFiltered: boolean;
  readonly onEnd: () => void;
};

/** Only the rows in sight are in the document, however many there are. */
function PayoutRows({ rows, hasMore, isFiltered, onEnd }: RowsProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) onEnd();
  });
  if (rows.length === 0) {
    return <p className="empty panel">{isFiltered ? t('payouts.noneFound') : t('payouts.none')}</p>;
  }
  const columns = ['id', 'state', 'order', 'service', 'recipient', 'amount', 'created'];
  return (
    <div
      className="panel payouts"
      ref={box}
      role="table"
      aria-label={t('pages.payouts')}
      aria-rowcount={-1}
      tabIndex={0}
      onKeyDown={moveBetweenRows}
    >
      <div role="rowgroup" className="head">
        <div className="row head" role="row">
          {columns.map((name) => (
            <span key={name} role="columnheader" className={name === 'amount' ? 'end' : ''}>
              {t(`payouts.columns.${name}`)}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative', minWidth: 940 }}>
        {items.map(({ key, index, start }) => {
          const payout = rows[index];
          if (payout === undefined) return null;
          return (
            <div
              key={key}
              style={{ position: 'absolute', inset: '0 0 auto', transform: `translateY(${start}px)` }}
              role="presentation"
            >
              <PayoutRow payout={payout} index={index} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function PayoutRow({ payout, index }: { readonly payout: Payout; readonly index: number }) {
  return (
    <div className="row" role="row" aria-rowindex={index + 2}>
      <span role="cell">
        <Link to="/payouts/$payoutId" params={{ payoutId: String(payout.id) }}>
          {payout.id}
        </Link>
      </span>
      <span role="cell">
        <State value={payout.state} />
      </span>
      <span role="cell" className="hostile" title={payout.order_id}>
        {payout.order_id}
      </span>
      <span role="cell">{payout.service_code}</span>
      <span role="cell" className="code">
        {payout.recipient}
      </span>
      <span role="cell" className="end">
        <Amount value={payout.amount} currency={payout.currency} />
      </span>
      <span role="cell">
        <Moment value={payout.created_at} />
      </span>
    </div>
  );
}

function moveBetweenRows(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('a')];
  const at = links.findIndex((link) => link === document.activeElement);
  event.preventDefault();
  links[at === -1 ? 0 : at + step]?.focus();
}
