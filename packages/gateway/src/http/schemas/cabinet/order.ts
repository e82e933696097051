import { z } from 'zod';
import { createJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { accountIdText, amountAnswer, amountWriter, idAnswer } from '../operator/fields.ts';

/** Shapes only: what the fields may be is decided by the same rules as for orders of programs. */
const formText = z.string().max(4_096);

/** The form of an order. The field names are those of POST /v1/payout, with the account beside them. */
export const orderForm = z.strictObject({
  account_id: accountIdText,
  order_id: formText.meta({ description: 'Yours, unique for ever: the same order with the same one is ordered once' }),
  amount: formText.meta({ examples: ['1000.44'] }),
  number: formText,
  service: formText,
  notification_endpoint_id: z.int().positive().optional(),
  notification_endpoint_url: formText.optional(),
  customer_phone: formText.optional(),
  customer_email: formText.optional(),
  customer_code: formText.optional(),
  customer_first_name: formText.optional(),
  customer_last_name: formText.optional(),
  customer_country: formText.optional(),
  extra: z.record(z.string().max(255), formText).optional(),
});

/** The body that a program would send. */
export function toOrderJson(form: z.output<typeof orderForm>): JsonObject {
  const { account_id: _, extra, notification_endpoint_id: endpointId, ...texts } = form;
  const json = createJsonObject();
  for (const [key, text] of Object.entries(texts)) if (text !== undefined && text !== '') json[key] = text;
  if (endpointId !== undefined) json['notification_endpoint_id'] = String(endpointId);
  if (extra !== undefined) json['extra'] = toObject(extra);
  return json;
}

function toObject(extra: Readonly<Record<string, string>>): JsonValue {
  const json = createJsonObject();
  for (const [key, text] of Object.entries(extra)) if (text !== '') json[key] = text;
  return json;
}

export const orderedAnswer = z.object({
  id: idAnswer,
  payment_status: z.literal('wait'),
  is_replay: z.boolean().meta({ description: 'The same order had been accepted before; nothing was ordered now' }),
});

export const preflightAnswer = z
  .object({
    can_order: z.boolean(),
    errors: z.record(z.string(), z.array(z.string())).meta({ description: 'As an order would be refused with' }),
    recipient: z.string().nullable().meta({ description: 'Masked, when the number is acceptable' }),
    currency: z.string(),
    due: amountAnswer.nullable().meta({ description: 'What the recipient would get' }),
    commission: amountAnswer.nullable(),
    debit: amountAnswer.nullable().meta({ description: 'What would be taken from the account' }),
    available: amountAnswer.meta({ description: 'What the account can spend now' }),
    available_after: amountAnswer.nullable().meta({ description: 'null when the money does not suffice' }),
    payout_id: idAnswer.nullable().meta({ description: 'The same order was accepted before, as this payout' }),
  })
  .meta({ id: 'Preflight', description: 'Nothing is held and nothing is promised' });

type Found = {
  readonly charge:
    | { readonly dueMinor: bigint; readonly commissionMinor: bigint; readonly debitMinor: bigint }
    | undefined;
  readonly mask: string | undefined;
  readonly availableMinor: bigint;
  readonly payoutId: bigint | undefined;
};

export function writePreflight(
  found: Found,
  { errors, currency }: { readonly errors: Readonly<Record<string, string[]>>; readonly currency: string },
): z.input<typeof preflightAnswer> {
  const write = amountWriter(currency);
  const { charge, availableMinor, payoutId } = found;
  const leftMinor = charge === undefined ? -1n : availableMinor - charge.debitMinor;
  return {
    can_order: Object.keys(errors).length === 0,
    errors,
    recipient: found.mask ?? null,
    currency,
    due: charge === undefined ? null : write(charge.dueMinor),
    commission: charge === undefined ? null : write(charge.commissionMinor),
    debit: charge === undefined ? null : write(charge.debitMinor),
    available: write(availableMinor),
    available_after: leftMinor < 0n ? null : write(leftMinor),
    payout_id: payoutId === undefined ? null : Number(payoutId),
  };
}
