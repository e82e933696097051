import { Checkbox, Popover } from '@mantine/core';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PayoutRow as Payout } from '../calls/answers.ts';
import { basePath, isMerchantSide } from '../calls/side.ts';
import { Amount } from '../parts/amount.tsx';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { State } from '../parts/state.tsx';

export type PayoutColumn = {
  readonly name: string;
  /** A track of a grid. */
  readonly width: string;
  readonly widthMin: number;
  readonly isEnd?: boolean;
  readonly cell: (payout: Payout) => ReactNode;
};

const text = (value: string | number | null) => (value === null || value === '' ? '—' : value);
const money = (pick: (payout: Payout) => string | null) => (payout: Payout) => (
  <Amount value={pick(payout)} currency={payout.currency} />
);

const allColumns: readonly PayoutColumn[] = [
  {
    name: 'id',
    width: '96px',
    widthMin: 96,
    cell: ({ id }) => (
      <a href={`${basePath}/payouts/${id}`} data-payout={id}>
        {id}
      </a>
    ),
  },
  { name: 'state', width: '112px', widthMin: 112, cell: ({ state }) => <State value={state} /> },
  {
    name: 'order',
    width: 'minmax(120px, 1.6fr)',
    widthMin: 120,
    cell: ({ order_id: id }) => (
      <span className="hostile" title={id}>
        {id}
      </span>
    ),
  },
  { name: 'merchant', width: '84px', widthMin: 84, cell: ({ merchant_id: id }) => id },
  {
    name: 'account',
    width: 'minmax(120px, 1fr)',
    widthMin: 120,
    cell: ({ account_id: id }) => (
      <span className="code" title={id}>
        {id}
      </span>
    ),
  },
  {
    name: 'service',
    width: 'minmax(110px, 1fr)',
    widthMin: 110,
    cell: ({ service_code: code }) => <span title={code}>{code}</span>,
  },
  {
    name: 'recipient',
    width: 'minmax(120px, 1fr)',
    widthMin: 120,
    cell: ({ recipient }) => <span className="code">{recipient}</span>,
  },
  { name: 'amount', width: '132px', widthMin: 132, isEnd: true, cell: money((payout) => payout.amount) },
  { name: 'debit', width: '132px', widthMin: 132, isEnd: true, cell: money((payout) => payout.debit) },
  {
    name: 'commission',
    width: '112px',
    widthMin: 112,
    isEnd: true,
    cell: money((payout) => payout.final_commission ?? payout.commission),
  },
  { name: 'paid', width: '132px', widthMin: 132, isEnd: true, cell: money((payout) => payout.paid) },
  {
    name: 'connector',
    width: 'minmax(90px, 0.7fr)',
    widthMin: 90,
    cell: ({ connectors = [] }) => <span title={connectors.join(', ')}>{text(connectors.join(', '))}</span>,
  },
  { name: 'attempts', width: '72px', widthMin: 72, isEnd: true, cell: ({ attempts }) => attempts },
  { name: 'reason', width: '150px', widthMin: 150, cell: ({ fail_reason: reason }) => text(reason) },
  { name: 'rrn', width: '120px', widthMin: 120, cell: ({ rrn }) => <span className="code">{text(rrn)}</span> },
  { name: 'created', width: '138px', widthMin: 138, cell: (payout) => <Moment value={payout.created_at} /> },
  { name: 'final', width: '138px', widthMin: 138, cell: (payout) => <Moment value={payout.final_at} /> },
];

const operatorsOnly: ReadonlySet<string> = new Set(['merchant', 'connector', 'attempts']);
const payoutColumns = allColumns.filter(({ name }) => !isMerchantSide || !operatorsOnly.has(name));

const shownAtFirst = ['id', 'state', 'order', 'service', 'recipient', 'amount', 'created'];
const key = 'vyplata.columns';

function readShown(): readonly string[] {
  const kept = localStorage.getItem(key)?.split(',') ?? shownAtFirst;
  const known = payoutColumns.map(({ name }) => name).filter((name) => kept.includes(name));
  return known.length === 0 ? shownAtFirst : known;
}

/** Which columns are shown; kept in this browser. */
export function usePayoutColumns() {
  const [shown, setShown] = useState(readShown);
  const keep = (names: readonly string[]) => {
    localStorage.setItem(key, names.join(','));
    setShown(names);
  };
  return { columns: payoutColumns.filter(({ name }) => shown.includes(name)), shown, keep };
}

type ChoiceProps = { readonly shown: readonly string[]; readonly keep: (names: readonly string[]) => void };

export function ColumnChoice({ shown, keep }: ChoiceProps) {
  const { t } = useTranslation();
  return (
    <Popover position="bottom-end" trapFocus returnFocus withRoles shadow="md">
      <Popover.Target>
        <button type="button" className="plain">
          <Icon name="columns" /> {t('payouts.columnsTitle')}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('payouts.columnsTitle')}>
        <div className="column-choice">
          {payoutColumns.map(({ name }) => (
            <Checkbox
              key={name}
              size="xs"
              label={t(`payouts.columns.${name}`)}
              checked={shown.includes(name)}
              // The way to the payout stays.
              disabled={name === 'id'}
              onChange={({ currentTarget: { checked } }) =>
                keep(checked ? [...shown, name] : shown.filter((one) => one !== name))
              }
            />
          ))}
          <button type="button" className="plain" onClick={() => keep(shownAtFirst)}>
            {t('payouts.columnsReset')}
          </button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
