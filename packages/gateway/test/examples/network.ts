import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Fate = 'answered' | 'answer_lost' | 'unreachable';

/**
 * A network between a program and the gateway. `fateOf` decides about each request to create, counted from 1; every
 * other request passes.
 */
export async function startNetwork(given: { target: string; fateOf: (create: number) => Fate }) {
  const creates: string[] = [];
  const server = createServer((request, response) => void pass({ request, response }).catch(() => response.destroy()));
  async function pass({ request, response }: { request: IncomingMessage; response: ServerResponse }): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    let fate: Fate = 'answered';
    if (request.url === '/v1/payout') {
      creates.push(body.toString());
      fate = given.fateOf(creates.length);
    }
    if (fate === 'unreachable') return void request.socket.destroy();
    const names = ['content-type', 'account', 'sign'];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const answer = await fetch(given.target + request.url, { method: 'POST', body, headers });
    const text = await answer.text();
    if (fate === 'answer_lost') return void request.socket.destroy();
    const created = answer.headers.get('payout-created');
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      ...(created === null ? {} : { 'payout-created': created }),
    });
    response.end(text);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    creates,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
