import { z } from 'zod';
import { readMerchant } from '../../../merchants/enroll.ts';
import { resetFactors } from '../../../operators/factors.ts';
import { inviteAgain, type Invitation, inviteUser } from '../../../operators/invite.ts';
import { listUsers, readUser, updateUser } from '../../../operators/users.ts';
import {
  idText,
  livenessField,
  momentAnswer,
  pageAnswer,
  textField,
  writeMoment,
} from '../../schemas/operator/fields.ts';
import { merchantParams } from '../../schemas/operator/merchants.ts';
import { userAnswer, writeUser } from '../../schemas/operator/people.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameMerchant } from './subject.ts';

const path = '/merchants/{merchant_id}/users';
const userParams = z.object({ merchant_id: idText, user_id: idText });

const invitationAnswer = z.object({
  user: userAnswer,
  secret: z.string().meta({
    description: 'Shown once. Whoever has it chooses the password, by POST /merchant/v1/invitations/accept',
  }),
  expires_at: momentAnswer,
});

function writeInvitation({ user, secret, expiresAt }: Invitation): z.input<typeof invitationAnswer> {
  return { user: writeUser(user), secret, expires_at: writeMoment(expiresAt) };
}

const nameUser = (merchantId: bigint, userId: bigint): string => `${nameMerchant(merchantId)}/user:${userId}`;

/** People of merchants. What they may do is for their own merchant alone; letting somebody in takes two people. */
export const merchantUserRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'merchant_user.list',
    path,
    role: 'viewer',
    summary: 'The people of a merchant who may sign in',
    params: merchantParams,
    answer: pageAnswer(userAnswer),
    async handle({ db }, { params }) {
      await readMerchant(db, params.merchant_id);
      return { items: (await listUsers(db, params.merchant_id)).map(writeUser), next_cursor: null };
    },
  }),
  defineChange({
    name: 'merchant_user.invite',
    method: 'POST',
    path,
    role: 'operator',
    summary: 'Invite a person of a merchant; the secret of the invitation is in this answer only',
    takesTwo: true,
    params: merchantParams,
    body: z.strictObject({ login: textField({ max: 100 }) }),
    answer: invitationAnswer,
    status: 201,
    async handle({ tx }, { params, body }) {
      const { merchant_id: merchantId } = params;
      await readMerchant(tx, merchantId);
      const invitation = await inviteUser(tx, { merchantId, login: body.login });
      const { userId, login } = invitation.user;
      return { answer: writeInvitation(invitation), subject: nameUser(merchantId, userId), detail: { login } };
    },
  }),
  defineChange({
    name: 'merchant_user.invite_again',
    method: 'POST',
    path: `${path}/{user_id}/invitations`,
    role: 'operator',
    summary: 'A new invitation for somebody who lost the password or the first one, which ends',
    takesTwo: true,
    params: userParams,
    answer: invitationAnswer,
    status: 201,
    async handle({ tx }, { params }) {
      const { merchant_id: merchantId, user_id: userId } = params;
      const invitation = await inviteAgain(tx, { merchantId, userId });
      return { answer: writeInvitation(invitation), subject: nameUser(merchantId, userId) };
    },
  }),
  defineChange({
    name: 'merchant_user.disable',
    method: 'POST',
    path: `${path}/{user_id}/disable`,
    role: 'operator',
    summary: 'Keep a person of a merchant out; it ends their sessions and tokens',
    params: userParams,
    answer: userAnswer,
    async handle({ tx }, { params, operator }) {
      const { merchant_id: merchantId, user_id: userId } = params;
      const user = await updateUser(tx, { userId, merchantId, byUserId: operator.userId, state: 'disabled' });
      return { answer: writeUser(user), subject: nameUser(merchantId, userId) };
    },
  }),
  defineChange({
    name: 'merchant_user.update',
    method: 'PATCH',
    path: `${path}/{user_id}`,
    role: 'operator',
    summary: 'Let a person of a merchant in again, or keep them out',
    takesTwo: true,
    params: userParams,
    body: z.strictObject({ state: livenessField }),
    answer: userAnswer,
    async handle({ tx }, { params, body, operator }) {
      const { merchant_id: merchantId, user_id: userId } = params;
      const user = await updateUser(tx, { userId, merchantId, byUserId: operator.userId, state: body.state });
      return { answer: writeUser(user), subject: nameUser(merchantId, userId), detail: { state: body.state } };
    },
  }),
  defineChange({
    name: 'merchant_user.reset_factors',
    method: 'POST',
    path: `${path}/{user_id}/factors/reset`,
    role: 'owner',
    summary: 'Remove the second factors of a person of a merchant; it ends their sessions and tokens',
    takesTwo: true,
    params: userParams,
    answer: z.object({}),
    async handle({ tx }, { params }) {
      const { merchant_id: merchantId, user_id: userId } = params;
      await readUser(tx, userId, merchantId);
      await resetFactors(tx, userId);
      return { answer: {}, subject: nameUser(merchantId, userId) };
    },
  }),
];
