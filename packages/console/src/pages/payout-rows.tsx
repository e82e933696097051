import { Alert, Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  type MouseEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { PayoutRow as Row } from '../calls/answers.ts';
import { type PayoutPages, usePayoutPages } from '../calls/payout-pages.ts';
import { findWindow, type RowWindow } from '../calls/row-window.ts';
import type { Filters } from '../calls/search.ts';
import type { PayoutColumn } from './payout-columns.tsx';
import type { Selection } from './payouts.tsx';

const rowHeight = 34;
const headHeight = 32;

type RowsProps = {
  readonly filters: Filters;
  readonly columns: readonly PayoutColumn[];
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
  readonly onLive: (isLive: boolean) => void;
};

/** Only the rows in sight are in the document, however many there are. */
export function PayoutRows({ filters, columns, selection, onSelect, onLive }: RowsProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ scrollTop: 0, viewHeight: 600 });
  const [count, setCount] = useState(0);
  const seen = findWindow({ ...scroll, rowHeight, count });
  const isLive = scroll.scrollTop < rowHeight;
  const pages = usePayoutPages(filters, { firstRow: seen.from, lastRow: seen.to - 1, isLive });
  useEffect(() => onLive(isLive), [isLive, onLive]);
  useEffect(() => setCount(pages.count), [pages.count]);
  const measure = useCallback(() => {
    const { scrollTop = 0, clientHeight = 600 } = box.current ?? {};
    const next = { scrollTop, viewHeight: Math.max(rowHeight, clientHeight - headHeight) };
    setScroll((before) => (isSameView({ before, next, count }) ? before : next));
  }, [count]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, [measure]);
  const act = useRowActs({ pages, selection, onSelect });
  const isFiltered = Object.keys(filters).length > 0;
  const empty = pages.isEmpty && (isFiltered ? t('payouts.noneFound') : t('payouts.none'));
  return (
    <>
      {pages.error !== null && <NotLoaded error={pages.error} refetch={pages.refetch} />}
      <div
        className="panel payouts"
        ref={box}
        role="table"
        aria-label={t('pages.payouts')}
        aria-rowcount={-1}
        aria-busy={pages.isFirstLoading && pages.error === null}
        tabIndex={0}
        style={trackStyle(columns)}
        onScroll={measure}
        onKeyDown={act.onKeyDown}
        onClick={act.onClick}
      >
        <Head columns={columns} />
        {typeof empty === 'string' ? (
          <p className="empty">{empty}</p>
        ) : (
          <Body seen={seen} pages={pages} columns={columns} selection={selection} />
        )}
      </div>
    </>
  );
}

type Scroll = { readonly scrollTop: number; readonly viewHeight: number };

/** Most steps of the wheel show rows that are there already: then nothing is drawn anew. */
function isSameView({ before, next, count }: { before: Scroll; next: Scroll; count: number }): boolean {
  const [one, other] = [before, next].map((scroll) => findWindow({ ...scroll, rowHeight, count }));
  if (one === undefined || other === undefined || one.isPressed) return false;
  const isAtTop = ({ scrollTop }: Scroll): boolean => scrollTop < rowHeight;
  return one.from === other.from && one.to === other.to && isAtTop(before) === isAtTop(next);
}

function trackStyle(columns: readonly PayoutColumn[]): CSSProperties {
  const gap = 14;
  const width = columns.reduce((sum, { widthMin }) => sum + widthMin + gap, 28 + 2 * gap);
  return {
    '--tracks': `18px ${columns.map((column) => column.width).join(' ')}`,
    '--width': `${width}px`,
  } as CSSProperties;
}

function NotLoaded({ error, refetch }: { readonly error: Error; readonly refetch: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="outline" title={t('errors.notLoaded')} mb="sm">
      <p className="hostile">{error.message}</p>
      <Button variant="default" size="xs" onClick={refetch}>
        {t('errors.again')}
      </Button>
    </Alert>
  );
}

function Head({ columns }: { readonly columns: readonly PayoutColumn[] }) {
  const { t } = useTranslation();
  return (
    <div role="rowgroup" className="head">
      <div className="row head" role="row">
        <span role="columnheader">
          <span className="unseen">{t('payouts.select')}</span>
        </span>
        {columns.map(({ name, isEnd }) => (
          <span key={name} role="columnheader" className={isEnd === true ? 'end' : ''}>
            {t(`payouts.columns.${name}`)}
          </span>
        ))}
      </div>
    </div>
  );
}

type BodyProps = {
  readonly seen: RowWindow;
  readonly pages: PayoutPages;
  readonly columns: readonly PayoutColumn[];
  readonly selection: Selection;
};

function Body({ seen, pages, columns, selection }: BodyProps) {
  const indexes = Array.from({ length: Math.max(0, seen.to - seen.from) }, (_, at) => seen.from + at);
  return (
    <div role="rowgroup" className="rows" style={{ height: seen.height }}>
      <div role="presentation" style={{ transform: `translateY(${seen.top}px)` }}>
        {indexes.map((index) => {
          const payout = pages.row(index);
          return (
            <PayoutRow
              key={index}
              payout={payout}
              index={index}
              columns={columns}
              isSelected={payout !== undefined && selection.has(payout.id)}
            />
          );
        })}
      </div>
    </div>
  );
}

type RowProps = {
  readonly payout: Row | undefined;
  readonly index: number;
  readonly columns: readonly PayoutColumn[];
  readonly isSelected: boolean;
};

const PayoutRow = memo(function PayoutRow({ payout, index, columns, isSelected }: RowProps) {
  const { t } = useTranslation();
  if (payout === undefined) {
    return (
      <div className="row" role="row" aria-rowindex={index + 2} aria-busy="true">
        <span role="cell" className="grey" />
      </div>
    );
  }
  return (
    <div className={`row${isSelected ? ' selected' : ''}`} role="row" aria-rowindex={index + 2}>
      <span role="cell">
        <input
          type="checkbox"
          data-select={index}
          aria-label={t('payouts.selectOne', { id: payout.id })}
          checked={isSelected}
          readOnly
        />
      </span>
      {columns.map(({ name, isEnd, cell }) => (
        <span key={name} role="cell" className={isEnd === true ? 'end' : ''}>
          {cell(payout)}
        </span>
      ))}
    </div>
  );
});

type ActsInput = Pick<BodyProps, 'pages' | 'selection'> & Pick<RowsProps, 'onSelect'>;

/** One listener for all rows: a thousand links that each listen for themselves would be felt. */
function useRowActs({ pages, selection, onSelect }: ActsInput) {
  const navigate = useNavigate();
  const lastIndex = useRef<number>(undefined);
  const select = (index: number, isRange: boolean) => {
    const next = new Map(selection);
    const [start, end] = isRange && lastIndex.current !== undefined ? [lastIndex.current, index] : [index, index];
    const rows = Array.from({ length: Math.abs(end - start) + 1 }, (_, at) => pages.row(Math.min(start, end) + at));
    const isAdding = !next.has(pages.row(index)?.id ?? 0);
    for (const row of rows) {
      if (row !== undefined && isAdding) next.set(row.id, row);
      if (row !== undefined && !isAdding) next.delete(row.id);
    }
    lastIndex.current = index;
    onSelect(next);
  };
  const onClick = (event: MouseEvent<HTMLElement>) => {
    if (!(event.target instanceof Element)) return;
    const box = event.target.closest<HTMLElement>('[data-select]');
    if (box !== null) return select(Number(box.dataset['select']), event.shiftKey);
    const link = event.target.closest<HTMLElement>('[data-payout]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void navigate({ to: '/payouts/$payoutId', params: { payoutId: link.dataset['payout'] ?? '' } });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = stepOf(event);
    const links = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-payout]')];
    const at = links.findIndex((link) => link.closest('[role="row"]')?.contains(document.activeElement));
    if (event.code === 'KeyX' && at !== -1) {
      const box = links[at]?.closest('[role="row"]')?.querySelector<HTMLElement>('[data-select]');
      select(Number(box?.dataset['select']), event.shiftKey);
    }
    if (step === 0) return;
    event.preventDefault();
    links[at === -1 ? 0 : at + step]?.focus();
  };
  return { onClick, onKeyDown };
}

function stepOf({ key, code }: KeyboardEvent): number {
  if (key === 'ArrowDown' || code === 'KeyJ') return 1;
  return key === 'ArrowUp' || code === 'KeyK' ? -1 : 0;
}
