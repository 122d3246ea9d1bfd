/** A text line by line, each with its place. */

export interface Line {
  text: string;
  /** offsets in the whole text, the line end not included */
  start: number;
  end: number;
}

/** The lines of a text whose line ends are '\n'. */
export function linesOf(source: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const text of source.split('\n')) {
    lines.push({ text, start, end: start + text.length });
    start += text.length + 1;
  }
  return lines;
}
