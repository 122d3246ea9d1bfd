/** Where a text shows pictures. The patterns only find where one may begin and end; what it is, the format's own reader says. */

import type { RichText, RichTextFormat } from '../../model/values';
import type { Tree } from '../tree';
import { onlyPicture, pictureId, picturesIn, type ShownPicture } from './look';

export interface PicturePlace extends ShownPicture {
  start: number;
  end: number;
  /** @see pictureId */
  id: string;
}

/** Of one text; more are left as they are. */
const MOST = 200;
/** Longer ones are embedded in the text and show themselves. */
const LONGEST = 1_000;

const TAG = /<img\b(?:[^<>"']|"[^"]{0,900}"|'[^']{0,900}'){0,900}>/gi;

const PATTERNS: Record<RichTextFormat, readonly RegExp[]> = {
  html: [TAG],
  markdown: [
    /(?<!\\)!\[(?:[^[\]\\\n]|\\.|\[[^[\]\n]{0,200}\]){0,500}\]\([ \t]*(?:<[^<>\n]{1,900}>|(?:[^\s()<>\\]|\\.|\([^\s()]{0,200}\)){1,900})(?:[ \t]{1,9}(?:"(?:[^"\\\n]|\\.){0,300}"|'[^'\n]{0,300}'|\([^()\n]{0,300}\)))?[ \t]*\)/g,
    /(?<!\\)!\[[^[\]\\\n]{1,200}\](?:\[[^[\]\n]{0,200}\])?(?![([:])/g,
    TAG,
  ],
  textile: [
    /(?<![\p{L}\p{N}_])!(?:[<>=]?)(?:\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\]){0,3}(?:\. )?[^\s(!]{1,900} ?(?:\([^()\n]{0,500}\))?!(?::(?:https?:\/\/|\/|#|www\.|mailto:)[^\s<>|]{0,500}[\w/=&-])?/gu,
  ],
  'jira-wiki': [/(?<![\w\\])!(?:[^\s!|][^!|\n]{0,900})(?:\|[^!\n]{0,500})?!/g],
  adf: [],
  text: [],
};

/** Places of one text that are looked at, whatever they are. */
const MOST_TRIED = 400;

/**
 * The pictures of a text that have an address, in order. ADF is not covered here: @see ../mentioned/marks.ts
 * @param isWanted by the picture's id; only those count
 */
export function picturePlaces(
  text: RichText,
  isWanted: (id: string) => boolean,
  parse: (text: RichText) => Tree,
): PicturePlace[] {
  const { content, format } = text;
  const found: PicturePlace[] = [];
  const matches = matchesIn(content, format);
  if (matches.length === 0) return found;
  const shown = new Set([...picturesIn(parse(text))].filter((url) => !/^data:/i.test(url) && isWanted(pictureId(url))));
  if (shown.size === 0) return found;
  const definitions = format === 'markdown' ? definitionsIn(content) : undefined;
  /** equal places are equal pictures */
  const known = new Map<string, ShownPicture | undefined>();
  for (const { start, source } of matches) {
    if (found.length >= MOST || (known.size >= MOST_TRIED && !known.has(source))) continue;
    if (!known.has(source)) {
      const definition = definitions?.get(labelOf(source));
      const alone = definition === undefined ? source : `${source}\n\n${definition}`;
      known.set(source, onlyPicture(parse({ ...text, content: alone })));
    }
    const picture = known.get(source);
    if (picture && shown.has(picture.url))
      found.push({ start, end: start + source.length, id: pictureId(picture.url), ...picture });
  }
  return found.sort((a, b) => a.start - b.start);
}

function matchesIn(content: string, format: RichTextFormat): { start: number; source: string }[] {
  if (!/!|<img/i.test(content)) return [];
  return PATTERNS[format].flatMap((pattern) =>
    [...content.matchAll(pattern)]
      .filter(([source]) => source.length <= LONGEST)
      .map((match) => ({ start: match.index, source: match[0] })),
  );
}

/** Definitions of links in Markdown, by their labels: `[a]: shot.png`. */
function definitionsIn(content: string): Map<string, string> {
  const result = new Map<string, string>();
  for (const [line, label = ''] of content.matchAll(/^ {0,3}\[([^\]\n]{1,200})\]:[^\n]{1,900}$/gm))
    if (!result.has(label.toLowerCase())) result.set(label.toLowerCase(), line);
  return result;
}

/** `b` of `![a][b]`, and `a` of `![a]` and `![a][]`. */
function labelOf(source: string): string {
  const [, first = '', second = ''] = /^!\[([^\]]*)\](?:\[([^\]]*)\])?$/.exec(source) ?? [];
  return (second === '' ? first : second).toLowerCase();
}
