import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CancelReason, FailReason } from '../core/fail-reason.ts';
import { createFilter } from './sandbox-filter.ts';

/** What the sandbox decided about an order the moment it arrived. */
export type Decision =
  /** The recipient gets `paidMinor`. */
  | { readonly decision: 'executed'; readonly paidMinor: bigint }
  | { readonly decision: 'rejected'; readonly reason: FailReason }
  | { readonly decision: 'cancelled'; readonly reason: CancelReason }
  /** The sandbox has the order, executes nothing and tells nobody. */
  | { readonly decision: 'silent' }
  /** The order was lost on its way: no inquiry finds it. */
  | { readonly decision: 'lost' };

export type BookEntry = Decision & {
  readonly reference: string;
  readonly payoutId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Name of the script that decided. */
  readonly script: string;
  /** When the order arrived and when the decision is final, milliseconds since 1970. */
  readonly at: number;
  readonly finalAt: number;
};

/**
 * The sandbox provider's own list of what it executed and decided: one append-only NDJSON file outside the gateway's
 * database, shared by all processes of a machine. A decision is one line in one `write` with O_APPEND, so a kill at
 * any moment leaves it whole or absent; a later fate ("paid in 30 s") is in that line too, so it needs no second one.
 * The first line of a reference counts, every later one is void. Nothing is synced to the disk: a line survives the
 * process, not a power cut.
 */
export type Book = {
  /** Writes the entry unless its reference is there; answers the entry that counts, and whether it is this one. */
  record(entry: BookEntry): { readonly entry: BookEntry; readonly isNew: boolean };
  /** The entry that counts, also one that another process wrote a moment ago. */
  find(reference: string): BookEntry | undefined;
  close(): void;
};

export type BookLimits = {
  /** How many references are found without a search through the file. */
  readonly recentMax?: number;
  /** Memory of the filter that knows which references are new, a power of two. */
  readonly filterBytes?: number;
};

const lineBytesMax = 4096;
const chunkBytes = 1 << 20;
const tailBytes = 1 << 16;
const lineStart = '{"reference":"';
const newline = 10;
/** Printable ASCII without what JSON would escape, so that a line can be found by its bytes. */
const referenceForm = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/**
 * Opens the Book at `path` and creates it, readable by its owner only, if it is not there. Memory is bounded: the
 * places of the last `recentMax` references (the older half is forgotten at a time) and a filter; a reference that is
 * older costs a search through the file (about 0.1 s for a million lines), a new one costs none.
 * Opening reads the file once (1.3 s for a million lines). Throws if the file cannot be opened.
 */
export function openBook(path: string, limits: BookLimits = {}): Book {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+', 0o600);
  const recent = createRecent(limits.recentMax ?? 100_000);
  const filter = createFilter(limits.filterBytes ?? 1 << 23);
  const buffer = Buffer.allocUnsafe(tailBytes);
  let end = 0;

  function readTail(): void {
    end = eachLine({ file, from: end, buffer }, (reference, position) => {
      if (findPlace(reference) !== undefined) return;
      filter.add(reference);
      recent.keep(reference, position);
    });
  }

  /** Where the line that counts begins, of what has been read. */
  function findPlace(reference: string): number | undefined {
    const known = recent.find(reference);
    if (known !== undefined || !filter.mayHave(reference)) return known;
    const found = searchFile(file, reference, end);
    if (found !== undefined) recent.keep(reference, found);
    return found;
  }

  function find(reference: string): BookEntry | undefined {
    readTail();
    const place = findPlace(reference);
    return place === undefined ? undefined : readEntryAt(file, place);
  }

  readTail();
  return {
    find,
    record(entry) {
      if (!referenceForm.test(entry.reference)) {
        throw new RangeError('a reference is 1 to 200 printable ASCII characters without " and \\');
      }
      const place = findPlace(entry.reference);
      if (place !== undefined) return { entry: readEntryAt(file, place), isNew: false };
      const text = writeEntry(entry);
      const line = Buffer.from(text);
      // Lines are searched by their bytes, one a character.
      if (line.length > lineBytesMax || line.length !== text.length) {
        throw new RangeError(`an entry is ASCII and at most ${lineBytesMax} bytes long`);
      }
      const before = end;
      const written = writeSync(file, line);
      // A line without its newline does not count, so what was cut short (a full disk) was not executed.
      if (written !== line.length) throw new Error('the Book took a part of a line only: is the disk full?');
      readTail();
      // Nobody else wrote meanwhile: what is new in the file is this line, and its reference was not known.
      if (end === before + written) return { entry, isNew: true };
      const first = findPlace(entry.reference);
      if (first === undefined) throw new Error('the Book does not show what was written to it: was the file replaced?');
      const counted = readLineAt(file, first);
      return { entry: readEntry(counted), isNew: first >= before && `${counted}\n` === text };
    },
    close() {
      closeSync(file);
    },
  };
}

/**
 * Every entry that counts, in the order of the file; none if the file is not there. For tests and tools: it keeps all
 * references in memory.
 */
export function* readBook(path: string): Generator<BookEntry> {
  const file = openIfPresent(path);
  if (file === undefined) return;
  try {
    const seen = new Set<string>();
    const buffer = Buffer.allocUnsafe(tailBytes);
    for (let end = 0; ; ) {
      const records: string[] = [];
      const next = readLines({ file, from: end, buffer }, (reference, _position, record) => {
        if (!seen.has(reference)) records.push(record);
        seen.add(reference);
      });
      for (const record of records) yield readEntry(record);
      if (next === end) return;
      end = next;
    }
  } finally {
    closeSync(file);
  }
}

/** How often each payout was executed, over all its references. More than once is what must never happen. */
export function countExecutions(path: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of readBook(path)) {
    if (entry.decision === 'executed') counts.set(entry.payoutId, (counts.get(entry.payoutId) ?? 0) + 1);
  }
  return counts;
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The last references and their places: two halves, so that forgetting is dropping a map and never a walk. */
function createRecent(max: number) {
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  function keep(reference: string, position: number): void {
    if (young.size >= max / 2) {
      old = young;
      young = new Map();
    }
    young.set(reference, position);
  }
  return {
    keep,
    find(reference: string): number | undefined {
      const known = young.get(reference);
      if (known !== undefined) return known;
      const older = old.get(reference);
      if (older !== undefined) keep(reference, older);
      return older;
    },
  };
}

type Span = { readonly file: number; readonly from: number; readonly buffer: Buffer };
type Visit = (reference: string, position: number, record: string) => void;

/** Visits every whole line from `from` on; answers where the first line that is not whole begins. */
function eachLine(span: Span, visit: Visit): number {
  for (let from = span.from; ; ) {
    const next = readLines({ ...span, from }, visit);
    if (next - from < span.buffer.length - lineBytesMax) return next;
    from = next;
  }
}

/** Visits the whole lines of one buffer; answers where the next one begins. */
function readLines({ file, from, buffer }: Span, visit: Visit): number {
  const length = readSync(file, buffer, 0, buffer.length, from);
  let start = 0;
  while (start < length) {
    const stop = buffer.indexOf(newline, start);
    if (stop === -1 || stop >= length) break;
    const line = buffer.toString('latin1', start, stop);
    // A write that was cut short is followed, on the same line, by somebody's whole record: that one counts.
    const record = line.lastIndexOf(lineStart);
    if (record !== -1) {
      const first = record + lineStart.length;
      visit(line.slice(first, line.indexOf('"', first)), from + start + record, line.slice(record));
    }
    start = stop + 1;
  }
  return from + start;
}

function searchFile(file: number, reference: string, end: number): number | undefined {
  const needle = Buffer.from(`${lineStart}${reference}"`);
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(end, needle.length)));
  for (let from = 0; from < end; ) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, end - from), from);
    const chunk = buffer.subarray(0, length);
    for (let at = chunk.indexOf(needle); at !== -1; at = chunk.indexOf(needle, at + 1)) {
      // Its start twice on one line: a write cut short, which does not count.
      if (readLineAt(file, from + at).lastIndexOf(lineStart) === 0) return from + at;
    }
    if (length < needle.length) return undefined;
    from += length - needle.length + 1;
  }
  return undefined;
}

function readLineAt(file: number, position: number): string {
  const buffer = Buffer.allocUnsafe(2 * lineBytesMax);
  const length = readSync(file, buffer, 0, buffer.length, position);
  const stop = buffer.subarray(0, length).indexOf(newline);
  return buffer.toString('latin1', 0, stop === -1 ? length : stop);
}

function readEntryAt(file: number, position: number): BookEntry {
  return readEntry(readLineAt(file, position));
}

/** Amounts are text on a line: JSON has no whole numbers. */
function writeEntry({ reference, ...rest }: BookEntry): string {
  const text = JSON.stringify({ reference, ...rest }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return `${text}\n`;
}

function readEntry(line: string): BookEntry {
  const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const paid = fields.decision === 'executed' ? { paidMinor: BigInt(String(fields.paidMinor)) } : {};
  return { ...fields, amountMinor: BigInt(String(fields.amountMinor)), ...paid } as BookEntry;
}
