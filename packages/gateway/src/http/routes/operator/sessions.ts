import { z } from 'zod';
import { Refusal } from '../../../core/problem.ts';
import { recordAction } from '../../../operators/record-action.ts';
import { checkPassword, createToken, listSessions, openSession, revokeSession } from '../../../operators/sessions.ts';
import { createUser, listUsers, normaliseLogin, updateUser } from '../../../operators/users.ts';
import { idText, pageAnswer } from '../../schemas/operator/fields.ts';
import {
  newTokenAnswer,
  newUserBody,
  operatorAnswer,
  passwordBody,
  signInBody,
  tokenAnswer,
  tokenBody,
  userAnswer,
  userChangeBody,
  writeOperator,
  writeToken,
  writeUser,
} from '../../schemas/operator/people.ts';
import { actorOf, defineChange, defineRead, type Needs, type OperatorRoute, type Outcome, readParts } from './route.ts';
import type { RawCall } from './route.ts';

const nothingAnswer = z.object({});

/** The one route without authentication: it is how one gets it. */
const signIn: OperatorRoute = {
  name: 'session.create',
  method: 'POST',
  path: '/sessions',
  role: 'anyone',
  summary: 'Sign in; the session is set as a cookie',
  tag: 'session',
  params: undefined,
  query: undefined,
  body: signInBody,
  answer: operatorAnswer,
  status: 201,
  takesTwo: false,
  run: runSignIn,
};

async function runSignIn(needs: Needs, raw: RawCall): Promise<Outcome> {
  const { body } = readParts<z.ZodObject, z.ZodObject, typeof signInBody>({ body: signInBody }, raw);
  const keys = [`login:${normaliseLogin(body.login)}`, `address:${raw.address}`];
  needs.guard.check(keys);
  const user = await checkPassword(needs.db, body).catch((error: unknown) => {
    const isWrong = error instanceof Refusal && error.problems.some(({ code }) => code === 'sign_in_wrong');
    if (isWrong) {
      needs.guard.noteFailure(keys);
      needs.log.warn({ address: raw.address }, 'a sign-in failed');
    }
    throw error;
  });
  needs.guard.noteSuccess(keys);
  const { session, secret } = await needs.db.tx(async (tx) => {
    const opened = await openSession(tx, user.userId);
    const detail = { address: raw.address };
    await recordAction(tx, { actor: actorOf(user), action: signIn.name, subject: `user:${user.userId}`, detail });
    return opened;
  });
  const { sessionId, kind, expiresAt } = session;
  return {
    answer: writeOperator({ ...user, sessionId, kind, expiresAt }, needs.isOnePerson),
    cookie: { secret, expiresAt },
  };
}

export const sessionRoutes: readonly OperatorRoute[] = [
  signIn,
  defineRead({
    name: 'session.read',
    path: '/sessions/current',
    role: 'viewer',
    summary: 'Who is signed in',
    answer: operatorAnswer,
    handle: ({ isOnePerson }, { operator }) => Promise.resolve(writeOperator(operator, isOnePerson)),
  }),
  defineChange({
    name: 'session.end',
    method: 'DELETE',
    path: '/sessions/current',
    role: 'viewer',
    summary: 'Sign out: end the session or token that asks',
    answer: nothingAnswer,
    async handle({ tx }, { operator }) {
      const { userId, sessionId, kind } = operator;
      await revokeSession(tx, { userId, sessionId, kind });
      return { answer: {}, subject: `user:${userId}`, cookie: null };
    },
  }),
  defineChange({
    name: 'password.change',
    method: 'POST',
    path: '/password',
    role: 'viewer',
    summary: 'Change one’s own password; it ends all of one’s sessions and tokens',
    body: passwordBody,
    answer: nothingAnswer,
    async handle(needs, { operator, body }) {
      const keys = [`login:${operator.login}`];
      needs.guard.check(keys);
      await checkPassword(needs.tx, { login: operator.login, password: body.current_password }).catch(() => {
        needs.guard.noteFailure(keys);
        throw new Refusal([{ code: 'sign_in_wrong', field: 'current_password' }]);
      });
      const { userId } = operator;
      await updateUser(needs.tx, { userId, byUserId: userId, password: body.password });
      return { answer: {}, subject: `user:${userId}`, cookie: null };
    },
  }),
  defineRead({
    name: 'token.list',
    path: '/tokens',
    role: 'viewer',
    summary: 'One’s own valid tokens',
    answer: pageAnswer(tokenAnswer),
    async handle({ db }, { operator }) {
      const tokens = await listSessions(db, { userId: operator.userId, kind: 'token' });
      return { items: tokens.map(writeToken), next_cursor: null };
    },
  }),
  defineChange({
    name: 'token.create',
    method: 'POST',
    path: '/tokens',
    role: 'viewer',
    summary: 'Make a token for a program; it may do what you may do',
    body: tokenBody,
    answer: newTokenAnswer,
    status: 201,
    async handle({ tx }, { operator, body }) {
      const { session, secret } = await createToken(tx, { userId: operator.userId, ...body });
      const detail = { label: body.label, expires_at: session.expiresAt.toISOString() };
      return { answer: { token: writeToken(session), secret }, subject: `token:${session.sessionId}`, detail };
    },
  }),
  defineChange({
    name: 'token.revoke',
    method: 'DELETE',
    path: '/tokens/{token_id}',
    role: 'viewer',
    summary: 'End one of one’s own tokens',
    params: z.object({ token_id: idText }),
    answer: nothingAnswer,
    async handle({ tx }, { operator, params }) {
      await revokeSession(tx, { userId: operator.userId, sessionId: params.token_id, kind: 'token' });
      return { answer: {}, subject: `token:${params.token_id}` };
    },
  }),
];

export const userRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'user.list',
    path: '/users',
    role: 'owner',
    summary: 'The people who run the gateway',
    answer: pageAnswer(userAnswer),
    async handle({ db }) {
      return { items: (await listUsers(db)).map(writeUser), next_cursor: null };
    },
  }),
  defineChange({
    name: 'user.create',
    method: 'POST',
    path: '/users',
    role: 'owner',
    summary: 'Add a person',
    takesTwo: true,
    body: newUserBody,
    answer: userAnswer,
    status: 201,
    async handle({ tx }, { body }) {
      const user = await createUser(tx, body);
      return {
        answer: writeUser(user),
        subject: `user:${user.userId}`,
        detail: { login: user.login, role: user.role },
      };
    },
  }),
  defineChange({
    name: 'user.update',
    method: 'PATCH',
    path: '/users/{user_id}',
    role: 'owner',
    summary: 'Change a person’s role, state or password; each ends their sessions and tokens',
    takesTwo: true,
    params: z.object({ user_id: idText }),
    body: userChangeBody,
    answer: userAnswer,
    async handle({ tx }, { params, body, operator }) {
      const user = await updateUser(tx, { userId: params.user_id, byUserId: operator.userId, ...body });
      const detail = { role: user.role, state: user.state, password_changed: body.password !== undefined };
      return { answer: writeUser(user), subject: `user:${user.userId}`, detail };
    },
  }),
];
