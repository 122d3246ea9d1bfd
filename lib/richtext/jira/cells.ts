/** Splits a row of a table in Jira wiki markup into its cells. */

/** The cells of a row. A bar does not end a cell inside a link, an image or a macro, or after a backslash. */
export function cellsOf(row: string): { header: boolean; content: string }[] {
  const cells: { header: boolean; content: string }[] = [];
  const missing = new Set<string>();
  let header = row.startsWith('||');
  let start = header ? 2 : 1;
  for (let at = start; at < row.length; at++) {
    const char = row[at];
    const macro = char === '{' ? macroEnd(row, at, missing) : undefined;
    if (char === '\\') at++;
    else if (macro !== undefined) at = macro - 1;
    else if (char === '[' || char === '{' || char === '!') at = skip(row, at);
    else if (char === '|') {
      const double = row[at + 1] === '|';
      cells.push({ header, content: row.slice(start, at) });
      // a double bar starts a header cell; at the end of a row both bars belong to the row's end
      header = double;
      start = double ? at + 2 : at + 1;
      at = start - 1;
    }
  }
  const tail = row.slice(start);
  if (tail.trim() !== '') cells.push({ header, content: tail });
  return cells;
}

const MACRO = /^\{(code|noformat|quote|panel|info|note|tip|warning|expand)(?::[^{}\n]{0,500})?\}/;

/** The end of a macro with a body that starts here. @param missing names of macros that have no end after this place */
function macroEnd(row: string, at: number, missing: Set<string>): number | undefined {
  const [all, name] = MACRO.exec(row.slice(at, at + 520)) ?? [];
  if (all === undefined || name === undefined || missing.has(name)) return undefined;
  const end = row.indexOf(`{${name}}`, at + all.length);
  if (end >= 0) return end + name.length + 2;
  missing.add(name);
  return undefined;
}

/** The last position of the construct that starts here, if it ends on the same line; otherwise the position itself. */
function skip(row: string, at: number): number {
  const rest = row.slice(at, at + 2600);
  const match =
    row[at] === '['
      ? /^\[(?:\\.|[^[\]\\\n]){1,2500}\]/.exec(rest)
      : row[at] === '{'
        ? /^(?:\{\{[^\n]{1,2000}?\}\}|\{[^{}\n]{1,500}\})/.exec(rest)
        : /^![^\s!|][^!|\n]{0,1500}(?:\|[^!\n|]{0,500})!/.exec(rest);
  return match ? at + match[0].length - 1 : at;
}
