/** Tables for spreadsheets. Pure; also for the browser. */

export type CsvRow = readonly (string | number)[];

/**
 * Comma-separated, RFC 4180, with a byte order mark, since spreadsheets take it for Latin otherwise. What a spreadsheet
 * would take for a formula gets an apostrophe in front: it is text from a system.
 */
export const csvText = (rows: readonly CsvRow[]): string =>
  `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
