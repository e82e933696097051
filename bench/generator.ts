// A client of its own process: keep-alive connections that each send the next order when the last was answered.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

type Task = {
  readonly port: number;
  readonly path: string;
  /** The first order to send, and how many at most. */
  readonly from: number;
  readonly count: number;
  readonly connections: number;
  readonly accounts: readonly string[];
  readonly seconds: number;
  /** What is asked: orders themselves, or the status of orders that were sent before. */
  readonly ask: 'create' | 'status';
};

export type Load = {
  readonly answered: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstRefusal: string | undefined;
};

const [, , text = '{}'] = process.argv;
const task = JSON.parse(text) as Task;
const lines = readFileSync(task.path, 'latin1')
  .split('\n')
  .slice(task.from, task.from + task.count);
const requests = lines.filter((line) => line !== '').map(makeRequest);

function makeRequest(line: string, at: number): Buffer {
  const [body = '', sign = ''] = line.split('\t');
  const account = task.accounts[at % task.accounts.length] ?? '';
  const head =
    `POST /v1/payout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccount: ${account}\r\n` +
    `Sign: ${sign}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

let next = 0;
let accepted = 0;
const latencies: number[] = [];
let firstRefusal: string | undefined;
const startedAt = performance.now();
const until = startedAt + task.seconds * 1_000;

function runConnection(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let buffered = '';
    const sendNext = (): void => {
      const request = requests[next];
      if (request === undefined || performance.now() >= until) {
        socket.destroy();
        resolve();
        return;
      }
      next += 1;
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', sendNext);
    socket.on('error', reject);
    socket.on('data', (part) => {
      buffered += part.toString('latin1');
      const headEnd = buffered.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(buffered)?.[1] ?? 0);
      if (buffered.length < headEnd + 4 + length) return;
      latencies.push(performance.now() - sentAt);
      if (buffered.startsWith('HTTP/1.1 200')) accepted += 1;
      else firstRefusal ??= buffered;
      buffered = '';
      sendNext();
    });
  });
}

await Promise.all(Array.from({ length: task.connections }, runConnection));
const seconds = (performance.now() - startedAt) / 1_000;
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
const load: Load = {
  answered: latencies.length,
  accepted,
  seconds,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  firstRefusal,
};
process.stdout.write(JSON.stringify(load));
