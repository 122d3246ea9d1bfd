/** What Redmine recognizes in running text of any markup: links to wiki pages, and macros.
 * https://www.redmine.org/projects/redmine/wiki/RedmineWikis */

import type { CompileContext, Extension, Token } from 'mdast-util-from-markdown';
import type { Options } from 'mdast-util-to-markdown';
import type { LeafNode } from '../inline';

const WORDS =
  /\[\[(?!\s)([^[\]|\n]{1,200})(?<!\s)(?:\|([^[\]\n]{1,400}))?\]\]|\{\{(\w{1,40})(?:\([^{}\n]{0,500}\))?\}\}/g;

/** Text with its wiki links and macros as nodes of their own. */
export function splitText(value: string): LeafNode[] {
  if (!value.includes('[[') && !value.includes('{{')) return [{ type: 'text', value }];
  const result: LeafNode[] = [];
  let end = 0;
  for (const match of value.matchAll(WORDS)) {
    if (match.index > end) result.push({ type: 'text', value: value.slice(end, match.index) });
    const [source, page, label, macro] = match;
    if (macro !== undefined)
      result.push({ type: 'vendorInline', vendor: 'redmine', source, name: `macro ${macro}`, text: source });
    else result.push({ type: 'wikiLink', page: page ?? '', ...(label === undefined ? {} : { text: label }) });
    end = match.index + match[0].length;
  }
  if (end < value.length) result.push({ type: 'text', value: value.slice(end) });
  return result;
}

function apart(this: CompileContext, token: Token): undefined {
  if (!/^\\[[{]$/.test(this.sliceSerialize(token))) {
    this.config.enter.data?.call(this, token);
    return;
  }
  this.enter({ type: 'text', value: '' }, token);
  // the end of an escape removes its node from the stack without closing others
  this.tokenStack.pop();
}

/**
 * For the reader: starts a separate text node at an escaped brace or bracket, so that `{\{toc}}` and `\[\[Page]]` are
 * spread over several nodes and match neither construct. Redmine looks for macros in the source, where the escape
 * separates the characters.
 */
export const escapesApart: Extension = { enter: { characterEscape: apart } };

/** For the writer: adds such an escape to text that only looks like the start of a macro. */
export const macroLookalikes: NonNullable<Options['unsafe']> = [
  { character: '{', before: '\\{', after: '\\w', inConstruct: 'phrasing' },
];
