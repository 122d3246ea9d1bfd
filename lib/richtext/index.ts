/**
 * Rich text: reads HTML, Markdown, Textile, Jira wiki markup and ADF into one tree and writes them from it. Pure
 * functions: no network, no clock, no state. Nothing throws: a text that cannot be read as markup is read as plain
 * text, and a loss reports it.
 */

import type { Dialect, Frame, RichText, RichTextFormat } from '../model/values';
import { formatOf } from './formats';
import { putOn, takeOff } from './frame';
import { escapeHtml } from './html/render';
import { Losses } from './losses';
import { type Mentioned, type MentionInput, markAdf, translateMentions } from './mentioned';
import { quietMentions, withoutJoiners, withQuietMentions } from './mentions';
import { type Merged, type MergeInput, merge } from './merge';
import { blockKeys } from './merge/key';
import { inlineIn, MEDIA, pictureId, pictureIn, picturePlaces } from './pictures';
import { parseText } from './text';
import type { Loss, Tree } from './tree';
import { Unreadable } from './unreadable';

export { looksEmpty } from '../model/empty';
export { MENTION_AS_NAME, PICTURE_AS_NAME } from './losses';
export {
  type Form,
  itemLink,
  itemMention,
  itemsOf,
  type Mentioned,
  type MentionInput,
  mentionsOf,
  type NamedItem,
  nativeMention,
} from './mentioned';
export { withQuietMentions } from './mentions';
export type { Merged, MergeInput } from './merge';
export type { Loss, Tree } from './tree';

/** How a conversion reads and writes. Every property is optional. */
export interface ConvertContext {
  /** the dialect of the text, if the text itself does not name one */
  from?: Dialect;
  /** the dialect that the receiving system reads */
  into?: Dialect;
}

/** Texts longer than this many characters are not read as markup. Fields of the supported systems are far shorter. */
export const LARGEST = 500_000;

/**
 * Reads a text into the tree.
 * @returns the tree; `degraded` says why, if the text had to be read as plain text
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

/** Writes a tree in a format and reports what the format cannot show. */
export function render(
  tree: Tree,
  format: RichTextFormat,
  context: ConvertContext = {},
): { text: RichText; losses: Loss[] } {
  const losses = new Losses();
  if (tree.degraded !== undefined)
    losses.add('degraded', `The text ${tree.degraded}: its markup was not read and is shown as plain text.`);
  const { into } = context;
  const content = quietMentions(formatOf(format).render(tree, losses, into ?? {}), format, into);
  return { text: { format, content, ...(into && { dialect: into }) }, losses: losses.list() };
}

/**
 * Converts a text to another format. A text that is already in that format and means the same in the target is returned
 * byte for byte, except for joiners that keep names in it from mentioning users there (./mentions.ts).
 * @returns the text, and what the target format cannot show, as sentences for users
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

/** True if a text means the same in the dialect of its destination. */
function readsTheSame(text: RichText, { from, into }: ConvertContext): boolean {
  const own = text.dialect ?? from ?? {};
  if (into === undefined || text.format !== 'markdown') return true;
  if (own.hardBreaks === into.hardBreaks && own.plainTags === into.plainTags) return true;
  const [one, other] = [own, into].map((dialect) => blockKeys(parse({ ...text, dialect }).children));
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Writes an edit of one side into the other side's text (invariant 7). Every block that is the same in `before` and
 * `after` keeps the target's own block, byte for byte. Only edited blocks are converted; of edited lists and tables
 * only the edited items and rows. If `after` equals `before` except for line ends and trailing blanks, the result is
 * `target` itself. Deterministic; throws nothing.
 *
 * The engine calls it for an update whose row has one rich text field on each side, with both baselines:
 * `mergeRichText({ target: target.base[field], before: source.base[from], after: source.now[from] })`. If the row says
 * so, the engine combines the result with later edits in the target (lib/merge/text.ts).
 * @returns the text to write, in the target's format
 */
export function mergeRichText(input: MergeInput, context: ConvertContext = {}): Merged {
  const [from, into] = [input.after.dialect ?? context.from, input.target.dialect ?? context.into];
  // a baseline may be older than the dialect that is known of the system
  const source = (text: RichText): RichText => (from ? { ...text, dialect: from } : text);
  const target = into ? { ...input.target, dialect: into } : input.target;
  const apart = input.after.format === target.format && JSON.stringify(from) !== JSON.stringify(into);
  const dialectOf = (format: RichTextFormat): Dialect | undefined => (format === target.format ? into : from);
  // texts in one markup but two dialects are merged in the target's dialect
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

/** The conversion in the form the field mapper needs: the text, and the losses as one sentence. */
export function richTextConverter(
  text: RichText,
  format: RichTextFormat,
  into?: Dialect,
): RichText & { lossy?: string } {
  const { text: converted, losses } = convert(text, format, { into });
  // the user chose a plain text field: that it has no formatting need not be reported
  if (format === 'text' || losses.length === 0) return converted;
  return { ...converted, lossy: `is not shown in full: ${losses.map(({ message }) => message).join(' ')}` };
}

/**
 * A text that is not read. Its source becomes a block of code, which every format can write at once, whatever it
 * contains.
 * @param why completes a sentence that starts with "The text"
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
  losses.add('degraded', `The text ${why}: its markup was not read and is shown as plain text.`);
  return losses.list();
}

/**
 * A text for the other side, with its mentions: @see translateMentions in ./mentioned
 * @returns undefined if nothing in it is a mention
 */
export function withMentions(input: MentionInput): Mentioned | undefined {
  return translateMentions(input, {
    parse: (text) => parse(text),
    convert: (text, format, into) => convert(text, format, into ? { into } : {}),
    merge: (texts, into) => mergeRichText(texts, into ? { into } : {}),
    words: (words, format, into) => wordsIn(words, format, into),
    picture: (shown, into) => pictureIn(into, shown, written),
  });
}

const written: Parameters<typeof pictureIn>[2] = (tree, { format, dialect }) =>
  render(tree, format, dialect ? { into: dialect } : {}).text.content;

/** A picture of a text, each once: its address as the text writes it, and what people read where it cannot be shown. */
export interface NamedPicture {
  id: string;
  address: string;
  alt?: string;
  /** how often the text shows it */
  count: number;
}

/** The pictures that a text shows by an address. */
export function picturesOf(text: RichText): NamedPicture[] {
  const found = new Map<string, NamedPicture>();
  const take = (id: string, address: string, alt: string | undefined): undefined => {
    const known = found.get(id);
    if (known) known.count += 1;
    else found.set(id, { id, address, ...(alt && { alt }), count: 1 });
  };
  if (text.format === 'adf')
    markAdf(text.content, ({ id, name, look }) => (look ? take(id, id.slice('picture:'.length), name) : undefined));
  else {
    for (const { id, url, look } of picturePlaces(
      text,
      () => true,
      (one) => parse(one),
    ))
      take(id, url, look.alt);
  }
  return [...found.values()];
}

type Into = Pick<RichText, 'format' | 'dialect'>;

/**
 * What a text of the target calls a picture with this address.
 * @returns undefined if it cannot show one
 */
export function pictureName(into: Into, address: string): string | undefined {
  const source = pictureIn(into, { url: address, look: {} }, written);
  if (source === undefined) return undefined;
  if (address.startsWith(MEDIA)) return pictureId(address);
  return picturesOf({ ...into, content: source })[0]?.id;
}

/** A link in the place of a picture that the target cannot show. @param url http or https, without blanks and brackets */
export function pictureLink(into: Into, name: string, url: string): { own: string; source: string } | undefined {
  if (into.format === 'text' || !/^https?:\/\/[\w.~:/?#@$&+,;=%-]{1,490}$/.test(url)) return undefined;
  const value =
    name
      .replace(/[^\p{L}\p{N}\p{M} ._-]+/gu, '_')
      .trim()
      .slice(0, 78) || 'image';
  const source = inlineIn(into, { type: 'link', url, children: [{ type: 'text', value }] }, written);
  return source === undefined ? undefined : { own: `link:${url}`, source };
}

/** A text as it is written: with the author line that belongs in front of it. @see ./frame */
export const withFrame = (text: RichText): RichText => putOn(text, FRAMING);

/**
 * A text as it was read: without the author line in front, which is then in `frame`.
 * @param frame the line that was put on
 * @param own the text that was known to be behind it
 */
export const withoutFrame = (text: RichText, frame: Frame, own?: RichText): RichText =>
  takeOff(text, frame, own, FRAMING);

const FRAMING: Parameters<typeof putOn>[1] = {
  parse: (text) => parse(text),
  render: (tree, { format, dialect }) => render(tree, format, dialect ? { into: dialect } : {}).text.content,
};

/** Some words in the form they have within a paragraph. */
function wordsIn(words: string, format: RichTextFormat, into: Dialect | undefined): string {
  if (format === 'html') return escapeHtml(words);
  const tree: Tree = { type: 'root', children: [{ type: 'paragraph', children: [{ type: 'text', value: words }] }] };
  return render(tree, format, into ? { into } : {}).text.content.trim();
}

/** Line ends as '\n'. */
const unixLines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

/** The tree without the joiners after an `@`, in text and in code. */
function withoutJoinersIn(tree: Tree, source: string): Tree {
  if (!source.includes('\u2060')) return tree;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (Array.isArray(value)) value.forEach(visit);
      else if (typeof value === 'string' && (key === 'value' || key === 'text' || key === 'title')) {
        const plain = withoutJoiners(value);
        // in Textile, code is marked with an @
        Reflect.set(node, key, Reflect.get(node, 'type') === 'inlineCode' ? plain.replace(/^\u2060+/, '') : plain);
      }
    }
  };
  tree.children.forEach(visit);
  return tree;
}
