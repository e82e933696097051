import type { Agent, Dispatcher } from 'undici';

/** What came back. `statusCode` is null when no status line came; `error` is what ended it early, if anything did. */
export type Exchange = {
  readonly statusCode: number | null;
  readonly body: Buffer;
  readonly error: unknown;
};

/** The deadline of a request has passed. */
export class DeadlinePassed extends Error {
  constructor() {
    super('the deadline of the request has passed');
    this.name = 'DeadlinePassed';
  }
}

/**
 * One request and its answer under one deadline for everything: the wait for a connection, the name, the connection,
 * TLS, and every byte back. A signal given to undici's `request` says nothing until the request has its connection;
 * here the caller hears in time, and a request whose time is over is not written to a connection that comes later.
 * Reads little more than `answerBytesMax` of the body. Never throws.
 */
export function exchange(
  needs: { readonly receivers: Agent; readonly deadlineMs: number; readonly answerBytesMax: number },
  request: Dispatcher.DispatchOptions,
): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let statusCode: number | null = null;
  let isOver = false;
  let controller: Dispatcher.DispatchController | undefined;

  function end(error?: unknown): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    resolve({ statusCode, body: Buffer.concat(chunks), error });
  }

  /** Not reading to the end closes the connection. */
  function cut(error: Error): void {
    end(error);
    controller?.abort(error);
  }

  const timer = setTimeout(() => cut(new DeadlinePassed()), needs.deadlineMs);
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (isOver) started.abort(new DeadlinePassed());
    },
    // Informational answers come before the answer.
    onResponseStart(_controller, status) {
      if (status >= 200) statusCode = status;
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > needs.answerBytesMax) cut(new Error('the answer is longer than is read'));
    },
    onResponseEnd: () => end(),
    onResponseError: (_controller, error) => end(error),
  };
  try {
    needs.receivers.dispatch(request, handler);
  } catch (error) {
    end(error);
  }
  return promise;
}
