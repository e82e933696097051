import { useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PayoutRow } from '../calls/answers.ts';
import { readFilters } from '../calls/search.ts';
import { useOpening } from '../parts/act.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { useMayManage } from '../session.tsx';
import { PayoutBulk } from './payout-bulk.tsx';
import { ColumnChoice, usePayoutColumns } from './payout-columns.tsx';
import { PayoutFilters } from './payout-filters.tsx';
import { PayoutRows } from './payout-rows.tsx';

const FindRecipient = lazy(() => import('./find-recipient.tsx').then((file) => ({ default: file.FindRecipient })));
const PayoutExport = lazy(() => import('./payout-export.tsx').then((file) => ({ default: file.PayoutExport })));

export type Selection = ReadonlyMap<number, PayoutRow>;

/** All payouts, newest first; the filters are the address. */
export function PayoutsPage() {
  const { t } = useTranslation();
  const filters = readFilters(useSearch({ strict: false }));
  const [isLive, setLive] = useState(true);
  const maySearch = useMayManage();
  const [isFinding, setFinding] = useOpening('recipient');
  const [isExporting, setExporting] = useOpening('export');
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
          {maySearch && (
            <button type="button" className="plain" onClick={() => setFinding(true)}>
              <Icon name="debugger" /> {t('recipient.title')}
            </button>
          )}
          <button type="button" className="plain" onClick={() => setExporting(true)}>
            <Icon name="download" /> {t('export.title')}
          </button>
          <ColumnChoice shown={shown} keep={keep} />
        </>
      }
    >
      <PayoutFilters key={`filters ${name}`} filters={filters} />
      <Suspense>
        {isFinding && maySearch && <FindRecipient onClose={() => setFinding(false)} />}
        {isExporting && <PayoutExport filters={filters} onClose={() => setExporting(false)} />}
      </Suspense>
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
