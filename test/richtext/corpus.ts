/** The corpus: small documents per format, written after the vendors' documentation, several in one file. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RichText, RichTextFormat } from '../../lib/model/values';

export const FORMATS: RichTextFormat[] = ['text', 'html', 'markdown', 'textile', 'jira-wiki', 'adf'];

export interface Case {
  name: string;
  text: RichText;
}

const folder = join(__dirname, 'corpus');

/** The parts of a file whose parts begin with `=== name`. */
export function partsOf(file: string): { name: string; content: string }[] {
  return readFileSync(join(folder, file), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { name: part.slice(0, end), content: part.slice(end + 1).replace(/\n$/, '') };
    });
}

/** The cases of a format. ADF cases are the nodes of a document. */
export function casesOf(format: RichTextFormat): Case[] {
  return partsOf(`${format}.txt`).map(({ name, content }) => ({
    name,
    text: { format, content: format === 'adf' ? `{"version":1,"type":"doc","content":${content}}` : content },
  }));
}

/** Every pair of two different formats. */
export const PAIRS: [RichTextFormat, RichTextFormat][] = FORMATS.flatMap((from) =>
  FORMATS.filter((to) => to !== from).map((to): [RichTextFormat, RichTextFormat] => [from, to]),
);
