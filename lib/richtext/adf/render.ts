/**
 * Tree → ADF. ADF nodes may hold less than the tree allows: headings, panels and tables in list items or quotes are
 * replaced by the nearest node that Jira accepts there. Jira rejects a document that breaks its schema.
 * https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
 */

import { flatBlocks } from '../flat';
import { flatten, type Leaf, type Mark, nest } from '../inline';
import { type Losses, MENTION_AS_NAME, PICTURE_AS_NAME } from '../losses';
import type { Align, Block, Image, Inline, List, ListItem, TableCell, Tree } from '../tree';
import { paragraph, text } from '../tree';
import { hexOf } from './colours';
import { type AdfDocument, type AdfMark, type AdfNode, isNode } from './schema';

/** Where a block is placed: each place allows only some types of block. */
type Place = 'doc' | 'item' | 'quote' | 'panel' | 'cell' | 'expand' | 'nestedExpand';

const ALLOWED: Record<Place, ReadonlySet<Block['type']>> = {
  doc: new Set<Block['type']>(['paragraph', 'heading', 'list', 'quote', 'code', 'rule', 'table', 'panel', 'expand']),
  item: new Set<Block['type']>(['paragraph', 'list', 'code']),
  quote: new Set<Block['type']>(['paragraph', 'list', 'code']),
  panel: new Set<Block['type']>(['paragraph', 'heading', 'list', 'code', 'rule']),
  cell: new Set<Block['type']>(['paragraph', 'heading', 'list', 'quote', 'code', 'rule', 'panel', 'expand']),
  expand: new Set<Block['type']>(['paragraph', 'heading', 'list', 'quote', 'code', 'rule', 'table', 'panel']),
  nestedExpand: new Set<Block['type']>(['paragraph', 'heading', 'list', 'quote', 'code', 'rule', 'panel']),
};

/** Writes a tree as an ADF document, as JSON. */
export function renderAdf(tree: Tree, losses: Losses): string {
  const document: AdfDocument = { version: 1, type: 'doc', content: new Writer(losses).blocks(tree.children, 'doc') };
  return JSON.stringify(document);
}

class Writer {
  private tasks = 0;

  constructor(private readonly losses: Losses) {}

  blocks(nodes: readonly Block[], place: Place): AdfNode[] {
    return nodes.flatMap((node) => this.block(node, place));
  }

  private block(node: Block, place: Place): AdfNode[] {
    if (node.type === 'vendorBlock') return this.vendor(node, place);
    if (node.type === 'footnoteDefinition') {
      this.losses.add('footnote', 'Footnotes are shown as plain paragraphs.');
      const inner = flatBlocks(node.children, this.losses, 'a footnote');
      return this.paragraphs([text(`[${node.label}] `), ...inner], undefined, place);
    }
    if (!ALLOWED[place].has(node.type)) return this.instead(node, place);
    switch (node.type) {
      case 'paragraph':
        return this.paragraphs(node.children, node.align, place);
      case 'heading': {
        const content = this.inlines(node.children);
        return [{ type: 'heading', attrs: { level: node.depth }, ...content, ...alignment(node.align, place) }];
      }
      case 'list':
        return this.list(node, place);
      case 'quote':
        return [{ type: 'blockquote', content: this.filled(this.blocks(node.children, 'quote')) }];
      case 'code': {
        if (node.title) this.losses.add('code-title', 'The title of a code block is shown as a line above it.');
        const above = node.title ? this.blocks([boldLine(node.title)], place) : [];
        const attrs = node.language ? { attrs: { language: node.language } } : {};
        return [
          ...above,
          { type: 'codeBlock', ...attrs, ...(node.value ? { content: [{ type: 'text', text: node.value }] } : {}) },
        ];
      }
      case 'rule':
        return [{ type: 'rule' }];
      case 'table':
        return [this.table(node.children.map(({ children }) => children))];
      case 'panel': {
        const title: Block[] = node.title ? [boldLine(node.title)] : [];
        const background = hexOf(node.background);
        const kinds = {
          info: 'info',
          note: 'note',
          tip: 'success',
          success: 'success',
          warning: 'warning',
          error: 'error',
        };
        const attrs =
          node.kind === 'plain'
            ? background
              ? { panelType: 'custom', panelColor: background }
              : { panelType: 'info' }
            : { panelType: kinds[node.kind] };
        return [{ type: 'panel', attrs, content: this.filled(this.blocks([...title, ...node.children], 'panel')) }];
      }
      case 'expand': {
        const type = place === 'cell' ? 'nestedExpand' : 'expand';
        return [{ type, attrs: { title: node.title }, content: this.filled(this.blocks(node.children, type)) }];
      }
    }
  }

  /** The nearest block type that the place allows. */
  private instead(node: Block, place: Place): AdfNode[] {
    this.losses.add(`${node.type}-in-${place}`, `A ${node.type} within a ${WORDS[place]} loses its form in ADF.`);
    switch (node.type) {
      case 'heading':
        return this.paragraphs([{ type: 'strong', children: node.children }], node.align, place);
      case 'rule':
        return this.paragraphs([text('———')], undefined, place);
      case 'table':
        return this.paragraphs(flatBlocks([node], this.losses, WORDS[place]), undefined, place);
      case 'quote':
        return this.blocks(node.children, place);
      case 'panel':
      case 'expand':
        return this.blocks([...(node.title ? [boldLine(node.title)] : []), ...node.children], place);
      default:
        return this.paragraphs(flatBlocks([node], this.losses, WORDS[place]), undefined, place);
    }
  }

  private vendor(node: Block & { type: 'vendorBlock' }, place: Place): AdfNode[] {
    if (node.vendor === 'adf' && place === 'doc') {
      const parsed: unknown = JSON.parse(node.source);
      if (isNode(parsed)) return [parsed];
    }
    if (node.name !== 'comment') this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in ADF.`);
    return this.blocks(node.children, place);
  }

  /** A container must hold something. */
  private filled = (content: AdfNode[]): AdfNode[] => (content.length > 0 ? content : [{ type: 'paragraph' }]);

  /** A paragraph. Pictures are blocks in ADF, so a picture splits the paragraph. */
  private paragraphs(nodes: readonly Inline[], align: Align | undefined, place: Place): AdfNode[] {
    const result: AdfNode[] = [];
    let part: Leaf[] = [];
    const flush = (): void => {
      const children = trimmed(nest(part));
      part = [];
      if (children.length > 0)
        result.push({ type: 'paragraph', ...this.inlines(children), ...alignment(align, place) });
    };
    for (const leaf of flatten(nodes)) {
      if (leaf.node.type !== 'image') {
        part.push(leaf);
        continue;
      }
      const link = this.marks(leaf.marks).filter(({ type }) => type === 'link');
      const media = place === 'quote' ? undefined : external(leaf.node, link);
      if (media) {
        flush();
        result.push(media);
        continue;
      }
      this.losses.add('image', PICTURE_AS_NAME);
      part.push({ node: text(`[${leaf.node.alt ?? nameOf(leaf.node.url)}]`), marks: leaf.marks });
    }
    flush();
    return result;
  }

  private list(node: List, place: Place): AdfNode[] {
    const isTask = node.children.length > 0 && node.children.every(({ checked }) => checked !== undefined);
    if (isTask && !node.ordered && place !== 'quote') return [this.taskList(node)];
    const content = node.children.map((item) => this.item(item));
    if (!node.ordered) return [{ type: 'bulletList', content }];
    return [{ type: 'orderedList', attrs: { order: node.start ?? 1 }, content }];
  }

  private item(item: ListItem): AdfNode {
    let children: Block[] = item.children;
    if (item.checked !== undefined) {
      this.losses.add('task', 'A task among items that are none, or in a quote, is shown with a sign.');
      children = withSign(children, item.checked ? '☑ ' : '☐ ');
    }
    const content = this.blocks(children, 'item');
    const [first] = content;
    // an item begins with text
    if (first?.type !== 'paragraph' && first?.type !== 'codeBlock' && first?.type !== 'mediaSingle')
      content.unshift({ type: 'paragraph' });
    return { type: 'listItem', content };
  }

  private taskList(node: List): AdfNode {
    const content: AdfNode[] = [];
    const localId = this.localId();
    for (const item of node.children) {
      const lists = item.children.filter((child): child is List => child.type === 'list');
      const rest = item.children.filter((child) => child.type !== 'list');
      const tasks = lists.filter(
        (list) => list.children.every(({ checked }) => checked !== undefined) && !list.ordered,
      );
      const others: Block[] = [...rest, ...lists.filter((list) => !tasks.includes(list))];
      if (others.length > 1 || others.some(({ type }) => type !== 'paragraph'))
        this.losses.add('task-blocks', 'Several paragraphs or other blocks in a task are shown as lines of it.');
      const inner = trimmed(flatBlocks(others, this.losses, 'a task'));
      const attrs = { localId: this.localId(), state: item.checked ? 'DONE' : 'TODO' };
      content.push({ type: 'taskItem', attrs, ...this.inlines(inner) });
      for (const list of tasks) content.push(this.taskList(list));
    }
    return { type: 'taskList', attrs: { localId }, content };
  }

  /** Ids only have to be unique within a document. Counting gives the same document for the same text. */
  private localId(): string {
    this.tasks++;
    return `task-${this.tasks}`;
  }

  private table(rows: TableCell[][]): AdfNode {
    const content = rows.map((cells) => ({ type: 'tableRow', content: cells.map((cell) => this.cell(cell)) }));
    return { type: 'table', attrs: { isNumberColumnEnabled: false, layout: 'default' }, content };
  }

  private cell(cell: TableCell): AdfNode {
    const background = hexOf(cell.background);
    const attrs = {
      ...(cell.colspan ? { colspan: cell.colspan } : {}),
      ...(cell.rowspan ? { rowspan: cell.rowspan } : {}),
      ...(background ? { background } : {}),
    };
    const children = cell.children.map((child) =>
      cell.align && child.type === 'paragraph' && !child.align ? { ...child, align: cell.align } : child,
    );
    return {
      type: cell.header ? 'tableHeader' : 'tableCell',
      ...(Object.keys(attrs).length > 0 ? { attrs } : {}),
      content: this.filled(this.blocks(children, 'cell')),
    };
  }

  private inlines(nodes: readonly Inline[]): { content?: AdfNode[] } {
    const content: AdfNode[] = [];
    for (const leaf of flatten(nodes)) {
      const node = this.leaf(leaf);
      if (node) content.push(node);
    }
    return content.length > 0 ? { content } : {};
  }

  private leaf({ node, marks }: Leaf): AdfNode | undefined {
    switch (node.type) {
      case 'text':
        return textNode(node.value, this.marks(marks));
      case 'inlineCode': {
        const link = this.marks(marks).filter(({ type }) => type === 'link');
        if (marks.some(({ type }) => type !== 'link'))
          this.losses.add('code-marks', 'Code within text has no other formatting in ADF.');
        return textNode(node.value, [{ type: 'code' }, ...link]);
      }
      case 'break':
        return { type: 'hardBreak' };
      case 'mention':
        if (node.vendor === 'jira' && node.id)
          return { type: 'mention', attrs: { id: node.id, text: `@${node.name}` } };
        this.losses.add('mention', MENTION_AS_NAME);
        return textNode(`@${node.name}`, this.marks(marks));
      case 'emoji': {
        const attrs = {
          shortName: `:${node.name}:`,
          ...(node.id ? { id: node.id } : {}),
          ...(node.text ? { text: node.text } : {}),
        };
        return { type: 'emoji', attrs };
      }
      case 'date':
        return { type: 'date', attrs: { timestamp: String(Date.parse(`${node.date}T00:00:00Z`)) } };
      case 'status': {
        const colors = ['neutral', 'purple', 'blue', 'red', 'yellow', 'green'];
        const color = colors.includes(node.color ?? '') ? node.color : 'neutral';
        return { type: 'status', attrs: { text: node.text, color } };
      }
      case 'image':
        this.losses.add('image-in-line', 'A picture within a heading or task is shown by its name.');
        return textNode(`[${node.alt ?? nameOf(node.url)}]`, this.marks(marks));
      case 'footnoteReference':
        return textNode(`[${node.label}]`, [{ type: 'subsup', attrs: { type: 'sup' } }]);
      case 'wikiLink':
        this.losses.add('wiki-link', 'A link to a page of a wiki is shown as text.');
        return textNode(node.text ?? node.page, this.marks(marks));
      case 'vendorInline': {
        const parsed: unknown = node.vendor === 'adf' ? JSON.parse(node.source) : undefined;
        if (isNode(parsed)) return parsed;
        this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in ADF.`);
        return textNode(node.text, this.marks(marks));
      }
    }
  }

  private marks(marks: readonly Mark[]): AdfMark[] {
    const linked = marks.some(({ type }) => type === 'link');
    return marks.flatMap((mark): AdfMark[] => {
      switch (mark.type) {
        case 'strong':
          return [{ type: 'strong' }];
        case 'emphasis':
          return [{ type: 'em' }];
        case 'delete':
          return [{ type: 'strike' }];
        case 'underline':
          return [{ type: 'underline' }];
        case 'subscript':
        case 'superscript':
          return [{ type: 'subsup', attrs: { type: mark.type === 'subscript' ? 'sub' : 'sup' } }];
        case 'link':
          return [{ type: 'link', attrs: { href: mark.url, ...(mark.title ? { title: mark.title } : {}) } }];
        case 'colour': {
          const color = hexOf(mark.color);
          const background = hexOf(mark.background);
          if (linked || (mark.color && !color) || (mark.background && !background))
            this.losses.add('colour', 'A colour is not shown: ADF has none on links, and no colour names.');
          return [
            ...(color && !linked ? [{ type: 'textColor', attrs: { color } }] : []),
            ...(background && !linked ? [{ type: 'backgroundColor', attrs: { color: background } }] : []),
          ];
        }
      }
      return [];
    });
  }
}

const WORDS: Record<Place, string> = {
  doc: 'document',
  item: 'list item',
  quote: 'quote',
  panel: 'panel',
  cell: 'table cell',
  expand: 'folded block',
  nestedExpand: 'folded block in a table',
};

const boldLine = (title: string): Block => paragraph([{ type: 'strong', children: [text(title)] }]);

const textNode = (value: string, marks: AdfMark[]): AdfNode | undefined =>
  value === '' ? undefined : { type: 'text', text: value, ...(marks.length > 0 ? { marks } : {}) };

const alignment = (align: Align | undefined, place: Place): { marks?: AdfMark[] } =>
  (align === 'center' || align === 'right') && (place === 'doc' || place === 'cell' || place === 'expand')
    ? { marks: [{ type: 'alignment', attrs: { align: align === 'center' ? 'center' : 'end' } }] }
    : {};

/** A picture by its URL. ADF accepts only public ones. */
function external(image: Image, link: AdfMark[]): AdfNode | undefined {
  if (!/^https?:\/\//i.test(image.url)) return undefined;
  const attrs = {
    type: 'external',
    url: image.url,
    ...(image.alt ? { alt: image.alt } : {}),
    ...(typeof image.width === 'number' ? { width: image.width } : {}),
    ...(typeof image.height === 'number' ? { height: image.height } : {}),
  };
  const layout = image.align === 'left' ? 'wrap-left' : image.align === 'right' ? 'wrap-right' : 'center';
  const percent = typeof image.width === 'string' ? Number.parseFloat(image.width) : Number.NaN;
  const width = percent > 0 && percent <= 100 ? { width: percent } : {};
  const media: AdfNode = { type: 'media', attrs, ...(link.length > 0 ? { marks: link } : {}) };
  return { type: 'mediaSingle', attrs: { layout, ...width }, content: [media] };
}

const nameOf = (url: string): string => (url.startsWith('data:') ? 'image' : url.slice(0, 200));

function withSign(children: readonly Block[], sign: string): Block[] {
  const [first, ...rest] = children;
  if (first?.type === 'paragraph') return [{ ...first, children: [text(sign), ...first.children] }, ...rest];
  return [paragraph([text(sign.trim())]), ...children];
}

/** Without the white space and line breaks that are left at the ends when a picture has split the text. */
function trimmed(nodes: Inline[]): Inline[] {
  const result = [...nodes];
  for (let first = result[0]; first; first = result[0]) {
    if (first.type !== 'break' && !(first.type === 'text' && first.value.trim() === '')) break;
    result.shift();
  }
  for (let last = result.at(-1); last; last = result.at(-1)) {
    if (last.type !== 'break' && !(last.type === 'text' && last.value.trim() === '')) break;
    result.pop();
  }
  return result;
}
