import { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import type { Tx } from '../../../db/pool.ts';
import { hasFactor, makeRecoveryCodes, readFactors, resetFactors } from '../../../operators/factors.ts';
import {
  addPasskey,
  challengeMs,
  listCredentialIds,
  listPasskeys,
  makeChallenge,
  removePasskey,
} from '../../../operators/passkeys.ts';
import { checkPassword, openSession, type Operator, revokeSession, sideOf } from '../../../operators/sessions.ts';
import { confirmTotp, removeTotp, startTotp } from '../../../operators/totp.ts';
import { readUser } from '../../../operators/users.ts';
import {
  ceremonyAnswer,
  codeBody,
  factorsAnswer,
  newPasskeyAnswer,
  newPasskeyBody,
  ownPasswordBody,
  passkeyAnswer,
  passkeyParams,
  readRegistration,
  recoveryAnswer,
  totpAnswer,
  writeCreation,
  writeFactors,
  writePasskey,
} from '../../schemas/operator/factors.ts';
import { idText, pageAnswer } from '../../schemas/operator/fields.ts';
import { defineChange, defineRead, type Needs, type OperatorRoute, type Outcome } from './route.ts';

const nothingAnswer = z.object({});

/** Throws a Refusal that names `current_password`; tries are counted like those of signing in. */
export async function provePassword(
  needs: Needs,
  call: { readonly operator: Operator; readonly body: { readonly current_password: string } },
): Promise<void> {
  const { login } = call.operator;
  const keys = [`login:${login}`];
  await needs.guard.take(keys);
  await checkPassword(needs.db, {
    login,
    password: call.body.current_password,
    side: sideOf(call.operator),
  }).catch(async (error: unknown) => {
    const isWrong = error instanceof Refusal && error.problems.some((problem) => problem.code === 'sign_in_wrong');
    if (isWrong) throw new Refusal([{ code: 'sign_in_wrong', field: 'current_password' }]);
    await needs.guard.giveBack(keys);
    throw error;
  });
  await needs.guard.clear(keys);
}

type Completed = { readonly recoveryCodes: string[] | null; readonly cookie?: NonNullable<Outcome['cookie']> };

/** After a factor was added: the first one comes with recovery codes, and makes a half session whole. */
async function completeFactor(tx: Tx, { userId, sessionId, kind }: Operator): Promise<Completed> {
  const { recoveryCodesLeft } = await readFactors(tx, userId);
  const recoveryCodes = recoveryCodesLeft > 0 ? null : await makeRecoveryCodes(tx, userId);
  if (kind !== 'half') return { recoveryCodes };
  await revokeSession(tx, { userId, sessionId, kind });
  const { session, secret } = await openSession(tx, userId);
  return { recoveryCodes, cookie: { secret, expiresAt: session.expiresAt } };
}

async function keepLast(needs: Needs & { readonly tx: Tx }, userId: bigint): Promise<void> {
  if (!needs.isSecondFactorRequired || hasFactor(await readFactors(needs.tx, userId))) return;
  throw new Refusal([{ code: 'last_factor', field: 'request' }]);
}

const nameUser = (userId: bigint): string => `user:${userId}`;

const totpRoutes: readonly OperatorRoute[] = [
  defineChange({
    name: 'totp.start',
    method: 'POST',
    path: '/totp',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Make a generator of one-time codes; it counts once it is confirmed',
    body: ownPasswordBody,
    answer: totpAnswer,
    status: 201,
    prove: provePassword,
    async handle({ tx, vault }, { operator }) {
      return { answer: await startTotp({ tx, vault }, operator), subject: nameUser(operator.userId) };
    },
  }),
  defineChange({
    name: 'totp.confirm',
    method: 'POST',
    path: '/totp/confirm',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Show a first code: from now on signing in needs one',
    body: codeBody,
    answer: recoveryAnswer,
    async handle({ tx, vault }, { operator, body }) {
      await confirmTotp({ tx, vault }, { userId: operator.userId, code: body.code });
      const { recoveryCodes, ...rest } = await completeFactor(tx, operator);
      return { answer: { recovery_codes: recoveryCodes }, subject: nameUser(operator.userId), ...rest };
    },
  }),
  defineChange({
    name: 'totp.remove',
    method: 'POST',
    path: '/totp/remove',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Remove the generator of one-time codes',
    body: ownPasswordBody,
    answer: nothingAnswer,
    prove: provePassword,
    async handle(needs, { operator }) {
      const wasThere = await removeTotp(needs.tx, operator.userId);
      if (!wasThere) throw new Refusal([{ code: 'record_unknown', field: 'totp' }]);
      await keepLast(needs, operator.userId);
      return { answer: {}, subject: nameUser(operator.userId) };
    },
  }),
];

const passkeyRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'passkey.list',
    path: '/passkeys',
    role: 'viewer',
    summary: 'One’s own passkeys',
    answer: pageAnswer(passkeyAnswer),
    async handle({ db }, { operator }) {
      return { items: (await listPasskeys(db, operator.userId)).map(writePasskey), next_cursor: null };
    },
  }),
  defineChange({
    name: 'passkey.start',
    method: 'POST',
    path: '/passkeys/challenge',
    role: 'viewer',
    reach: 'enrol',
    summary: 'What a browser needs to make a passkey',
    body: ownPasswordBody,
    answer: ceremonyAnswer,
    status: 201,
    prove: provePassword,
    async handle({ tx }, { operator, site }) {
      const challenge = await makeChallenge(tx, operator.userId);
      const presentIds = await listCredentialIds(tx, operator.userId);
      const answer = writeCreation({ site, challenge, user: operator, presentIds, timeoutMs: challengeMs });
      return { answer, subject: nameUser(operator.userId) };
    },
  }),
  defineChange({
    name: 'passkey.add',
    method: 'POST',
    path: '/passkeys',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Keep a passkey that the browser made',
    body: newPasskeyBody,
    answer: newPasskeyAnswer,
    status: 201,
    async handle({ tx }, { operator, body, site }) {
      const { userId } = operator;
      const registration = readRegistration(body);
      const passkey = await addPasskey(tx, { userId, label: body.label, site, registration });
      const { recoveryCodes, ...rest } = await completeFactor(tx, operator);
      const detail = { passkey_id: passkey.passkeyId.toString(), label: body.label };
      const answer = { passkey: writePasskey(passkey), recovery_codes: recoveryCodes };
      return { answer, subject: nameUser(userId), detail, ...rest };
    },
  }),
  defineChange({
    name: 'passkey.remove',
    method: 'POST',
    path: '/passkeys/{passkey_id}/remove',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Remove one of one’s own passkeys',
    params: passkeyParams,
    body: ownPasswordBody,
    answer: nothingAnswer,
    prove: provePassword,
    async handle(needs, { operator, params }) {
      const { userId } = operator;
      await removePasskey(needs.tx, { userId, passkeyId: params.passkey_id });
      await keepLast(needs, userId);
      return { answer: {}, subject: nameUser(userId), detail: { passkey_id: params.passkey_id.toString() } };
    },
  }),
];

export const factorRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'factor.list',
    path: '/factors',
    role: 'viewer',
    reach: 'any',
    summary: 'Which second factors one has',
    answer: factorsAnswer,
    async handle({ db, isSecondFactorRequired }, { operator }) {
      return writeFactors(await readFactors(db, operator.userId), isSecondFactorRequired);
    },
  }),
  ...totpRoutes,
  ...passkeyRoutes,
  defineChange({
    name: 'recovery_code.renew',
    method: 'POST',
    path: '/recovery-codes',
    role: 'viewer',
    reach: 'enrol',
    summary: 'Make fresh recovery codes; the earlier ones end',
    body: ownPasswordBody,
    answer: recoveryAnswer,
    status: 201,
    prove: provePassword,
    async handle({ tx }, { operator }) {
      const codes = await makeRecoveryCodes(tx, operator.userId);
      return { answer: { recovery_codes: codes }, subject: nameUser(operator.userId) };
    },
  }),
  defineChange({
    name: 'user.reset_factors',
    method: 'POST',
    path: '/users/{user_id}/factors/reset',
    role: 'owner',
    summary: 'Remove the second factors of somebody who lost them; it ends their sessions and tokens',
    takesTwo: true,
    params: z.object({ user_id: idText }),
    answer: nothingAnswer,
    async handle({ tx }, { params }) {
      await readUser(tx, params.user_id);
      await resetFactors(tx, params.user_id);
      return { answer: {}, subject: nameUser(params.user_id) };
    },
  }),
];
