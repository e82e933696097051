import { currencies } from '../core/currency.ts';
import { amountDigitsMax } from '../core/money.ts';
import type { PayoutState } from '../core/payout.ts';
import type { Sql } from '../db/pool.ts';

/** A payout as a line of an operator's list. Amounts are minor units of `currency`. */
export type PayoutLine = {
  readonly merchantId: bigint;
  readonly payoutId: bigint;
  readonly accountId: string;
  readonly orderId: string;
  readonly state: PayoutState;
  readonly version: number;
  readonly serviceCode: string;
  readonly recipientKind: string;
  readonly recipientMask: string;
  readonly recipientDeletedAt: Date | null;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly dueMinor: bigint;
  readonly debitMinor: bigint;
  readonly commissionMinor: bigint;
  readonly oldAvailableMinor: bigint;
  readonly finalPaidMinor: bigint | null;
  readonly finalCommissionMinor: bigint | null;
  readonly failReason: string | null;
  readonly rrn: string | null;
  readonly connectors: readonly string[];
  readonly attempts: number;
  readonly endpointId: number | null;
  readonly endpointUrl: string | null;
  readonly createdAt: Date;
  readonly finalAt: Date | null;
  /** When its details were dropped. */
  readonly archivedAt: Date | null;
  /** Of an archived one: when the merchant first acknowledged a notification, and the provider's name for it. */
  readonly toldAt: Date | null;
  readonly providerId: string | null;
};

/** Every filter that is given must fit. */
export type PayoutFilter = {
  readonly merchantId?: bigint | undefined;
  readonly accountId?: string | undefined;
  /** Any of these. */
  readonly states?: readonly PayoutState[] | undefined;
  readonly serviceCode?: string | undefined;
  readonly orderId?: string | undefined;
  readonly payoutId?: bigint | undefined;
  /** The visible end of the recipient's mask. */
  readonly recipientEnd?: string | undefined;
  /** The recipient's whole number, as keyed hashes: one for each master key there was. */
  readonly recipientHashes?: readonly bigint[] | undefined;
  readonly currency?: string | undefined;
  /** Amounts as text, compared in each payout's own currency. */
  readonly amount?: string | undefined;
  readonly amountFrom?: string | undefined;
  readonly amountTo?: string | undefined;
  readonly createdFrom?: Date | undefined;
  /** Exclusive. */
  readonly createdTo?: Date | undefined;
};

/** Of `every_payout p`. */
export const payoutColumns = `p.merchant_id as "merchantId", p.payout_id as "payoutId", p.account_id as "accountId",
  p.order_id as "orderId", p.state, p.version, p.service_code as "serviceCode", p.recipient_kind as "recipientKind",
  p.recipient_mask as "recipientMask", p.recipient_deleted_at as "recipientDeletedAt",
  p.currency, p.amount_minor as "amountMinor", p.due_minor as "dueMinor",
  p.debit_minor as "debitMinor", p.commission_minor as "commissionMinor", p.old_available_minor as "oldAvailableMinor",
  p.final_paid_minor as "finalPaidMinor", p.final_commission_minor as "finalCommissionMinor",
  p.fail_reason as "failReason", p.rrn, p.connectors, p.attempts, p.endpoint_id as "endpointId",
  p.endpoint_url as "endpointUrl", p.created_at as "createdAt", p.final_at as "finalAt",
  p.archived_at as "archivedAt", p.told_at as "toldAt", p.provider_id as "providerId"`;

type Page = { readonly beforeId: bigint | undefined; readonly limit: number };

/** Payouts, archived ones too, newest first, from before `beforeId` on. Ids grow with time, so the id is the cursor. */
export function searchPayouts(sql: Sql, filter: PayoutFilter, page: Page): Promise<PayoutLine[]> {
  const { text, values } = composeSearch(payoutColumns, { filter, page });
  return sql.query<PayoutLine>(text, values);
}

/** The same payouts as the texts a file is made of, each at its place in `payoutCells`; empty where there is none. */
export type PayoutCells = readonly string[];

/** Between two cells and between two payouts: whoever named an order so finds U+FFFD in their place. */
const [cellEnd, payoutEnd] = ['\u001f', '\u001e'];
const withoutEnds = (column: string): string => `translate(${column}, '${cellEnd}${payoutEnd}', '\ufffd\ufffd')`;
const orEmpty = (expression: string): string => `coalesce((${expression})::text, '')`;
/** As PostgreSQL writes it by itself: `to_char` would take a third of the time of a whole row. */
const moment = (column: string): string => `(${column} at time zone 'UTC')`;

const cellColumns = {
  payoutId: 'p.payout_id',
  merchantId: 'p.merchant_id',
  accountId: 'p.account_id',
  orderId: withoutEnds('p.order_id'),
  state: 'p.state',
  serviceCode: 'p.service_code',
  recipientMask: withoutEnds('p.recipient_mask'),
  currency: 'p.currency',
  amountMinor: 'p.amount_minor',
  dueMinor: 'p.due_minor',
  commissionMinor: 'coalesce(p.final_commission_minor, p.commission_minor)',
  debitMinor: 'p.debit_minor',
  finalPaidMinor: orEmpty('p.final_paid_minor'),
  failReason: orEmpty(withoutEnds('p.fail_reason')),
  rrn: orEmpty(withoutEnds('p.rrn')),
  attempts: 'p.attempts',
  createdAt: moment('p.created_at'),
  finalAt: orEmpty(moment('p.final_at')),
} as const;

export type PayoutCell = keyof typeof cellColumns;

export const payoutCells: readonly PayoutCell[] = Object.keys(cellColumns) as PayoutCell[];

const selectCells = `p.payout_id, concat_ws('${cellEnd}', ${Object.values(cellColumns).join(', ')}) as cells`;

/**
 * In the order of `searchPayouts`. A page comes as one text and is taken apart here, at half of what its values cost
 * both sides when they come one by one.
 */
export async function searchPayoutCells(sql: Sql, filter: PayoutFilter, page: Page): Promise<PayoutCells[]> {
  const { text, values } = composeSearch(selectCells, { filter, page });
  const [row] = await sql.query<{ page: string | null }>(
    `select string_agg(cells, '${payoutEnd}' order by payout_id desc) as page from (${text}) found`,
    values,
  );
  return row?.page?.split(payoutEnd).map(splitCells) ?? [];
}

/** A column that is unexpectedly null is left out by `concat_ws`: better no file than one with cells that moved. */
function splitCells(text: string): PayoutCells {
  const cells = text.split(cellEnd);
  if (cells.length !== payoutCells.length) throw new Error(`a payout has ${cells.length} cells to export`);
  return cells;
}

function composeSearch(
  columns: string,
  { filter, page }: { readonly filter: PayoutFilter; readonly page: Page },
): { readonly text: string; readonly values: readonly unknown[] } {
  const where = createConditions();
  addKeys(where, filter);
  if (page.beforeId !== undefined) where.add((value) => `p.payout_id < ${value(page.beforeId)}`);
  if (filter.recipientEnd !== undefined) {
    const end = filter.recipientEnd.replace(/[\\%_]/g, '\\$&');
    where.add((value) => `p.recipient_mask like ${value(`%${end}`)}`);
  }
  addAmount(where, '=', filter.amount);
  addAmount(where, '>=', filter.amountFrom);
  addAmount(where, '<=', filter.amountTo);
  if (filter.createdFrom !== undefined) where.add((value) => `p.created_at >= ${value(filter.createdFrom)}`);
  if (filter.createdTo !== undefined) where.add((value) => `p.created_at < ${value(filter.createdTo)}`);
  if (filter.recipientHashes !== undefined) {
    where.add((value) => `p.recipient_hash is not null and p.recipient_hash = any(${value(filter.recipientHashes)})`);
  }
  // A number has few payouts: they are found by its index and then sorted. In the order of an index of ids they would
  // be looked for among all payouts there are.
  const order = filter.recipientHashes === undefined ? 'p.payout_id' : '(p.payout_id + 0)';
  const limit = where.value(page.limit);
  const text = `select ${columns} from every_payout p ${where.text()} order by ${order} desc limit ${limit}`;
  return { text, values: where.values };
}

function addKeys(where: Conditions, filter: PayoutFilter): void {
  const { merchantId, accountId, states, serviceCode, orderId, payoutId, currency } = filter;
  if (merchantId !== undefined) where.add((value) => `p.merchant_id = ${value(merchantId)}`);
  if (accountId !== undefined) where.add((value) => `p.account_id = ${value(accountId)}`);
  if (states !== undefined) where.add((value) => `p.state = any(${value(states)})`);
  // The review queue has an index of its own.
  if (states?.every((state) => state === 'review') === true) where.add(() => 'p.in_review');
  if (serviceCode !== undefined) where.add((value) => `p.service_code = ${value(serviceCode)}`);
  if (payoutId !== undefined) where.add((value) => `p.payout_id = ${value(payoutId)}`);
  if (currency !== undefined) where.add((value) => `p.currency = ${value(currency)}`);
  // payout has no index on order_id; the record that keeps it unique has.
  if (orderId !== undefined) {
    where.add(
      (value) => `(p.merchant_id, p.payout_id) in
        (select o.merchant_id, o.payout_id from order_record o where o.order_id = ${value(orderId)})`,
    );
  }
}

const codesByDigits = Map.groupBy(Object.values(currencies), ({ digits }) => digits);
const amountForm = /^\d+(?:\.\d+)?$/;

/** The same text means other minor units in a currency of other digits: one comparison per number of digits. */
function addAmount(where: Conditions, sign: '=' | '>=' | '<=', text: string | undefined): void {
  if (text === undefined) return;
  where.add((value) => {
    const parts = [...codesByDigits].flatMap(([digits, group]) => {
      const minor = readMinor(text, digits);
      if (minor === undefined) return [];
      const codes = group.map(({ code }) => code);
      return [`(p.currency = any(${value(codes)}) and p.amount_minor ${sign} ${value(minor)})`];
    });
    return parts.length === 0 ? 'false' : `(${parts.join(' or ')})`;
  });
}

/** Looser than an order's amount: a bound of 0 is fine. */
function readMinor(text: string, digits: number): bigint | undefined {
  if (!amountForm.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction.length > digits || whole.length + fraction.length > amountDigitsMax) return undefined;
  return BigInt(whole + fraction.padEnd(digits, '0'));
}

type Conditions = {
  /** The parts are joined by "and"; `value` gives the placeholder of a value. */
  add(part: (value: (value: unknown) => string) => string): void;
  value(value: unknown): string;
  text(): string;
  readonly values: readonly unknown[];
};

function createConditions(): Conditions {
  const values: unknown[] = [];
  const parts: string[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  return {
    values,
    value,
    add: (part) => void parts.push(part(value)),
    text: () => (parts.length === 0 ? '' : `where ${parts.join(' and ')}`),
  };
}
