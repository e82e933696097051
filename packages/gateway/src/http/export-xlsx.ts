import { strToU8, Zip, ZipDeflate } from 'fflate';
import { type Cell, neutralise } from './export-csv.ts';

/** What a sheet holds at most, the row of names included. */
const sheetRowsMax = 1_048_576;
const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const spreadsheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packages = 'http://schemas.openxmlformats.org/package/2006';
const typeOf = (name: string): string => `application/vnd.openxmlformats-officedocument.spreadsheetml.${name}+xml`;

/**
 * Rows as an XLSX workbook, piece by piece: what was given out is forgotten, so its size does not matter. Texts are
 * written inside their cells, since a table of shared ones would have to be kept; a sheet that is full is followed by
 * the next one.
 */
export async function* writeXlsx(
  names: readonly string[],
  pages: AsyncIterable<readonly (readonly Cell[])[]>,
  rowsMax = sheetRowsMax,
): AsyncGenerator<Uint8Array> {
  const zip = createZip();
  let sheets = 0;
  let rows = 0;
  let sheet: ZipDeflate | undefined;
  const open = (): ZipDeflate => {
    sheets += 1;
    rows = 1;
    const opened = zip.add(`xl/worksheets/sheet${sheets}.xml`);
    const frozen =
      '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" state="frozen"/></sheetView></sheetViews>';
    opened.push(strToU8(`${head}<worksheet xmlns="${spreadsheet}">${frozen}<sheetData>${writeRow(names)}`));
    return opened;
  };
  const close = (opened: ZipDeflate): void => opened.push(strToU8('</sheetData></worksheet>'), true);
  for await (const page of pages) {
    let left = page;
    while (left.length > 0) {
      if (sheet !== undefined && rows >= rowsMax) {
        close(sheet);
        sheet = undefined;
      }
      sheet ??= open();
      const fitting = left.slice(0, rowsMax - rows);
      sheet.push(strToU8(fitting.map(writeRow).join('')));
      rows += fitting.length;
      left = left.slice(fitting.length);
    }
    yield* zip.take();
  }
  close(sheet ?? open());
  for (const [path, text] of frameOf(sheets)) zip.add(path).push(strToU8(head + text), true);
  zip.end();
  yield* zip.take();
}

function createZip() {
  const chunks: Uint8Array[] = [];
  let failure: Error | undefined;
  const zip = new Zip((error, chunk) => {
    if (error !== null) failure = error;
    else if (chunk.length > 0) chunks.push(chunk);
  });
  return {
    add(path: string): ZipDeflate {
      const file = new ZipDeflate(path, { level: 6 });
      zip.add(file);
      return file;
    },
    end: () => zip.end(),
    *take(): Generator<Uint8Array> {
      if (failure !== undefined) throw failure;
      yield* chunks.splice(0);
    },
  };
}

/** The parts of a workbook that say what its sheets are. */
function frameOf(sheets: number): [string, string][] {
  const each = (write: (at: number) => string): string =>
    Array.from({ length: sheets }, (_, index) => write(index + 1)).join('');
  const types = each(
    (at) => `<Override PartName="/xl/worksheets/sheet${at}.xml" ContentType="${typeOf('worksheet')}"/>`,
  );
  const listed = each((at) => `<sheet name="payouts ${at}" sheetId="${at}" r:id="rId${at}"/>`);
  const related = each(
    (at) => `<Relationship Id="rId${at}" Type="${relations}/worksheet" Target="worksheets/sheet${at}.xml"/>`,
  );
  return [
    [
      '[Content_Types].xml',
      `<Types xmlns="${packages}/content-types">` +
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
        `<Override PartName="/xl/workbook.xml" ContentType="${typeOf('sheet.main')}"/>${types}</Types>`,
    ],
    [
      '_rels/.rels',
      `<Relationships xmlns="${packages}/relationships">` +
        `<Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `<workbook xmlns="${spreadsheet}" xmlns:r="${relations}"><sheets>${listed}</sheets></workbook>`,
    ],
    ['xl/_rels/workbook.xml.rels', `<Relationships xmlns="${packages}/relationships">${related}</Relationships>`],
  ];
}

function writeRow(cells: readonly Cell[]): string {
  return `<row>${cells.map(writeCell).join('')}</row>`;
}

function writeCell(cell: Cell): string {
  if (cell === null) return '<c/>';
  if (typeof cell === 'number') return `<c><v>${cell}</v></c>`;
  return `<c t="inlineStr"><is><t xml:space="preserve">${escapeXml(neutralise(cell))}</t></is></c>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Without what XML 1.0 cannot hold at all. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
