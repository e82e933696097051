import { isCalendarDate } from '../../core/calendar-date.ts';
import { isCountryThree, isCountryTwo } from '../../core/country.ts';
import { endpointUrlMax } from '../../core/endpoint-url.ts';
import { createJsonObject, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../../core/json.ts';
import { amountDigitsMax, parseAmountText } from '../../core/money.ts';
import type { Customer, Order, OrderDraft } from '../../core/order.ts';
import type { Problem, ProblemCode } from '../../core/problem.ts';
import { isLongerThan, readIdText } from './id-text.ts';

export type OrderReading = {
  /** Present exactly when there are no problems. */
  readonly order?: Order;
  /** Present when it is readable, although other fields may be wrong. */
  readonly orderId?: string;
  /** The readable part: `checkOrder` adds its problems, so that all wrong fields are answered at once. */
  readonly draft: OrderDraft;
  readonly problems: readonly Problem[];
};

type Values = Readonly<Record<string, string | number>>;
type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What a text field must be: at most `max` characters, and what `check` says of it. */
type TextRule = {
  readonly max: number;
  readonly isRequired?: boolean;
  readonly check?: (text: string) => ProblemCode | undefined;
};

/** Keys of `extra` that the contract does not list. */
const extraKeysMax = 20;
const extraTextMax = 255;

const controlForm = /\p{Cc}/u;
const webUrlForm = /^https?:\/\/[^/\s]/i;
const emailForm = /^[^\s\p{C}@<>()",:;\\[\]]+@(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,}$/u;
const phoneForm = /^\+?[0-9 ().-]+$/;
const monthForm = /^(?:0[1-9]|1[0-2])$/;
const yearForm = /^[0-9]{2}$/;

const rules = {
  number: { max: 100, isRequired: true, check: (text) => blankFault(text) ?? controlFault(text) },
  service: { max: 100, isRequired: true, check: blankFault },
  endpointUrl: { max: endpointUrlMax },
  projectUrl: { max: 2048, check: webUrlFault },
  phone: { max: 32, check: phoneFault },
  email: { max: 254, check: (text) => (emailForm.test(text) ? undefined : 'email_wrong') },
  code: { max: 100, check: (text) => blankFault(text) ?? controlFault(text) },
  name: { max: 255, check: controlFault },
  country: { max: 255, check: (text) => (isCountryThree(text) ? undefined : 'country_three_wrong') },
} satisfies Record<string, TextRule>;

/** The keys of `extra` that the contract lists; any other key is kept as it is. */
const extraRules: Readonly<Record<string, TextRule>> = {
  card_exp_year: { max: 255, check: (text) => (yearForm.test(text) ? undefined : 'card_year_wrong') },
  card_exp_month: { max: 255, check: (text) => (monthForm.test(text) ? undefined : 'card_month_wrong') },
  card_holder: { max: 100, check: (text) => blankFault(text) ?? controlFault(text) },
  card_country: { max: 255, check: (text) => (isCountryTwo(text) ? undefined : 'country_two_wrong') },
  card_recipient_birth_date: { max: 255, check: (text) => (isCalendarDate(text) ? undefined : 'date_wrong') },
};

function blankFault(text: string): ProblemCode | undefined {
  return text.trim() === '' ? 'field_blank' : undefined;
}

function controlFault(text: string): ProblemCode | undefined {
  return controlForm.test(text) ? 'field_control_characters' : undefined;
}

function webUrlFault(text: string): ProblemCode | undefined {
  return webUrlForm.test(text) && URL.canParse(text) ? undefined : 'url_wrong';
}

function phoneFault(text: string): ProblemCode | undefined {
  const digits = text.replace(/[^0-9]/g, '').length;
  return phoneForm.test(text) && digits >= 5 && digits <= 15 ? undefined : 'customer_phone_wrong';
}

/**
 * Reads the body of `POST /v1/payout`: shape and syntax of every field, all wrong ones at once. `digits` are the minor
 * digits of the account's currency. A null in an optional field counts as absent; unknown fields are ignored.
 */
export function readOrder(json: JsonObject, digits: number): OrderReading {
  return new OrderReader(json, digits).read();
}

class OrderReader {
  readonly json: JsonObject;
  readonly digits: number;
  readonly problems: Problem[] = [];

  constructor(json: JsonObject, digits: number) {
    this.json = json;
    this.digits = digits;
  }

  read(): OrderReading {
    const { json, problems } = this;
    const draft: Writable<OrderDraft> = {};
    const amountMinor = this.readAmount(json['amount']);
    if (amountMinor !== undefined) draft.amountMinor = amountMinor;
    const number = this.readText('number', rules.number);
    if (number !== undefined) draft.number = number;
    const orderId = this.readOrderId(json['order_id']);
    if (orderId !== undefined) draft.orderId = orderId;
    const serviceCode = this.readText('service', rules.service);
    if (serviceCode !== undefined) draft.serviceCode = serviceCode;
    const endpointId = this.readEndpointId(json['notification_endpoint_id']);
    if (endpointId !== undefined) draft.endpointId = endpointId;
    const endpointUrl = this.readText('notification_endpoint_url', rules.endpointUrl);
    if (endpointUrl !== undefined) draft.endpointUrl = endpointUrl;
    const extra = this.readExtra(json['extra']);
    if (extra !== undefined) draft.extra = extra;
    draft.customer = this.readCustomer();
    const projectUrl = this.readText('project_url', rules.projectUrl);
    if (projectUrl !== undefined) draft.projectUrl = projectUrl;
    if (problems.length > 0) draft.refusedFields = new Set(problems.map((problem) => problem.field));
    return {
      draft,
      problems,
      ...(problems.length === 0 && isWhole(draft) ? { order: draft } : {}),
      ...(orderId === undefined ? {} : { orderId }),
    };
  }

  refuse(field: string, code: ProblemCode, values?: Values): undefined {
    this.problems.push(values === undefined ? { code, field } : { code, field, values });
    return undefined;
  }

  readAmount(value: JsonValue | undefined): bigint | undefined {
    if (value === undefined || value === null) return this.refuse('amount', 'field_required');
    const text = value instanceof JsonNumber ? value.numberText : value;
    if (typeof text !== 'string') return this.refuse('amount', 'amount_type');
    const minor = parseAmountText(text, this.digits);
    switch (minor) {
      case 'format':
        return this.refuse('amount', 'amount_format', { digits: this.digits });
      case 'digits':
        return this.refuse('amount', 'amount_digits', { digits: this.digits, max: amountDigitsMax });
      case 'not_positive':
        return this.refuse('amount', 'amount_not_positive');
      default:
        return minor;
    }
  }

  readOrderId(value: JsonValue | undefined): string | undefined {
    if (value === undefined || value === null) return this.refuse('order_id', 'field_required');
    const text = readIdText(value);
    if (text.ok) return text.text;
    this.problems.push({ ...text.problem, field: 'order_id' });
    return undefined;
  }

  readEndpointId(value: JsonValue | undefined): number | undefined {
    if (value === undefined || value === null) return undefined;
    const text = value instanceof JsonNumber ? value.numberText : value;
    const isInteger = typeof text === 'string' && /^[1-9][0-9]{0,15}$/.test(text);
    if (isInteger && Number(text) <= Number.MAX_SAFE_INTEGER) return Number(text);
    return this.refuse('notification_endpoint_id', 'field_not_integer');
  }

  readText(field: string, rule: TextRule, value: JsonValue | undefined = this.json[field]): string | undefined {
    if (value === undefined || value === null) {
      return rule.isRequired === true ? this.refuse(field, 'field_required') : undefined;
    }
    if (typeof value !== 'string') return this.refuse(field, 'field_not_text');
    if (isLongerThan(value, rule.max)) return this.refuse(field, 'field_too_long', { max: rule.max });
    const code = rule.check?.(value);
    return code === undefined ? value : this.refuse(field, code);
  }

  readCustomer(): Customer {
    const customer: Writable<Customer> = {};
    const phone = this.readText('customer_phone', rules.phone);
    if (phone !== undefined) customer.phone = phone;
    const email = this.readText('customer_email', rules.email);
    if (email !== undefined) customer.email = email;
    const code = this.readText('customer_code', rules.code);
    if (code !== undefined) customer.code = code;
    const firstName = this.readText('customer_first_name', rules.name);
    if (firstName !== undefined) customer.firstName = firstName;
    const lastName = this.readText('customer_last_name', rules.name);
    if (lastName !== undefined) customer.lastName = lastName;
    const country = this.readText('customer_country', rules.country);
    if (country !== undefined) customer.country = country;
    return customer;
  }

  /** PHP writes an empty object as `[]`. A null member counts as absent, so it is not kept. */
  readExtra(value: JsonValue | undefined): JsonObject | undefined {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return noExtra;
    if (!isJsonObject(value)) return this.refuse('extra', 'field_not_object');
    const extra = createJsonObject();
    let unlisted = 0;
    for (const key of Object.keys(value)) {
      const member = value[key];
      if (member === undefined || member === null) continue;
      const rule = Object.hasOwn(extraRules, key) ? extraRules[key] : undefined;
      if (rule === undefined) unlisted += 1;
      const kept = rule === undefined ? this.readUnlisted(key, member) : this.readText(`extra.${key}`, rule, member);
      if (kept !== undefined) extra[key] = kept;
    }
    if (unlisted > extraKeysMax) this.refuse('extra', 'extra_too_many', { max: extraKeysMax });
    return extra;
  }

  readUnlisted(key: string, member: JsonValue): JsonValue | undefined {
    if (!isTooLong(key) && !isTooLong(member)) return member;
    // A strange key is not echoed: it could hold anything, a card number too.
    const field = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(key) ? `extra.${key}` : 'extra';
    return this.refuse(field, 'field_too_long', { max: extraTextMax });
  }
}

const noExtra: JsonObject = Object.freeze(createJsonObject());

/** Whether any text, key or number inside is longer than a value of `extra` may be. */
function isTooLong(value: JsonValue): boolean {
  if (value === null || typeof value === 'boolean') return false;
  if (typeof value === 'string') return isLongerThan(value, extraTextMax);
  if (value instanceof JsonNumber) return value.numberText.length > extraTextMax;
  if (isJsonObject(value)) return Object.entries(value).some(([key, member]) => isTooLong(key) || isTooLong(member));
  return value.some(isTooLong);
}

/** Whether every field that an order always has is there; the optional ones may be absent. */
function isWhole(draft: OrderDraft): draft is Order {
  const { orderId, amountMinor, serviceCode, number, extra } = draft;
  return (
    orderId !== undefined &&
    amountMinor !== undefined &&
    serviceCode !== undefined &&
    number !== undefined &&
    extra !== undefined
  );
}
