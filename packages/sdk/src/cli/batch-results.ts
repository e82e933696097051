// Owns the result file of a batch: one line per answer, on the disk before the next row is taken.
// Promises that after a kill at any moment the file reads, and what it says happened did.
// Refuses to conclude anything from a line that was cut short.
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { parseCsv, writeCsvRow } from './csv.ts';
import { UsageError } from './print.ts';

/** `created` may still end in any way; with --wait the last line of a row is `paid`, `fail` or `cancel`. */
export type RowOutcome = 'created' | 'refused' | 'unknown' | 'paid' | 'fail' | 'cancel';
export type RowResult = {
  line: number;
  orderId: string;
  digest: string;
  outcome: RowOutcome;
  id: number | undefined;
  message: string;
};
export type Results = {
  known: Map<number, RowResult>;
  append(result: RowResult): Promise<void>;
  close(): Promise<void>;
};

const HEADER = ['line', 'order_id', 'digest', 'outcome', 'id', 'message'];
const OUTCOMES: readonly RowOutcome[] = ['created', 'refused', 'unknown', 'paid', 'fail', 'cancel'];

/** Opens the file of an earlier run, or makes it. The last line of a row counts. */
export async function openResults(path: string): Promise<Results> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new UsageError(`Cannot read ${path}: ${error.message}`, { cause: error });
  });
  // A kill in the middle of a write leaves half a line: it is taken away, and its row is sent again.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const known = readResults(whole, path);
  if (whole.length !== text.length) await truncate(path, Buffer.byteLength(whole));
  const file = await open(path, 'a', 0o600).catch((cause: Error) => {
    throw new UsageError(`Cannot write ${path}: ${cause.message}`, { cause });
  });
  if (whole === '') await write(file, HEADER);
  let last: Promise<void> = Promise.resolve();
  return {
    known,
    append(result) {
      known.set(result.line, result);
      const { line, orderId, digest, outcome, id, message } = result;
      last = last.then(() => write(file, [line, orderId, digest, outcome, id, message]));
      return last;
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

async function write(file: FileHandle, cells: readonly (string | number | undefined)[]): Promise<void> {
  await file.writeFile(writeCsvRow(cells));
  await file.datasync();
}

function readResults(text: string, path: string): Map<number, RowResult> {
  const known = new Map<number, RowResult>();
  const [header, ...rows] = parseCsv(text);
  if (header !== undefined && header.cells.join() !== HEADER.join()) {
    throw new UsageError(`${path} is not a result file of this program. Choose another with --results.`);
  }
  for (const { cells } of rows) {
    const [line = '', orderId = '', digest = '', word = '', id = '', message = ''] = cells;
    const outcome = OUTCOMES.find((name) => name === word);
    if (outcome === undefined) throw new UsageError(`${path} holds the unknown outcome "${word}".`);
    const payoutId = id === '' ? undefined : Number(id);
    known.set(Number(line), { line: Number(line), orderId, digest, outcome, id: payoutId, message });
  }
  return known;
}
