import { z } from 'zod';
import { cancelReasons, failReasons } from '../../core/fail-reason.ts';

/**
 * The merchant API as OpenAPI describes it. Requests are read by schemas/order and schemas/lookup, which accept some
 * more spellings than a description should recommend.
 */
const amountExample = '1000.44';
const payoutId = z.int().meta({ examples: [100_001_524], description: 'Above 100,000,000, growing' });

export const signedHeaders = z.object({
  Account: z.guid().meta({ description: 'One of the merchant’s accounts; it has one currency' }),
  Sign: z.base64().meta({
    description: 'Base64 of the RSA PKCS#1 v1.5 SHA-1 signature over the exact bytes of the body',
  }),
  'Accept-Language': z.string().optional().meta({ description: 'ru for Russian texts; English otherwise' }),
});

const extraFields = z
  .looseObject({
    card_exp_year: z
      .string()
      .optional()
      .meta({ description: 'Last two digits', examples: ['29'] }),
    card_exp_month: z
      .string()
      .optional()
      .meta({ description: '01 to 12', examples: ['01'] }),
    card_holder: z.string().max(100).optional(),
    card_country: z
      .string()
      .optional()
      .meta({ description: 'ISO 3166-1 alpha-2', examples: ['DE'] }),
    card_recipient_birth_date: z.string().optional().meta({ description: 'YYYY-MM-DD, in the past' }),
    sandbox_script: z.string().optional().meta({ description: 'Sandbox accounts: the script that is played' }),
    sandbox_after: z.string().optional().meta({ description: 'Sandbox accounts: seconds until the ending is final' }),
    sandbox_chaos: z.string().optional().meta({ description: 'Sandbox accounts: a seed that decides the script' }),
  })
  .meta({
    description:
      'The five card fields are required for card services of EUR accounts. Up to 20 keys of your own, texts of up ' +
      'to 255 characters, are handed to the provider. An empty array counts as an empty object',
  });

export const orderBody = z
  .object({
    amount: z.union([z.string(), z.number()]).meta({
      description:
        'Digits without a leading zero, then at most the currency’s digits after a point; positive; at most 11 digits',
      examples: [amountExample],
    }),
    number: z.string().meta({ description: 'Card, phone, wallet or account; the service says which' }),
    order_id: z.union([z.string().min(1).max(128), z.int()]).meta({
      description: 'Yours, unique for ever within the merchant. Repeating an order unchanged answers the same id',
    }),
    service: z
      .string()
      .max(100)
      .meta({ examples: ['payment_card_rub'] }),
    notification_endpoint_id: z.int().optional(),
    notification_endpoint_url: z.url().max(255).optional(),
    extra: extraFields.optional(),
    customer_phone: z
      .string()
      .optional()
      .meta({ examples: ['79001112233'] }),
    customer_email: z.email().optional(),
    customer_code: z.string().optional().meta({ description: 'A bank code: BIC, or the SBP member id' }),
    customer_first_name: z.string().optional(),
    customer_last_name: z.string().optional(),
    customer_country: z
      .string()
      .optional()
      .meta({ description: 'ISO 3166-1 alpha-3', examples: ['DEU'] }),
    project_url: z.url().optional(),
  })
  .meta({ id: 'Order', description: 'Unknown fields are ignored; null in an optional field counts as absent' });

export const createdAnswer = z
  .object({ payment_status: z.literal('wait'), id: payoutId })
  .meta({ id: 'CreatedPayout', description: 'The payout and its hold are committed' });

const payoutCreatedHeader = z.enum(['yes', 'no', 'unknown']).meta({
  description:
    'no: this request created nothing and never will. yes: a payout of this order_id exists. unknown: ask for the ' +
    'status; do not treat the payout as failed',
});
const payoutIdHeader = z.string().optional().meta({
  description: 'The id of the payout that exists already under this order_id',
});

export const createdHeaders = z.object({
  'Payout-Created': payoutCreatedHeader,
  'Idempotent-Replayed': z.literal('true').optional().meta({ description: 'This order had been accepted before' }),
});

export const refusedHeaders = z.object({ 'Payout-Created': payoutCreatedHeader, 'Payout-Id': payoutIdHeader });

export const lookupBody = z
  .object({
    order_id: z.union([z.string(), z.int()]).optional(),
    id: z.union([z.string(), z.int()]).optional(),
  })
  .meta({ id: 'Lookup', description: 'One of them, or both if they name the same payout' });

const amount = z.string().meta({ examples: [amountExample] });

export const statusAnswer = z
  .object({
    payment_status: z.enum(['wait', 'paid', 'cancel', 'fail']).meta({ description: 'All but wait are final' }),
    id: payoutId,
    order_id: z.string(),
    amount: amount.meta({ description: 'Requested' }),
    payment_amount: amount.meta({ description: 'What the recipient got; 0.00 until paid' }),
    is_partial_payment: z.boolean(),
    account_payment_amount: amount.meta({ description: 'What left the account; while wait, what is held' }),
    commission_amount: amount,
    service_code: z.string(),
    card_mask: z
      .string()
      .optional()
      .meta({ description: 'Card services only', examples: ['427611******3333'] }),
    RRN: z.string().optional(),
    account_old_balance: amount,
    account_new_balance: amount,
    fail_reason: z
      .enum([...failReasons, ...cancelReasons])
      .optional()
      .meta({ description: 'With fail and cancel only' }),
  })
  .meta({ id: 'PayoutStatus' });

const eightDigits = z.string().meta({ examples: ['93.84000000'] });

export const emptyBody = z
  .union([z.object({}), z.array(z.unknown()).max(0)])
  .meta({ id: 'Empty', description: 'Any fields are ignored' });

export const accountBalanceAnswer = z
  .object({
    currency: z.string(),
    balance: eightDigits.meta({ description: 'What can be spent now' }),
    hold: eightDigits.meta({ description: 'Frozen for other reasons than payouts' }),
    rolling_reserve: eightDigits,
    pending_payouts: eightDigits.meta({ description: 'Reserved for payouts that are not final, commission included' }),
  })
  .meta({ id: 'AccountBalance' });

const serviceStatus = z.enum(['active', 'disabled']);

export const accountInfoAnswer = z
  .object({
    is_allowed_payment: z.boolean(),
    is_allowed_payout: z.boolean(),
    payments: z.array(
      z.object({ method: z.string(), currency: z.string(), service_code: z.string(), status: serviceStatus }),
    ),
    payouts: z.array(
      z.object({
        method: z.string(),
        currency: z.string(),
        service_code: z.string(),
        status: serviceStatus,
        min: amount,
        max: amount.nullable(),
        commission: z.object({
          percent: z.string(),
          fixed: amount,
          min: amount,
          max: amount.nullable(),
          bearer: z.enum(['account', 'recipient']),
        }),
      }),
    ),
  })
  .meta({ id: 'AccountInfo' });

export const advanceBody = z
  .object({
    order_id: z.union([z.string(), z.int()]).optional(),
    id: z.union([z.string(), z.int()]).optional(),
    seconds: z.int().optional().meta({ description: 'How much time passes; as much as is needed when absent' }),
  })
  .meta({ id: 'Advance', description: 'Without order_id and id everything under way on the account' });

export const advanceAnswer = z
  .object({
    advanced_payouts: z.int().meta({ description: 'Payouts that are asked about now' }),
    advanced_notifications: z.int().meta({ description: 'Notifications that are tried again now' }),
  })
  .meta({ id: 'Advanced' });
