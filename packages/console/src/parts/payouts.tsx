import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PayoutRow } from '../calls/answers.ts';
import { Amount } from './amount.tsx';
import { Moment } from './moment.tsx';
import { type Column, Records } from './records.tsx';
import { State } from './state.tsx';

export function PayoutLink({ id }: { readonly id: number }) {
  return (
    <Link to="/payouts/$payoutId" params={{ payoutId: String(id) }}>
      {id}
    </Link>
  );
}

type PayoutsProps<Row> = {
  readonly rows: readonly Row[];
  readonly label: string;
  readonly empty: string;
  readonly more?: readonly Column<Row>[];
};

type Shown = Pick<PayoutRow, 'id' | 'state' | 'order_id' | 'recipient' | 'amount' | 'currency' | 'created_at'>;

/** A short list of payouts. */
export function Payouts<Row extends Shown>({ rows, label, empty, more = [] }: PayoutsProps<Row>) {
  const { t } = useTranslation();
  return (
    <Records
      label={label}
      rows={rows}
      empty={empty}
      keyOf={({ id }) => id}
      columns={[
        { title: t('payouts.columns.id'), cell: ({ id }) => <PayoutLink id={id} /> },
        { title: t('payouts.columns.state'), cell: ({ state }) => <State value={state} /> },
        { title: t('payouts.columns.order'), cell: (p) => <span className="hostile">{p.order_id}</span> },
        { title: t('payouts.columns.recipient'), cell: (p) => <span className="code">{p.recipient}</span> },
        {
          title: t('payouts.columns.amount'),
          cell: (p) => <Amount value={p.amount} currency={p.currency} />,
          isEnd: true,
        },
        { title: t('payouts.columns.created'), cell: (p) => <Moment value={p.created_at} /> },
        ...more,
      ]}
    />
  );
}
