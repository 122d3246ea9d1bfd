/**
 * Removes blanks at line ends in linear time. A regular expression such as `/[ \t]+$/` starts again at each blank of a
 * run: 60 KB of blanks take it seconds.
 */

/** The text without the given characters at its end. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** The text without blanks, tabs and no-break spaces at the ends of its lines. Line ends are '\n'. */
export function withoutLineEnds(text: string): string {
  if (!/[ \t\u00a0](?:\n|$)/.test(text)) return text;
  return text
    .split('\n')
    .map((line) => withoutEnd(line, ' \t\u00a0'))
    .join('\n');
}

/** Replaces each line end, with the blanks and tabs around it, by the given text. */
export function joinLines(text: string, by: string): string {
  if (!text.includes('\n')) return text;
  return text
    .split('\n')
    .map((line, index, all) => {
      const begin = index === 0 ? line : line.replace(/^[ \t]+/, '');
      return index === all.length - 1 ? begin : withoutEnd(begin, ' \t');
    })
    .join(by);
}
