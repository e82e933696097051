import { findCurrency } from '../core/currency.ts';
import { isFinal, type PayoutState } from '../core/payout.ts';
import type { Sql } from '../db/pool.ts';
import { type PayoutFilter, type PayoutTexts, searchPayoutTexts } from '../payouts/search.ts';
import { type Cell, writeCsvField, writeCsvRow } from './export-csv.ts';
import { type ExportedFile, openExport } from './export-file.ts';
import { writeXlsx } from './export-xlsx.ts';

export type ExportFormat = 'csv' | 'xlsx';

/** Its text is written as it is: nothing in it has to be quoted or made harmless. */
type Plain = 'plain' | 'number';
type Column = readonly [name: string, read: (payout: PayoutTexts) => string | null, kind: Plain | 'text'];

/** Amounts have at most eleven digits: a spreadsheet's number holds them, and can be summed up. */
const amount = (read: (payout: PayoutTexts) => string | null) => (payout: PayoutTexts) => {
  const minorText = read(payout);
  return minorText === null ? null : String(Number(minorText) / 10 ** (findCurrency(payout.currency)?.digits ?? 2));
};

const ownColumns: readonly Column[] = [
  ['id', ({ payoutId }) => payoutId, 'number'],
  ['order_id', ({ orderId }) => orderId, 'text'],
  ['account_id', ({ accountId }) => accountId, 'plain'],
  ['payment_status', ({ state }) => (isFinal(state as PayoutState) ? state : 'wait'), 'plain'],
  ['service_code', ({ serviceCode }) => serviceCode, 'text'],
  ['recipient', ({ recipientMask }) => recipientMask, 'text'],
  ['currency', ({ currency }) => currency, 'plain'],
  ['amount', amount(({ amountMinor }) => amountMinor), 'number'],
  ['due', amount(({ dueMinor }) => dueMinor), 'number'],
  ['commission', amount(({ commissionMinor }) => commissionMinor), 'number'],
  ['debit', amount(({ debitMinor }) => debitMinor), 'number'],
  ['paid', amount(({ finalPaidMinor }) => finalPaidMinor), 'number'],
  ['fail_reason', ({ failReason }) => failReason, 'text'],
  ['rrn', ({ rrn }) => rrn, 'text'],
  ['created_at', ({ createdAt }) => createdAt, 'plain'],
  ['final_at', ({ finalAt }) => finalAt, 'plain'],
];

const operatorColumns: readonly Column[] = [
  ...ownColumns,
  ['merchant_id', ({ merchantId }) => merchantId, 'number'],
  ['state', ({ state }) => state, 'plain'],
  ['attempts', ({ attempts }) => attempts, 'number'],
];

/** The event loop stands still while a page is read and written: some milliseconds. */
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
  const pages = readPages(sql, filter);
  return openExport({
    contentType: contentTypes[format],
    name: 'payouts',
    ending: format,
    make: () => (format === 'csv' ? writeCsv(columns, pages) : writeXlsx(names, readCells(columns, pages))),
  });
}

export const contentTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

/** The next page is read while this one is written. */
async function* readPages(sql: Sql, filter: PayoutFilter): AsyncGenerator<PayoutTexts[]> {
  const read = (beforeId?: bigint): Promise<PayoutTexts[]> => {
    const page = searchPayoutTexts(sql, filter, { beforeId, limit: pageRows });
    // Whoever asks for the page is told; a reader that went away does not ask.
    page.catch(() => {});
    return page;
  };
  let next: Promise<PayoutTexts[]> | undefined = read();
  while (next !== undefined) {
    const page: PayoutTexts[] = await next;
    const last = page.at(-1);
    next = last === undefined || page.length < pageRows ? undefined : read(BigInt(last.payoutId));
    yield page;
  }
}

async function* writeCsv(
  columns: readonly Column[],
  pages: AsyncIterable<readonly PayoutTexts[]>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(writeCsvRow(columns.map(([name]) => name)));
  for await (const page of pages) {
    let text = '';
    for (const payout of page) text += writeLine(columns, payout);
    if (text !== '') yield Buffer.from(text);
  }
}

function writeLine(columns: readonly Column[], payout: PayoutTexts): string {
  let line = '';
  let separator = '';
  for (const [, read, kind] of columns) {
    const text = read(payout);
    line += separator + (kind === 'text' ? writeCsvField(text) : (text ?? ''));
    separator = ',';
  }
  return `${line}\r\n`;
}

async function* readCells(
  columns: readonly Column[],
  pages: AsyncIterable<readonly PayoutTexts[]>,
): AsyncGenerator<Cell[][]> {
  for await (const page of pages) {
    yield page.map((payout) =>
      columns.map(([, read, kind]) => {
        const text = read(payout);
        return kind === 'number' && text !== null ? Number(text) : text;
      }),
    );
  }
}
