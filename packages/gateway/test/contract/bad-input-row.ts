import type { KeyObject } from 'node:crypto';

/** The accounts that rows are sent for; `stage.ts` opens them. */
export type ShopName = 'rub' | 'eur' | 'idr' | 'jpy' | 'kwd' | 'rich' | 'disabled' | 'foreign' | 'closed';

/** What a row may sign with. */
export type Signing = {
  readonly account: string;
  readonly key: KeyObject;
  readonly body: Uint8Array;
  readonly accounts: Readonly<Record<ShopName, string>>;
  readonly keys: Readonly<Record<'demo' | 'foreign' | 'curve', KeyObject>>;
  /** The right signature. */
  readonly sign: string;
};

export type Header = readonly [name: string, value: string];

/** One request that is refused, and how. */
export type Row = {
  readonly what: string;
  /** Exactly these keys of `errors`. */
  readonly fields: readonly string[];
  readonly body: (orderId: string) => string | Uint8Array;
  readonly path?: string;
  readonly shop?: ShopName;
  readonly status?: number;
  /** Instead of the right `Account` and `Sign`. */
  readonly headers?: (signing: Signing) => readonly Header[];
  /** Whether `Payout-Created: no` is said: on create always, elsewhere when an order_id is not found. */
  readonly saysNotCreated?: boolean;
};

/** JSON text by field; undefined leaves a field out. */
export type Fields = Readonly<Record<string, string | undefined>>;

const cardHolder = {
  card_exp_year: '30',
  card_exp_month: '01',
  card_holder: 'ANNA SCHMIDT',
  card_country: 'DE',
  card_recipient_birth_date: '1990-02-28',
};

/** Orders that are accepted as they are. */
export const orders = {
  wallet: { amount: '"500.00"', number: '"79005554455"', service: '"qiwi_rub"' },
  card: { amount: '"500.00"', number: '"4276380000000005"', service: '"payment_card_rub"' },
  phone: { amount: '"500.00"', number: '"380671234567"', service: '"mobile_rub"' },
  sbp: {
    amount: '"500.00"',
    number: '"79001112233"',
    service: '"payment_card_sbp_rub"',
    customer_code: '"100000000111"',
  },
  account: {
    amount: '"500.00"',
    number: '"40817810200001234567"',
    service: '"bank_account_rub"',
    customer_code: '"044525225"',
  },
  iban: { amount: '"50.00"', number: '"DE89370400440532013000"', service: '"bank_account_eur"' },
  euroCard: {
    amount: '"50.00"',
    number: '"4111111111111111"',
    service: '"payment_card_eur"',
    extra: JSON.stringify(cardHolder),
  },
  text: { amount: '"15000.00"', number: '"880012345678"', service: '"virtual_account_idr"' },
  yen: { amount: '"100"', number: '"880012345678"', service: '"text_jpy"' },
  dinar: { amount: '"10.000"', number: '"880012345678"', service: '"text_kwd"' },
} as const satisfies Record<string, Fields>;

export type OrderName = keyof typeof orders;

const shops: Partial<Record<OrderName, ShopName>> = {
  iban: 'eur',
  euroCard: 'eur',
  text: 'idr',
  yen: 'jpy',
  dinar: 'kwd',
};

export function shopOf(name: OrderName): ShopName {
  return shops[name] ?? 'rub';
}

/** The body of an order with some of its fields replaced by other JSON text. */
export function orderBody(name: OrderName, patch: Fields = {}): (orderId: string) => string {
  return (orderId) => objectText({ order_id: JSON.stringify(orderId), ...orders[name], ...patch });
}

function objectText(fields: Fields): string {
  const members = Object.entries(fields).flatMap(([key, text]) =>
    text === undefined ? [] : [`${JSON.stringify(key)}:${text}`],
  );
  return `{${members.join(',')}}`;
}

/** An order with one or several wrong fields. */
export function wrongOrder(name: OrderName, patch: Fields, fields: readonly string[]): Row {
  const what = Object.entries(patch).map(([key, text]) => `${key} ${(text ?? 'absent').slice(0, 60)}`);
  return { what: `${name}: ${what.join(', ')}`, fields, body: orderBody(name, patch), shop: shopOf(name) };
}

/** One row per text that a field must not have; undefined: it must not be absent. The field itself is what is named. */
export function wrongField(name: OrderName, field: string, texts: readonly (string | undefined)[]): Row[] {
  return texts.map((text) => wrongOrder(name, { [field]: text }, [field]));
}

/** The same for a key inside `extra`. */
export function wrongExtra(name: OrderName, key: string, texts: readonly (string | undefined)[]): Row[] {
  const base: Fields = orders[name];
  const whole = JSON.parse(base['extra'] ?? '{}') as Record<string, unknown>;
  const kept = Object.entries(whole).flatMap(([other, value]) =>
    other === key ? [] : [[other, JSON.stringify(value)] as const],
  );
  return texts.map((text) => {
    const extra = objectText({ ...Object.fromEntries(kept), [key]: text });
    return { ...wrongOrder(name, { extra }, [`extra.${key}`]), what: `${name}: extra.${key} ${text ?? 'absent'}` };
  });
}

/** `times` copies as JSON text. */
export function textOf(character: string, times: number): string {
  return JSON.stringify(character.repeat(times));
}
