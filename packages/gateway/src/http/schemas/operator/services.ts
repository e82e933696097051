import { z } from 'zod';
import type { CommissionRule } from '../../../core/commission.ts';
import { formatMinor } from '../../../core/money.ts';
import { Refusal } from '../../../core/problem.ts';
import { recipientKinds, type Service } from '../../../core/service.ts';
import type { AccountService } from '../../../merchants/services.ts';
import {
  accountIdText,
  amountAnswer,
  amountText,
  amountWriter,
  idText,
  readAmount,
  serviceCodeText,
  textField,
} from './fields.ts';

export const serviceParams = z.object({ service_code: serviceCodeText });
export const accountServiceParams = z.object({
  merchant_id: idText,
  account_id: accountIdText,
  service_code: serviceCodeText,
});

const kindField = z.enum(recipientKinds as readonly [Service['recipientKind'], ...Service['recipientKind'][]]);
const connectorsField = z.array(textField({ max: 100 })).max(20);
const namesField = z.strictObject({ en: textField({ max: 200 }), ru: textField({ max: 200 }) });

export const newServiceBody = z.strictObject({
  service_code: serviceCodeText,
  method: z.string().regex(/^[a-z0-9_]{1,100}$/),
  currency: z.string().max(3),
  recipient_kind: kindField,
  min: amountText,
  max: amountText.nullable().optional(),
  connectors: connectorsField,
  names: namesField,
  enabled: z.boolean().default(true),
});

export const serviceChangeBody = z.strictObject({
  min: amountText.optional(),
  max: amountText.nullable().optional(),
  connectors: connectorsField.optional(),
  names: namesField.partial().optional(),
  enabled: z.boolean().optional(),
});

export const serviceAnswer = z
  .object({
    service_code: z.string(),
    method: z.string(),
    currency: z.string(),
    recipient_kind: kindField,
    min: amountAnswer,
    max: amountAnswer.nullable(),
    connectors: z.array(z.string()),
    names: z.object({ en: z.string(), ru: z.string() }),
    enabled: z.boolean(),
  })
  .meta({ id: 'Service' });

export function writeService(service: Service): z.input<typeof serviceAnswer> {
  const write = amountWriter(service.currency);
  return {
    service_code: service.code,
    method: service.method,
    currency: service.currency,
    recipient_kind: service.recipientKind,
    min: write(service.minMinor),
    max: write(service.maxMinor),
    connectors: [...service.connectors],
    names: service.names,
    enabled: service.enabled,
  };
}

export function readService(body: z.output<typeof newServiceBody>): Service {
  const { service_code: code, method, currency, recipient_kind: recipientKind, connectors, names, enabled } = body;
  const minMinor = readAmount(body.min, { currency, field: 'min' });
  const maxMinor = readLimit(body.max ?? null, { currency, field: 'max' });
  return { code, method, currency, recipientKind, minMinor, maxMinor, connectors, names, enabled };
}

/** null is no limit. */
export function readLimit(text: string | null, options: { currency: string; field: string }): bigint | null {
  return text === null ? null : readAmount(text, options);
}

const percentDigits = 4;
const percentForm = /^(\d{1,3})(?:\.(\d{1,4}))?$/;
const ppmMax = 1_000_000;

const commissionBody = z.strictObject({
  percent: z
    .string()
    .max(10)
    .default('0')
    .meta({ examples: ['1.5'] }),
  fixed: amountText.default('0'),
  min: amountText.default('0'),
  max: amountText.nullable().default(null),
  bearer: z.enum(['account', 'recipient']).default('account'),
});

export const accountServiceBody = z.strictObject({
  enabled: z.boolean().default(true),
  commission: commissionBody.optional().meta({ description: 'No commission when absent' }),
  min: amountText.nullable().default(null).meta({ description: 'null: the limit of the service' }),
  max: amountText.nullable().default(null).meta({ description: 'null: the limit of the service' }),
});

const commissionAnswer = z
  .object({
    percent: z.string().meta({ examples: ['1.5000'] }),
    fixed: amountAnswer,
    min: amountAnswer,
    max: amountAnswer.nullable(),
    bearer: z.enum(['account', 'recipient']),
  })
  .meta({ id: 'Commission' });

export const accountServiceAnswer = z
  .object({
    service: serviceAnswer,
    use: z
      .object({
        enabled: z.boolean(),
        commission: commissionAnswer,
        min: amountAnswer.nullable(),
        max: amountAnswer.nullable(),
      })
      .nullable()
      .meta({ description: 'null: never set for this account, so it may not be used' }),
  })
  .meta({ id: 'AccountService' });

export function writeAccountService(
  service: Service,
  use: AccountService | undefined,
): z.input<typeof accountServiceAnswer> {
  const write = amountWriter(service.currency);
  return {
    service: writeService(service),
    use:
      use === undefined
        ? null
        : {
            enabled: use.enabled,
            commission: writeCommission(use.commission, service.currency),
            min: write(use.minMinor),
            max: write(use.maxMinor),
          },
  };
}

function writeCommission(rule: CommissionRule, currency: string): z.input<typeof commissionAnswer> {
  const write = amountWriter(currency);
  return {
    percent: formatMinor(BigInt(rule.percentPpm), percentDigits),
    fixed: write(rule.fixedMinor),
    min: write(rule.minMinor),
    max: write(rule.maxMinor),
    bearer: rule.bearer,
  };
}

export function readCommission(body: z.output<typeof commissionBody>, currency: string): CommissionRule {
  const read = (text: string, name: string): bigint =>
    readAmount(text, { currency, field: `commission.${name}`, allowZero: true });
  return {
    percentPpm: readPercent(body.percent),
    fixedMinor: read(body.fixed, 'fixed'),
    minMinor: read(body.min, 'min'),
    maxMinor: body.max === null ? null : read(body.max, 'max'),
    bearer: body.bearer,
  };
}

/** `1.5` is 15000 parts per million. */
function readPercent(text: string): number {
  const [, whole, fraction = ''] = percentForm.exec(text) ?? [];
  const ppm = whole === undefined ? Number.NaN : Number(whole + fraction.padEnd(percentDigits, '0'));
  if (Number.isNaN(ppm)) throw new Refusal([{ code: 'field_wrong', field: 'commission.percent' }]);
  if (ppm <= ppmMax) return ppm;
  throw new Refusal([{ code: 'field_too_large', field: 'commission.percent', values: { max: 100 } }]);
}
