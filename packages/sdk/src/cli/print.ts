// Owns what the commands write and the exit codes scripts rely on.
// Promises one JSON document on standard output with --json, failures included.
// Refuses to know which command runs.
import { describeFields, VyplataError } from '../error.ts';
import { isTextName, type Language, textOf } from './texts.ts';

export const EXIT = { ok: 0, refused: 1, usage: 2, unknown: 3, notPaid: 4, conflict: 5 } as const;
/** A command line or a file that cannot work: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `
Exit codes:
  0  done
  1  refused: nothing was created, nothing found, or a check failed
  2  the command line or a file is not usable
  3  outcome unknown or not final yet: never pay in another way, ask the status
  4  the payout ended as "fail" or "cancel": the money is back on the account
  5  a payout of this order id exists, and is not known to be this order

With --json the result, or {"error": …}, is one JSON document on standard output.
`;

/** What one run of the program shares. Commands set the exit code; errors set it in `runCli`. */
export type Cli = { env: NodeJS.ProcessEnv; language: Language; signal: AbortSignal; exitCode: ExitCode };

export function exitCodeOf(error: VyplataError): ExitCode {
  if (error.code === 'conflict') return EXIT.conflict;
  if (error.created === 'no' || error.code === 'refused' || error.code === 'not_found') return EXIT.refused;
  return EXIT.unknown;
}

export function printResult(options: { cli: Cli; isJson: boolean | undefined; result: Record<string, unknown> }): void {
  const { cli, isJson, result } = options;
  if (isJson) return writeOut(JSON.stringify(result));
  const lines = Object.entries(result)
    .filter(([name, value]) => isTextName(name) && value !== undefined && typeof value !== 'object')
    .map(([name, value]) => [labelOf(name, cli.language), formatValue(value, cli.language)] as const);
  const width = Math.max(0, ...lines.map(([label]) => label.length));
  for (const [label, value] of lines) writeOut(`${label.padEnd(width)}  ${value}`);
}

/** Whether standard error is a terminal that a progress bar may redraw. */
export function isTerminal(): boolean {
  return process.stderr.isTTY;
}

/** For people while a command works; never part of a result. */
export function writeNote(text: string): void {
  process.stderr.write(text);
}

export function writeOut(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Failure = { text: string; json: Record<string, unknown> };

export function describeFailure(error: unknown, language: Language): Failure {
  if (!(error instanceof VyplataError)) {
    const text = error instanceof Error ? error.message : String(error);
    return { text, json: { message: text, code: error instanceof UsageError ? 'usage' : 'unexpected' } };
  }
  // A call that only reads is "unknown" too, and saying so would frighten for nothing.
  const isAboutOrder = error.created !== 'unknown' || error.code === 'unresolved' || error.code === 'aborted';
  const created = isAboutOrder ? textOf(`created_${error.created}`, language) : '';
  const detail = describeFields(error.fields) || describeCause(error);
  const names = [error.payoutId && `payout ${error.payoutId}`, error.requestId && `request ${error.requestId}`];
  const named = names.filter(Boolean).join(', ');
  const parts = [textOf(error.code, language), escapeControls(detail), created, named && `(${named})`];
  const text = parts.filter(Boolean).join('\n');
  return { text, json: error.toJSON() };
}

function describeCause(error: VyplataError): string {
  if (error.status !== undefined) return `HTTP ${error.status}`;
  const { cause } = error;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : '';
}

export function printFailure(options: { failure: Failure; isJson: boolean }): void {
  if (options.isJson) writeOut(JSON.stringify({ error: options.failure.json }));
  else process.stderr.write(`${options.failure.text}\n`);
}

function labelOf(name: string, language: Language): string {
  return isTextName(name) ? textOf(name, language) : name;
}

function formatValue(value: unknown, language: Language): string {
  if (typeof value === 'boolean') return textOf(value ? 'yes' : 'no', language);
  return escapeControls(String(value));
}

/** An order id may hold anything; a terminal obeys control characters. */
export function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
