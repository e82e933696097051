import { appendFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyNotification } from '@vyplata/sdk/notification';

export type Received = {
  readonly at: string;
  readonly method: string;
  readonly body: string;
  readonly orderId: string;
  readonly status: string;
  readonly isVerified: boolean;
};

export type Receiver = {
  readonly url: string;
  readonly port: number;
  /** Resolves with the first notification of this order that has come or will come. */
  waitFor(orderId: string): Promise<Received>;
  close(): Promise<void>;
};

export type ReceiverOptions = {
  /** Tried first, so that notifications of an earlier run still arrive. */
  readonly preferredPort: number | undefined;
  readonly publicPem: () => string;
  /** One JSON line per notification. */
  readonly keepIn: string;
};

const keptMax = 1_000;
const bodyBytesMax = 65_536;

/** A merchant's endpoint as it should be: verifies first, keeps what it got, answers 200 once it is kept. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const kept: Received[] = [];
  const waiting = new Map<string, (received: Received) => void>();
  const server = createServer((request, response) => {
    receive(options, request).then(
      (received) => {
        if (received === undefined) return answer(response, 400, { error: 'not a notification' });
        kept.push(received);
        if (kept.length > keptMax) kept.shift();
        waiting.get(received.orderId)?.(received);
        return answer(response, received.isVerified ? 200 : 400, { verified: received.isVerified });
      },
      () => answer(response, 500, { error: 'could not be kept, send it again' }),
    );
  });
  const port = await listenOn(server, options.preferredPort);
  return {
    url: `http://127.0.0.1:${port}/notifications`,
    port,
    waitFor(orderId) {
      const known = kept.find((received) => received.orderId === orderId);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => waiting.set(orderId, resolve));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(options: ReceiverOptions, request: IncomingMessage): Promise<Received | undefined> {
  const body = request.method === 'GET' ? (request.url ?? '') : await readBody(request);
  const publicKey = options.publicPem();
  const verdict =
    request.method === 'GET'
      ? verifyNotification({ method: 'GET', url: body, publicKey })
      : verifyNotification({ method: 'POST', body, publicKey });
  if (!verdict.valid) return undefined;
  const received: Received = {
    at: new Date().toISOString(),
    method: request.method ?? '',
    body,
    orderId: verdict.notification.orderId,
    status: verdict.notification.status,
    isVerified: true,
  };
  await appendFile(options.keepIn, `${JSON.stringify(received)}\n`, { mode: 0o600 });
  return received;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bodyBytesMax) throw new Error('too large for a notification');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

async function listenOn(server: ReturnType<typeof createServer>, preferredPort: number | undefined): Promise<number> {
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  if (preferredPort === undefined) return listen(0);
  return listen(preferredPort).catch(() => listen(0));
}
