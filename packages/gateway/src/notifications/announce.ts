// Owns what merchants are told about final payouts: the text, its signature, every try to deliver it, its repetition.
// Promises one row per target in the transaction that ends the payout, and no connection to a non-public address.
// Refuses to know why a payout ended: it is given the final figures.
import { type FinalStatus, type NotificationMethod, notificationText } from '@vyplata/sdk/notification';
import { formatMinor } from '../core/money.ts';

/** A notification before it has an id: the JSON that apply_payouts_v1 writes next to the final status. */
export type Announcement = {
  /** The endpoint it goes to; null for the URL of the order. */
  readonly endpoint_id: number | null;
  /** Empty when the order named an endpoint that does not exist. */
  readonly url: string;
  readonly method: NotificationMethod;
  readonly signed_text: string;
  /** Deliveries of one lane share a limited number of hands, so that one dead receiver never holds them all. */
  readonly lane: string;
  /** Written as a dead letter at once: seen by people, and sent again once the endpoint is back. */
  readonly dead: boolean;
};

export type AnnouncedEndpoint = {
  readonly endpointId: number;
  readonly url: string;
  readonly method: NotificationMethod;
  readonly state: 'active' | 'disabled';
  readonly subscribed: boolean;
};

export type FinalPayout = {
  readonly payout: {
    readonly merchantId: bigint;
    readonly payoutId: bigint;
    readonly orderId: string;
    readonly accountId: string;
    readonly serviceCode: string;
    /** Minor digits of the currency. */
    readonly digits: number;
    readonly amountMinor: bigint;
    readonly endpointId: number | undefined;
    readonly endpointUrl: string | undefined;
  };
  readonly state: FinalStatus;
  /** What the recipient got. Only a paid payout has it, and a commission. */
  readonly paidMinor: bigint;
  readonly commissionMinor: bigint;
  /** What the recipient should have got. */
  readonly dueMinor: bigint;
  readonly endpoints: ReadonlyMap<number, AnnouncedEndpoint>;
  /** The account's method, for the URL of the order. */
  readonly defaultMethod: NotificationMethod;
};

type Target = {
  readonly endpointId: number | null;
  readonly url: string;
  readonly method: NotificationMethod;
  readonly isDead: boolean;
};

/**
 * Whom to tell about a final payout, and what: the endpoint and the URL of the order, and every subscribed endpoint;
 * targets with the same URL and method once. Throws RangeError for an id that JSON numbers cannot carry.
 */
export function announcePayout(input: FinalPayout): Announcement[] {
  const texts = new Map<NotificationMethod, string>();
  return targetsOf(input).map(({ endpointId, url, method, isDead }) => {
    const text = texts.get(method) ?? textOf(input, method);
    texts.set(method, text);
    const lane = laneOf(input.payout.merchantId, url);
    return { endpoint_id: endpointId, url, method, signed_text: text, lane, dead: isDead };
  });
}

/** Endpoints come before the bare URL: of two identical targets the one with its own secret stays. */
function targetsOf({ payout, endpoints, defaultMethod }: FinalPayout): Target[] {
  const { endpointId, endpointUrl } = payout;
  const named = endpointId === undefined ? undefined : endpoints.get(endpointId);
  const targets = new Map<string, Target>();
  const add = (target: Target) => {
    const key = `${target.method} ${readAddress(target.url).href}`;
    if (!targets.has(key)) targets.set(key, target);
  };
  for (const endpoint of named === undefined ? endpoints.values() : [named, ...endpoints.values()]) {
    const { state, subscribed, url, method } = endpoint;
    const isTold = state === 'active' && (subscribed || endpoint === named);
    if (isTold) add({ endpointId: endpoint.endpointId, url, method, isDead: false });
  }
  if (endpointUrl !== undefined) add({ endpointId: null, url: endpointUrl, method: defaultMethod, isDead: false });
  // Last: what is told to the same address anyway needs no dead letter.
  if (endpointId !== undefined && named?.state !== 'active') {
    add({ endpointId, url: named?.url ?? '', method: named?.method ?? defaultMethod, isDead: true });
  }
  return [...targets.values()];
}

function textOf(input: FinalPayout, method: NotificationMethod): string {
  const { payout, state, dueMinor } = input;
  const isPaid = state === 'paid';
  const paidMinor = isPaid ? input.paidMinor : 0n;
  const isPartial = isPaid && paidMinor < dueMinor;
  return notificationText({
    method,
    fields: {
      type: 'payout',
      id: toWireId(payout.payoutId),
      order_id: payout.orderId,
      payment_status: state,
      amount: formatMinor(payout.amountMinor, payout.digits),
      payment_amount: formatMinor(paidMinor, payout.digits),
      commission_amount: formatMinor(isPaid ? input.commissionMinor : 0n, payout.digits),
      is_partial_payment: isPartial,
      account: payout.accountId,
      service: payout.serviceCode,
      desc: isPartial ? 'payout paid in part' : descriptions[state],
    },
  });
}

/** Short, ASCII and never empty: receivers sign what they read, and some turn an empty text into null first. */
const descriptions: Readonly<Record<FinalStatus, string>> = {
  paid: 'payout paid',
  fail: 'payout failed',
  cancel: 'payout cancelled',
};

function toWireId(payoutId: bigint): number {
  const id = Number(payoutId);
  if (!Number.isSafeInteger(id)) throw new RangeError(`payout id ${payoutId} does not fit a JSON number`);
  return id;
}

/** What may keep what waiting: notifications of one merchant to one server. */
export function laneOf(merchantId: bigint, url: string): string {
  return `${merchantId} ${readAddress(url).origin}`;
}

type Address = { readonly href: string; readonly origin: string };

const addresses = new Map<string, Address>();
const addressesMax = 1_000;

/** An endpoint's URL is the same for all its payouts; taking it apart costs more than the rest of announcing one. */
function readAddress(url: string): Address {
  const known = addresses.get(url);
  if (known !== undefined) return known;
  const parsed = URL.parse(url);
  const address = { href: parsed?.href ?? url, origin: parsed?.origin ?? '' };
  if (addresses.size >= addressesMax) addresses.clear();
  addresses.set(url, address);
  return address;
}
