import { z } from 'zod';
import { createToken, listSessions, revokeSession, revokeSessions } from '../../../operators/sessions.ts';
import { createUser, listUsers, updateUser } from '../../../operators/users.ts';
import { idText, pageAnswer } from '../../schemas/operator/fields.ts';
import {
  newTokenAnswer,
  newUserBody,
  operatorAnswer,
  passwordBody,
  sessionAnswer,
  tokenAnswer,
  tokenBody,
  userAnswer,
  userChangeBody,
  writeOperator,
  writeSession,
  writeToken,
  writeUser,
} from '../../schemas/operator/people.ts';
import { provePassword } from './factors.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';

const nothingAnswer = z.object({});

export const sessionRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'session.read',
    path: '/sessions/current',
    role: 'viewer',
    reach: 'any',
    summary: 'Who is signed in',
    answer: operatorAnswer,
    handle: (needs, { operator }) => Promise.resolve(writeOperator(operator, needs)),
  }),
  defineChange({
    name: 'session.end',
    method: 'DELETE',
    path: '/sessions/current',
    role: 'viewer',
    reach: 'any',
    summary: 'Sign out: end the session or token that asks',
    answer: nothingAnswer,
    async handle({ tx }, { operator }) {
      const { userId, sessionId, kind } = operator;
      await revokeSession(tx, { userId, sessionId, kind });
      return { answer: {}, subject: `user:${userId}`, cookie: null };
    },
  }),
  defineRead({
    name: 'session.list',
    path: '/sessions',
    role: 'viewer',
    summary: 'One’s own sessions that have not ended',
    answer: pageAnswer(sessionAnswer),
    async handle({ db }, { operator }) {
      const sessions = await listSessions(db, { userId: operator.userId, kind: 'session' });
      return { items: sessions.map((session) => writeSession(session, operator.sessionId)), next_cursor: null };
    },
  }),
  defineChange({
    name: 'session.revoke',
    method: 'DELETE',
    path: '/sessions/{session_id}',
    role: 'viewer',
    summary: 'End one of one’s own sessions',
    params: z.object({ session_id: idText }),
    answer: nothingAnswer,
    async handle({ tx }, { operator, params }) {
      await revokeSession(tx, { userId: operator.userId, sessionId: params.session_id, kind: 'session' });
      return { answer: {}, subject: `session:${params.session_id}` };
    },
  }),
  defineChange({
    name: 'session.end_all',
    method: 'DELETE',
    path: '/sessions',
    role: 'viewer',
    summary: 'Sign out everywhere: end all of one’s own sessions, this one too; tokens stay',
    answer: nothingAnswer,
    async handle({ tx }, { operator }) {
      const sessions = await revokeSessions(tx, operator.userId);
      return { answer: {}, subject: `user:${operator.userId}`, detail: { sessions }, cookie: null };
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
    prove: provePassword,
    async handle(needs, { operator, body }) {
      const { userId, merchantId } = operator;
      await updateUser(needs.tx, { userId, merchantId, byUserId: userId, password: body.password });
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
