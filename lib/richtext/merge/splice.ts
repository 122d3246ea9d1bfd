/**
 * A text as replaceable parts and the text between them. Parts that are not replaced stay byte for byte. Text between
 * parts is kept if it is more than white space.
 */

import type { RichTextFormat } from '../../model/values';
import type { Span } from '../tree';

/** The change of a part: kept, or replaced by texts (none: removed). Texts may be added after it. */
export interface Change {
  keep: boolean;
  replacement: string[];
  behind: string[];
  /** the replacement is the same part with some words changed: it keeps its surroundings */
  inPlace?: boolean;
}

const SEPARATOR: Record<RichTextFormat, string> = {
  text: '\n\n',
  html: '\n',
  markdown: '\n\n',
  textile: '\n\n',
  'jira-wiki': '\n\n',
  adf: ',',
};

export const separatorOf = (format: RichTextFormat): string => SEPARATOR[format];

/**
 * @param parts places of the parts in the text, ascending, not overlapping
 * @param changes one per part
 * @param before texts to insert before the first part
 * @param separator goes between two texts that nothing else separates
 */
export function splice(
  source: string,
  parts: readonly Span[],
  changes: readonly Change[],
  before: readonly string[],
  separator: string,
): string {
  const plain = (glue: string): boolean => glue.replaceAll(',', separator.includes(',') ? '' : ',').trim() === '';
  const first = parts[0]?.start ?? source.length;
  let result = source.slice(0, first);
  let written = false;
  let lastNew = false;
  const write = (text: string, glue: string, fresh: boolean): void => {
    if (!written) result += plain(glue) ? '' : glue;
    else if (!plain(glue)) result += glue;
    else result += (fresh || lastNew) && !glue.includes(separator) ? separator : glue;
    result += text;
    written = true;
    lastNew = fresh;
  };
  for (const text of before) write(text, '', true);
  parts.forEach((part, index) => {
    const change = changes[index];
    let glue = index === 0 ? '' : source.slice(parts[index - 1]?.end ?? 0, part.start);
    const own = change?.keep ? [source.slice(part.start, part.end)] : (change?.replacement ?? []);
    for (const text of own) {
      write(text, glue, !change?.keep && !change?.inPlace);
      glue = '';
    }
    if (own.length === 0 && !plain(glue)) result += glue;
    for (const text of change?.behind ?? []) write(text, own.length === 0 && plain(glue) ? glue : '', true);
  });
  return result + source.slice(parts.at(-1)?.end ?? source.length);
}
