// Owns reading and writing CSV (RFC 4180) without more than Node.
// Promises every cell as it was written, whatever separator a spreadsheet chose, and cells that no spreadsheet runs.
// Refuses to know what the columns mean.

export type CsvRow = { line: number; cells: string[] };

/**
 * @returns the rows that are not empty, with the line on which each begins
 * @throws Error for a quote that is never closed
 */
export function parseCsv(text: string): CsvRow[] {
  const content = text.replace(/^\uFEFF/, '');
  const separator = findSeparator(content);
  const rows: CsvRow[] = [];
  let [line, at] = [1, 0];
  while (at < content.length) {
    const begun = line;
    const cells: string[] = [];
    for (let isRowOpen = true; isRowOpen; ) {
      const cell = readCell({ content, at, separator, line: begun });
      cells.push(cell.value);
      line += cell.lineBreaks;
      at = cell.end;
      isRowOpen = content[at] === separator;
      if (isRowOpen) at += 1;
    }
    if (content[at] === '\r') at += 1;
    if (content[at] === '\n') at += 1;
    line += 1;
    if (cells.some((cell) => cell.trim() !== '')) rows.push({ line: begun, cells });
  }
  return rows;
}

/** Semicolons and tabs are what spreadsheets write in half of the world. */
function findSeparator(content: string): string {
  const [header = ''] = content.split(/\r?\n/, 1);
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.sort((left, right) => right.count - left.count)[0]?.mark ?? ',';
}

type Place = { content: string; at: number; separator: string; line: number };

function readCell({ content, at, separator, line }: Place): { value: string; end: number; lineBreaks: number } {
  if (content[at] !== '"') {
    let end = at;
    while (end < content.length && ![separator, '\n', '\r'].includes(content[end] ?? '')) end += 1;
    return { value: content.slice(at, end), end, lineBreaks: 0 };
  }
  let value = '';
  for (let start = at + 1; ; ) {
    const quote = content.indexOf('"', start);
    if (quote === -1) throw new Error(`Line ${line}: a quote is opened and never closed.`);
    value += content.slice(start, quote);
    if (content[quote + 1] !== '"') {
      return { value, end: quote + 1, lineBreaks: value.split('\n').length - 1 };
    }
    value += '"';
    start = quote + 2;
  }
}

/** One line with its line break. A cell that a spreadsheet would run as a formula gets an apostrophe in front. */
export function writeCsvRow(cells: readonly (string | number | undefined)[]): string {
  const written = cells.map((cell) => {
    const text = String(cell ?? '');
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${written.join(',')}\n`;
}
