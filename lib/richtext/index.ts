/**
 * Rich text: HTML, Markdown, Textile, Jira wiki markup and ADF in and out of one tree. Pure functions: no network, no clock,
 * no state. Nothing throws, whatever the text: what cannot be read as markup is read as plain text, and the loss says so.
 */

import type { Dialect, RichText, RichTextFormat } from '../model/values';
import { formatOf } from './formats';
import { Losses } from './losses';
import { quietMentions, withoutJoiners, withQuietMentions } from './mentions';
import { type Merged, type MergeInput, merge } from './merge';
import { blockKeys } from './merge/key';
import { parseText } from './text';
import type { Loss, Tree } from './tree';
import { Unreadable } from './unreadable';

export { looksEmpty } from '../model/empty';
export { withQuietMentions } from './mentions';
export type { Merged, MergeInput } from './merge';
export type { Loss, Tree } from './tree';

/** How a conversion is to read and write; all of it may be left out. */
export interface ConvertContext {
  /** how the text is to be read, where it doesn't say so itself */
  from?: Dialect;
  /** how the system that gets it reads it */
  into?: Dialect;
}

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
    return withoutJoinersIn(formatOf(text.format).parse(source, text.dialect ?? context.from ?? {}), source);
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
  const { into } = context;
  const content = quietMentions(formatOf(format).render(tree, losses, into ?? {}), format, into);
  return { text: { format, content, ...(into && { dialect: into }) }, losses: losses.list() };
}

/**
 * A text in another format. A text that is in that format already, and means the same where it goes, is returned as it is,
 * byte for byte – but for joiners that keep its names from mentioning people there (./mentions.ts).
 * @returns the text and, as sentences for people, what the target format cannot show
 */
export function convert(
  text: RichText,
  format: RichTextFormat,
  context: ConvertContext = {},
): { text: RichText; losses: Loss[] } {
  const { into } = context;
  if (text.format !== format || !readsTheSame(text, context)) return render(parse(text, context), format, context);
  return { text: withQuietMentions(into ? { ...text, dialect: into } : text), losses: [] };
}

/** True where a text is the same content in the dialect that it goes to. */
function readsTheSame(text: RichText, { from, into }: ConvertContext): boolean {
  const own = text.dialect ?? from ?? {};
  if (into === undefined || text.format !== 'markdown') return true;
  if (own.hardBreaks === into.hardBreaks && own.plainTags === into.plainTags) return true;
  const [one, other] = [own, into].map((dialect) => blockKeys(parse({ ...text, dialect }).children));
  return JSON.stringify(one) === JSON.stringify(other);
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
  const [from, into] = [input.after.dialect ?? context.from, input.target.dialect ?? context.into];
  // a baseline may be older than what is known of the system's dialect
  const source = (text: RichText): RichText => (from ? { ...text, dialect: from } : text);
  const target = into ? { ...input.target, dialect: into } : input.target;
  const apart = input.after.format === target.format && JSON.stringify(from) !== JSON.stringify(into);
  const dialectOf = (format: RichTextFormat): Dialect | undefined => (format === target.format ? into : from);
  // texts in one markup, but two dialects, are merged in the target's
  const own = (text: RichText): RichText =>
    apart ? convert(source(text), target.format, { into: into ?? {} }).text : source(text);
  const merged = merge(
    { target, before: own(input.before), after: own(input.after) },
    {
      parse: (text) => parse({ ...text, dialect: dialectOf(text.format) }),
      render: (tree, format) => render(tree, format, { into: dialectOf(format) }),
    },
    apart,
  );
  if (merged.text.content === target.content) return { ...merged, text: input.target };
  return { ...merged, text: withQuietMentions({ ...merged.text, ...(into && { dialect: into }) }, target) };
}

/** The conversion as the field mapper wants it: the text, and the losses as one sentence. */
export function richTextConverter(
  text: RichText,
  format: RichTextFormat,
  into?: Dialect,
): RichText & { lossy?: string } {
  const { text: converted, losses } = convert(text, format, { into });
  // a plain text field is the user's choice: that it has no formatting is no news
  if (format === 'text' || losses.length === 0) return converted;
  return { ...converted, lossy: `is not shown in full: ${losses.map(({ message }) => message).join(' ')}` };
}

/**
 * A text that is not read: its source as a block of code, which every format can write at once, whatever is in it.
 * @param why goes on after "The text"
 */
export function asItStands(
  text: RichText,
  format: RichTextFormat,
  { into }: ConvertContext,
  why: string,
): { text: RichText; losses: Loss[] } {
  const value = unixLines(text.content);
  if (text.format === format || format === 'text')
    return { text: { format, content: value, ...(into && { dialect: into }) }, losses: degradedLosses(why) };
  return render({ type: 'root', children: [{ type: 'code', value }], degraded: why }, format, { into });
}

function degradedLosses(why: string): Loss[] {
  const losses = new Losses();
  losses.add('degraded', `The text ${why}: its markup was not read, it is shown as it stands.`);
  return losses.list();
}

/** Line ends as '\n'. */
const unixLines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

/** The tree without the joiners behind an `@`, in words and in code. */
function withoutJoinersIn(tree: Tree, source: string): Tree {
  if (!source.includes('\u2060')) return tree;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (Array.isArray(value)) value.forEach(visit);
      else if (typeof value === 'string' && (key === 'value' || key === 'text' || key === 'title')) {
        const plain = withoutJoiners(value);
        // in Textile the sign of code is an @ itself
        Reflect.set(node, key, Reflect.get(node, 'type') === 'inlineCode' ? plain.replace(/^\u2060+/, '') : plain);
      }
    }
  };
  tree.children.forEach(visit);
  return tree;
}
