/**
 * The one tree that every markup is read into and written from. Its shape follows mdast, the syntax tree of the unified
 * family, and adds what work items have beyond Markdown: underline, sub- and superscript, colours, merged cells, panels,
 * mentions, emoji, status marks, and vendor nodes that only one markup knows. Plain JSON, no behaviour beyond small helpers.
 */

/** Where a block, a list item or a table row stands in the text it was read from: offsets in UTF-16 units, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

export type Align = 'left' | 'center' | 'right';

/** Ids of people and of macros mean something only where they come from. */
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
  /** number of the first item of an ordered list, where it isn't 1 */
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
  /** colour of the cell's ground */
  background?: string;
  children: Block[];
}
export type PanelKind = 'info' | 'note' | 'tip' | 'success' | 'warning' | 'error' | 'plain';
/** A coloured box around blocks. */
export interface Panel extends Positioned {
  type: 'panel';
  kind: PanelKind;
  title?: string;
  /** colour of the ground, for a panel with colours of its own */
  background?: string;
  children: Block[];
}
/** Blocks that are folded away behind a title. */
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
/** A block that only one vendor knows: its source text, and what people should read elsewhere. */
export interface VendorBlock extends Positioned {
  type: 'vendorBlock';
  vendor: Vendor;
  source: string;
  /** what it is called in a loss, e.g. "macro toc" */
  name: string;
  /** what is shown elsewhere; nothing where it has no visible text */
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
  /** a preview that opens the picture */
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
  /** the character itself, where there is one */
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
  /** where it leads: elsewhere it is shown as a link */
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

/** What a target could not show, as a sentence for people. */
export interface Loss {
  /** stable short name, e.g. `merged-cells` */
  kind: string;
  message: string;
  /** how often it happened in this text */
  count: number;
}

/** Blocks and inline nodes are nested at most this deep; deeper ones are read as plain text. */
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

/** A list item's or cell's only paragraph, where it is nothing but that. */
export function onlyParagraph(blocks: readonly Block[]): Paragraph | undefined {
  const [first] = blocks;
  return blocks.length === 1 && first?.type === 'paragraph' ? first : undefined;
}
