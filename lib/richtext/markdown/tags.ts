/** HTML tags within Markdown: the meaning of a single inline tag, read by the HTML parser and never passed on. */

import type { Mark } from '../inline';
import { withMark } from '../inline';
import type { Inline } from '../tree';

export interface Tag {
  name: string;
  closing: boolean;
  /** `<br/>` */
  empty: boolean;
}

const TAG = /^<(\/?)([a-zA-Z][a-zA-Z0-9-]*)(?:\s[\s\S]*?)?(\/?)>$/;
/** A complete comment. An unclosed comment, CDATA, declarations and `<? … ?>` are text that someone typed. */
export const isComment = (html: string): boolean => /^\s*<!--/.test(html) && /-->\s*$/.test(html);

const TAG_NAMES = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)/g;
const BOGUS = /<(?=\?|!(?!--))/g;

/** HTML in which tags shown as typed, and text that only looks like a comment, are text. */
export function withShownTags(html: string, isShown: (name: string) => boolean): string {
  const shown = html
    .replace(TAG_NAMES, (tag, slash: string, name: string) =>
      isShown(name.toLowerCase()) ? `&lt;${slash}${name}` : tag,
    )
    .replace(BOGUS, '&lt;');
  const open = shown.lastIndexOf('<!--');
  return open >= 0 && shown.indexOf('-->', open) < 0 ? `${shown.slice(0, open)}&lt;${shown.slice(open + 1)}` : shown;
}

/** True for a block that starts with such a tag or sign. The block continues to the end of the text unless it is
 * closed. */
export function beginsShown(html: string, isShown: (name: string) => boolean): boolean {
  const [, , name] = /^\s*<(\/?)([a-zA-Z][a-zA-Z0-9-]*)/.exec(html) ?? [];
  return name === undefined ? /^\s*<[!?]/.test(html) && !isComment(html) : isShown(name.toLowerCase());
}

export function tagOf(html: string): Tag | undefined {
  const match = TAG.exec(html);
  if (!match) return undefined;
  const [, closing, name, empty] = match;
  return { name: (name ?? '').toLowerCase(), closing: closing === '/', empty: empty === '/' };
}

/** The marks that an opening tag adds, found by reading the tag with a letter in it. */
export function marksOf(html: string, read: (html: string) => Inline[]): readonly Mark[] {
  let node: Inline | undefined = read(`${html}x`)[0];
  let marks: readonly Mark[] = [];
  while (node && 'children' in node) {
    if (node.type === 'link') marks = withMark(marks, { type: 'link', url: node.url, title: node.title });
    else if (node.type === 'colour')
      marks = withMark(marks, { type: 'colour', color: node.color, background: node.background });
    else marks = withMark(marks, { type: node.type });
    node = node.children[0];
  }
  return marks;
}
