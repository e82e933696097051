import { isFinal } from '../core/payout.ts';
import type { Sql } from '../db/pool.ts';
import type { PayoutFilter, PayoutLine } from '../payouts/search.ts';
import { searchPayouts } from '../payouts/search.ts';
import { type Cell, writeCsvRow } from './export-csv.ts';
import { type ExportedFile, openExport } from './export-file.ts';
import { writeXlsx } from './export-xlsx.ts';
import { amountWriter, writeMoment } from './schemas/operator/fields.ts';

export type ExportFormat = 'csv' | 'xlsx';

type Column = readonly [name: string, write: (payout: PayoutLine) => Cell];

const amount = (read: (payout: PayoutLine) => bigint | null) => (payout: PayoutLine) => {
  const minor = read(payout);
  // Amounts have at most eleven digits: a spreadsheet's number holds them, and can be summed up.
  return minor === null ? null : Number(amountWriter(payout.currency)(minor));
};

const ownColumns: readonly Column[] = [
  ['id', ({ payoutId }) => Number(payoutId)],
  ['order_id', ({ orderId }) => orderId],
  ['account_id', ({ accountId }) => accountId],
  ['payment_status', ({ state }) => (isFinal(state) ? state : 'wait')],
  ['service_code', ({ serviceCode }) => serviceCode],
  ['recipient', ({ recipientMask }) => recipientMask],
  ['currency', ({ currency }) => currency],
  ['amount', amount((payout) => payout.amountMinor)],
  ['due', amount((payout) => payout.dueMinor)],
  ['commission', amount((payout) => payout.finalCommissionMinor ?? payout.commissionMinor)],
  ['debit', amount((payout) => payout.debitMinor)],
  ['paid', amount((payout) => payout.finalPaidMinor)],
  ['fail_reason', ({ failReason }) => failReason],
  ['rrn', ({ rrn }) => rrn],
  ['created_at', ({ createdAt }) => writeMoment(createdAt)],
  ['final_at', ({ finalAt }) => writeMoment(finalAt)],
];

const operatorColumns: readonly Column[] = [
  ...ownColumns,
  ['merchant_id', ({ merchantId }) => Number(merchantId)],
  ['state', ({ state }) => state],
  ['attempts', ({ attempts }) => attempts],
];

const pageRows = 1_000;

/**
 * The payouts of a filter as a file, newest first, read page by page while it is sent: memory stays flat, no
 * transaction is held, and a reader that goes away ends it. Throws a Refusal when too many are under way.
 */
export function exportPayouts(
  sql: Sql,
  options: { readonly filter: PayoutFilter; readonly format: ExportFormat; readonly isForOperators: boolean },
): ExportedFile {
  const { filter, format, isForOperators } = options;
  const columns = isForOperators ? operatorColumns : ownColumns;
  const names = columns.map(([name]) => name);
  const pages = readPages(sql, filter, columns);
  return openExport({
    contentType: contentTypes[format],
    name: 'payouts',
    ending: format,
    make: () => (format === 'csv' ? writeCsv(names, pages) : writeXlsx(names, pages)),
  });
}

export const contentTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

async function* readPages(sql: Sql, filter: PayoutFilter, columns: readonly Column[]): AsyncGenerator<Cell[][]> {
  for (let beforeId: bigint | undefined; ; ) {
    const payouts = await searchPayouts(sql, filter, { beforeId, limit: pageRows });
    yield payouts.map((payout) => columns.map(([, write]) => write(payout)));
    if (payouts.length < pageRows) return;
    beforeId = payouts.at(-1)?.payoutId;
  }
}

async function* writeCsv(names: readonly string[], pages: AsyncIterable<Cell[][]>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(writeCsvRow(names));
  for await (const page of pages) if (page.length > 0) yield Buffer.from(page.map(writeCsvRow).join(''));
}
