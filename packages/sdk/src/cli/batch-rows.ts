// Owns what stands in a file of payouts: its columns, its rows, and what is wrong with them.
// Promises to find every mistake that can be seen without asking the gateway, before anything is sent.
// Refuses to know how rows are sent.
import { createHash } from 'node:crypto';
import { encodeOrder, type PayoutOrder } from '../order.ts';
import { parseCsv } from './csv.ts';

export type BatchRow = {
  /** Where it stands in the file, from 1. */
  line: number;
  order: PayoutOrder;
  /** Tells whether a row is still the one that was sent. */
  digest: string;
};
export type RowProblem = { line: number; text: string };
export type Batch = { rows: BatchRow[]; problems: RowProblem[] };

type TextMember = Exclude<keyof PayoutOrder, 'amount' | 'notificationEndpointId' | 'card' | 'extra'>;

const COLUMNS: Readonly<Record<string, TextMember | 'amount' | 'notificationEndpointId'>> = {
  order_id: 'orderId',
  amount: 'amount',
  number: 'number',
  service: 'service',
  notification_endpoint_id: 'notificationEndpointId',
  notification_endpoint_url: 'notificationEndpointUrl',
  customer_phone: 'customerPhone',
  customer_email: 'customerEmail',
  customer_code: 'customerCode',
  customer_first_name: 'customerFirstName',
  customer_last_name: 'customerLastName',
  customer_country: 'customerCountry',
  project_url: 'projectUrl',
};

const AMOUNT = /^(0|[1-9][0-9]{0,10})(\.[0-9]{1,4})?$/;
const MINOR_DIGITS_MAX = 4;

export function readBatch(text: string, fallback: { service: string | undefined }): Batch {
  const [header, ...lines] = parseCsv(text);
  if (header === undefined) return { rows: [], problems: [{ line: 1, text: 'the file is empty' }] };
  const names = header.cells.map((cell) => cell.trim());
  const problems = judgeHeader(names, fallback);
  if (problems.length > 0) return { rows: [], problems };
  const rows: BatchRow[] = [];
  const firstLines = new Map<string, number>();
  for (const { line, cells } of lines) {
    if (cells.length > names.length)
      problems.push({ line, text: 'more cells than columns: is a comma inside a cell?' });
    const order = toOrder({ names, cells, ...fallback });
    const found = judgeOrder(order);
    const before = firstLines.get(order.orderId);
    if (before !== undefined && order.orderId !== '')
      found.push(`order_id "${order.orderId}" is on line ${before} too`);
    firstLines.set(order.orderId, before ?? line);
    problems.push(...found.map((problem) => ({ line, text: problem })));
    rows.push({ line, order, digest: digestOf(order) });
  }
  if (rows.length === 0) problems.push({ line: header.line, text: 'there is no row below the header' });
  return { rows, problems };
}

function judgeHeader(names: readonly string[], fallback: { service: string | undefined }): RowProblem[] {
  const wanted = ['order_id', 'amount', 'number', ...(fallback.service === undefined ? ['service'] : [])];
  const missing = wanted.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !Object.hasOwn(COLUMNS, name) && !/^extra\.[A-Za-z0-9_]+$/.test(name));
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...missing.map((name) => `the column "${name}" is missing`),
    ...unknown.map((name) => `the column "${name}" is not known; ${Object.keys(COLUMNS).join(', ')}, extra.<name> are`),
    ...repeated.map((name) => `the column "${name}" is there twice`),
  ].map((text) => ({ line: 1, text }));
}

type Line = { names: readonly string[]; cells: readonly string[]; service: string | undefined };

function toOrder({ names, cells, service }: Line): PayoutOrder {
  const order: PayoutOrder = { orderId: '', amount: '', number: '', service: service ?? '' };
  for (const [index, name] of names.entries()) {
    const value = cells[index]?.trim() ?? '';
    if (value === '') continue;
    const member = COLUMNS[name];
    if (member === undefined) order.extra = { ...order.extra, [name.slice('extra.'.length)]: value };
    else if (member === 'notificationEndpointId') order[member] = Number(value);
    else order[member] = value;
  }
  return order;
}

function judgeOrder(order: PayoutOrder): string[] {
  const problems: string[] = [];
  if (order.orderId === '') problems.push('order_id is empty');
  if ([...order.orderId].length > 128) problems.push('order_id is longer than 128 characters');
  if (order.number === '') problems.push('number is empty');
  if (order.service === '') problems.push('service is empty');
  const amount = String(order.amount);
  if (!AMOUNT.test(amount) || /^[0.]+$/.test(amount)) {
    problems.push(`amount "${amount}" is not an amount such as 1000.44`);
  }
  const endpoint = order.notificationEndpointId;
  if (endpoint !== undefined && !(Number.isSafeInteger(endpoint) && endpoint > 0)) {
    problems.push('notification_endpoint_id is not the number of an endpoint');
  }
  return problems;
}

/** Sums per service as decimal text. */
export function sumByService(rows: readonly BatchRow[]): { service: string; count: number; amount: string }[] {
  const sums = new Map<string, { count: number; units: bigint }>();
  for (const { order } of rows) {
    const [whole = '0', fraction = ''] = String(order.amount).split('.');
    const units = BigInt(whole + fraction.padEnd(MINOR_DIGITS_MAX, '0'));
    const sum = sums.get(order.service) ?? { count: 0, units: 0n };
    sums.set(order.service, { count: sum.count + 1, units: sum.units + units });
  }
  return [...sums].map(([service, { count, units }]) => ({ service, count, amount: formatUnits(units) }));
}

function formatUnits(units: bigint): string {
  const digits = String(units).padStart(MINOR_DIGITS_MAX + 1, '0');
  const fraction = digits.slice(-MINOR_DIGITS_MAX).replace(/0{1,2}$/, '');
  return `${digits.slice(0, -MINOR_DIGITS_MAX)}.${fraction}`;
}

function digestOf(order: PayoutOrder): string {
  if (order.amount === '') return '';
  return createHash('sha256').update(encodeOrder(order, 2)).digest('hex').slice(0, 16);
}
