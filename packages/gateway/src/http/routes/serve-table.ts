// Owns the way of a request from its bytes to the answer, for every API that is a table of routes.
// Promises that no route is reached without its role and that answers are as documented.
// Refuses to know what a route does.
import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject, JsonNumber, type JsonValue, parseStrict } from '../../core/json.ts';
import { type Problem, Refusal } from '../../core/problem.ts';
import type { Site } from '../../operators/passkeys.ts';
import type { Side } from '../../operators/sessions.ts';
import { type Answer, answerRefusal } from '../answer.ts';
import { answerInTime } from '../answer-in-time.ts';
import { type Language, languageOf } from '../errors.ts';
import type { ExportedFile } from '../export-file.ts';
import { sendAnswer } from '../server.ts';
import { authenticate, cookieName, type Credentials } from './operator/authenticate.ts';
import type { Needs, OperatorRoute, Outcome, RawCall } from './operator/route.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const jsonDepthMax = 6;

/** One API that is a table of routes. */
export type Table = {
  readonly prefix: string;
  readonly routes: readonly OperatorRoute[];
  /** Who signs in to it. */
  readonly side: Side;
  /** What happens to a request that takes two people; absent where none does. */
  askSecondPerson?(needs: Needs, route: OperatorRoute, call: RawCall): Promise<object>;
};

/** Registers a table on a server of `createServer`, in a scope of its own. */
export function registerTable(server: FastifyInstance, needs: Needs, table: Table): void {
  server.register(async (scope) => {
    answerInTime(scope);
    await scope.register(cookie);
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    for (const route of table.routes) {
      const { method } = route;
      const url = toUrl(table.prefix, route.path);
      scope.route({ method, url, handler: (request, reply) => serve(needs, { table, route }, { request, reply }) });
    }
    for (const [path, routes] of Map.groupBy(table.routes, (route) => route.path)) {
      const allowed = routes.map((route) => route.method);
      const refused = methods.filter((method) => !allowed.some((one) => one === method));
      const problem: Problem = { code: 'method_wrong', field: 'request', values: { allowed: allowed.join(', ') } };
      scope.route({
        method: refused,
        url: toUrl(table.prefix, path),
        handler: (request, reply) => {
          reply.header('Allow', allowed.join(', '));
          return sendAnswer(reply, answerRefusal([problem], languageOfRequest(request), noStore));
        },
      });
    }
  });
}

function toUrl(prefix: string, path: string): string {
  return `${prefix}${path.replace(/\{(\w+)\}/g, ':$1')}`;
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

type Place = { readonly table: Table; readonly route: OperatorRoute };

async function serve(needs: Needs, place: Place, exchange: Exchange): Promise<FastifyReply> {
  const answer = await answerRequest(needs, place, exchange);
  return 'content' in answer ? sendFile(exchange.reply, answer) : sendAnswer(exchange.reply, answer);
}

function sendFile(reply: FastifyReply, { content, contentType, name }: ExportedFile): FastifyReply {
  return reply
    .headers({
      ...noStore,
      'Content-Type': contentType,
      'Content-Disposition': `attachment; filename="${name}"`,
      'X-Content-Type-Options': 'nosniff',
      'Request-Id': reply.request.id,
    })
    .send(content);
}

async function answerRequest(needs: Needs, place: Place, { request, reply }: Exchange): Promise<Answer | ExportedFile> {
  const { table, route } = place;
  try {
    const operator = await authenticate(needs, { route, credentials: readCredentials(request) });
    const call = {
      params: request.params,
      query: request.query,
      body: route.body === undefined ? undefined : readBody(request.body),
      operator,
      address: request.ip,
      site: siteOf(needs, request),
      side: table.side,
      language: languageOfRequest(request),
    };
    if (route.takesTwo && !needs.isOnePerson && table.askSecondPerson !== undefined) {
      return { status: 202, headers: noStore, body: JSON.stringify(await table.askSecondPerson(needs, route, call)) };
    }
    const outcome = await route.run(needs, call);
    if (outcome.file !== undefined) return outcome.file;
    setCookie(reply, outcome.cookie, { path: table.prefix, secure: needs.isCookieSecure });
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

function setCookie(
  reply: FastifyReply,
  secret: Outcome['cookie'],
  { path, secure }: { readonly path: string; readonly secure: boolean },
): void {
  if (secret === undefined) return;
  const options = { path, httpOnly: true, sameSite: 'strict', secure } as const;
  if (secret === null) reply.clearCookie(cookieName, options);
  else reply.setCookie(cookieName, secret.secret, { ...options, expires: secret.expiresAt });
}
