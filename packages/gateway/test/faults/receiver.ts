import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a receiver does with a notification. */
export type Manner = 'ok' | 'hang' | 'drip' | 'fail' | 'redirect' | 'reset' | 'garbage';

/** Everything that came under one id of a notification. */
export type Received = {
  /** Of each different body: one, unless something is wrong. */
  readonly digests: Set<string>;
  readonly payoutId: number;
  readonly status: string;
  /** When it came first, milliseconds since 1970. */
  readonly firstAt: number;
  count: number;
  /** How often it was answered with 200. */
  acknowledged: number;
};

/** The merchants' receivers, one for each manner, and the list of what they got: their own, written as it came. */
export type Receiver = {
  url(manner: Manner): string;
  /** By the id of the notification. */
  readonly got: ReadonlyMap<string, Received>;
  /** How many notifications came in a manner, repeats included. */
  count(manner: Manner): number;
  /** How many requests followed the redirect. */
  landed(): number;
  /** From now on every notification is acknowledged, whatever was done with the earlier ones. */
  mend(): void;
  close(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const got = new Map<string, Received>();
  const counts = new Map<Manner, number>();
  let landed = 0;
  let isMended = false;
  const server = createServer((request, response) => {
    const manner = request.url?.slice(1) as Manner | 'landed';
    if (manner === 'landed') {
      landed += 1;
      response.end();
      return;
    }
    readBody(request).then(
      (body) => {
        counts.set(manner, (counts.get(manner) ?? 0) + 1);
        const received = note(got, String(request.headers['webhook-id']), body);
        const isAcknowledged = isMended || manner === 'ok';
        if (isAcknowledged) received.acknowledged += 1;
        answer(isAcknowledged ? 'ok' : manner, response);
      },
      // The gateway was killed while it sent: nothing came.
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (manner) => `http://127.0.0.1:${port}/${manner}`,
    got,
    count: (manner) => counts.get(manner) ?? 0,
    landed: () => landed,
    mend() {
      isMended = true;
    },
    close: () => closeServer(server),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part as string;
  if (!request.complete) throw new Error('cut short');
  return body;
}

function note(got: Map<string, Received>, id: string, body: string): Received {
  const digest = createHash('sha256').update(body).digest('hex');
  const { id: payoutId, payment_status: status } = JSON.parse(body) as { id: number; payment_status: string };
  const known = got.get(id) ?? { digests: new Set(), payoutId, status, firstAt: Date.now(), count: 0, acknowledged: 0 };
  got.set(id, known);
  known.digests.add(digest);
  known.count += 1;
  return known;
}

function answer(manner: Manner, response: ServerResponse): void {
  switch (manner) {
    case 'ok':
      response.end('ok');
      return;
    case 'fail':
      response.writeHead(500).end('no');
      return;
    case 'redirect':
      response.writeHead(302, { Location: '/landed' }).end();
      return;
    case 'reset':
      response.destroy();
      return;
    case 'garbage':
      response.socket?.end('+OK this is another protocol\r\n');
      return;
    case 'drip': {
      // The head of the answer itself comes byte by byte and is never whole.
      const timer = setInterval(() => response.socket?.write('H'), 100);
      response.socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      response.once('close', () => clearInterval(timer));
      return;
    }
    case 'hang':
      return;
    default:
      manner satisfies never;
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
