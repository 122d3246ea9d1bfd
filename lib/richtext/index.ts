/**
 * Rich text: HTML, Markdown, Textile, Jira wiki markup and ADF in and out of one tree. Pure functions: no network, no clock,
 * no state. Nothing throws, whatever the text: what cannot be read as markup is read as plain text, and the loss says so.
 */

import type { RichText, RichTextFormat } from '../model/values';
import { type FormatOptions, formatOf } from './formats';
import { Losses } from './losses';
import { type Merged, type MergeInput, merge } from './merge';
import { parseText } from './text';
import type { Loss, Tree } from './tree';
import { Unreadable } from './unreadable';

export { looksEmpty } from '../model/empty';
export type { Merged, MergeInput } from './merge';
export type { Loss, Tree } from './tree';

/** How a conversion is to read and write; all of it may be left out. */
export type ConvertContext = FormatOptions;

/** Texts longer than this many characters are not read as markup: fields of the supported systems end far below. */
export const LARGEST = 500_000;

/**
 * Reads a text into the tree.
 * @returns the tree; with `degraded` where the text had to be read as plain text, and why
 */
export function parse(text: RichText, context: ConvertContext = {}): Tree {
  const source = unixLines(text.content);
  if (text.format === 'text') return parseText(source);
  if (source.length > LARGEST) return { ...parseText(source), degraded: `has more than ${LARGEST} characters` };
  try {
    return formatOf(text.format).parse(source, context);
  } catch (error) {
    return { ...parseText(source), degraded: error instanceof Unreadable ? error.message : 'could not be read' };
  }
}

/** Writes a tree in a format, and says what of it the format cannot show. */
export function render(
  tree: Tree,
  format: RichTextFormat,
  context: ConvertContext = {},
): { text: RichText; losses: Loss[] } {
  const losses = new Losses();
  if (tree.degraded !== undefined)
    losses.add('degraded', `The text ${tree.degraded}: its markup was not read, it is shown as it stands.`);
  const content = formatOf(format).render(tree, losses, context);
  return { text: { format, content }, losses: losses.list() };
}

/**
 * A text in another format. A text that is in that format already is returned as it is, byte for byte.
 * @returns the text and, as sentences for people, what the target format cannot show
 */
export function convert(
  text: RichText,
  format: RichTextFormat,
  context: ConvertContext = {},
): { text: RichText; losses: Loss[] } {
  if (text.format === format) return { text, losses: [] };
  return render(parse(text, context), format, context);
}

/**
 * Writes an edit of one side into the other side's text (invariant 7). Every block that is the same in `before` and `after`
 * is exactly the target's own block, byte for byte; only edited blocks are converted, and of edited lists and tables only
 * the edited items and rows. Where `after` equals `before` but for line ends and trailing blanks, the result is `target`
 * itself. Deterministic, throws nothing.
 *
 * The engine calls it for an update whose row has one rich text field on each side, with both baselines:
 * `mergeRichText({ target: target.base[field], before: source.base[from], after: source.now[from] })`. What somebody has
 * edited in the target since is put together with the result by the engine (lib/sync/text-merge.ts), if the row says so.
 * @returns the text to write, in the target's format
 */
export function mergeRichText(input: MergeInput, context: ConvertContext = {}): Merged {
  return merge(input, {
    parse: (text) => parse(text, context),
    render: (tree, format) => render(tree, format, context),
  });
}

/** The conversion as the field mapper wants it: the text, and the losses as one sentence. */
export function richTextConverter(text: RichText, format: RichTextFormat): RichText & { lossy?: string } {
  const { text: converted, losses } = convert(text, format);
  // a plain text field is the user's choice: that it has no formatting is no news
  if (format === 'text' || losses.length === 0) return converted;
  return { ...converted, lossy: `is not shown in full: ${losses.map(({ message }) => message).join(' ')}` };
}

/** Line ends as '\n'. */
const unixLines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);
