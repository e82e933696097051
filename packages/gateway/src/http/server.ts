// Owns the HTTP server: limits, time-outs, and what is answered when a request is not even one.
// Promises that every answer is JSON with non-empty `errors` unless it is a success, whatever came in on the socket,
// and that no error is ever written for a request that is being served.
// Refuses to know merchants, payouts and operators: routes are plugged in.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Problem, Refusal } from '../core/problem.ts';
import { type Answer, answerRefusal, createdHeader } from './answer.ts';
import { languageOf } from './errors.ts';
import { watchSockets } from './sockets.ts';

export type Log = {
  error(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  info(fields: object, text: string): void;
  debug(fields: object, text: string): void;
};

/** The server under the name that the rest of the program may know. */
export type HttpServer = FastifyInstance;

export type ServerOptions = {
  readonly log: Log;
  /** Addresses whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
};

const bodyBytesMax = 32 * 1024;
const createPath = '/v1/payout';
const headerBytesMax = 16 * 1024;
const headersTimeoutMs = 10_000;
/** Head and body together: who is slower is refused within the 12 s that a create may take. */
const requestTimeoutMs = 10_000;
const timeoutCheckMs = 1_000;
const keepAliveMs = 65_000;

/** Builds the server without routes. */
export function createServer(options: ServerOptions): HttpServer {
  const sockets = watchSockets();
  const server = Fastify({
    bodyLimit: bodyBytesMax,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      requireHostHeader: false,
    },
    return503OnClosing: false,
    exposeHeadRoutes: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    genReqId: createRequestIds(),
    clientErrorHandler: sockets.answerBroken,
    frameworkErrors: (error, request, reply) => {
      answerError(options.log, error, request, reply);
    },
  });
  sockets.watch(server.server);
  // Node would answer a missing Host by itself, without a body.
  server.addHook('onRequest', (request, reply, done) => {
    if (isWellFormed(request.raw)) done();
    else reject(request, reply, [{ code: 'request_malformed', field: 'request' }]);
  });
  // Between the body and its route: what arrived on a socket after its refusal is served by nobody.
  server.addHook('preHandler', (request, reply, done) => {
    if (!sockets.isRefused(request.raw.socket)) return done();
    reply.hijack();
    request.raw.socket.destroy();
  });
  server.removeAllContentTypeParsers();
  server.setNotFoundHandler((request, reply) => rejectUnknown(server, request, reply));
  server.setErrorHandler((error: FastifyError, request, reply) => answerError(options.log, error, request, reply));
  return server;
}

/**
 * HTTP/1 with one Host at most, with exactly one from version 1.1 on (RFC 9112, 3.2), and with no transfer coding that
 * somebody in between may undo and we do not (6.1).
 */
function isWellFormed(request: IncomingMessage): boolean {
  const { rawHeaders } = request;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue;
    if (rawHeaders[at + 1]?.toLowerCase() !== 'chunked') return false;
  }
  return request.httpVersionMajor === 1 && (hosts === 1 || (hosts === 0 && request.httpVersionMinor === 0));
}

/** Short, unique in practice, and cheap: a random start per process and a count. */
function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${prefix}-${((count += 1)).toString(36)}`;
}

/** Sends an answer that was made without any framework. */
export function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply
    .code(answer.status)
    .headers({ 'Content-Type': 'application/json', 'Request-Id': reply.request.id, ...answer.headers })
    .send(answer.body);
}

/**
 * The same, written to the response itself: no hooks and no cookies, for a fifth less time per request, and the names
 * of headers stay as they are documented.
 */
export function writeAnswer(reply: FastifyReply, answer: Answer): void {
  reply.hijack();
  reply.raw.writeHead(answer.status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(answer.body),
    'Request-Id': reply.request.id,
    ...answer.headers,
  });
  reply.raw.end(answer.body);
}

/** Refuses a request as a whole. Whoever may have tried to create a payout is told as well that nothing was created. */
export function reject(request: FastifyRequest, reply: FastifyReply, problems: readonly Problem[]): FastifyReply {
  const headers: Record<string, string> = isPerhapsCreate(request) ? { [createdHeader]: 'no' } : {};
  return sendAnswer(reply, answerRefusal(problems, languageOf(request.headers['accept-language']), headers));
}

/** The path of create in any spelling that leads there; and what leads nowhere, `/v1/payout/` for example. */
function isPerhapsCreate(request: FastifyRequest): boolean {
  return request.is404 || request.routeOptions.url === createPath;
}

/** Nothing that the router would take for a pattern. */
const plainPathForm = /^[a-z0-9/_-]+$/;

/** The router calls a method that it does not know a path that it does not know. */
function rejectUnknown(server: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.split('?', 1)[0] ?? '';
  if (!plainPathForm.test(url) || !server.hasRoute({ method: 'POST', url })) {
    return reject(request, reply, [{ code: 'path_unknown', field: 'request' }]);
  }
  const problem: Problem = { code: 'method_wrong', field: 'request', values: { allowed: 'POST' } };
  const created: Record<string, string> = url === createPath ? { [createdHeader]: 'no' } : {};
  const language = languageOf(request.headers['accept-language']);
  return sendAnswer(reply, answerRefusal([problem], language, { Allow: 'POST', ...created }));
}

const frameworkProblems: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', field: 'request', values: { max: bodyBytesMax } },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'content_type_wrong', field: 'request' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'request_malformed', field: 'request' },
  FST_ERR_BAD_URL: { code: 'path_unknown', field: 'request' },
};

/** Everything that was thrown on the way to an answer. What is not a refusal is a bug and is logged once. */
function answerError(log: Log, error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refusal) return reject(request, reply, error.problems);
  const known = frameworkProblems[error.code];
  if (known !== undefined) return reject(request, reply, [known]);
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return reject(request, reply, [{ code: 'request_malformed', field: 'request' }]);
  }
  log.error({ err: error, requestId: request.id, path: request.url.split('?')[0] }, 'a request failed');
  const problem: Problem = { code: 'internal_error', field: 'request', values: { requestId: request.id } };
  const headers: Record<string, string> = isPerhapsCreate(request) ? { [createdHeader]: 'unknown' } : {};
  return sendAnswer(reply, answerRefusal([problem], languageOf(request.headers['accept-language']), headers));
}
