/**
 * `core` owns every decision: what an order is, what it costs, who may be paid, why it is refused.
 * It promises pure functions over plain data: the same input gives the same answer, on any machine, at any time.
 * It refuses to know the database, the network, the clock, randomness and configuration: facts are handed to it.
 */
import type { RecipientKind, Service } from './service.ts';

type Shipped = readonly [method: string, currency: string, kind: RecipientKind, en: string, ru: string];

const shipped: readonly Shipped[] = [
  ['payment_card', 'rub', 'card', 'Bank card, RUB', 'Банковская карта, RUB'],
  ['payment_card', 'kzt', 'card', 'Bank card, KZT', 'Банковская карта, KZT'],
  ['payment_card', 'eur', 'card', 'Bank card, EUR', 'Банковская карта, EUR'],
  ['payment_card', 'usd', 'card', 'Bank card, USD', 'Банковская карта, USD'],
  ['payment_card', 'uah', 'card', 'Bank card, UAH', 'Банковская карта, UAH'],
  ['payment_card_sbp', 'rub', 'sbp_phone', 'Faster Payments System (SBP), RUB', 'Система быстрых платежей (СБП), RUB'],
  ['qiwi', 'rub', 'wallet_phone', 'QIWI wallet, RUB', 'Кошелёк QIWI, RUB'],
  ['bank_account', 'eur', 'iban', 'Bank account (IBAN), EUR', 'Банковский счёт (IBAN), EUR'],
  ['bank_account', 'rub', 'russian_account', 'Bank account in Russia, RUB', 'Банковский счёт в России, RUB'],
  ['online_banking', 'idr', 'text', 'Online banking, IDR', 'Онлайн-банкинг, IDR'],
  ['virtual_account', 'idr', 'text', 'Virtual account, IDR', 'Виртуальный счёт, IDR'],
];

/** The services a fresh gateway starts with: a minimum of 1.00, no maximum, no connector yet. */
export const shippedServices: readonly Service[] = shipped.map(([method, currency, recipientKind, en, ru]) => ({
  code: `${method}_${currency}`,
  method,
  currency: currency.toUpperCase(),
  recipientKind,
  // All shipped currencies have two minor digits, which a test holds.
  minMinor: 100n,
  maxMinor: null,
  connectors: [],
  names: { en, ru },
  enabled: true,
}));
