/**
 * HTML → tree. Only what the tree has a node for is kept; attributes, styles, scripts and handlers are dropped.
 * Elements without a meaning are transparent; a `div` without blocks in it is a paragraph.
 */

import { append } from '../../model/lists';
import { alignment, colour, declarations } from '../colour';
import { isBlank, type Mark, nest, tidy, withMark } from '../inline';
import type { Align, Block, Expand, Inline, List, ListItem, Span, Table, TableCell, TableRow, Tree } from '../tree';
import { MAX_DEPTH } from '../tree';
import { safeLink } from '../url';
import { attribute, type Element, isElement, isText, type Node, parseHtmlNodes, textOf } from './dom';
import { BLOCKS, CODE, DROPPED, INLINE, MARKS, VERBATIM } from './elements';
import { officeItems, officeLists } from './office';
import { checkbox, codeOf, embedded, image, isPastedCode, spanCount, styleMarks, whiteSpace } from './pieces';
import { InlineRun } from './run';
import { panelOf } from './vendor';

/** Blocks that were read earlier. An element with this name refers to one of them by its number. */
export interface Holes {
  name: string;
  blocks: readonly Block[][];
}

/** Reads HTML. @throws Unreadable */
export function parseHtml(source: string, holes?: Holes): Tree {
  const reader = new Reader(holes);
  return { type: 'root', children: reader.blocks(parseHtmlNodes(source), { marks: [], depth: 0 }) };
}

/** The text alternative of a drawing or formula. */
const isShown = (node: Node): boolean =>
  !isElement(node) || !/^(?:script|style|title|desc|metadata)$/.test(node.tagName);

interface Around {
  marks: readonly Mark[];
  depth: number;
  align?: Align;
  /** white space counts (in pre) */
  pre?: boolean;
}

const spanOf = (node: Node): Span | undefined => {
  const place = node.sourceCodeLocation;
  return place ? { start: place.startOffset, end: place.endOffset } : undefined;
};

class Reader {
  constructor(private readonly holes: Holes | undefined) {}

  /** The blocks of a flow of nodes. Inline nodes between blocks become paragraphs. */
  blocks(nodes: readonly Node[], around: Around): Block[] {
    const into: Block[] = [];
    const run = new InlineRun();
    this.flow(nodes, around, into, run);
    this.flush(into, run, around.align);
    return into;
  }

  private flush(into: Block[], run: InlineRun, align: Align | undefined): void {
    const { leaves, span } = run.take();
    const children = tidy(nest(leaves));
    if (children.length === 0 || isBlank(children)) return;
    into.push({
      type: 'paragraph',
      ...(align === undefined || align === 'left' ? {} : { align }),
      children,
      ...(span ? { span } : {}),
    });
  }

  private flow(nodes: readonly Node[], around: Around, into: Block[], run: InlineRun): void {
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index] as Node;
      const items = around.depth < MAX_DEPTH ? officeItems(nodes, index) : undefined;
      if (items) {
        this.flush(into, run, around.align);
        const inside: Around = { ...around, align: undefined, depth: around.depth + 2 };
        const read = (children: readonly Node[]): Block[] => this.blocks(children, inside);
        append(into, officeLists(items.found, read));
        index = items.end - 1;
      } else if (isText(node)) run.text(node.value, around.marks, spanOf(node), around.pre === true);
      else if (isElement(node)) this.element(node, around, into, run);
    }
  }

  private element(element: Element, around: Around, into: Block[], run: InlineRun): void {
    const name = element.tagName;
    const isHidden = attribute(element, 'hidden') !== undefined;
    if (name === 'svg' || name === 'math') {
      run.text(textOf(element.childNodes.filter(isShown)), around.marks, spanOf(element), false);
      return;
    }
    if (DROPPED.has(name) || isHidden || declarations(attribute(element, 'style')).get('display') === 'none') return;
    if (around.depth >= MAX_DEPTH) {
      run.text(textOf(element.childNodes), around.marks, spanOf(element), false);
      return;
    }
    if (name === this.holes?.name) {
      this.flush(into, run, around.align);
      append(into, this.holes.blocks[Number(attribute(element, 'n'))] ?? []);
      return;
    }
    const inside: Around = { ...around, depth: around.depth + 1, pre: whiteSpace(element) ?? around.pre };
    if (VERBATIM.has(name) && !BLOCKS.has(name)) {
      run.text(textOf(element.childNodes), around.marks, spanOf(element), true);
      return;
    }
    if (BLOCKS.has(name)) {
      this.flush(into, run, around.align);
      this.block(element, name, inside, into);
      return;
    }
    this.inline(element, name, inside, into, run);
  }

  private block(element: Element, name: string, around: Around, into: Block[]): void {
    const span = spanOf(element);
    const style = declarations(attribute(element, 'style'));
    const align =
      alignment(style.get('text-align')) ??
      alignment(attribute(element, 'align')) ??
      (name === 'center' ? 'center' : around.align);
    const inside: Around = { ...around, align, marks: styleMarks(element, around.marks) };
    const place = <T extends Block>(block: T): void => {
      into.push(span ? { ...block, span } : block);
    };
    if (isPastedCode(element)) {
      const code = codeOf(element);
      if (code.value.trim() !== '') place(code);
      return;
    }
    switch (name) {
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6': {
        const children = inlinesOf(this.blocks(element.childNodes, { ...inside, align: undefined }));
        const depth = Number(name[1]) as 1 | 2 | 3 | 4 | 5 | 6;
        if (children.length > 0)
          place({ type: 'heading', depth, ...(align && align !== 'left' ? { align } : {}), children });
        return;
      }
      case 'ul':
      case 'ol':
        this.list(element, inside, span, into);
        return;
      case 'li':
        this.list({ ...element, tagName: 'ul', attrs: [], childNodes: [element] }, inside, span, into);
        return;
      case 'blockquote': {
        const children = this.blocks(element.childNodes, inside);
        if (children.length > 0) place({ type: 'quote', children });
        return;
      }
      case 'pre':
      case 'xmp':
      case 'listing':
      case 'plaintext':
        place(codeOf(element));
        return;
      case 'hr':
        place({ type: 'rule' });
        return;
      case 'table':
        this.table(element, inside, span, into);
        return;
      case 'details':
        place(this.details(element, inside));
        return;
      case 'dt':
      case 'summary':
      case 'legend':
        append(into, this.blocks(element.childNodes, { ...inside, marks: withMark(inside.marks, { type: 'strong' }) }));
        return;
      case 'figcaption':
        into.push(
          ...this.blocks(element.childNodes, { ...inside, marks: withMark(inside.marks, { type: 'emphasis' }) }),
        );
        return;
      case 'p': {
        const children = this.blocks(element.childNodes, inside);
        const [only] = children;
        if (children.length === 1 && only && span) only.span = span;
        append(into, children);
        return;
      }
      default: {
        const panel = panelOf(element);
        if (panel) {
          const { body, ...look } = panel;
          const within = this.blocks(body, inside);
          if (within.length > 0 || look.title) place({ type: 'panel', ...look, children: within });
          return;
        }
        const children = this.blocks(element.childNodes, inside);
        const [only] = children;
        if (children.length === 1 && only?.type === 'paragraph' && span) only.span = span;
        append(into, children);
      }
    }
  }

  private list(element: Element, around: Around, span: Span | undefined, into: Block[]): void {
    const ordered = element.tagName === 'ol';
    const items: ListItem[] = [];
    const inside: Around = { ...around, align: undefined, depth: around.depth + 1 };
    for (const child of element.childNodes) {
      if (isElement(child) && child.tagName === 'li') items.push(this.item(child, inside));
      else if (isElement(child) || (isText(child) && child.value.trim() !== '')) {
        // content beside the items belongs to the item before it: some editors nest lists this way
        const children = this.blocks([child], inside);
        const last = items.at(-1);
        if (last) append(last.children, children);
        else if (children.length > 0) items.push({ type: 'listItem', children });
      }
    }
    if (items.length === 0) return;
    const first = element.childNodes.filter(isElement).find(({ tagName }) => tagName === 'li');
    const start = Number.parseInt(attribute(element, 'start') ?? (first && attribute(first, 'value')) ?? '', 10);
    const list: List = { type: 'list', ordered, children: items };
    if (ordered && Number.isSafeInteger(start) && start >= 0 && start !== 1 && start < 1e9) list.start = start;
    into.push(span ? { ...list, span } : list);
  }

  private item(element: Element, around: Around): ListItem {
    const span = spanOf(element);
    const box = checkbox(element);
    const children = this.blocks(element.childNodes, { ...around, marks: styleMarks(element, around.marks) });
    return {
      type: 'listItem',
      ...(box ? { checked: attribute(box, 'checked') !== undefined } : {}),
      children,
      ...(span ? { span } : {}),
    };
  }

  private table(element: Element, around: Around, span: Span | undefined, into: Block[]): void {
    const rows: TableRow[] = [];
    const inside: Around = { ...around, align: undefined, depth: around.depth + 1 };
    const visit = (nodes: readonly Node[], headers: boolean): void => {
      for (const node of nodes) {
        if (!isElement(node)) continue;
        if (node.tagName === 'tr') {
          const cells = node.childNodes.filter(isElement).filter(({ tagName }) => tagName === 'td' || tagName === 'th');
          const place = spanOf(node);
          const children = cells.map((cell) => this.cell(cell, inside, headers));
          if (cells.length > 0) rows.push({ type: 'tableRow', children, ...(place ? { span: place } : {}) });
        } else if (node.tagName === 'caption') append(into, this.blocks(node.childNodes, inside));
        else if (/^t(?:head|body|foot)$/.test(node.tagName)) visit(node.childNodes, node.tagName === 'thead');
      }
    };
    visit(element.childNodes, false);
    if (rows.length === 0) return;
    const table: Table = { type: 'table', children: rows };
    into.push(span ? { ...table, span } : table);
  }

  private cell(element: Element, around: Around, header: boolean): TableCell {
    const style = declarations(attribute(element, 'style'));
    const align = alignment(style.get('text-align')) ?? alignment(attribute(element, 'align'));
    const background = colour(
      style.get('background-color') ?? style.get('background') ?? attribute(element, 'bgcolor'),
    );
    const cell: TableCell = { type: 'tableCell', children: this.blocks(element.childNodes, around) };
    if (header || element.tagName === 'th') cell.header = true;
    if (align) cell.align = align;
    if (background) cell.background = background;
    const colspan = spanCount(attribute(element, 'colspan'));
    const rowspan = spanCount(attribute(element, 'rowspan'));
    if (colspan > 1) cell.colspan = colspan;
    if (rowspan > 1) cell.rowspan = rowspan;
    return cell;
  }

  private details(element: Element, around: Around): Expand {
    const summary = element.childNodes.filter(isElement).find((child) => child.tagName === 'summary');
    const rest = element.childNodes.filter((child) => child !== summary);
    const title = summary ? textOf(summary.childNodes).replace(/\s+/g, ' ').trim() : '';
    return { type: 'expand', title, children: this.blocks(rest, around) };
  }

  private inline(element: Element, name: string, around: Around, into: Block[], run: InlineRun): void {
    const span = spanOf(element);
    if (name === 'br') {
      run.leaf({ type: 'break' }, around.marks, span);
      return;
    }
    if (name === 'img') {
      image(element, around.marks, run, span);
      return;
    }
    if (name === 'input') return;
    if (name === 'iframe' || name === 'video' || name === 'audio') {
      embedded(element, around.marks, run, span);
      return;
    }
    if (CODE.has(name)) {
      const value = textOf(element.childNodes).replace(/\s+/g, ' ');
      const marks = styleMarks(element, around.marks);
      if (value.trim() !== '') run.leaf({ type: 'inlineCode', value }, marks, span);
      return;
    }
    if (name === 'rp' || name === 'wbr') return;
    let marks = around.marks;
    const mark = MARKS.get(name);
    if (mark) marks = withMark(marks, { type: mark });
    else if (name === 'mark') marks = withMark(marks, { type: 'colour', background: 'yellow' });
    else if (name === 'font') {
      const color = colour(attribute(element, 'color'));
      if (color) marks = withMark(marks, { type: 'colour', color });
    } else if (name === 'a') {
      const mention = attribute(element, 'data-vss-mention');
      if (mention !== undefined) {
        const label = textOf(element.childNodes).trim().replace(/^@/, '');
        // work items are mentioned in the same way but without an id: they become links
        const id = /^version:[\d.]+,\s*(\S.*)$/.exec(mention)?.[1]?.trim();
        if (label !== '' && (id || safeLink(attribute(element, 'href')) === '#')) {
          run.leaf({ type: 'mention', vendor: 'azure-devops', name: label, ...(id ? { id } : {}) }, marks, span);
          return;
        }
      }
      const url = safeLink(attribute(element, 'href'));
      const title = attribute(element, 'title');
      if (url) marks = withMark(marks, { type: 'link', url, ...(title ? { title } : {}) });
    }
    if (name === 'q') run.text('“', marks, span, true);
    // browsers show the content of unknown elements, and so does this reader
    if (!INLINE.has(name) && !mark) marks = around.marks;
    this.flow(element.childNodes, { ...around, marks: styleMarks(element, marks) }, into, run);
    run.extend(span);
    if (name === 'q') run.text('”', marks, span, true);
  }
}

/** The inline nodes of blocks, one after the other, for places that take inline nodes only. */
export function inlinesOf(blocks: readonly Block[]): Inline[] {
  const result: Inline[] = [];
  for (const block of blocks) {
    const nodes: Inline[] =
      block.type === 'paragraph' || block.type === 'heading'
        ? block.children
        : block.type === 'code'
          ? [{ type: 'inlineCode', value: block.value.replace(/\s+/g, ' ') }]
          : 'children' in block
            ? inlinesOf(block.children as Block[])
            : [];
    if (nodes.length > 0 && result.length > 0) result.push({ type: 'text', value: ' ' });
    append(result, nodes);
  }
  return result;
}
