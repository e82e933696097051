import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Received = { path: string; body: string; sign: string; headers: IncomingMessage['headers'] };
export type Step = (answer: ServerResponse, received: Received) => void | Promise<void>;

/** A real local server that plays one step per request, the last one for ever, and remembers what it got. */
export async function startServer(steps: Step[] | ((received: Received) => Step)) {
  const received: Received[] = [];
  const play = async (request: IncomingMessage, answer: ServerResponse) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const { headers, url = '' } = request;
    const one = { path: url, body: Buffer.concat(chunks).toString(), sign: String(headers.sign), headers };
    received.push(one);
    const step = typeof steps === 'function' ? steps(one) : (steps[received.length - 1] ?? steps.at(-1));
    await step?.(answer, one);
  };
  // A client that goes away while its request is read ends the step and nothing else.
  const server = createServer((request, answer) => void play(request, answer).catch(() => answer.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function reply(status: number, body: unknown, headers: Record<string, string> = {}): Step {
  return (answer) => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export const hang: Step = () => undefined;
export const cut: Step = (answer) => void answer.socket?.destroy();

/** Half an answer, then the connection is gone. */
export const cutHalfway: Step = async (answer) => {
  answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  answer.write('{"payment_status":"wait","id":');
  await sleep(10);
  answer.socket?.destroy();
};

/** One byte at a time: each is in time, the whole never is. */
export const drip: Step = async (answer) => {
  answer.writeHead(200, { 'content-type': 'application/json' });
  while (!answer.destroyed) {
    answer.write(' ');
    await sleep(20);
  }
};

export const NO = { 'payout-created': 'no' };
export const ACCEPTED = { payment_status: 'wait', id: 100_001_524 };

export function refusal(fields: Record<string, string[]>) {
  return { message: 'The given data was invalid.', errors: fields };
}

export function statusOf(changes: Record<string, unknown> = {}) {
  return {
    payment_status: 'wait',
    id: 100_001_524,
    order_id: 'order-1',
    amount: '1000.44',
    payment_amount: '0.00',
    is_partial_payment: false,
    account_payment_amount: '1010.44',
    commission_amount: '10.00',
    service_code: 'payment_card_rub',
    card_mask: '427638******0008',
    account_old_balance: '5000.00',
    account_new_balance: '3989.56',
    ...changes,
  };
}
