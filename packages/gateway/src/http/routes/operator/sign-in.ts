import type { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import type { Tx } from '../../../db/pool.ts';
import { hasFactor, readFactors, takeRecoveryCode } from '../../../operators/factors.ts';
import { challengeMs, checkPasskey, makeChallenge } from '../../../operators/passkeys.ts';
import { recordAction } from '../../../operators/record-action.ts';
import {
  checkPassword,
  openHalfSession,
  openSession,
  type Operator,
  type Person,
  revokeSession,
} from '../../../operators/sessions.ts';
import { checkTotp } from '../../../operators/totp.ts';
import { normaliseLogin } from '../../../operators/users.ts';
import {
  assertionBody,
  ceremonyAnswer,
  codeBody,
  readAssertion,
  writeRequest,
} from '../../schemas/operator/factors.ts';
import { operatorAnswer, signInBody, writeOperator } from '../../schemas/operator/people.ts';
import { actorOf, type Needs, type OperatorRoute, type Outcome, type RawCall, readParts } from './route.ts';

type Shape = z.ZodObject;

/** Each page that offers signing in by a passkey asks for one. */
const challengesMax = 200;

type StepSpec = Pick<OperatorRoute, 'name' | 'path' | 'role' | 'reach' | 'summary' | 'body' | 'run'>;

/** A step of signing in: it sets a cookie, and is in the audit log when it went well. */
function defineStep(spec: StepSpec): OperatorRoute {
  return {
    ...spec,
    method: 'POST',
    tag: spec.name.split('.')[0] ?? '',
    params: undefined,
    query: undefined,
    answer: operatorAnswer,
    status: 201,
    takesTwo: false,
  };
}

export const signInRoutes: readonly OperatorRoute[] = [
  defineStep({
    name: 'session.create',
    path: '/sessions',
    role: 'anyone',
    reach: 'any',
    summary: 'Sign in by a password; the session is set as a cookie, and next tells whether a second factor is needed',
    body: signInBody,
    run: signInByPassword,
  }),
  defineStep({
    name: 'session.show_code',
    path: '/sessions/code',
    role: 'viewer',
    reach: 'half',
    summary: 'Go on after the password: a code of the generator',
    body: codeBody,
    run: (needs, raw) => showCode(needs, raw, (tx, input) => checkTotp({ tx, vault: needs.vault }, input)),
  }),
  defineStep({
    name: 'session.show_recovery_code',
    path: '/sessions/recovery-code',
    role: 'viewer',
    reach: 'half',
    summary: 'Go on after the password: a recovery code, once',
    body: codeBody,
    run: (needs, raw) => showCode(needs, raw, takeRecoveryCode),
  }),
  {
    ...defineStep({
      name: 'session.challenge',
      path: '/sessions/passkey/challenge',
      role: 'anyone',
      reach: 'any',
      summary: 'What a passkey has to sign',
      body: undefined,
      run: challengePasskey,
    }),
    answer: ceremonyAnswer,
  },
  defineStep({
    name: 'session.show_passkey',
    path: '/sessions/passkey',
    role: 'anyone',
    reach: 'any',
    summary: 'Sign in by a passkey, be it after the password or without one',
    body: assertionBody,
    run: signInByPasskey,
  }),
];

async function signInByPassword(needs: Needs, raw: RawCall): Promise<Outcome> {
  const { body } = readParts<Shape, Shape, typeof signInBody>({ body: signInBody }, raw);
  const keys = [`login:${normaliseLogin(body.login)}`, `address:${raw.address}`] as const;
  await needs.guard.take(keys);
  const user = await checkPassword(needs.db, { ...body, side: raw.side }).catch((error: unknown) =>
    noteFailure(needs, raw, { keys, error }),
  );
  const opened = await needs.db.tx(async (tx) => {
    const isKnown = hasFactor(await readFactors(tx, user.userId));
    const isHalf = isKnown || needs.isSecondFactorRequired;
    const { session, secret } = isHalf ? await openHalfSession(tx, user.userId) : await openSession(tx, user.userId);
    const detail = { address: raw.address, is_half: isHalf };
    await recordAction(tx, { actor: actorOf(user), action: 'session.create', subject: `user:${user.userId}`, detail });
    return { operator: { ...user, ...session, hasFactor: isKnown }, secret };
  });
  await needs.guard.clear([keys[0]]);
  await needs.guard.giveBack([keys[1]]);
  return answerOpened(needs, opened);
}

type Failure = { readonly keys: readonly string[]; readonly error: unknown };

/** A wrong password stays counted; whatever else came between was no try. */
async function noteFailure(needs: Needs, raw: RawCall, { keys, error }: Failure): Promise<never> {
  const isWrong = error instanceof Refusal && error.problems.some(({ code }) => wrongCodes.has(code));
  if (isWrong) needs.log.warn({ address: raw.address }, 'a sign-in failed');
  else await needs.guard.giveBack(keys);
  throw error;
}

const wrongCodes: ReadonlySet<string> = new Set(['sign_in_wrong', 'code_wrong', 'passkey_wrong']);

type Check = (tx: Tx, input: { userId: bigint; code: string }) => Promise<void>;

async function showCode(needs: Needs, raw: RawCall, check: Check): Promise<Outcome> {
  const { body } = readParts<Shape, Shape, typeof codeBody>({ body: codeBody }, raw);
  const { operator } = raw;
  if (operator === undefined) throw new Error('a request reached a route without its operator');
  const { userId, sessionId } = operator;
  const keys = [`factor:${userId}`];
  await needs.guard.take(keys);
  const opened = await needs.db
    .tx(async (tx) => {
      await check(tx, { userId, code: body.code });
      await revokeSession(tx, { userId, sessionId, kind: 'half' });
      return openWhole(tx, { operator, address: raw.address, action: check === takeRecoveryCode ? recovery : code });
    })
    .catch((error: unknown) => noteFailure(needs, raw, { keys, error }));
  await needs.guard.clear(keys);
  return answerOpened(needs, opened);
}

const code = 'session.show_code';
const recovery = 'session.show_recovery_code';

async function challengePasskey(needs: Needs, raw: RawCall): Promise<Outcome> {
  await needs.guard.take([`challenge:${raw.address}`], challengesMax);
  const challenge = await makeChallenge(needs.db);
  return { answer: writeRequest({ site: raw.site, challenge, timeoutMs: challengeMs }) };
}

async function signInByPasskey(needs: Needs, raw: RawCall): Promise<Outcome> {
  const { body } = readParts<Shape, Shape, typeof assertionBody>({ body: assertionBody }, raw);
  const keys = [`address:${raw.address}`];
  await needs.guard.take(keys);
  const opened = await needs.db
    .tx(async (tx) => {
      const user = await checkPasskey(tx, { site: raw.site, assertion: readAssertion(body), side: raw.side });
      return openWhole(tx, { operator: user, address: raw.address, action: 'session.show_passkey' });
    })
    .catch((error: unknown) => noteFailure(needs, raw, { keys, error }));
  await needs.guard.giveBack(keys);
  return answerOpened(needs, opened);
}

type Opening = {
  readonly operator: Person;
  readonly address: string;
  readonly action: string;
};
type Opened = { readonly operator: Operator; readonly secret: string };

async function openWhole(tx: Tx, { operator, address, action }: Opening): Promise<Opened> {
  const { userId, login, role, merchantId } = operator;
  const { session, secret } = await openSession(tx, userId);
  await recordAction(tx, { actor: actorOf(operator), action, subject: `user:${userId}`, detail: { address } });
  return { operator: { userId, login, role, merchantId, ...session, hasFactor: true }, secret };
}

function answerOpened(needs: Needs, { operator, secret }: Opened): Outcome {
  return { answer: writeOperator(operator, needs), cookie: { secret, expiresAt: operator.expiresAt } };
}
