import { z } from 'zod';
import type { Limits } from '../../../merchants/limits.ts';
import { amountAnswer, amountText, amountWriter, readAmount } from './fields.ts';

const networksMax = 100;
const ordersMax = 1_000_000;

const ordersField = z.int().min(0).max(ordersMax).nullable();
const ordersMeta = { description: 'Orders accepted per minute of the clock; null: no limit' };

export const merchantLimitsBody = z.strictObject({ orders_per_minute: ordersField });
export const merchantLimitsAnswer = z
  .object({ orders_per_minute: ordersField.meta(ordersMeta) })
  .meta({ id: 'MerchantLimits' });

export const accountLimitsBody = z.strictObject({
  orders_per_minute: ordersField.optional(),
  amount_per_day: amountText.nullable().optional(),
});
export const accountLimitsAnswer = z
  .object({
    orders_per_minute: ordersField.meta(ordersMeta),
    amount_per_day: amountAnswer
      .nullable()
      .meta({ description: 'Sum of the amounts of orders accepted per day (UTC); null: no limit' }),
  })
  .meta({ id: 'AccountLimits' });

/** Absent values stay absent. Throws a Refusal that names `amount_per_day`. */
export function readAccountLimits(body: z.output<typeof accountLimitsBody>, currency: string): Partial<Limits> {
  const { orders_per_minute: ordersPerMinute, amount_per_day: text } = body;
  const field = 'amount_per_day';
  return {
    ...(ordersPerMinute === undefined ? {} : { ordersPerMinute }),
    ...(text === undefined
      ? {}
      : { amountPerDayMinor: text === null ? null : readAmount(text, { currency, field, allowZero: true }) }),
  };
}

export function writeAccountLimits(limits: Limits, currency: string): z.input<typeof accountLimitsAnswer> {
  return {
    orders_per_minute: limits.ordersPerMinute,
    amount_per_day: amountWriter(currency)(limits.amountPerDayMinor),
  };
}

export const networksBody = z.strictObject({ networks: z.array(z.string().max(50)).max(networksMax) });
export const networksAnswer = z
  .object({ networks: z.array(z.string()).meta({ description: 'CIDR; empty: requests may come from anywhere' }) })
  .meta({ id: 'Networks' });
