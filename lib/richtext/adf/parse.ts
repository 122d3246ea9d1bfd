/**
 * ADF → tree. Nodes that only Jira and Confluence have (media, extensions, cards with a preview …) are kept as their
 * JSON, together with the text that other systems show instead.
 */

import { append } from '../../model/lists';
import { colour } from '../colour';
import { type Leaf, type LeafNode, type Mark, nest, withMark } from '../inline';
import type { Align, Block, Inline, ListItem, PanelKind, Span, TableCell, TableRow, Tree } from '../tree';
import { MAX_DEPTH, paragraph, text } from '../tree';
import { Unreadable } from '../unreadable';
import { safeImage, safeLink } from '../url';
import { placesWithin, topNodePlaces } from './places';
import { type AdfNode, contentOf, isNode, marksOf, numberAttr, textAttr } from './schema';

/** Reads ADF. @throws Unreadable if the text is not an ADF document */
export function parseAdf(source: string): Tree {
  if (source.trim() === '') return { type: 'root', children: [] };
  let document: unknown;
  try {
    document = JSON.parse(source);
  } catch {
    throw new Unreadable('is not JSON');
  }
  if (!isNode(document) || document.type !== 'doc') throw new Unreadable('is not a document in the Atlassian format');
  const places = topNodePlaces(source);
  const nodes = Array.isArray(document.content) ? document.content : [];
  const children: Block[] = [];
  nodes.forEach((node, index) => {
    if (!isNode(node)) return;
    const made = block(node, 0);
    const span = places[index];
    if (span) for (const one of made) one.span = { ...span };
    const [only] = made;
    if (span && only && made.length === 1) placeParts(source, node, only);
    append(children, made);
  });
  return { type: 'root', children };
}

/** Records the places of list items and table rows, if each node becomes exactly one of them. */
function placeParts(source: string, node: AdfNode, block: Block): void {
  if ((block.type !== 'list' && block.type !== 'table') || !block.span) return;
  const parts: { span?: Span }[] = block.children;
  const places = placesWithin(source, block.span);
  const nodes: unknown[] = node.content ?? [];
  const own = places.map((place, index) => ({ place, within: isNestedTasks(nodes[index]) }));
  if (places.length !== nodes.length || own.filter(({ within }) => !within).length !== parts.length) return;
  let next = 0;
  for (const { place, within } of own) {
    // ADF puts a nested task list behind the task that it belongs to
    const last = parts[next - 1];
    if (within && last?.span) last.span = { start: last.span.start, end: place.end };
    else if (!within) {
      const part = parts[next];
      if (part) part.span = place;
      next++;
    }
  }
}

const isNestedTasks = (node: unknown): boolean =>
  isNode(node) && (node.type === 'taskList' || node.type === 'decisionList');

const blocks = (node: AdfNode, depth: number): Block[] => contentOf(node).flatMap((child) => block(child, depth + 1));

const PANELS: Record<string, PanelKind> = {
  info: 'info',
  note: 'note',
  tip: 'tip',
  success: 'success',
  warning: 'warning',
  error: 'error',
  custom: 'plain',
};

function block(node: AdfNode, depth: number): Block[] {
  if (depth > MAX_DEPTH) {
    const value = textBelow(node);
    return value === '' ? [] : [paragraph([text(value)])];
  }
  switch (node.type) {
    case 'paragraph': {
      const children = inlines(contentOf(node));
      if (children.length === 0) return [];
      const align = alignOf(node);
      return [{ type: 'paragraph', ...(align ? { align } : {}), children }];
    }
    case 'heading': {
      const children = inlines(contentOf(node));
      const level = Math.min(6, Math.max(1, Math.round(numberAttr(node, 'level') ?? 1))) as 1 | 2 | 3 | 4 | 5 | 6;
      const align = alignOf(node);
      return children.length === 0 ? [] : [{ type: 'heading', depth: level, ...(align ? { align } : {}), children }];
    }
    case 'bulletList':
    case 'orderedList': {
      const items = contentOf(node).map(
        (child): ListItem => ({ type: 'listItem', children: blocks(child, depth + 1) }),
      );
      const ordered = node.type === 'orderedList';
      const start = numberAttr(node, 'order');
      const from = ordered && start !== undefined && start !== 1 && start >= 0 ? { start: Math.round(start) } : {};
      return items.length === 0 ? [] : [{ type: 'list', ordered, ...from, children: items }];
    }
    case 'taskList':
    case 'decisionList':
      return [{ type: 'list', ordered: false, children: tasks(node, depth) }];
    case 'blockquote':
      return [{ type: 'quote', children: blocks(node, depth) }];
    case 'codeBlock': {
      const language = textAttr(node, 'language');
      const value = contentOf(node)
        .map((child) => child.text ?? '')
        .join('');
      return [{ type: 'code', ...(language && /^[\w+#.-]{1,40}$/.test(language) ? { language } : {}), value }];
    }
    case 'rule':
      return [{ type: 'rule' }];
    case 'panel': {
      const kind = PANELS[textAttr(node, 'panelType') ?? ''] ?? 'plain';
      const background = colour(textAttr(node, 'panelColor'));
      return [{ type: 'panel', kind, ...(background ? { background } : {}), children: blocks(node, depth) }];
    }
    case 'expand':
    case 'nestedExpand':
      return [
        {
          type: 'expand',
          title: (textAttr(node, 'title') ?? '').replace(/\s+/g, ' ').trim(),
          children: blocks(node, depth),
        },
      ];
    case 'table': {
      const rows = contentOf(node)
        .filter(({ type }) => type === 'tableRow')
        .map(
          (row): TableRow => ({ type: 'tableRow', children: contentOf(row).map((cell) => tableCell(cell, depth + 1)) }),
        )
        .filter(({ children }) => children.length > 0);
      return rows.length === 0 ? [] : [{ type: 'table', children: rows }];
    }
    case 'mediaSingle':
    case 'mediaGroup':
      return media(node);
    case 'blockCard':
    case 'embedCard': {
      const { url, name } = cardOf(node);
      const shown = text(name ?? url ?? '');
      const children: Block[] = url
        ? [paragraph([{ type: 'link', url, children: [shown] }])]
        : shown.value === ''
          ? []
          : [paragraph([shown])];
      return [vendor(node, 'card', children)];
    }
    case 'layoutSection':
      return [
        vendor(
          node,
          'columns',
          contentOf(node).flatMap((column) => blocks(column, depth + 1)),
        ),
      ];
    case 'extension':
    case 'bodiedExtension':
    case 'multiBodiedExtension':
    case 'syncBlock':
    case 'bodiedSyncBlock':
      return [vendor(node, `macro ${textAttr(node, 'extensionKey') ?? 'extension'}`, blocks(node, depth))];
    default: {
      // a node type that this reader does not know yet
      const inner = contentOf(node);
      if (inner.some(({ type }) => type === 'text')) return [paragraph(inlines(inner))];
      return [vendor(node, node.type.slice(0, 40), blocks(node, depth))];
    }
  }
}

/** A card is described by its URL or by the text it shows, in the terms of https://json-ld.org. */
function cardOf(node: AdfNode): { url?: string; name?: string } {
  const data = node.attrs?.data;
  const inner: AdfNode = { type: 'data', attrs: isRecord(data) ? data : {} };
  const url = safeLink(textAttr(node, 'url') ?? textAttr(inner, 'url'));
  const name = textAttr(inner, 'name');
  return { ...(url ? { url } : {}), ...(name ? { name } : {}) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const vendor = (node: AdfNode, name: string, children: Block[]): Block => ({
  type: 'vendorBlock',
  vendor: 'adf',
  source: JSON.stringify(node),
  name,
  children,
});

function alignOf(node: AdfNode): Align | undefined {
  const align = marksOf(node).find(({ type }) => type === 'alignment');
  const value = align && textAttr(align, 'align');
  return value === 'center' ? 'center' : value === 'end' ? 'right' : undefined;
}

/** Items of a task list. ADF puts a nested list beside its item; the tree puts it inside the item. */
function tasks(node: AdfNode, depth: number): ListItem[] {
  const items: ListItem[] = [];
  for (const child of contentOf(node)) {
    if (child.type === 'taskList' || child.type === 'decisionList') {
      const [last] = items.slice(-1);
      const list = depth < MAX_DEPTH ? block(child, depth + 1) : [];
      if (last) append(last.children, list);
      else items.push({ type: 'listItem', children: list });
      continue;
    }
    const children = child.type === 'blockTaskItem' ? blocks(child, depth + 1) : asParagraph(inlines(contentOf(child)));
    items.push({
      type: 'listItem',
      checked: textAttr(child, 'state') === 'DONE' || textAttr(child, 'state') === 'DECIDED',
      children,
    });
  }
  return items;
}

const asParagraph = (children: Inline[]): Block[] => (children.length > 0 ? [paragraph(children)] : []);

function tableCell(node: AdfNode, depth: number): TableCell {
  const cell: TableCell = { type: 'tableCell', children: blocks(node, depth) };
  if (node.type === 'tableHeader') cell.header = true;
  const colspan = numberAttr(node, 'colspan') ?? 1;
  const rowspan = numberAttr(node, 'rowspan') ?? 1;
  const background = colour(textAttr(node, 'background'));
  if (colspan > 1 && colspan <= 1000) cell.colspan = Math.floor(colspan);
  if (rowspan > 1 && rowspan <= 1000) cell.rowspan = Math.floor(rowspan);
  if (background) cell.background = background;
  const [first] = cell.children;
  if (first?.type === 'paragraph' && first.align && cell.children.length === 1) {
    cell.align = first.align;
    delete first.align;
  }
  return cell;
}

/** Layouts that put a picture beside the text. */
const PLACES: Record<string, Align> = {
  'wrap-left': 'left',
  'align-start': 'left',
  'wrap-right': 'right',
  'align-end': 'right',
};

/** A picture with a URL of its own is an image. A picture stored in Jira is kept as a vendor node named by its
 * alternative text. */
function media(node: AdfNode): Block[] {
  const items = contentOf(node).filter(({ type }) => type === 'media');
  const caption = contentOf(node).find(({ type }) => type === 'caption');
  const images = items.map((item): Inline | undefined => {
    const url = textAttr(item, 'type') === 'external' ? safeImage(textAttr(item, 'url')) : undefined;
    if (!url) return undefined;
    const alt = textAttr(item, 'alt');
    const shown = node.type === 'mediaSingle' ? numberAttr(node, 'width') : undefined;
    const own = numberAttr(item, 'width');
    const height = shown === undefined ? numberAttr(item, 'height') : undefined;
    const inPixels = textAttr(node, 'widthType') === 'pixel';
    const width = shown === undefined ? own && Math.round(own) : inPixels ? Math.round(shown) : `${shown}%`;
    const align = PLACES[textAttr(node, 'layout') ?? ''];
    const image: Inline = {
      type: 'image',
      url,
      ...(alt ? { alt } : {}),
      ...(width ? { width } : {}),
      ...(height ? { height: Math.round(height) } : {}),
      ...(align ? { align } : {}),
    };
    const target = [...marksOf(item), ...marksOf(node)].find(({ type }) => type === 'link');
    const link = safeLink(target && textAttr(target, 'href'));
    return link ? { type: 'link', url: link, children: [image] } : image;
  });
  const under = caption ? asParagraph(inlines(contentOf(caption))) : [];
  const shown = images.filter((image) => image !== undefined);
  if (shown.length === items.length && items.length > 0) return [paragraph(shown), ...under];
  const names = items.map((item) => textAttr(item, 'alt') ?? textAttr(item, '__fileName') ?? 'attachment');
  return [
    vendor(node, 'attached picture', [...asParagraph([text(names.map((name) => `[${name}]`).join(' '))]), ...under]),
  ];
}

function inlines(nodes: readonly AdfNode[]): Inline[] {
  const leaves: Leaf[] = [];
  for (const node of nodes) {
    const marks = marksOfText(node);
    for (const leaf of leavesOf(node)) leaves.push({ node: leaf, marks });
  }
  return trimBreaks(nest(leaves));
}

function trimBreaks(nodes: Inline[]): Inline[] {
  while (nodes[0]?.type === 'break') nodes.shift();
  while (nodes.at(-1)?.type === 'break') nodes.pop();
  return nodes;
}

function leavesOf(node: AdfNode): LeafNode[] {
  switch (node.type) {
    case 'text': {
      const value = node.text ?? '';
      if (value === '') return [];
      const code = marksOf(node).some(({ type }) => type === 'code');
      return [code ? { type: 'inlineCode', value } : { type: 'text', value }];
    }
    case 'hardBreak':
      return [{ type: 'break' }];
    case 'mention': {
      const id = textAttr(node, 'id');
      const name = (textAttr(node, 'text') ?? id ?? '').replace(/^@/, '');
      return name === '' ? [] : [{ type: 'mention', vendor: 'jira', ...(id ? { id } : {}), name }];
    }
    case 'emoji': {
      const name = (textAttr(node, 'shortName') ?? '').replace(/^:|:$/g, '');
      const shown = textAttr(node, 'text');
      const id = textAttr(node, 'id');
      return name === ''
        ? []
        : [{ type: 'emoji', name, ...(shown && shown !== `:${name}:` ? { text: shown } : {}), ...(id ? { id } : {}) }];
    }
    case 'date': {
      const time = Number(textAttr(node, 'timestamp') ?? numberAttr(node, 'timestamp'));
      const date = new Date(time);
      return Number.isNaN(date.getTime()) ? [] : [{ type: 'date', date: date.toISOString().slice(0, 10) }];
    }
    case 'status': {
      const label = textAttr(node, 'text') ?? '';
      const color = textAttr(node, 'color');
      return label === '' ? [] : [{ type: 'status', text: label, ...(color ? { color } : {}) }];
    }
    case 'inlineCard': {
      const { url, name } = cardOf(node);
      const text = name ?? url ?? '';
      const source = JSON.stringify(node);
      return [{ type: 'vendorInline', vendor: 'adf', source, name: 'card', text, ...(url ? { url } : {}) }];
    }
    default: {
      const shown = textAttr(node, 'text') ?? textAttr(node, 'alt') ?? textBelow(node);
      const name = node.type.slice(0, 40);
      return [{ type: 'vendorInline', vendor: 'adf', source: JSON.stringify(node), name, text: shown }];
    }
  }
}

function marksOfText(node: AdfNode): readonly Mark[] {
  let marks: readonly Mark[] = [];
  const add = (mark: Mark): void => {
    marks = withMark(marks, mark);
  };
  for (const mark of marksOf(node)) {
    switch (mark.type) {
      case 'strong':
        add({ type: 'strong' });
        break;
      case 'em':
        add({ type: 'emphasis' });
        break;
      case 'strike':
        add({ type: 'delete' });
        break;
      case 'underline':
        add({ type: 'underline' });
        break;
      case 'subsup':
        add({ type: textAttr(mark, 'type') === 'sub' ? 'subscript' : 'superscript' });
        break;
      case 'textColor': {
        const color = colour(textAttr(mark, 'color'));
        if (color) add({ type: 'colour', color });
        break;
      }
      case 'backgroundColor': {
        const background = colour(textAttr(mark, 'color'));
        if (background) add({ type: 'colour', background });
        break;
      }
      case 'link': {
        const url = safeLink(textAttr(mark, 'href'));
        const title = textAttr(mark, 'title');
        if (url) add({ type: 'link', url, ...(title ? { title } : {}) });
        break;
      }
      default:
    }
  }
  return marks;
}

function textBelow(node: AdfNode): string {
  const parts: string[] = [];
  const stack: AdfNode[] = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (typeof next.text === 'string') parts.push(next.text);
    append(stack, contentOf(next).reverse());
  }
  return parts.join(' ').trim();
}
