import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readStatements, type SqlStatement } from './read-statements.ts';
import { openReader, skipIfExists } from './weight.ts';

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
  /** Code that does not know it must not run on the database after it. */
  readonly breaking: boolean;
  /** Absent: the file is one transaction. Else each of these is one of its own, and may be run again. */
  readonly steps: readonly Step[] | undefined;
};

/** A statement that cannot, or must not, be part of a transaction. */
export type Step = {
  readonly statement: SqlStatement;
  readonly builds?: { readonly index: string; readonly table: string };
};

const breakingMarker = 'breaking';
const outsideMarker = 'outside transaction';

/** `NNNN-name.sql` in order. Throws when a number is missing or doubled, or a file says what nobody understands. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations = names.map(async (name, index): Promise<Migration> => {
    const number = index + 1;
    if (!/^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name) || Number(name.slice(0, 4)) !== number) {
      const expected = `${String(number).padStart(4, '0')}-some-name.sql`;
      throw new Error(`Migrations are numbered without gaps: ${name} stands where ${expected} is expected.`);
    }
    const text = await readFile(join(folder, name), 'utf8');
    const checksum = createHash('sha256').update(text).digest('hex');
    const marks = readMarks(name, text);
    const steps = marks.includes(outsideMarker) ? readStatements(text).map((each) => readStep(name, each)) : undefined;
    return { number, name, text, checksum, breaking: marks.includes(breakingMarker), steps };
  });
  return Promise.all(migrations);
}

/** The lines at the head of a file that begin with `--!`. */
function readMarks(name: string, text: string): string[] {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--!'));
  const marks = lines.slice(0, end < 0 ? lines.length : end).map((line) => line.slice('--!'.length).trim());
  const strange = marks.find((mark) => mark !== breakingMarker && mark !== outsideMarker);
  if (strange === undefined) return marks;
  throw new Error(`${name} is marked "--! ${strange}". Known are: --! ${breakingMarker}, --! ${outsideMarker}.`);
}

/** What may be cut off anywhere and run again. */
function readStep(name: string, statement: SqlStatement): Step {
  const reader = openReader(statement.tokens);
  if (reader.take('drop', 'index', 'concurrently', 'if', 'exists')) return { statement };
  if (reader.take('alter', 'table')) {
    skipIfExists(reader);
    reader.take('only');
    reader.name();
    if (reader.take('validate', 'constraint')) return { statement };
  }
  if (reader.take('create')) {
    reader.take('unique');
    if (reader.take('index', 'concurrently') && !reader.peek('if') && !reader.peek('on')) {
      const index = reader.name();
      reader.take('on');
      reader.take('only');
      return { statement, builds: { index, table: reader.name() } };
    }
  }
  const allowed =
    'create index concurrently <name>, drop index concurrently if exists, alter table … validate constraint';
  throw new Error(`${name}, line ${statement.line}: outside a transaction only these may stand: ${allowed}.`);
}
