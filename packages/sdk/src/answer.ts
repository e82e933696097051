// Owns the answers of the reading calls, from the names of the wire to those of a program.
// Promises never to invent a value: a member the server left out is undefined.
// Refuses to know how the answer was obtained.
import { isRecord, type PayoutStatusName, toId, toStatusName } from './judge.ts';

export type PayoutStatus = {
  id: number;
  /** `paid`, `cancel` and `fail` are final. */
  status: PayoutStatusName;
  isFinal: boolean;
  orderId: string | undefined;
  /** Amounts are decimal strings in the account's currency. */
  amount: string | undefined;
  /** What the recipient got; "0.00" until paid. */
  paymentAmount: string | undefined;
  isPartialPayment: boolean;
  /** What left the account, commission included; while `wait`, what is held. */
  accountPaymentAmount: string | undefined;
  commissionAmount: string | undefined;
  service: string | undefined;
  cardMask: string | undefined;
  rrn: string | undefined;
  accountOldBalance: string | undefined;
  accountNewBalance: string | undefined;
  /** A stable code, only with `fail` and `cancel`. */
  failReason: string | undefined;
};

export type AccountBalance = {
  currency: string | undefined;
  /** What can be spent now. Decimal strings with 8 digits. */
  balance: string | undefined;
  hold: string | undefined;
  rollingReserve: string | undefined;
  /** What is reserved for payouts that are not final. */
  pendingPayouts: string | undefined;
};

export type AccountService = {
  method: string | undefined;
  currency: string | undefined;
  service: string | undefined;
  isActive: boolean;
  min: string | undefined;
  max: string | undefined;
  /** The commission rule as the gateway words it. */
  commission: unknown;
};

export type AccountInfo = {
  isAllowedPayment: boolean;
  isAllowedPayout: boolean;
  payments: AccountService[];
  payouts: AccountService[];
};

export type AdvancedSandbox = {
  /** Payouts that the gateway asks about now. */
  payouts: number;
  /** Notifications that it tries again now. */
  notifications: number;
};

export function toAdvancedSandbox(json: Record<string, unknown>): AdvancedSandbox | undefined {
  const { advanced_payouts: payouts, advanced_notifications: notifications } = json;
  return typeof payouts === 'number' && typeof notifications === 'number' ? { payouts, notifications } : undefined;
}

/** Undefined when the answer lacks what makes it a status: an id and a status that is known. */
export function toPayoutStatus(json: Record<string, unknown>): PayoutStatus | undefined {
  const id = toId(json.id);
  const status = toStatusName(json.payment_status);
  if (id === undefined || status === undefined) return undefined;
  return {
    id,
    status,
    isFinal: status !== 'wait',
    orderId: toText(json.order_id),
    amount: toText(json.amount),
    paymentAmount: toText(json.payment_amount),
    isPartialPayment: isTrue(json.is_partial_payment),
    accountPaymentAmount: toText(json.account_payment_amount),
    commissionAmount: toText(json.commission_amount),
    service: toText(json.service_code),
    cardMask: toText(json.card_mask),
    rrn: toText(json.RRN),
    accountOldBalance: toText(json.account_old_balance),
    accountNewBalance: toText(json.account_new_balance),
    failReason: toText(json.fail_reason),
  };
}

export function toAccountBalance(json: Record<string, unknown>): AccountBalance | undefined {
  const balance = toText(json.balance);
  if (balance === undefined) return undefined;
  return {
    currency: toText(json.currency),
    balance,
    hold: toText(json.hold),
    rollingReserve: toText(json.rolling_reserve),
    pendingPayouts: toText(json.pending_payouts),
  };
}

export function toAccountInfo(json: Record<string, unknown>): AccountInfo | undefined {
  if (!('is_allowed_payout' in json)) return undefined;
  return {
    isAllowedPayment: isTrue(json.is_allowed_payment),
    isAllowedPayout: isTrue(json.is_allowed_payout),
    payments: toServices(json.payments),
    payouts: toServices(json.payouts),
  };
}

function toServices(rows: unknown): AccountService[] {
  if (!Array.isArray(rows)) return [];
  return rows.filter(isRecord).map((row) => ({
    method: toText(row.method),
    currency: toText(row.currency),
    service: toText(row.service_code),
    isActive: row.status === 'active',
    min: toText(row.min),
    max: toText(row.max),
    commission: row.commission,
  }));
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' ? value : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1';
}
