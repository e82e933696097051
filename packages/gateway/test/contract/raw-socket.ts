import { connect } from 'node:net';

export type RawAnswer = {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
};

/** Everything that came back on one connection. */
export type Talk = {
  readonly answers: readonly RawAnswer[];
  /** What is no whole answer; empty when all is well. */
  readonly rest: string;
  /** Whether the other side ended the connection; false: it was silent for so long that this side did. */
  readonly isClosed: boolean;
  /** When it did, counted from the first byte. */
  readonly closedMs: number | undefined;
};

export type Speech = {
  /** Latin-1 text to send, and numbers of milliseconds to wait between. */
  readonly parts: readonly (string | number)[];
  /** Whether this side says that it is done after the last part. */
  readonly endsItself?: boolean;
  readonly silentMs?: number;
};

/** Sends bytes as they are and listens until the gateway ends the connection or has been silent for a while. */
export function speak(port: number, speech: Speech): Promise<Talk> {
  const { parts, endsItself = false, silentMs = 1_500 } = speech;
  return new Promise((resolve) => {
    const begunAt = performance.now();
    let received = '';
    let closedMs: number | undefined;
    let isSent = false;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const noteClose = (): void => void (closedMs ??= performance.now() - begunAt);
    const finish = (): void => {
      socket.destroy();
      resolve({ ...readAnswers(received), isClosed: closedMs !== undefined, closedMs });
    };
    const listen = (): void => {
      isSent = true;
      if (closedMs === undefined) socket.setTimeout(silentMs, finish);
      else finish();
    };
    socket.on('connect', () => void sendParts(socket, parts, endsItself).then(listen));
    socket.on('data', (part) => (received += part.toString('latin1')));
    socket.on('end', () => {
      noteClose();
      // A speech goes on after the other side has had enough: what it says then must have no effect.
      if (isSent) finish();
    });
    socket.on('error', noteClose);
    socket.on('close', () => {
      noteClose();
      finish();
    });
  });
}

type Wire = { readonly writable: boolean; write(text: string, encoding: 'latin1'): unknown; end(): unknown };

async function sendParts(wire: Wire, parts: Speech['parts'], endsItself: boolean): Promise<void> {
  for (const part of parts) {
    if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part));
    else if (wire.writable) wire.write(part, 'latin1');
  }
  if (endsItself) wire.end();
}

function readAnswers(text: string): Pick<Talk, 'answers' | 'rest'> {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest.startsWith('HTTP/1.1 ') && rest.includes('\r\n\r\n')) {
    const headEnd = rest.indexOf('\r\n\r\n') + 4;
    const head = rest.slice(0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const body = Buffer.from(rest.slice(headEnd, headEnd + length), 'latin1').toString();
    answers.push({ status: Number(head.slice(9, 12)), head, body });
    rest = rest.slice(headEnd + length);
  }
  return { answers, rest };
}

/** What is wrong with an answer that should be a refusal of create; empty when nothing is. */
export function refusalFaults(answer: RawAnswer): string[] {
  const faults: string[] = [];
  if (answer.status < 400) faults.push(`status ${answer.status}`);
  if (!/^payout-created: no\r$/im.test(answer.head)) faults.push('no Payout-Created: no');
  if (!/^content-type: application\/json/im.test(answer.head)) faults.push('not JSON');
  try {
    const { message, errors } = JSON.parse(answer.body) as { message: string; errors: Record<string, string[]> };
    const texts = Object.values(errors).flat();
    if (message === '' || texts.length === 0 || texts.some((text) => text.length < 10)) faults.push('no errors');
  } catch {
    faults.push(`a body of ${answer.body.length} bytes that is no JSON`);
  }
  return faults;
}
