import { setImmediate as nextTurn } from 'node:timers/promises';
import { findCurrency } from '../core/currency.ts';
import type { PayoutState } from '../core/payout.ts';
import type { Sql } from '../db/pool.ts';
import {
  type PayoutCell,
  type PayoutCells,
  type PayoutFilter,
  payoutCells,
  searchPayoutCells,
} from '../payouts/search.ts';
import { type Cell, writeCsvField, writeCsvRow } from './export-csv.ts';
import { type ExportedFile, openExport } from './export-file.ts';
import { writeXlsx } from './export-xlsx.ts';
import { statusOf } from './schemas/operator/payout-fields.ts';

export type ExportFormat = 'csv' | 'xlsx';

/** All but a text is written as it is: nothing in it has to be quoted or made harmless. */
type Kind = 'plain' | 'number' | 'text';
type Column = readonly [name: string, kind: Kind, read: (payout: PayoutCells) => string];

function cell(name: PayoutCell): (payout: PayoutCells) => string {
  const place = payoutCells.indexOf(name);
  return (payout) => payout[place] ?? '';
}

const payoutIdOf = cell('payoutId');
const currencyOf = cell('currency');
const stateOf = cell('state');

/** Amounts have at most eleven digits: a spreadsheet's number holds them, and can be summed up. */
function amount(name: PayoutCell): (payout: PayoutCells) => string {
  const read = cell(name);
  return (payout) => {
    const minor = read(payout);
    return minor === '' ? '' : String(Number(minor) / 10 ** (findCurrency(currencyOf(payout))?.digits ?? 2));
  };
}

/** ISO 8601 in milliseconds, from PostgreSQL's form in microseconds, which ends with the last digit that is not 0. */
function moment(name: PayoutCell): (payout: PayoutCells) => string {
  const read = cell(name);
  return (payout) => {
    const text = read(payout);
    if (text === '') return '';
    return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, 23).padEnd(3, '0')}Z`;
  };
}

const ownColumns: readonly Column[] = [
  ['id', 'number', payoutIdOf],
  ['order_id', 'text', cell('orderId')],
  ['account_id', 'plain', cell('accountId')],
  ['payment_status', 'plain', (payout) => statusOf(stateOf(payout) as PayoutState)],
  ['service_code', 'text', cell('serviceCode')],
  ['recipient', 'text', cell('recipientMask')],
  ['currency', 'plain', currencyOf],
  ['amount', 'number', amount('amountMinor')],
  ['due', 'number', amount('dueMinor')],
  ['commission', 'number', amount('commissionMinor')],
  ['debit', 'number', amount('debitMinor')],
  ['paid', 'number', amount('finalPaidMinor')],
  ['fail_reason', 'text', cell('failReason')],
  ['rrn', 'text', cell('rrn')],
  ['created_at', 'plain', moment('createdAt')],
  ['final_at', 'plain', moment('finalAt')],
];

const operatorColumns: readonly Column[] = [
  ...ownColumns,
  ['merchant_id', 'number', cell('merchantId')],
  ['state', 'plain', stateOf],
  ['attempts', 'number', cell('attempts')],
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

/** The next page is read while this one is written: it is asked for, and the question sent, before. */
async function* readPages(sql: Sql, filter: PayoutFilter): AsyncGenerator<readonly PayoutCells[]> {
  const read = (beforeId?: bigint): Promise<readonly PayoutCells[]> => {
    const page = searchPayoutCells(sql, filter, { beforeId, limit: pageRows });
    // Whoever asks for the page is told; a reader that went away does not ask.
    page.catch(() => {});
    return page;
  };
  let next: Promise<readonly PayoutCells[]> | undefined = read();
  while (next !== undefined) {
    const page: readonly PayoutCells[] = await next;
    const last = page.at(-1);
    next = last === undefined || page.length < pageRows ? undefined : read(BigInt(payoutIdOf(last)));
    // What is asked leaves with the turn of the event loop, and writing takes the rest of the turn.
    await nextTurn();
    yield page;
  }
}

async function* writeCsv(
  columns: readonly Column[],
  pages: AsyncIterable<readonly PayoutCells[]>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(writeCsvRow(columns.map(([name]) => name)));
  for await (const page of pages) {
    let text = '';
    for (const payout of page) text += writeLine(columns, payout);
    if (text !== '') yield Buffer.from(text);
  }
}

function writeLine(columns: readonly Column[], payout: PayoutCells): string {
  let line = '';
  let separator = '';
  for (const [, kind, read] of columns) {
    const value = read(payout);
    line += separator + (kind === 'text' ? writeCsvField(value) : value);
    separator = ',';
  }
  return `${line}\r\n`;
}

async function* readCells(
  columns: readonly Column[],
  pages: AsyncIterable<readonly PayoutCells[]>,
): AsyncGenerator<Cell[][]> {
  for await (const page of pages) {
    yield page.map((payout) =>
      columns.map(([, kind, read]) => {
        const value = read(payout);
        if (value === '') return null;
        return kind === 'number' ? Number(value) : value;
      }),
    );
  }
}
