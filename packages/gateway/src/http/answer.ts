import type { Problem } from '../core/problem.ts';
import { type Language, refusalBody, statusOf } from './errors.ts';

/** What goes back on the wire, before any framework sees it. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export function answerOk(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body };
}

/** A refusal in the documented shape; `errors` is never empty. */
export function answerRefusal(
  problems: readonly Problem[],
  language: Language,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const status = statusOf(problems);
  const wait: Readonly<Record<string, string>> = status === 429 || status === 503 ? { 'Retry-After': '1' } : {};
  return { status, headers: { ...wait, ...headers }, body: JSON.stringify(refusalBody(problems, language)) };
}

/** Whether a payout exists after this answer; the header `Payout-Created` says so on every answer of create. */
export type Created = 'yes' | 'no' | 'unknown';

export const createdHeader = 'Payout-Created';
