import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { certificate, privateKey } from './certificate.ts';

export type Received = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

export type Answer = (response: ServerResponse, received: Received) => void;

/** A merchant's receiver: a real server on this machine that answers as the test says. */
export type Receiver = {
  readonly port: number;
  readonly url: string;
  readonly received: Received[];
  readonly connections: () => number;
  answer: Answer;
  close(): Promise<void>;
};

export const accept: Answer = (response) => response.end('OK');
export const withStatus =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

type Options = { readonly isTls?: boolean; readonly host?: string; readonly port?: number };

export async function openReceiver({ isTls = false, host = '127.0.0.1', port = 0 }: Options = {}): Promise<Receiver> {
  const received: Received[] = [];
  let connections = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: await text(request) };
    received.push(one);
    receiver.answer(response, one);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  const server = isTls
    ? createTlsServer({ cert: certificate, key: privateKey }, onRequest)
    : createServer({ keepAliveTimeout: 60_000 }, onRequest);
  server.on('connection', () => {
    connections += 1;
  });
  await listen(server, { host, port });
  const bound = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    port: bound,
    url: `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}/notify`,
    received,
    connections: () => connections,
    answer: accept,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}

async function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  server.listen(at);
  await once(server, 'listening');
}
