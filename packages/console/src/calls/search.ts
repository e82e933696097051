/** The filters of the payouts table, as they stand in the page's address and in the API's query. */
export const filterNames = [
  'id',
  'order_id',
  'recipient_end',
  'state',
  'payment_status',
  'merchant_id',
  'account_id',
  'service_code',
  'currency',
  'amount',
  'amount_from',
  'amount_to',
  'created_from',
  'created_to',
] as const;

export type FilterName = (typeof filterNames)[number];
export type Filters = Partial<Readonly<Record<FilterName, string>>>;

/** From an address: what is no filter, or no text, is left out. The router reads `id=5` as a number. */
export function readFilters(search: Readonly<Record<string, unknown>>): Filters {
  const pairs = filterNames.flatMap((name) => {
    const value = search[name];
    const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
    return text === '' ? [] : [[name, text] as const];
  });
  return Object.fromEntries(pairs);
}

/**
 * What somebody types into the search field: nine digits or more are a payout's id, four characters of digits the
 * recipient's last ones, digits with a point or comma an amount, and anything else an order's id.
 */
export function readSearch(text: string): Filters {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  if (/^\d{9,18}$/.test(trimmed)) return { id: trimmed };
  if (/^[*•…]*\d{4}$/.test(trimmed)) return { recipient_end: trimmed.slice(-4) };
  if (/^\d[\d\s\u00a0\u202f]*[.,]\d{1,4}$/.test(trimmed)) {
    return { amount: trimmed.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.') };
  }
  return { order_id: trimmed };
}
