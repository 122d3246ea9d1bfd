/**
 * The tree that every markup is read into and written from. Its shape follows mdast, the syntax tree of the unified
 * family. It adds what work items have beyond Markdown: underline, sub- and superscript, colours, merged cells, panels,
 * mentions, emoji, status marks, and vendor nodes that only one markup has. Plain JSON; the only behaviour is in small
 * helpers.
 */

/** The place of a block, list item or table row in the text it was read from: offsets in UTF-16 units, end
 * exclusive. */
export interface Span {
  start: number;
  end: number;
}

export type Align = 'left' | 'center' | 'right';

/** Ids of users and of macros are valid only in the system they come from. */
export type Vendor = 'jira' | 'jira-wiki' | 'adf' | 'azure-devops' | 'redmine' | 'markdown';

export interface Tree {
  type: 'root';
  children: Block[];
  /** set where the text was too large or too deep to be read as markup */
  degraded?: string;
}

interface Positioned {
  span?: Span;
}

export interface Paragraph extends Positioned {
  type: 'paragraph';
  align?: Align;
  children: Inline[];
}
export interface Heading extends Positioned {
  type: 'heading';
  depth: 1 | 2 | 3 | 4 | 5 | 6;
  align?: Align;
  children: Inline[];
}
export interface List extends Positioned {
  type: 'list';
  ordered: boolean;
  /** number of the first item of an ordered list, if it is not 1 */
  start?: number;
  children: ListItem[];
}
export interface ListItem extends Positioned {
  type: 'listItem';
  /** a task: done or open */
  checked?: boolean;
  children: Block[];
}
export interface Quote extends Positioned {
  type: 'quote';
  children: Block[];
}
export interface Code extends Positioned {
  type: 'code';
  language?: string;
  title?: string;
  value: string;
}
export interface Rule extends Positioned {
  type: 'rule';
}
export interface Table extends Positioned {
  type: 'table';
  children: TableRow[];
}
export interface TableRow extends Positioned {
  type: 'tableRow';
  children: TableCell[];
}
export interface TableCell {
  type: 'tableCell';
  header?: boolean;
  align?: Align;
  colspan?: number;
  rowspan?: number;
  /** background colour of the cell */
  background?: string;
  children: Block[];
}
export type PanelKind = 'info' | 'note' | 'tip' | 'success' | 'warning' | 'error' | 'plain';
/** A coloured box around blocks. */
export interface Panel extends Positioned {
  type: 'panel';
  kind: PanelKind;
  title?: string;
  /** background colour, for a panel with colours of its own */
  background?: string;
  children: Block[];
}
/** Blocks that are collapsed under a title. */
export interface Expand extends Positioned {
  type: 'expand';
  title: string;
  children: Block[];
}
export interface FootnoteDefinition extends Positioned {
  type: 'footnoteDefinition';
  label: string;
  children: Block[];
}
/** A block that only one vendor has: its source text, and what other systems show instead. */
export interface VendorBlock extends Positioned {
  type: 'vendorBlock';
  vendor: Vendor;
  source: string;
  /** its name in a loss, for example "macro toc" */
  name: string;
  /** what other systems show; absent if it has no visible text */
  children: Block[];
}

export type Block =
  | Paragraph
  | Heading
  | List
  | Quote
  | Code
  | Rule
  | Table
  | Panel
  | Expand
  | FootnoteDefinition
  | VendorBlock;

export interface Text {
  type: 'text';
  value: string;
}
export type SimpleMark = 'strong' | 'emphasis' | 'delete' | 'underline' | 'subscript' | 'superscript';
export interface Marked {
  type: SimpleMark;
  children: Inline[];
}
export interface Coloured {
  type: 'colour';
  /** #rrggbb or a CSS colour name */
  color?: string;
  background?: string;
  children: Inline[];
}
export interface Link {
  type: 'link';
  url: string;
  title?: string;
  children: Inline[];
}
export interface InlineCode {
  type: 'inlineCode';
  value: string;
}
export interface Image {
  type: 'image';
  url: string;
  alt?: string;
  title?: string;
  /** CSS pixels as a number, or a percentage such as '50%' */
  width?: number | string;
  height?: number | string;
  align?: Align;
  /** a thumbnail that opens the picture */
  thumbnail?: boolean;
}
export interface Break {
  type: 'break';
}
export interface Mention {
  type: 'mention';
  vendor: Vendor;
  id?: string;
  /** what people read, without the @ */
  name: string;
}
export interface Emoji {
  type: 'emoji';
  /** without colons, e.g. smile */
  name: string;
  /** the character itself, if there is one */
  text?: string;
  /** the vendor's own id, for emoji of a site */
  id?: string;
}
export interface Status {
  type: 'status';
  text: string;
  /** neutral, purple, blue, red, yellow, green */
  color?: string;
}
export interface DateMark {
  type: 'date';
  /** YYYY-MM-DD */
  date: string;
}
export interface FootnoteReference {
  type: 'footnoteReference';
  label: string;
}
/** A link to a page of the same wiki: `[[Page|text]]`. */
export interface WikiLink {
  type: 'wikiLink';
  page: string;
  text?: string;
}
export interface VendorInline {
  type: 'vendorInline';
  vendor: Vendor;
  source: string;
  name: string;
  text: string;
  /** its URL: other systems show it as a link */
  url?: string;
}

export type Inline =
  | Text
  | Marked
  | Coloured
  | Link
  | InlineCode
  | Image
  | Break
  | Mention
  | Emoji
  | Status
  | DateMark
  | FootnoteReference
  | WikiLink
  | VendorInline;

/** Something that a target cannot show, as a sentence for users. */
export interface Loss {
  /** stable short name, e.g. `merged-cells` */
  kind: string;
  message: string;
  /** number of occurrences in this text */
  count: number;
}

/** Maximum nesting of blocks and inline nodes. Deeper ones are read as plain text. */
export const MAX_DEPTH = 40;

export const text = (value: string): Text => ({ type: 'text', value });
export const paragraph = (children: Inline[]): Paragraph => ({ type: 'paragraph', children });

/** What people read of inline nodes, without any formatting. Line breaks are '\n'. */
export function plainInline(nodes: readonly Inline[]): string {
  return nodes.map(plainOne).join('');
}

function plainOne(node: Inline): string {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      return node.value;
    case 'break':
      return '\n';
    case 'image':
      return node.alt ?? '';
    case 'mention':
      return `@${node.name}`;
    case 'emoji':
      return node.text ?? `:${node.name}:`;
    case 'status':
    case 'vendorInline':
      return node.text;
    case 'date':
      return node.date;
    case 'footnoteReference':
      return `[${node.label}]`;
    case 'wikiLink':
      return node.text ?? node.page;
    default:
      return plainInline(node.children);
  }
}

/** The only paragraph of a list item or cell, if it has nothing else. */
export function onlyParagraph(blocks: readonly Block[]): Paragraph | undefined {
  const [first] = blocks;
  return blocks.length === 1 && first?.type === 'paragraph' ? first : undefined;
}
