// Owns the HTTP server: limits, time-outs, and what is answered when a request is not even one.
// Promises that every answer is JSON with non-empty `errors` unless it is a success, whatever came in on the socket,
// and that no error is ever written for a request that is being served.
// Refuses to know merchants, payouts and operators: routes are plugged in.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Problem, Refusal } from '../core/problem.ts';
import { type Answer, answerRefusal, createdHeader } from './answer.ts';
import { languageOf } from './errors.ts';

export type Log = {
  error(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  info(fields: object, text: string): void;
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
const requestTimeoutMs = 20_000;
const keepAliveMs = 65_000;

/** Builds the server without routes. */
export function createServer(options: ServerOptions): HttpServer {
  const served = watchServed();
  const server = Fastify({
    bodyLimit: bodyBytesMax,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: 2_000,
      requireHostHeader: false,
    },
    return503OnClosing: false,
    exposeHeadRoutes: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    genReqId: createRequestIds(),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, served),
    frameworkErrors: (error, request, reply) => {
      answerError(options.log, error, request, reply);
    },
  });
  served.watch(server.server);
  // Node would answer a missing Host by itself, without a body.
  server.addHook('onRequest', (request, reply, done) => {
    if (request.raw.headers.host !== undefined || request.raw.httpVersion === '1.0') done();
    else reject(request, reply, [{ code: 'request_malformed', field: 'request' }]);
  });
  server.removeAllContentTypeParsers();
  server.setNotFoundHandler((request, reply) => reject(request, reply, [{ code: 'path_unknown', field: 'request' }]));
  server.setErrorHandler((error: FastifyError, request, reply) => answerError(options.log, error, request, reply));
  refuseStrangeRequests(server.server);
  return server;
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

/** Refuses a request as a whole. On the path of create it says as well that nothing was created. */
export function reject(request: FastifyRequest, reply: FastifyReply, problems: readonly Problem[]): FastifyReply {
  const headers: Record<string, string> = request.url.split('?')[0] === createPath ? { [createdHeader]: 'no' } : {};
  return sendAnswer(reply, answerRefusal(problems, languageOf(request.headers['accept-language']), headers));
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
  return sendAnswer(reply, answerRefusal([problem], languageOf(request.headers['accept-language']), {}));
}

type Served = {
  watch(server: Server): void;
  /** Requests of this socket that were read whole and have no answer yet. */
  count(socket: Duplex): number;
  whenDone(socket: Duplex, then: () => void): void;
};

/**
 * Knows per socket which requests are being served. When junk follows a valid request on a connection, even in the same
 * packet, the answer to that request must still be its own: an error written now would be read as "refused" for a
 * payout that is created. A request that was not read whole will never be served.
 */
function watchServed(): Served {
  const open = new WeakMap<Duplex, Set<IncomingMessage>>();
  const waiting = new WeakMap<Duplex, () => void>();
  const count = (socket: Duplex): number => [...(open.get(socket) ?? [])].filter((request) => request.complete).length;
  return {
    watch(server) {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        const { socket } = request;
        const requests = open.get(socket) ?? new Set();
        open.set(socket, requests.add(request));
        response.once('close', () => {
          requests.delete(request);
          if (count(socket) === 0) waiting.get(socket)?.();
        });
      });
    },
    count,
    whenDone(socket, then) {
      waiting.set(socket, then);
    },
  };
}

/** The parser gave up on what the socket sent: too slow, too large, or not HTTP. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, served: Served): void {
  if (served.count(socket) > 0) {
    served.whenDone(socket, () => socket.destroySoon());
    return;
  }
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = brokenCodes[error.code ?? ''] ?? 'request_malformed';
  writeRaw(socket, [{ code, field: 'request' }]);
}

const brokenCodes: Readonly<Record<string, Problem['code']>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
};

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** An answer without a request: English, because there are no headers to ask for a language. */
function writeRaw(socket: Duplex, problems: readonly Problem[]): void {
  const { status, body } = answerRefusal(problems, 'en');
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Bad Request'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${createdHeader}: no`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** CONNECT and unknown expectations reach no route: Node would close the one and answer the other without a body. */
function refuseStrangeRequests(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    writeRaw(socket, [{ code: 'method_wrong', field: 'request', values: { allowed: 'POST' } }]);
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = answerRefusal([{ code: 'request_malformed', field: 'request' }], 'en');
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      [createdHeader]: 'no',
      Connection: 'close',
    });
    response.end(body);
  });
}
