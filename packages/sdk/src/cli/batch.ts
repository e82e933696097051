// Owns `vyplata batch`: a file of payouts, shown first, then sent row by row.
// Promises that a batch can be started again after any end of the program: no row pays twice, none is forgotten.
// Refuses to send anything while a row has a mistake that can be seen.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Client } from '../client.ts';
import { describeFields, VyplataError } from '../error.ts';
import { openResults, type Results, type RowOutcome, type RowResult } from './batch-results.ts';
import { type Batch, type BatchRow, readBatch, sumByService } from './batch-rows.ts';
import { addConnectOptions, type ConnectOptions, connectClient, readText } from './connect.ts';
import { toTimeoutMs } from './payout.ts';
import { type Cli, EXIT, escapeControls, isTerminal, UsageError, writeNote, writeOut } from './print.ts';
import { textOf } from './texts.ts';

type BatchOptions = ConnectOptions & {
  results?: string;
  service?: string;
  concurrency: string;
  yes?: boolean;
  wait?: boolean;
  retryRefused?: boolean;
  timeout: string;
};

const PROBLEMS_SHOWN_MAX = 20;
const BAR_WIDTH = 30;

export function addBatchCommand(program: Command, cli: Cli): void {
  const batch = program
    .command('batch')
    .description('order the payouts of a CSV file; start it again after any interruption')
    .argument('<file>', 'CSV with the columns order_id, amount, number, service and others of the contract')
    .option('--results <file>', 'where each answer is noted; default: the file with .results.csv')
    .option('--service <code>', 'service of rows that name none')
    .option('--concurrency <number>', 'rows on their way at once, 1 to 32', '8')
    .option('--yes', 'send without asking; without it and without a terminal only the preview is shown')
    .option('--wait', 'wait until each payout is final')
    .option('--retry-refused', 'send rows again that were refused before')
    .option('--timeout <seconds>', 'longest wait for a final status', '600');
  addConnectOptions(batch).action((file: string, options: BatchOptions) => runBatch(cli, { ...options, file }));
}

type Given = BatchOptions & { file: string };

async function runBatch(cli: Cli, options: Given): Promise<void> {
  const concurrency = Number(options.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 32) {
    throw new UsageError('--concurrency is 1 to 32.');
  }
  const timeoutMs = toTimeoutMs(options.timeout);
  const batch = readRows(await readText(options.file), options.service);
  refuseProblems(batch.problems);
  const client = await connectClient(cli, options);
  const results = await openResults(options.results ?? `${options.file}.results.csv`);
  try {
    const open = findOpen({ rows: batch.rows, results, options });
    showPreview(cli, { rows: batch.rows, open, isJson: options.json });
    if (open.length > 0 && !(await isAgreed(cli, options)))
      return writeNote(`${textOf('batchNotSent', cli.language)}\n`);
    const stopped = await sendAll({
      cli,
      client,
      results,
      open,
      concurrency,
      timeoutMs,
      isWaiting: options.wait === true,
    });
    summarise(cli, { rows: batch.rows, results, isJson: options.json, stopped });
  } finally {
    await results.close();
  }
}

function readRows(text: string, service: string | undefined): Batch {
  try {
    return readBatch(text, { service });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function refuseProblems(problems: Batch['problems']): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ line, text }) => `line ${line}: ${escapeControls(text)}`);
  const rest = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  throw new UsageError(['Nothing was sent, the file has mistakes:', ...shown, ...rest].join('\n'));
}

/** Rows that are still to be done. A row that was sent must stay as it was: its order id is taken. */
function findOpen(given: { rows: BatchRow[]; results: Results; options: BatchOptions }): BatchRow[] {
  const { rows, results, options } = given;
  return rows.filter((row) => {
    const known = results.known.get(row.line);
    if (known === undefined) return true;
    if (known.digest !== row.digest && known.outcome !== 'refused') {
      throw new UsageError(
        `Line ${row.line} was sent with other values. Put it back, or use another file with --results.`,
      );
    }
    if (known.outcome === 'refused') return options.retryRefused === true || known.digest !== row.digest;
    return known.outcome === 'unknown' || (known.outcome === 'created' && options.wait === true);
  });
}

type Preview = { rows: BatchRow[]; open: BatchRow[]; isJson: boolean | undefined };

function showPreview(cli: Cli, { rows, open, isJson }: Preview): void {
  const sums = sumByService(open);
  if (isJson) return;
  const { language } = cli;
  writeOut(`${textOf('batchRows', language)}: ${rows.length}, ${textOf('batchToSend', language)}: ${open.length}`);
  for (const { service, count, amount } of sums) writeOut(escapeControls(`  ${service}  × ${count}  ${amount}`));
  for (const { line, order } of open.slice(0, 3)) {
    const tail = order.number.slice(-4).padStart(8, '*');
    writeOut(escapeControls(`  ${line}: ${order.orderId}  ${String(order.amount)}  ${order.service}  ${tail}`));
  }
  if (open.length > 3) writeOut('  …');
}

async function isAgreed(cli: Cli, options: BatchOptions): Promise<boolean> {
  if (options.yes) return true;
  if (!process.stdin.isTTY) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${textOf('batchAsk', cli.language)} `, { signal: cli.signal });
    return /^(y|yes|д|да)$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

type Sending = {
  cli: Cli;
  client: Client;
  results: Results;
  open: BatchRow[];
  concurrency: number;
  timeoutMs: number;
  isWaiting: boolean;
};

/** @returns what stopped the batch before its end, if anything did */
async function sendAll(sending: Sending): Promise<VyplataError | undefined> {
  const { cli, open, concurrency } = sending;
  let [next, done] = [0, 0];
  let stopped: VyplataError | undefined;
  const work = async () => {
    while (next < open.length && stopped === undefined && !cli.signal.aborted) {
      const row = open[next] as BatchRow;
      next += 1;
      stopped = (await sendRow(sending, row)) ?? stopped;
      done += 1;
      drawBar({ done, total: open.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, open.length) }, work));
  if (isTerminal() && open.length > 0) writeNote('\n');
  return stopped;
}

/** Sends a row and notes what is known of it. Answers an error that every other row would meet as well. */
async function sendRow(sending: Sending, row: BatchRow): Promise<VyplataError | undefined> {
  const { client, results, cli, timeoutMs, isWaiting } = sending;
  const note = (outcome: RowOutcome, id: number | undefined, message = '') =>
    results.append({ line: row.line, orderId: row.order.orderId, digest: row.digest, outcome, id, message });
  try {
    const known = results.known.get(row.line);
    let id = known?.outcome === 'created' ? known.id : undefined;
    if (id === undefined) {
      ({ id } = await client.createPayout(row.order, { signal: cli.signal }));
      await note('created', id);
    }
    if (!isWaiting) return undefined;
    const final = await client.waitUntilFinal({ id }, { timeoutMs, signal: cli.signal });
    await note(final.status as RowOutcome, id, final.failReason);
    return undefined;
  } catch (error) {
    if (!(error instanceof VyplataError)) throw error;
    if ('sign' in error.fields || 'account' in error.fields) return error;
    // What the gateway is too busy for, or cannot be reached for, was not judged: the next start sends it.
    if (error.code === 'unreachable' && error.created === 'no') return error;
    if (results.known.get(row.line)?.outcome === 'created') return undefined;
    const text = describeFields(error.fields) || error.message;
    await note(error.created === 'no' || error.code === 'conflict' ? 'refused' : 'unknown', error.payoutId, text);
    return undefined;
  }
}

function drawBar({ done, total }: { done: number; total: number }): void {
  if (!isTerminal()) return;
  const filled = Math.floor((BAR_WIDTH * done) / total);
  writeNote(`\r[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${done}/${total}`);
}

type Ended = { rows: BatchRow[]; results: Results; isJson: boolean | undefined; stopped: VyplataError | undefined };

function summarise(cli: Cli, { rows, results, isJson, stopped }: Ended): void {
  const counts = { created: 0, paid: 0, fail: 0, cancel: 0, refused: 0, unknown: 0, notSent: 0 };
  for (const { line } of rows) {
    const known: RowResult | undefined = results.known.get(line);
    counts[known?.outcome ?? 'notSent'] += 1;
  }
  if (counts.unknown + counts.notSent > 0) cli.exitCode = EXIT.unknown;
  else if (counts.refused > 0) cli.exitCode = EXIT.refused;
  else if (counts.fail + counts.cancel > 0) cli.exitCode = EXIT.notPaid;
  const error = stopped?.toJSON();
  if (isJson) return writeOut(JSON.stringify({ rows: rows.length, ...counts, ...(error && { error }) }));
  const named = Object.entries(counts).filter(([, count]) => count > 0);
  writeOut(named.map(([name, count]) => `${name}: ${count}`).join(', '));
  if (stopped !== undefined)
    writeNote(`${textOf('batchStopped', cli.language)} ${describeFields(stopped.fields) || stopped.message}\n`);
}
