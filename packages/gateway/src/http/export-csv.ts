/** A cell of an exported table. Numbers are written as numbers where the format knows them. */
export type Cell = string | number | null;

/**
 * Text that a spreadsheet would run as a formula, made harmless: a merchant's order_id must not do anything on an
 * operator's machine (OWASP, CSV injection).
 */
export function neutralise(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** One record of RFC 4180: fields in quotes where they need them, CRLF at the end. */
export function writeCsvRow(cells: readonly Cell[]): string {
  return `${cells.map(writeCsvField).join(',')}\r\n`;
}

/** Few texts need anything done to them: one look finds out. */
const strangeForm = /^[=+\-@\t\r]|[",\r\n]/;

/** A text, or a number, as it stands between two commas. */
export function writeCsvField(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (!strangeForm.test(cell)) return cell;
  const text = neutralise(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
