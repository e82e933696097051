import { z } from 'zod';
import { readMerchant } from '../../../merchants/enroll.ts';
import { liftRecipientHold, readRecipientHold, setRecipientHold } from '../../../payouts/forget-recipients.ts';
import { longTextField, momentAnswer, writeMoment } from '../../schemas/operator/fields.ts';
import { merchantParams } from '../../schemas/operator/merchants.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameMerchant } from './subject.ts';

const holdBody = z.strictObject({ reason: longTextField({ max: 1_000 }) });
const holdAnswer = z
  .object({
    is_held: z
      .boolean()
      .meta({ description: 'Whether data about recipients and details of payouts are kept whatever their age' }),
    reason: z.string().nullable(),
    set_by: z.string().nullable(),
    set_at: momentAnswer.nullable(),
  })
  .meta({ id: 'RecipientHold' });

const path = '/merchants/{merchant_id}/recipient-hold';

/** The legal hold: what was ordered to be kept is not deleted by its age. */
export const recipientRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'recipient_hold.read',
    path,
    role: 'viewer',
    summary: 'Whether a legal hold keeps the data about a merchant’s recipients and payouts from deletion',
    params: merchantParams,
    answer: holdAnswer,
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      const hold = await readRecipientHold(db, params.merchant_id);
      if (hold === undefined) return noHold;
      return { is_held: true, reason: hold.reason, set_by: hold.setBy, set_at: writeMoment(hold.setAt) };
    },
  }),
  defineChange({
    name: 'recipient_hold.set',
    method: 'PUT',
    path,
    role: 'operator',
    summary: 'Keep the data about a merchant’s recipients and the details of its payouts from deletion',
    params: merchantParams,
    body: holdBody,
    answer: holdAnswer,
    async handle({ tx }, { params, body, actor }) {
      const { merchant_id: merchantId } = params;
      await readMerchant(tx, merchantId);
      await setRecipientHold(tx, { merchantId, reason: body.reason, setBy: actor });
      const hold = await readRecipientHold(tx, merchantId);
      const set = { set_by: hold?.setBy ?? actor, set_at: writeMoment(hold?.setAt ?? null) };
      const answer = { is_held: true, reason: body.reason, ...set };
      return { answer, subject: nameMerchant(merchantId), detail: { reason: body.reason } };
    },
  }),
  defineChange({
    name: 'recipient_hold.lift',
    method: 'DELETE',
    path,
    role: 'approver',
    summary: 'Let a merchant’s data be deleted by their age again',
    takesTwo: true,
    params: merchantParams,
    answer: holdAnswer,
    async handle({ tx }, { params }) {
      await liftRecipientHold(tx, params.merchant_id);
      return { answer: noHold, subject: nameMerchant(params.merchant_id) };
    },
  }),
];

const noHold = { is_held: false, reason: null, set_by: null, set_at: null };
