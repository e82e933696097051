import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Problem } from '../core/problem.ts';
import { answerRefusal, createdHeader } from './answer.ts';

/**
 * What is said on a socket outside of any route. An error is never written where an order waits for its answer, and
 * after an error nothing more of that socket is served: `Payout-Created: no` has to stay true.
 */
export type Sockets = {
  watch(server: Server): void;
  /** For `clientError`: the parser gave up on what the socket sent, which was too slow, too large, or not HTTP. */
  answerBroken(error: Error & { readonly code?: string }, socket: Socket): void;
  /** Whether this socket was told that what it sent is refused. */
  isRefused(socket: Duplex): boolean;
};

/** How long a refused client may take to read why. */
const lingerMs = 2_000;

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

export function watchSockets(): Sockets {
  const served = watchServed();
  const refused = new WeakSet<Duplex>();

  function refuse(socket: Duplex, problem: Problem): void {
    if (served.count(socket) > 0) {
      served.whenDone(socket, () => {
        refused.add(socket);
        if ('destroySoon' in socket) (socket as Socket).destroySoon();
      });
      return;
    }
    refused.add(socket);
    writeRaw(socket, problem);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }

  return {
    watch(server) {
      served.watch(server);
      // Who sends a request and shuts down its side of the connection still waits for the answer.
      (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
      // CONNECT and unknown expectations reach no route: Node would close the one and answer the other without a body.
      server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
        // Node listens to this socket no more, and a reset that nobody listens for would end the process.
        socket.on('error', () => socket.destroy());
        refuse(socket, { code: 'method_wrong', field: 'request', values: { allowed: 'POST' } });
      });
      server.on('checkExpectation', refuseExpectation);
    },
    answerBroken(error, socket) {
      const isSilent = socket.bytesRead === 0;
      if (isSilent || !socket.writable || error.code === 'ECONNRESET') socket.destroy();
      else refuse(socket, { code: brokenCodes[error.code ?? ''] ?? 'request_malformed', field: 'request' });
    },
    isRefused: (socket) => refused.has(socket),
  };
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
  // One function for all: a closure per request is what there is most of to collect.
  function forget(this: ServerResponse): void {
    const { socket } = this.req;
    open.get(socket)?.delete(this.req);
    const then = waiting.get(socket);
    if (then !== undefined && count(socket) === 0) then();
  }
  return {
    watch(server) {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        const { socket } = request;
        const requests = open.get(socket);
        if (requests === undefined) open.set(socket, new Set([request]));
        else requests.add(request);
        response.on('close', forget);
      });
    },
    count,
    whenDone(socket, then) {
      waiting.set(socket, then);
    },
  };
}

/** An answer without a request: English, because there are no headers to ask for a language. */
function writeRaw(socket: Duplex, problem: Problem): void {
  const { status, body } = answerRefusal([problem], 'en');
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Bad Request'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${createdHeader}: no`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, body } = answerRefusal([{ code: 'request_malformed', field: 'request' }], 'en');
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    [createdHeader]: 'no',
    Connection: 'close',
  });
  response.end(body);
}
