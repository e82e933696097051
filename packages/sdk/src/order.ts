// Owns an order as a program writes it, and its bytes on the wire.
// Promises that an amount is never a float, and that one order is encoded to one sequence of bytes.
// Refuses to know whether the order is acceptable: services, limits and recipients are checked by the gateway.

export type CardDetails = {
  /** Two digits, "27". */
  expYear?: string;
  /** Two digits, "01" to "12". */
  expMonth?: string;
  holder?: string;
  /** ISO 3166-1 alpha-2, "DE". */
  country?: string;
  /** YYYY-MM-DD. */
  recipientBirthDate?: string;
};

export type PayoutOrder = {
  /** Decimal text such as "1000.44", or minor units as bigint (100044n). Numbers are refused: floats lose money. */
  amount: string | bigint;
  /** Card, phone, wallet or account number, as the service wants it. */
  number: string;
  /** Your own id, 1 to 128 characters, unique for ever. The same order may be sent again and pays once. */
  orderId: string;
  /** Service code such as "payment_card_rub". */
  service: string;
  notificationEndpointId?: number;
  notificationEndpointUrl?: string;
  /** What card services of a EUR account ask for; sent inside `extra`. */
  card?: CardDetails;
  /** Further members of `extra`, under the names of the contract. */
  extra?: Record<string, string>;
  customerPhone?: string;
  customerEmail?: string;
  /** Bank code; for SBP the 12-digit member id, for a Russian account the BIC. */
  customerCode?: string;
  customerFirstName?: string;
  customerLastName?: string;
  /** ISO 3166-1 alpha-3, "DEU". */
  customerCountry?: string;
  projectUrl?: string;
};

export type PayoutRef = { orderId: string; id?: never } | { id: number | bigint | string; orderId?: never };

const AMOUNT_ADVICE = 'Pass the amount as a string such as "1000.44", or as bigint minor units such as 100044n.';

/** The order's JSON, members in the order of the contract. Absent members are left out. */
export function encodeOrder(order: PayoutOrder, minorDigits: number): string {
  const { card, extra } = order;
  const wholeExtra = {
    card_exp_year: card?.expYear,
    card_exp_month: card?.expMonth,
    card_holder: card?.holder,
    card_country: card?.country,
    card_recipient_birth_date: card?.recipientBirthDate,
    ...extra,
  };
  return JSON.stringify({
    amount: formatAmount(order.amount, minorDigits),
    number: requireText(order.number, 'number'),
    order_id: requireText(order.orderId, 'orderId'),
    service: requireText(order.service, 'service'),
    notification_endpoint_id: order.notificationEndpointId,
    notification_endpoint_url: order.notificationEndpointUrl,
    extra: card === undefined && extra === undefined ? undefined : wholeExtra,
    customer_phone: order.customerPhone,
    customer_email: order.customerEmail,
    customer_code: order.customerCode,
    customer_first_name: order.customerFirstName,
    customer_last_name: order.customerLastName,
    customer_country: order.customerCountry,
    project_url: order.projectUrl,
  });
}

export function encodeRef(ref: PayoutRef): string {
  if (ref.orderId !== undefined) return JSON.stringify({ order_id: requireText(ref.orderId, 'orderId') });
  const id = String(ref.id);
  if (/^[1-9][0-9]*$/.test(id)) return `{"id":${id}}`;
  throw new TypeError('Name the payout by { orderId } or by { id }, a positive integer.');
}

/** @throws TypeError for a number: 0.1 + 0.2 is not 0.3, and 1e21 is no amount */
export function formatAmount(amount: string | bigint, minorDigits: number): string {
  if (typeof amount === 'string' && amount !== '') return amount;
  if (typeof amount !== 'bigint') throw new TypeError(`The amount is ${describeType(amount)}. ${AMOUNT_ADVICE}`);
  if (amount <= 0n) throw new TypeError(`The amount must be positive. ${AMOUNT_ADVICE}`);
  if (minorDigits === 0) return String(amount);
  const digits = String(amount).padStart(minorDigits + 1, '0');
  return `${digits.slice(0, -minorDigits)}.${digits.slice(-minorDigits)}`;
}

/** Whether two decimal texts name one amount: "500" and "500.00" do. */
export function isSameAmount(amounts: { left: string; right: string }): boolean {
  return trimAmount(amounts.left) === trimAmount(amounts.right);
}

/** Whether a number fits a mask such as "427611******3333", spaces and dashes aside. */
export function isMaskOf(options: { mask: string; number: string }): boolean {
  const number = options.number.replace(/[\s-]/g, '');
  const [head = ''] = options.mask.split('*', 1);
  const tail = options.mask.slice(options.mask.lastIndexOf('*') + 1);
  return number.startsWith(head) && number.endsWith(tail);
}

function trimAmount(amount: string): string {
  return amount.includes('.') ? amount.replace(/0+$/, '').replace(/\.$/, '') : amount;
}

function requireText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} is ${describeType(value)}; pass a string.`);
}

function describeType(value: unknown): string {
  if (value === '') return 'empty';
  return value === undefined || value === null ? 'missing' : `of type ${typeof value}`;
}
