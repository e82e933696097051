import { type Charge, type CommissionRule, chargeFor } from './commission.ts';
import { checkEndpointUrl, endpointUrlMax } from './endpoint-url.ts';
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts';
import { formatMinor } from './money.ts';
import type { Problem } from './problem.ts';
import { checkRecipient, compactNumber } from './recipient.ts';
import type { Service } from './service.ts';

export type Customer = {
  readonly phone?: string;
  readonly email?: string;
  /** A bank code; for SBP the member id, for a Russian account the BIC. */
  readonly code?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** ISO 3166-1 alpha-3. */
  readonly country?: string;
};

/** What a merchant asks for, read from the wire but not yet compared with any configuration. */
export type Order = {
  readonly orderId: string;
  readonly amountMinor: bigint;
  readonly serviceCode: string;
  /** As sent; `checkOrder` gives the normalised one. */
  readonly number: string;
  readonly endpointId?: number;
  readonly endpointUrl?: string;
  readonly customer: Customer;
  readonly projectUrl?: string;
  /** No member is null: null counts as absent. Empty when the order has none. */
  readonly extra: JsonObject;
};

/** The readable part of an order: what is absent here was missing or wrong and has its own problem already. */
export type OrderDraft = { readonly [Key in keyof Order]?: Order[Key] } & {
  /** Wire keys that were refused already: no second problem is added to them. */
  readonly refusedFields?: ReadonlySet<string>;
};

export type OrderFacts = {
  readonly account: { readonly currency: string; readonly digits: number; readonly allowLoopbackUrls: boolean };
  /** The service of `serviceCode`, undefined when there is none. */
  readonly service: Service | undefined;
  /** Whether this account may use it. */
  readonly serviceEnabled: boolean;
  /** undefined: no commission. */
  readonly commission: CommissionRule | undefined;
  /** The account's own limits, inclusive; undefined: those of the service. null: no maximum. */
  readonly minMinor?: bigint | undefined;
  readonly maxMinor?: bigint | null | undefined;
  /** Whether `endpointId` is an endpoint of this merchant; not looked at when the order names none. */
  readonly endpointExists: boolean;
  /** The UTC date, `YYYY-MM-DD`. */
  readonly today: string;
};

export type OrderCheck = {
  readonly problems: readonly Problem[];
  /** Present when the recipient is acceptable. */
  readonly recipient?: { readonly number: string; readonly mask: string };
  /** Present when the amount is acceptable for the service. */
  readonly charge?: Charge;
};

const freeOfCharge: CommissionRule = { percentPpm: 0, fixedMinor: 0n, minMinor: 0n, maxMinor: null, bearer: 'account' };

/**
 * Every rule that needs configuration or the service: enabled and of the account's currency, limits, recipient,
 * required extra, commission, endpoints. Takes a whole order, or the readable part of a wrong one so that all wrong
 * fields are answered at once. A whole order without problems has both a recipient and a charge.
 */
export function checkOrder(order: OrderDraft, facts: OrderFacts): OrderCheck {
  const problems: Problem[] = [];
  const check: { problems: Problem[]; recipient?: OrderCheck['recipient'] & {}; charge?: Charge } = { problems };
  const service = order.serviceCode === undefined ? undefined : facts.service;
  const isUsable = isServiceUsable(order, facts, problems);
  if (isUsable && service !== undefined && order.amountMinor !== undefined) {
    const charge = checkAmount({ amountMinor: order.amountMinor, service, facts }, problems);
    if (charge !== undefined) check.charge = charge;
  }
  if (service !== undefined) {
    const recipient = checkNumber(order, service, problems);
    if (recipient !== undefined) check.recipient = recipient;
    checkRequiredExtra({ order, service, facts }, problems);
  }
  checkEndpoints(order, facts, problems);
  checkBirthDate(order, facts.today, problems);
  const refused = order.refusedFields;
  if (refused !== undefined) check.problems = problems.filter((problem) => !refused.has(problem.field));
  return check;
}

function isServiceUsable(order: OrderDraft, facts: OrderFacts, problems: Problem[]): boolean {
  if (order.serviceCode === undefined) return false;
  const { service, account } = facts;
  if (service === undefined || !service.enabled || !facts.serviceEnabled) {
    problems.push({ code: 'service_unknown', field: 'service' });
    return false;
  }
  if (service.currency !== account.currency) {
    const values = { serviceCurrency: service.currency, accountCurrency: account.currency };
    problems.push({ code: 'service_other_currency', field: 'service', values });
    return false;
  }
  return true;
}

type AmountInput = { readonly amountMinor: bigint; readonly service: Service; readonly facts: OrderFacts };

function checkAmount(input: AmountInput, problems: Problem[]): Charge | undefined {
  const { amountMinor, service, facts } = input;
  const { currency, digits } = facts.account;
  const minMinor = facts.minMinor ?? service.minMinor;
  const maxMinor = facts.maxMinor === undefined ? service.maxMinor : facts.maxMinor;
  if (amountMinor < minMinor) {
    const values = { min: formatMinor(minMinor, digits), currency };
    problems.push({ code: 'amount_below_min', field: 'amount', values });
    return undefined;
  }
  if (maxMinor !== null && amountMinor > maxMinor) {
    const values = { max: formatMinor(maxMinor, digits), currency };
    problems.push({ code: 'amount_above_max', field: 'amount', values });
    return undefined;
  }
  const charge = chargeFor(facts.commission ?? freeOfCharge, amountMinor);
  if (charge.dueMinor > 0n) return charge;
  const values = { commission: formatMinor(charge.commissionMinor, digits), currency };
  problems.push({ code: 'amount_below_commission', field: 'amount', values });
  return undefined;
}

/** A number that was refused already still has the code beside it checked. */
function checkNumber(order: OrderDraft, service: Service, problems: Problem[]): OrderCheck['recipient'] {
  const check = checkRecipient({
    kind: service.recipientKind,
    number: order.number ?? '',
    customerCode: order.customer?.code,
    currency: service.currency,
  });
  if (check.ok) return { number: check.number, mask: check.mask };
  const isNumberRefused = order.number === undefined;
  problems.push(...check.problems.filter(({ field }) => !isNumberRefused || field !== 'number'));
  return undefined;
}

/** What a card payout from a EUR account must say about the card and its holder. */
const requiredExtraKeys = [
  'card_exp_year',
  'card_exp_month',
  'card_holder',
  'card_country',
  'card_recipient_birth_date',
];

type ExtraInput = { readonly order: OrderDraft; readonly service: Service; readonly facts: OrderFacts };

function checkRequiredExtra(input: ExtraInput, problems: Problem[]): void {
  const { extra } = input.order;
  if (extra === undefined || input.facts.account.currency !== 'EUR' || input.service.recipientKind !== 'card') return;
  for (const key of requiredExtraKeys) {
    if (extra[key] === undefined) problems.push({ code: 'field_required', field: `extra.${key}` });
  }
}

function checkEndpoints(order: OrderDraft, facts: OrderFacts, problems: Problem[]): void {
  if (order.endpointId !== undefined && !facts.endpointExists) {
    problems.push({ code: 'endpoint_unknown', field: 'notification_endpoint_id' });
  }
  if (order.endpointUrl === undefined) return;
  const code = checkEndpointUrl(order.endpointUrl, { allowLoopback: facts.account.allowLoopbackUrls });
  if (code === undefined) return;
  const values = code === 'field_too_long' ? { values: { max: endpointUrlMax } } : {};
  problems.push({ code, field: 'notification_endpoint_url', ...values });
}

function checkBirthDate(order: OrderDraft, today: string, problems: Problem[]): void {
  const date = order.extra?.['card_recipient_birth_date'];
  if (typeof date === 'string' && date >= today) {
    problems.push({ code: 'date_not_past', field: 'extra.card_recipient_birth_date' });
  }
}

/**
 * One text per order of an account, for ever: a keyed digest of it decides whether a repeated `order_id` is the same
 * order again, years later too. Never change what it gives for an order, and never let it depend on configuration.
 * Each value stands in a fixed place after its length, so that no two different orders share a text. What does not
 * matter: order of keys, spelling of numbers, null against absent, `[]` against `{}` for the whole `extra`, and in
 * `number` spaces, dashes and the case of Latin letters.
 */
export function canonicalOrder(accountId: string, order: Order): string {
  const { customer } = order;
  return (
    `order/1 ${framed(accountId.toLowerCase())}${framed(order.orderId)}${framed(order.amountMinor.toString())}` +
    `${framed(order.serviceCode)}${framed(canonicalNumber(order.number))}` +
    `${framed(order.endpointId?.toString())}${framed(order.endpointUrl)}` +
    `${framed(customer.phone)}${framed(customer.email)}${framed(customer.code)}${framed(customer.firstName)}` +
    `${framed(customer.lastName)}${framed(customer.country)}${framed(order.projectUrl)}${canonicalExtra(order.extra)}`
  );
}

/** `3:abc` for a text, `-` for an absent one. */
function framed(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`;
}

const lowerCase = /[a-z]+/g;

function canonicalNumber(number: string): string {
  return compactNumber(number).replace(lowerCase, (letters) => letters.toUpperCase());
}

function canonicalExtra(extra: JsonObject): string {
  const keys = Object.keys(extra).filter((key) => extra[key] !== null && extra[key] !== undefined);
  return membersText(extra, keys);
}

function membersText(object: JsonObject, keys: string[]): string {
  // Code unit order, the same on every machine; `localeCompare` is not.
  keys.sort((a, b) => (a < b ? -1 : 1));
  let text = `o${keys.length}:`;
  for (const key of keys) text += framed(key) + canonicalValue(object[key] ?? null);
  return text;
}

function canonicalValue(value: JsonValue): string {
  if (value === null) return 'z';
  if (typeof value === 'string') return `s${framed(value)}`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof JsonNumber) return `n${framed(canonicalJsonNumber(value.numberText))}`;
  if (isJsonObject(value)) return membersText(value, Object.keys(value));
  return `a${value.length}:${value.map(canonicalValue).join('')}`;
}

const numberForm = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** The same text for the same number: `1.50`, `15e-1` and `1.5` are all `15e-1`; `0`, `-0` and `0.0` are `0e0`. */
export function canonicalJsonNumber(numberText: string): string {
  const match = numberForm.exec(numberText);
  if (match === null) throw new RangeError(`Not a JSON number: ${numberText}`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0e0';
  const significant = trimZeros(digits);
  const scale = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${scale}`;
}

/** Without trailing zeros; a loop, because the regular expression for it is quadratic. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}
