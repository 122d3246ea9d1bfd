/** HTML tags within Markdown: what a single inline tag means, read by the HTML parser, never passed on. */

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
const COMMENT = /^<(?:!|\?)/;

export const isComment = (html: string): boolean => COMMENT.test(html);

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
