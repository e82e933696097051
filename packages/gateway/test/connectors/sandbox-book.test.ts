import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type BookEntry, countExecutions, openBook, readBook } from '../../src/connectors/sandbox-book.ts';
import { createFilter } from '../../src/connectors/sandbox-filter.ts';

const writerPath = join(import.meta.dirname, 'book-writer.ts');

function entryOf(reference: string, more: { readonly payoutId?: string; readonly script?: string } = {}): BookEntry {
  const { payoutId = reference, script = 'none' } = more;
  const decision = { decision: 'executed', paidMinor: 12_345_678_901_234_567n } as const;
  return { reference, payoutId, ...decision, amountMinor: 5n, currency: 'RUB', script, at: 1, finalAt: 2 };
}

describe('the Book of the sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vyplata-book-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let books = 0;
  const newPath = () => join(folder, `nested-${++books}`, 'book.ndjson');

  it('keeps what was recorded, exactly, over a restart', () => {
    const path = newPath();
    const first = openBook(path);
    const entries: BookEntry[] = [
      entryOf('1-1'),
      { ...entryOf('2-1'), decision: 'rejected', reason: 'card_expired', paidMinor: undefined } as never,
      { ...entryOf('3-1'), decision: 'lost', paidMinor: undefined } as never,
    ];
    for (const entry of entries) assert.equal(first.record(entry).isNew, true);
    first.close();
    const second = openBook(path);
    for (const entry of entries) {
      const { paidMinor: _none, ...rest } = { paidMinor: undefined, ...entry };
      assert.deepEqual(second.find(entry.reference), entry.decision === 'executed' ? entry : rest);
    }
    assert.equal(second.find('4-1'), undefined);
    second.close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual([...countExecutions(path)], [['1-1', 1]]);
  });
  it('counts the first line of a reference only', () => {
    const path = newPath();
    const book = openBook(path);
    const other = openBook(path);
    book.record(entryOf('1-1', { script: 'first' }));
    // The other one has not read the file since, and still learns that it came second.
    const late = other.record(entryOf('1-1', { script: 'second' }));
    assert.deepEqual([late.isNew, late.entry.script], [false, 'first']);
    assert.equal(book.record(entryOf('1-1', { script: 'third' })).entry.script, 'first');
    assert.equal(book.find('1-1')?.script, 'first');
    assert.deepEqual([...countExecutions(path)], [['1-1', 1]]);
    book.close();
    other.close();
  });
  it('shows two references of one payout as two executions', () => {
    const path = newPath();
    const book = openBook(path);
    book.record(entryOf('7-1', { payoutId: '7' }));
    book.record(entryOf('7-2', { payoutId: '7' }));
    book.close();
    assert.equal(countExecutions(path).get('7'), 2);
  });
  it('sees what another process appends, and not before the line is whole', () => {
    const path = newPath();
    const book = openBook(path);
    book.record(entryOf('1-1'));
    const line = readFileSync(path, 'utf8').replaceAll('1-1', '2-1');
    appendFileSync(path, line.slice(0, 40));
    assert.equal(book.find('2-1'), undefined);
    assert.equal([...readBook(path)].length, 1);
    appendFileSync(path, line.slice(40));
    assert.deepEqual(book.find('2-1'), entryOf('2-1'));
    book.close();
  });
  it('is not upset by a write that was cut short: what follows on its line counts, it does not', () => {
    const path = newPath();
    const book = openBook(path, { recentMax: 2 });
    book.record(entryOf('1-1'));
    const whole = readFileSync(path, 'utf8').replaceAll('1-1', '2-1').trimEnd();
    for (const torn of [whole.slice(0, 10), whole.slice(0, 20), whole]) {
      appendFileSync(path, torn);
      const reference = `after-${torn.length}`;
      assert.equal(book.record(entryOf(reference)).isNew, true);
      assert.deepEqual(book.find(reference), entryOf(reference));
      assert.equal(book.find('2-1'), undefined);
    }
    assert.equal(book.record(entryOf('2-1')).isNew, true);
    assert.deepEqual([...readBook(path)].map(({ reference }) => reference).at(-1), '2-1');
    for (const reference of ['3-1', '4-1', '5-1']) book.record(entryOf(reference));
    assert.deepEqual(book.find('2-1'), entryOf('2-1'), 'forgotten, and searched for among the torn ones');
    book.close();
    const reopened = openBook(path, { recentMax: 2, filterBytes: 64 });
    assert.deepEqual(reopened.find('after-20'), entryOf('after-20'));
    reopened.close();
  });
  it('finds references it has forgotten, and new ones in a filter that is full', () => {
    const path = newPath();
    const book = openBook(path, { recentMax: 10, filterBytes: 64 });
    for (let number = 0; number < 1_500; number += 1) {
      assert.equal(book.record(entryOf(`${number}-1`)).isNew, true);
    }
    const { size } = statSync(path);
    for (const number of [0, 1, 7, 1_234, 1_499]) {
      assert.equal(book.find(`${number}-1`)?.payoutId, `${number}-1`);
      assert.equal(book.record(entryOf(`${number}-1`)).isNew, false);
    }
    assert.equal(statSync(path).size, size, 'repeats add no lines');
    assert.equal(book.find('1500-1'), undefined);
    assert.equal(book.find('99-'), undefined);
    book.close();
    assert.equal([...readBook(path)].length, 1_500);
    assert.ok([...countExecutions(path).values()].every((count) => count === 1));
  });
  it('refuses references it could not find again', () => {
    const book = openBook(newPath());
    for (const reference of ['', 'a"b', 'a\\b', 'a\nb', 'ы', 'x'.repeat(201)]) {
      assert.throws(() => book.record(entryOf(reference)), RangeError);
    }
    assert.throws(() => book.record(entryOf('1-1', { script: 'ы' })), RangeError);
    assert.throws(() => book.record(entryOf('1-1', { script: 'x'.repeat(4_096) })), RangeError);
    assert.equal(book.find('1-1'), undefined);
    book.close();
  });
  it('has no executions when there is no file', () => {
    assert.equal(countExecutions(join(folder, 'nothing')).size, 0);
  });

  it('loses nothing that a killed process had recorded', async () => {
    const path = newPath();
    openBook(path).close();
    for (const [round, linesMin] of [200, 1_000].entries()) {
      const writer = `killed${round}`;
      const { references } = await write({ path, writer, killAfter: linesMin });
      assert.ok(references.length >= linesMin);
      const book = openBook(path);
      for (const reference of references) assert.equal(book.find(reference)?.script, writer);
      assert.equal(book.record(entryOf(`after-${writer}`)).isNew, true);
      assert.equal(book.find(`after-${writer}`)?.script, 'none');
      book.close();
    }
  });
  it('executes a reference once for two processes that send it at the same time', async () => {
    const path = newPath();
    const entriesMax = 3_000;
    const writers = ['left', 'right'];
    const runs = await Promise.all(writers.map((writer) => write({ path, writer, entriesMax, mode: 'shared' })));
    const isNew = new Set<string>();
    for (const [at, { lines }] of runs.entries()) {
      assert.equal(lines.length, entriesMax);
      for (const [reference = '', age, winner] of lines) {
        assert.equal(
          age === 'new',
          winner === writers[at],
          `${reference}: ${age} for ${writers[at]}, won by ${winner}`,
        );
        if (age === 'new') assert.ok(!isNew.has(reference), `${reference} was new for both`);
        if (age === 'new') isNew.add(reference);
      }
    }
    assert.equal(isNew.size, entriesMax);
    const counts = countExecutions(path);
    assert.equal(counts.size, entriesMax);
    assert.ok([...counts.values()].every((count) => count === 1));
  });
});

describe('the filter of the Book', () => {
  it('never denies what was added and seldom claims what was not', () => {
    const filter = createFilter(1 << 13);
    for (let number = 0; number < 4_000; number += 1) filter.add(`100${number}-1`);
    let claims = 0;
    for (let number = 0; number < 4_000; number += 1) {
      assert.ok(filter.mayHave(`100${number}-1`));
      if (filter.mayHave(`100${number}-2`)) claims += 1;
    }
    // 16 bits a text and 6 hashes: 0.1 % in theory.
    assert.ok(claims < 20, `${claims} of 4000 claimed by mistake`);
  });
  it('wants a size it can mask', () => {
    assert.throws(() => createFilter(1000), RangeError);
  });
});

type Run = { readonly lines: readonly string[][]; readonly references: readonly string[] };

/** Runs a writer, kills it once it has printed `killAfter` lines, and answers the lines it printed whole. */
async function write(run: {
  readonly path: string;
  readonly writer: string;
  readonly entriesMax?: number;
  readonly mode?: string;
  readonly killAfter?: number;
}): Promise<Run> {
  const { path, writer, entriesMax = 10_000_000, mode = '', killAfter = Number.POSITIVE_INFINITY } = run;
  const child = spawn(process.execPath, [writerPath, path, writer, String(entriesMax), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let count = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    count += chunk.split('\n').length - 1;
    if (count >= killAfter) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
  return { lines, references: lines.map(([reference = '']) => reference) };
}
