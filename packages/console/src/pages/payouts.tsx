import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PayoutRow } from '../calls/answers.ts';
import { readFilters } from '../calls/search.ts';
import { Page } from '../parts/page.tsx';
import { PayoutBulk } from './payout-bulk.tsx';
import { ColumnChoice, usePayoutColumns } from './payout-columns.tsx';
import { PayoutFilters } from './payout-filters.tsx';
import { PayoutRows } from './payout-rows.tsx';

export type Selection = ReadonlyMap<number, PayoutRow>;

/** All payouts, newest first; the filters are the address. */
export function PayoutsPage() {
  const { t } = useTranslation();
  const filters = readFilters(useSearch({ strict: false }));
  const [isLive, setLive] = useState(true);
  const [selection, setSelection] = useState<Selection>(new Map());
  const { columns, shown, keep } = usePayoutColumns();
  const name = JSON.stringify(filters);
  return (
    <Page
      title={t('pages.payouts')}
      className="payouts-page"
      actions={
        <>
          <span className={`state ${isLive ? 'good' : ''}`}>{isLive ? t('payouts.live') : t('payouts.still')}</span>
          <ColumnChoice shown={shown} keep={keep} />
        </>
      }
    >
      <PayoutFilters key={`filters ${name}`} filters={filters} />
      <PayoutBulk selection={selection} onClear={() => setSelection(new Map())} />
      <PayoutRows
        key={name}
        filters={filters}
        columns={columns}
        selection={selection}
        onSelect={setSelection}
        onLive={setLive}
      />
    </Page>
  );
}
