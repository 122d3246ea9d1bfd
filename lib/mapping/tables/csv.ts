/**
 * Comma-separated values as written by Excel and others (RFC 4180): any of , ; tab | between the cells, quotes around
 * them, a byte order mark, UTF-8, UTF-16 or Windows-1252, which is Excel's default. Every cell remains text, so leading
 * zeros are kept.
 */

const SEPARATORS = [',', ';', '\t', '|'];

/** The text of a file in any encoding. @throws TypeError if it is not text */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (bytes.includes(0)) throw new TypeError('not a text');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The separator between cells: the candidate that is most frequent in the first line, outside of quotes. */
function separatorOf(text: string): string {
  const counts = new Map(SEPARATORS.map((separator) => [separator, 0]));
  let quoted = false;
  for (const char of text.slice(0, 10_000)) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '\n' || char === '\r')) break;
    else if (!quoted && counts.has(char)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best?.[0] ?? ',';
}

/** The rows of a text, cell by cell. An unclosed quote ends with the text. */
export function parseCsv(text: string): string[][] {
  const said = /^sep=(.)\r?\n/.exec(text);
  const separator = said?.[1] ?? separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = said?.[0].length ?? 0;
  const end = text.length;
  while (at < end) {
    let cell: string;
    if (text[at] === '"') {
      cell = '';
      at += 1;
      for (;;) {
        const close = text.indexOf('"', at);
        cell += text.slice(at, close < 0 ? end : close);
        at = close < 0 ? end : close + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
    } else {
      const begin = at;
      while (at < end && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at += 1;
      cell = text.slice(begin, at);
    }
    row.push(cell);
    if (text[at] === separator) {
      at += 1;
      if (at >= end) row.push('');
      continue;
    }
    // text after a closing quote is not part of the cell
    while (at < end && text[at] !== '\n' && text[at] !== '\r') at += 1;
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
    at += 1;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
