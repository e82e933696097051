import { z } from 'zod';
import { type Problem, Refusal } from '../../../core/problem.ts';
import type { Pause, PauseScope } from '../../../payouts/pause.ts';
import type { PauseWeight } from '../../../payouts/weigh-pause.ts';
import {
  accountIdAnswer,
  accountIdText,
  amountAnswer,
  amountWriter,
  idAnswer,
  idText,
  longTextField,
  momentAnswer,
  writeMoment,
} from './fields.ts';

const scopeField = z.enum(['all', 'connector', 'account']);

export const pauseBody = z.strictObject({
  scope: scopeField.meta({ description: 'What is stopped; `connector` and `account` are named beside it' }),
  connector: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional(),
  merchant_id: z.int().positive().optional(),
  account_id: accountIdText.optional(),
  reason: longTextField({ max: 1_000 }),
});

export const pauseParams = z.object({ pause_id: idText });

export const pauseAnswer = z
  .object({
    id: idAnswer,
    scope: scopeField,
    connector: z.string().nullable(),
    merchant_id: idAnswer.nullable(),
    account_id: accountIdAnswer.nullable(),
    reason: z.string(),
    set_by: z.string().meta({ description: 'Who set it; `system:audit` is the audit that runs beside the work' }),
    set_at: momentAnswer,
  })
  .meta({ id: 'Pause' });

/** As in the body of a pause; ids in a query are text. */
export const pauseScopeQuery = z.strictObject({
  scope: scopeField,
  connector: pauseBody.shape.connector,
  merchant_id: idText.transform(Number).optional(),
  account_id: accountIdText.optional(),
});

export const pauseWeightAnswer = z
  .object({
    payouts: z.int().meta({ description: 'Accepted and not sent yet; what was sent goes on' }),
    amounts: z.array(z.object({ currency: z.string(), payouts: z.int(), due: amountAnswer })),
    is_cut_off: z.boolean().meta({ description: 'There is at least as much: counting stopped' }),
  })
  .meta({ id: 'PauseWeight' });

export function writePauseWeight({ payouts, amounts, isCutOff }: PauseWeight): z.input<typeof pauseWeightAnswer> {
  return {
    payouts,
    amounts: amounts.map(({ currency, payouts: count, dueMinor }) => ({
      currency,
      payouts: count,
      due: amountWriter(currency)(dueMinor),
    })),
    is_cut_off: isCutOff,
  };
}

export const pausesAnswer = z.object({ items: z.array(pauseAnswer) });

/** Each scope names what it is about and nothing else. Throws a Refusal with each field that is missing or too much. */
export function readPauseScope(body: Omit<z.output<typeof pauseBody>, 'reason'>): PauseScope {
  const { scope, connector, merchant_id: merchantId, account_id: accountId } = body;
  const problems = [
    ...judgeField({ field: 'connector', isWanted: scope === 'connector', isGiven: connector !== undefined }),
    ...judgeField({ field: 'merchant_id', isWanted: scope === 'account', isGiven: merchantId !== undefined }),
    ...judgeField({ field: 'account_id', isWanted: scope === 'account', isGiven: accountId !== undefined }),
  ];
  if (problems.length > 0) throw new Refusal(problems);
  if (scope === 'connector' && connector !== undefined) return { scope, connector };
  if (merchantId !== undefined && accountId !== undefined) {
    return { scope: 'account', merchantId: BigInt(merchantId), accountId };
  }
  return { scope: 'all' };
}

function judgeField(given: { field: string; isWanted: boolean; isGiven: boolean }): Problem[] {
  const { field, isWanted, isGiven } = given;
  if (isWanted === isGiven) return [];
  return [{ code: isWanted ? 'field_required' : 'field_unknown', field }];
}

export function writePause(pause: Pause): z.input<typeof pauseAnswer> {
  const { pauseId, scope, reason, setBy, setAt } = pause;
  return {
    id: Number(pauseId),
    scope,
    connector: scope === 'connector' ? pause.connector : null,
    merchant_id: scope === 'account' ? Number(pause.merchantId) : null,
    account_id: scope === 'account' ? pause.accountId : null,
    reason,
    set_by: setBy,
    set_at: writeMoment(setAt),
  };
}
