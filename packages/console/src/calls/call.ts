import i18n from 'i18next';
import type { Approval } from './answers.ts';
import { apiPath } from './side.ts';

export type Errors = Readonly<Record<string, readonly string[]>>;

/** A refusal of the gateway, or no answer at all: then `status` is 0. */
export class CallError extends Error {
  readonly status: number;
  readonly errors: Errors;

  constructor(status: number, errors: Errors) {
    super(Object.values(errors).flat().join(' '));
    this.name = 'CallError';
    this.status = status;
    this.errors = errors;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Listener = () => void;

let onSignedOut: Listener = () => undefined;

/** Whoever shows the sign-in page hears here that the session is over. */
export function listenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

/** Reads from the API of this side. Throws a CallError. */
export async function read<T>(path: string): Promise<T> {
  return (await send('GET', path)) as T;
}

/** What a change answers; one that takes two people is only asked for so far. */
export type Changed<T> = { readonly isAsked: false; readonly answer: T } | { readonly isAsked: true };

/** Changes something through the API of this side. Throws a CallError. */
export async function change<T>(method: Method, path: string, body?: object): Promise<Changed<T>> {
  const answer = await send(method, path, body);
  const isAsked = typeof answer === 'object' && answer !== null && isPending(answer);
  return isAsked ? { isAsked: true } : { isAsked: false, answer: answer as T };
}

/** Nothing but an approval, which is pending: the answer of a request that waits for a second person. */
function isPending(answer: object & { readonly approval?: Approval }): boolean {
  return Object.keys(answer).length === 1 && answer.approval?.state === 'pending';
}

async function send(method: Method, path: string, body?: object): Promise<unknown> {
  const response = await fetch(apiPath + path, {
    method,
    headers: {
      'X-Vyplata-Request': '1',
      'Accept-Language': i18n.language,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    credentials: 'same-origin',
    ...(body && { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new CallError(0, { request: [i18n.t('errors.noAnswer')] });
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { errors } = answer as { errors?: Errors };
  // A wrong code or password is refused with 401 too, and names its field: the session goes on.
  if (response.status === 401 && errors?.['request'] !== undefined && !path.startsWith('/sessions')) onSignedOut();
  throw new CallError(response.status, errors ?? { request: [i18n.t('errors.strange', { status: response.status })] });
}
