/**
 * Tree → Markdown, through mdast. Formatting without a Markdown sign that GitHub and Redmine show as HTML (underline,
 * sub- and superscript, colours, image sizes, folded blocks) is written as HTML from a fixed set of tags.
 */

import type {
  BlockContent,
  Blockquote,
  Literal,
  TableCell as MdCell,
  Paragraph,
  PhrasingContent,
  Root,
  RootContent,
} from 'mdast';
import { gfmToMarkdown } from 'mdast-util-gfm';
import { toMarkdown } from 'mdast-util-to-markdown';
import { largest } from '../../model/lists';
import type { Dialect } from '../../model/values';
import { joinLines } from '../blanks';
import { cellGrid, flatBlocks } from '../flat';
import { escapeHtml } from '../html/render';
import { linkOf, splitAtEmptyLines, tidy, withoutEmptyLines } from '../inline';
import { type Losses, MENTION_AS_NAME } from '../losses';
import type { Align, Block, Code, Image, Inline, List, Panel, PanelKind, Table, TableCell, Tree } from '../tree';
import { plainInline } from '../tree';
import { macroLookalikes } from './words';

/**
 * Inline markup that is written unchanged. mdast's own `html` would remove the line break before it, to keep it from
 * starting a block. The tags written here do not start one.
 */
interface Raw extends Literal {
  type: 'raw';
}

declare module 'mdast' {
  interface PhrasingContentMap {
    raw: Raw;
  }
  interface RootContentMap {
    raw: Raw;
  }
}

const ALERTS: Record<PanelKind, string> = {
  info: 'NOTE',
  plain: '',
  note: 'IMPORTANT',
  tip: 'TIP',
  success: 'TIP',
  warning: 'WARNING',
  error: 'CAUTION',
};

/** Writes a tree as Markdown. */
export function renderMarkdown(tree: Tree, losses: Losses, dialect: Dialect = {}): string {
  const root: Root = { type: 'root', children: blocks(tree.children, losses) };
  return toMarkdown(root, {
    bullet: '-',
    emphasis: '*',
    strong: '*',
    rule: '-',
    fences: true,
    listItemIndent: 'one',
    incrementListMarker: true,
    handlers: { raw: (node: Raw) => node.value, ...(dialect.hardBreaks && { break: () => '\n' }) },
    unsafe: macroLookalikes,
    extensions: [gfmToMarkdown({ tablePipeAlign: false })],
  }).replace(/\n$/, '');
}

const html = (value: string): RootContent => ({ type: 'html', value });
const raw = (value: string): PhrasingContent => ({ type: 'raw', value });

const blocks = (nodes: readonly Block[], losses: Losses): RootContent[] => nodes.flatMap((node) => block(node, losses));

/** Blocks in the type that a container requires. Nodes that only the root may hold do not occur there. */
const inner = (nodes: readonly Block[], losses: Losses): BlockContent[] => blocks(nodes, losses) as BlockContent[];

function block(node: Block, losses: Losses): RootContent[] {
  switch (node.type) {
    case 'paragraph':
    case 'heading': {
      if (node.align) losses.add('alignment', 'Text is left-aligned in Markdown.');
      if (node.type === 'paragraph')
        return splitAtEmptyLines(tidy(node.children)).map((part) => ({
          type: 'paragraph',
          children: inlines(part, losses),
        }));
      if (node.children.some(({ type }) => type === 'break'))
        losses.add('heading-break', 'A line break in a heading is shown as a blank.');
      return [{ type: 'heading', depth: node.depth, children: oneLine(inlines(node.children, losses)) }];
    }
    case 'list':
      return [list(node, losses)];
    case 'quote':
      return [{ type: 'blockquote', children: inner(node.children, losses) }];
    case 'code':
      return [...title(node, losses), { type: 'code', lang: node.language ?? null, value: node.value }];
    case 'rule':
      return [{ type: 'thematicBreak' }];
    case 'table':
      return [table(node, losses)];
    case 'panel':
      return [panel(node, losses)];
    case 'expand':
      return [
        html(`<details><summary>${escapeHtml(node.title)}</summary>`),
        ...blocks(node.children, losses),
        html('</details>'),
      ];
    case 'footnoteDefinition':
      return [
        {
          type: 'footnoteDefinition',
          identifier: node.label.toLowerCase(),
          label: node.label,
          children: inner(node.children, losses),
        },
      ];
    case 'vendorBlock':
      if (node.vendor === 'markdown') return [html(node.source)];
      if (node.vendor === 'redmine') return [html(node.source)];
      if (node.name !== 'comment') losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Markdown.`);
      return blocks(node.children, losses);
  }
}

function list(node: List, losses: Losses): RootContent {
  const items = node.children.map((item) => ({
    type: 'listItem' as const,
    spread: !item.children.every((child, index) => (index === 0 ? child.type === 'paragraph' : child.type === 'list')),
    checked: item.checked ?? null,
    // a task's box belongs in a paragraph
    children:
      item.checked !== undefined && item.children[0]?.type !== 'paragraph'
        ? [
            { type: 'paragraph' as const, children: [{ type: 'text' as const, value: '\u00a0' }] },
            ...inner(item.children, losses),
          ]
        : inner(item.children, losses),
  }));
  return {
    type: 'list',
    ordered: node.ordered,
    start: node.ordered ? (node.start ?? 1) : null,
    spread: items.some(({ spread }) => spread),
    children: items,
  };
}

/** GitHub's alerts are quotes with a marker. Systems without alerts show a plain quote. */
function panel(node: Panel, losses: Losses): Blockquote {
  const lead = ALERTS[node.kind];
  if (node.background || node.kind === 'success')
    losses.add('panel-look', 'A panel has the look of an alert in Markdown.');
  const title: Block[] = node.title
    ? [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: node.title }] }] }]
    : [];
  const children = inner([...title, ...node.children], losses);
  if (lead === '') {
    losses.add('panel', 'A panel is shown as a quote.');
    return { type: 'blockquote', children };
  }
  const [first, ...rest] = children;
  const mark = raw(`[!${lead}]`);
  const head: BlockContent =
    first?.type === 'paragraph'
      ? { type: 'paragraph', children: [mark, { type: 'text', value: '\n' }, ...first.children] }
      : { type: 'paragraph', children: [mark] };
  return {
    type: 'blockquote',
    children: first && first.type !== 'paragraph' ? [head, first, ...rest] : [head, ...rest],
  };
}

function table(node: Table, losses: Losses): RootContent {
  const { grid, merged } = cellGrid(node);
  if (merged) losses.add('merged-cells', 'Merged cells are shown as one cell and empty ones.');
  const width = largest(
    grid.map((row) => row.length),
    1,
  );
  const columns = Array.from({ length: width }, (_, column) => column);
  const [first] = grid;
  const headed = first?.some((cell) => cell?.header) ?? false;
  if (!headed) losses.add('table-header', 'A table without a header row gets an empty one.');
  const align = columns.map((column): Align | null => {
    const found = grid.map((row) => row[column]).find((cell) => cell && cell.children.length > 0);
    return found?.align ?? null;
  });
  const rows = headed ? grid : [columns.map(() => undefined), ...grid];
  return {
    type: 'table',
    align,
    children: rows.map((row, index) => ({
      type: 'tableRow',
      children: columns.map((column) => tableCell(row[column], index === 0, align[column] ?? null, losses)),
    })),
  };
}

function tableCell(cell: TableCell | undefined, head: boolean, align: Align | null, losses: Losses): MdCell {
  if (!cell) return { type: 'tableCell', children: [] };
  if (cell.background) losses.add('cell-colour', 'The colour of a table cell is not shown.');
  if (cell.children.length > 0 && (cell.align ?? null) !== align)
    losses.add('cell-alignment', 'Cells of one column have one alignment in Markdown.');
  const content = flatBlocks(cell.children, losses);
  if (cell.header && !head && content.length > 0) {
    losses.add('header-cell', 'A header cell outside the first row is shown in bold.');
    return { type: 'tableCell', children: inlines([{ type: 'strong', children: content }], losses).map(noBreak) };
  }
  return { type: 'tableCell', children: inlines(content, losses).map(noBreak) };
}

/** A line break would end the row, so it is written as a tag. */
const noBreak = (node: PhrasingContent): PhrasingContent => {
  if (node.type === 'break') return raw('<br>');
  // a bar in a wiki link or macro would end the cell
  if (node.type === 'raw') return raw(node.value.replaceAll('|', '\\|'));
  if ('children' in node) return { ...node, children: node.children.map(noBreak) } as PhrasingContent;
  return node;
};

const TAGS = { underline: 'ins', subscript: 'sub', superscript: 'sup' } as const;

const inlines = (nodes: readonly Inline[], losses: Losses): PhrasingContent[] =>
  withoutEmptyLines(tidy(nodes)).flatMap((node) => inline(node, losses));

function inline(node: Inline, losses: Losses): PhrasingContent[] {
  const children = (): PhrasingContent[] =>
    'children' in node ? node.children.flatMap((child) => inline(child, losses)) : [];
  switch (node.type) {
    case 'text':
      return [{ type: 'text', value: joinLines(node.value, ' ') }];
    case 'strong':
      return [{ type: 'strong', children: children() }];
    case 'emphasis':
      return [{ type: 'emphasis', children: children() }];
    case 'delete':
      return [{ type: 'delete', children: children() }];
    case 'underline':
    case 'subscript':
    case 'superscript':
      return [raw(`<${TAGS[node.type]}>`), ...children(), raw(`</${TAGS[node.type]}>`)];
    case 'colour': {
      const look = [node.color && `color: ${node.color}`, node.background && `background-color: ${node.background}`];
      return [raw(`<span style="${escapeHtml(look.filter(Boolean).join('; '))}">`), ...children(), raw('</span>')];
    }
    case 'link':
      return [{ type: 'link', url: address(node.url), title: node.title ?? null, children: children() }];
    case 'inlineCode':
      return [{ type: 'inlineCode', value: node.value }];
    case 'break':
      return [{ type: 'break' }];
    case 'image':
      if (node.align || node.thumbnail)
        losses.add('image-place', 'A floating picture, or a thumbnail that opens, is shown inline.');
      return [image(node)];
    case 'footnoteReference':
      return [{ type: 'footnoteReference', identifier: node.label.toLowerCase(), label: node.label }];
    case 'wikiLink':
      return [raw(`[[${node.page}${node.text === undefined ? '' : `|${node.text}`}]]`)];
    case 'vendorInline': {
      if (node.vendor === 'markdown' || node.vendor === 'redmine') return [raw(node.source)];
      losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Markdown.`);
      const link = linkOf(node);
      return link ? inline(link, losses) : [{ type: 'text', value: node.text }];
    }
    case 'status':
      losses.add('status', 'A status mark is shown in bold.');
      return [{ type: 'strong', children: [{ type: 'text', value: node.text }] }];
    case 'mention':
      losses.add('mention', MENTION_AS_NAME);
      return [{ type: 'text', value: `@${node.name}` }];
    case 'emoji':
    case 'date':
      return [{ type: 'text', value: plainInline([node]) }];
  }
}

/** A URL without the brackets that would make it a tag. */
const address = (url: string): string => url.replace(/[<>]/g, encodeURIComponent);

function image(node: Image): PhrasingContent {
  if (node.width === undefined && node.height === undefined)
    return { type: 'image', url: address(node.url), alt: node.alt ?? '', title: node.title ?? null };
  const attr = (name: string, value: string | number | undefined): string =>
    value === undefined ? '' : ` ${name}="${escapeHtml(String(value)).replace(/\s+/g, ' ').replaceAll('|', '&#124;')}"`;
  return raw(
    `<img src="${escapeHtml(node.url)}"${attr('alt', node.alt)}${attr('title', node.title)}${attr('width', node.width)}${attr('height', node.height)}>`,
  );
}

/** The title of a block of code, above it. */
function title({ title: value }: Code, losses: Losses): Paragraph[] {
  if (!value) return [];
  losses.add('code-title', 'The title of a code block is shown as a line above it.');
  return [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value }] }] }];
}

/** A heading is one line. */
const oneLine = (nodes: PhrasingContent[]): PhrasingContent[] =>
  nodes.map((node) => (node.type === 'break' ? { type: 'text', value: ' ' } : node));
