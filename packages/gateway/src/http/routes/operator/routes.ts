// Owns the operator API: one table of routes, and the way of a request from its bytes to the answer.
// Promises that no route is reached without its role, that each change is in the audit log, and that answers are as
// documented. Refuses to know how rows are stored and what the console looks like.
import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject, JsonNumber, type JsonValue, parseStrict } from '../../../core/json.ts';
import { type Problem, Refusal } from '../../../core/problem.ts';
import type { Site } from '../../../operators/passkeys.ts';
import { type Answer, answerRefusal } from '../../answer.ts';
import { answerInTime } from '../../answer-in-time.ts';
import { type Language, languageOf } from '../../errors.ts';
import { sendAnswer } from '../../server.ts';
import { approvalRoutes, askSecondPerson } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authenticate, cookieName, type Credentials } from './authenticate.ts';
import { endpointRoutes } from './endpoints.ts';
import { factorRoutes } from './factors.ts';
import { keyRoutes } from './keys.ts';
import { limitRoutes } from './limits.ts';
import { accountRoutes, merchantRoutes } from './merchants.ts';
import { moneyRoutes } from './money.ts';
import { incidentRoutes, notificationRoutes, payoutRoutes } from './payouts.ts';
import { pauseRoutes } from './pauses.ts';
import type { Needs, OperatorRoute, Outcome } from './route.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes, userRoutes } from './sessions.ts';
import { setupRoutes } from './setup.ts';
import { signInRoutes } from './sign-in.ts';
import { systemRoutes } from './system.ts';

export type { Needs } from './route.ts';

export const operatorPrefix = '/operator/v1';

const ownRoutes: readonly OperatorRoute[] = [
  ...setupRoutes,
  ...signInRoutes,
  ...sessionRoutes,
  ...factorRoutes,
  ...userRoutes,
  ...merchantRoutes,
  ...accountRoutes,
  ...limitRoutes,
  ...moneyRoutes,
  ...keyRoutes,
  ...endpointRoutes,
  ...serviceRoutes,
  ...payoutRoutes,
  ...notificationRoutes,
  ...incidentRoutes,
  ...pauseRoutes,
  ...auditRoutes,
  ...systemRoutes,
];

export const operatorRoutes: readonly OperatorRoute[] = [
  ...ownRoutes,
  ...approvalRoutes((name) => ownRoutes.find((route) => route.name === name)),
];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const jsonDepthMax = 6;

/** Registers the operator API on a server of `createServer`, in a scope of its own. */
export function registerOperatorRoutes(server: FastifyInstance, needs: Needs): void {
  server.register(async (scope) => {
    answerInTime(scope);
    await scope.register(cookie);
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    for (const route of operatorRoutes) {
      const { method } = route;
      const url = toUrl(route.path);
      scope.route({ method, url, handler: (request, reply) => serve(needs, route, { request, reply }) });
    }
    for (const [path, routes] of Map.groupBy(operatorRoutes, (route) => route.path)) {
      const allowed = routes.map((route) => route.method);
      const refused = methods.filter((method) => !allowed.some((one) => one === method));
      const problem: Problem = { code: 'method_wrong', field: 'request', values: { allowed: allowed.join(', ') } };
      scope.route({
        method: refused,
        url: toUrl(path),
        handler: (request, reply) => {
          reply.header('Allow', allowed.join(', '));
          return sendAnswer(reply, answerRefusal([problem], languageOfRequest(request), noStore));
        },
      });
    }
  });
}

function toUrl(path: string): string {
  return `${operatorPrefix}${path.replace(/\{(\w+)\}/g, ':$1')}`;
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

async function serve(needs: Needs, route: OperatorRoute, exchange: Exchange): Promise<FastifyReply> {
  const answer = await answerRequest(needs, route, exchange);
  return sendAnswer(exchange.reply, answer);
}

async function answerRequest(needs: Needs, route: OperatorRoute, { request, reply }: Exchange): Promise<Answer> {
  try {
    const operator = await authenticate(needs, { route, credentials: readCredentials(request) });
    const call = {
      params: request.params,
      query: request.query,
      body: route.body === undefined ? undefined : readBody(request.body),
      operator,
      address: request.ip,
      site: siteOf(needs, request),
    };
    if (route.takesTwo && !needs.isOnePerson) {
      return { status: 202, headers: noStore, body: JSON.stringify(await askSecondPerson(needs, route, call)) };
    }
    const outcome = await route.run(needs, call);
    setCookie(needs, reply, outcome.cookie);
    // Answers pass their schema: what is not documented never leaves, and what is missing fails loudly.
    return { status: route.status, headers: noStore, body: JSON.stringify(route.answer.parse(outcome.answer)) };
  } catch (error) {
    if (error instanceof Refusal) return answerRefusal(error.problems, languageOfRequest(request), noStore);
    throw error;
  }
}

/** Answers hold balances and secrets: no cache keeps them. */
const noStore = { 'Cache-Control': 'no-store' };

function languageOfRequest(request: FastifyRequest): Language {
  return languageOf(request.headers['accept-language']);
}

function readCredentials(request: FastifyRequest): Credentials {
  const { authorization, host, origin } = request.headers;
  return {
    authorization,
    host,
    origin,
    cookie: request.cookies[cookieName],
    secFetchSite: readHeader(request, 'sec-fetch-site'),
    requestHeader: readHeader(request, 'x-vyplata-request'),
  };
}

/**
 * From the setting where there is one. Else what the request itself says is as good: a browser shows a passkey only to
 * the site it was made for, whatever a request claims.
 */
function siteOf(needs: Needs, request: FastifyRequest): Site {
  const url = needs.publicUrl ?? `${request.protocol}://${request.headers.host ?? 'localhost'}`;
  if (!URL.canParse(url)) throw new Refusal([{ code: 'request_malformed', field: 'request' }]);
  const { origin, hostname } = new URL(url);
  return { origin, host: hostname };
}

/** A header that came several times arrives joined, and is then none of the values that count. */
function readHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function readBody(body: unknown): unknown {
  const reading = parseStrict(body instanceof Uint8Array ? body : new Uint8Array(), { depthMax: jsonDepthMax });
  if (!reading.ok) throw new Refusal([reading.problem]);
  return toPlain(reading.value);
}

/** The numbers of the operator API are small integers; amounts are text. */
function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.numberText);
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toPlain(member)]));
  }
  return Array.isArray(value) ? value.map(toPlain) : value;
}

function setCookie(needs: Needs, reply: FastifyReply, secret: Outcome['cookie']): void {
  if (secret === undefined) return;
  const options = { path: operatorPrefix, httpOnly: true, sameSite: 'strict', secure: needs.isCookieSecure } as const;
  if (secret === null) reply.clearCookie(cookieName, options);
  else reply.setCookie(cookieName, secret.secret, { ...options, expires: secret.expiresAt });
}
