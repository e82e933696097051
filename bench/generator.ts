// A merchant's program in a process of its own. It speaks HTTP over plain sockets: it shares the processors with what
// it measures, so it has to cost little.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type Load, type LoadTask, spreadOf } from './load.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as LoadTask;
const requests = readFileSync(task.path, 'latin1')
  .split('\n')
  .slice(task.from, task.from + task.count)
  .filter((line) => line !== '')
  .map(makeRequest);

function makeRequest(line: string, at: number): Buffer {
  const [body = '', sign = ''] = line.split('\t');
  const account = task.accounts[at % task.accounts.length] ?? '';
  const head =
    `POST ${task.target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccount: ${account}\r\n` +
    `Sign: ${sign}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

const dueAt = new Float64Array(task.isEndless ? 0 : requests.length);
const latencies: number[] = [];
const lives: number[] = [];
let next = 0;
let answered = 0;
let ended = 0;
let accepted = 0;
let refused = 0;
let broken = 0;
let indefinite = 0;
let firstRefusal: string | undefined;
let startedAt = 0;
const idle: (() => void)[] = [];

const isWarm = (due: number): boolean => due >= startedAt + (task.warmSeconds ?? 0) * 1_000;
const isUsedUp = (): boolean => next >= requests.length && task.isEndless !== true;
const isOver = (): boolean => performance.now() >= startedAt + task.seconds * 1_000 || isUsedUp();

/** When the next request is due; undefined: not now. */
function takeDue(): number | undefined {
  if (isUsedUp()) return undefined;
  if (task.livesMax !== undefined && next - ended - refused >= task.livesMax) return undefined;
  const now = performance.now();
  if (task.ratePerSecond === undefined) return now;
  const due = startedAt + (next / task.ratePerSecond) * 1_000;
  return due <= now ? due : undefined;
}

/** One client: request after request on a connection, and on a new one when that breaks. */
async function runClient(): Promise<void> {
  while (!isOver() && !(await runConnection())) broken += 1;
}

/** Whether it was ended by us. */
function runConnection(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true });
    let due = 0;
    let buffered = '';
    const sendNext = (): void => {
      if (socket.destroyed) return;
      const isDue = isOver() ? undefined : takeDue();
      if (isDue === undefined) {
        if (isOver()) end(true);
        else idle.push(sendNext);
        return;
      }
      due = isDue;
      if (dueAt.length > 0) dueAt[next] = due;
      socket.write(requests[next % requests.length] as Buffer);
      next += 1;
    };
    const end = (isOurs: boolean): void => {
      socket.destroy();
      resolve(isOurs);
    };
    socket.on('connect', sendNext);
    socket.on('error', () => end(false));
    socket.on('end', () => end(false));
    socket.on('data', (part) => {
      buffered += part.toString('latin1');
      const headEnd = buffered.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(buffered)?.[1] ?? 0);
      if (buffered.length < headEnd + 4 + length) return;
      answered += 1;
      if (isWarm(due)) latencies.push(performance.now() - due);
      const waitMs = Number(/retry-after: (\d+)/i.exec(buffered)?.[1] ?? 0) * 1_000;
      if (buffered.startsWith('HTTP/1.1 200')) accepted += 1;
      else {
        refused += 1;
        firstRefusal ??= buffered;
        if (!/\r\npayout-created: no\r\n/i.test(buffered)) indefinite += 1;
      }
      buffered = '';
      if (waitMs === 0) sendNext();
      else setTimeout(sendNext, waitMs);
    });
  });
}

/** Connections that had nothing to send look again. */
function wakeIdle(): void {
  const woken = idle.splice(0);
  for (const send of woken) send();
}

/** At most so many a second are sent to the point; for more, being late by a timer's millisecond counts little. */
const preciseRateMax = 100;
const spunMs = 2;

/** Node's timers are late by up to a millisecond, much beside an order that takes three: the last stretch is spun. */
function keepTime(): void {
  wakeIdle();
  const { ratePerSecond = Number.POSITIVE_INFINITY } = task;
  // While an answer is on its way, the processor is left to whoever makes it.
  if (ratePerSecond > preciseRateMax || idle.length < task.connections) return;
  const due = startedAt + (next / ratePerSecond) * 1_000;
  if (due - performance.now() > spunMs) return;
  let now = performance.now();
  while (now < due) now = performance.now();
  wakeIdle();
}

function followReceiver(port: number): Socket {
  let text = '';
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('FOLLOW\n'));
  socket.on('data', (part) => {
    const lines = (text + part.toString('latin1')).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const [order = '', time = ''] = line.split(' ');
      const due = dueAt[Number(order) - task.from] ?? 0;
      // An order of an earlier round, or told twice, is not counted.
      if (due <= 0) continue;
      dueAt[Number(order) - task.from] = -1;
      ended += 1;
      if (isWarm(due)) lives.push(Number(time) - performance.timeOrigin - due);
    }
    wakeIdle();
  });
  return socket;
}

/** After the last request: what is under way may still end. */
async function waitForEnds(): Promise<void> {
  const patienceMs = 60_000;
  const from = performance.now();
  while (ended < accepted && performance.now() - from < patienceMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const follower = task.receiverPort === undefined ? undefined : followReceiver(task.receiverPort);
if (follower !== undefined) await new Promise((resolve) => follower.once('connect', resolve));
startedAt = performance.now();
const clock = setInterval(keepTime, 1);
await Promise.all(Array.from({ length: task.connections }, runClient));
const seconds = (performance.now() - startedAt) / 1_000;
clearInterval(clock);
if (follower !== undefined) await waitForEnds();
follower?.destroy();
const load: Load = {
  answered,
  accepted,
  seconds,
  latency: spreadOf(Float64Array.from(latencies)),
  ended,
  life: spreadOf(Float64Array.from(lives)),
  refused,
  firstRefusal,
  indefinite,
  broken,
};
process.stdout.write(JSON.stringify(load));
