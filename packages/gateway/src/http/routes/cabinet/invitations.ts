import { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import { passwordLengthMax } from '../../../operators/hash-password.ts';
import { acceptInvitation } from '../../../operators/invite.ts';
import { recordAction } from '../../../operators/record-action.ts';
import { nameMerchant } from '../operator/subject.ts';
import { actorOf, type Needs, type OperatorRoute, type Outcome, type RawCall, readParts } from '../operator/route.ts';

const body = z.strictObject({ secret: z.string().max(100), password: z.string().max(passwordLengthMax) });

/** The one route beside signing in that anyone may call: the secret is what proves who it is. */
export const invitationRoute: OperatorRoute = {
  name: 'invitation.accept',
  method: 'POST',
  path: '/invitations/accept',
  role: 'anyone',
  reach: 'any',
  summary: 'Choose a password by an invitation, once; then sign in with it',
  tag: 'invitation',
  params: undefined,
  query: undefined,
  body,
  answer: z.object({ login: z.string() }),
  status: 200,
  takesTwo: false,
  run: accept,
};

async function accept(needs: Needs, raw: RawCall): Promise<Outcome> {
  const parts = readParts<z.ZodObject, z.ZodObject, typeof body>({ body }, raw);
  const keys = [`invitation:${raw.address}`];
  await needs.guard.take(keys);
  const person = await needs.db
    .tx(async (tx) => {
      const accepted = await acceptInvitation(tx, parts.body);
      const subject = `${nameMerchant(accepted.merchantId ?? 0n)}/user:${accepted.userId}`;
      const detail = { address: raw.address };
      await recordAction(tx, { actor: actorOf(accepted), action: 'invitation.accept', subject, detail });
      return accepted;
    })
    .catch(async (error: unknown) => {
      const isWrong = error instanceof Refusal && error.problems.some(({ code }) => code === 'invitation_wrong');
      if (!isWrong) await needs.guard.giveBack(keys);
      throw error;
    });
  await needs.guard.giveBack(keys);
  return { answer: { login: person.login } };
}
