/**
 * Markdown (CommonMark with GitHub's tables, task lists, strikethrough, autolinks and footnotes) → tree. The HTML
 * reader reads HTML in it, so the same rules decide what gets in.
 * https://spec.commonmark.org/ https://github.github.com/gfm/
 */

import type { Nodes, PhrasingContent, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { append, largest } from '../../model/lists';
import type { Dialect } from '../../model/values';
import { joinLines } from '../blanks';
import { CODE, isKnown, isShownTag, PLAIN_TAGS } from '../html/elements';
import { parseHtml } from '../html/parse';
import { escapeHtml } from '../html/render';
import { flatten, isBlank, type Leaf, type Mark, nest, tidy, withMark } from '../inline';
import { withoutPlaces } from '../places';
import { parseText } from '../text';
import type { Block, Inline, ListItem, Panel, PanelKind, Span, TableCell, TableRow, Tree } from '../tree';
import { MAX_DEPTH, plainInline } from '../tree';
import { safeImage, safeLink } from '../url';
import { checkCost } from './cost';
import { PROBE, readStretches } from './stretches';
import { syntaxOf } from './syntax';
import { beginsShown, isComment, marksOf, tagOf, withShownTags } from './tags';
import { escapesApart, splitText } from './words';

/** Reads Markdown. @throws Unreadable */
export function parseMarkdown(source: string, dialect: Dialect = {}): Tree {
  checkCost(source);
  const read = (text: string, isLast: boolean): Block[] | undefined => {
    const content = isLast ? text : text + PROBE;
    const root: Root = fromMarkdown(content, {
      extensions: [syntaxOf(content)],
      mdastExtensions: [...GFM, escapesApart],
    });
    if (!isLast) {
      const probe = root.children.pop();
      if (probe?.type !== 'paragraph' || probe.position?.start.offset !== text.length) return undefined;
    }
    return new Reader(text, root, dialect).blocks(root.children, 0);
  };
  return { type: 'root', children: readStretches(source, JSON.stringify(dialect), read) };
}

/** Without the search for URLs in finished text: it would link URLs whose signs are escaped, and it is slow. */
const GFM = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

/** Elements that continue over empty lines up to their end tag. */
const OPENING =
  /^<(details|div|center|p|table|ul|ol|dl|blockquote|section|article|figure|fieldset|header|footer|main|aside|nav|form|h[1-6])\b[^>]*>/i;
const SHELL =
  /^<(?:(?:div|center|p)\b[^>]*>|details\b[^>]*>\s*(?:<summary\b[^>]*>(?:(?!<\/summary>)[\s\S])*<\/summary>)?)\s*$/i;

/** Elements that are separate from the text before and after them. */
const PARTS = new Set(['li', 'p', 'div', 'tr', 'blockquote', 'pre', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);

const spanOf = (node: Nodes): Span | undefined => {
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  return start === undefined || end === undefined ? undefined : { start, end };
};

interface Target {
  url: string;
  title?: string;
}

const ALERTS: Record<string, PanelKind> = {
  NOTE: 'info',
  TIP: 'tip',
  IMPORTANT: 'note',
  WARNING: 'warning',
  CAUTION: 'error',
};

class Reader {
  private readonly targets = new Map<string, Target>();

  constructor(
    private readonly source: string,
    root: Root,
    private readonly dialect: Dialect,
  ) {
    this.collect(root.children, 0);
  }

  /** A tag that is meant as text. */
  private isShown = (name: string): boolean =>
    isShownTag(name) || (this.dialect.plainTags === true && !PLAIN_TAGS.has(name));

  /** Link reference definitions may be anywhere. The first one of a name counts. */
  private collect(nodes: readonly RootContent[], depth: number): void {
    if (depth > MAX_DEPTH) return;
    for (const node of nodes) {
      if (node.type === 'definition') {
        if (!this.targets.has(node.identifier))
          this.targets.set(node.identifier, { url: node.url, title: node.title ?? undefined });
      } else if (node.type === 'blockquote' || node.type === 'list' || node.type === 'listItem')
        this.collect(node.children, depth + 1);
    }
  }

  blocks(nodes: readonly RootContent[], depth: number): Block[] {
    const result: Block[] = [];
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index] as RootContent;
      const opening = node.type === 'html' ? OPENING.exec(node.value) : null;
      if (node.type === 'html' && opening) {
        const end = closingAt(nodes, index, (opening[1] ?? '').toLowerCase());
        if (end > index) {
          append(result, this.wrapped(nodes.slice(index, end + 1), depth, span(node, nodes[end])));
          index = end;
          continue;
        }
      }
      append(result, this.block(node, depth));
    }
    return result;
  }

  /** An element that contains empty lines, with Markdown between them. */
  private wrapped(nodes: readonly RootContent[], depth: number, place: Span | undefined): Block[] {
    const [first, ...inner] = nodes;
    const last = inner.pop();
    const [open, close] = [first, last].map((node) => (node?.type === 'html' ? node.value : ''));
    const at = place ? { span: place } : {};
    // tags on lines of their own say nothing about the content between them
    if (SHELL.test(open ?? '') && /^<\/\w+\s*>\s*$/.test(close ?? '')) {
      const children = this.blocks(inner, depth + 1);
      const [shell] = parseHtml(open ?? '').children;
      return shell?.type === 'expand' ? [{ ...shell, children: [...shell.children, ...children], ...at }] : children;
    }
    const blocks: Block[][] = [];
    let name = 'part';
    while (this.source.includes(name)) name += 's';
    const source = nodes.map((node) => {
      if (node.type === 'html')
        return beginsShown(node.value, this.isShown) ? escapeHtml(node.value) : withShownTags(node.value, this.isShown);
      blocks.push(this.blocks([node], depth + 1));
      return `<${name} n="${blocks.length - 1}"></${name}>`;
    });
    return parseHtml(source.join('\n'), { name, blocks }).children.map((block) => ({ ...withoutPlaces(block), ...at }));
  }

  private block(node: RootContent, depth: number): Block[] {
    const place = spanOf(node);
    const at = place ? { span: place } : {};
    if (depth >= MAX_DEPTH) {
      const value = place ? this.source.slice(place.start, place.end) : '';
      return value.trim() === '' ? [] : [{ type: 'paragraph', children: [{ type: 'text', value }], ...at }];
    }
    switch (node.type) {
      case 'paragraph': {
        const children = this.inlines(node.children);
        return children.length === 0 ? [] : [{ type: 'paragraph', children, ...at }];
      }
      case 'heading': {
        const children = this.inlines(node.children);
        return children.length === 0 ? [] : [{ type: 'heading', depth: node.depth, children, ...at }];
      }
      case 'thematicBreak':
        return [{ type: 'rule', ...at }];
      case 'code': {
        const language = /^[\w+#.-]{1,40}$/.test(node.lang ?? '') ? (node.lang ?? undefined) : undefined;
        return [{ type: 'code', ...(language ? { language } : {}), value: node.value, ...at }];
      }
      case 'blockquote':
        return [this.quote(this.blocks(node.children, depth + 1), at)];
      case 'list': {
        const items = node.children.map((item): ListItem => {
          const itemSpan = spanOf(item);
          return {
            type: 'listItem',
            ...(typeof item.checked === 'boolean' ? { checked: item.checked } : {}),
            children: this.blocks(item.children, depth + 1),
            ...(itemSpan ? { span: itemSpan } : {}),
          };
        });
        const start = node.ordered && typeof node.start === 'number' && node.start !== 1 ? { start: node.start } : {};
        return [{ type: 'list', ordered: node.ordered === true, ...start, children: items, ...at }];
      }
      case 'table':
        return [{ type: 'table', children: this.rows(node), ...at }];
      case 'html': {
        if (isComment(node.value)) {
          const source = node.value;
          return [{ type: 'vendorBlock', vendor: 'markdown', source, name: 'comment', children: [], ...at }];
        }
        // such a block may continue to the end of the text: its lines stay lines
        const inner = (
          beginsShown(node.value, this.isShown)
            ? parseText(node.value)
            : parseHtml(withShownTags(node.value, this.isShown))
        ).children;
        for (const one of inner) {
          withoutPlaces(one);
          if (place) one.span = { ...place };
        }
        return inner;
      }
      case 'footnoteDefinition':
        return [
          {
            type: 'footnoteDefinition',
            label: node.label ?? node.identifier,
            children: this.blocks(node.children, depth + 1),
            ...at,
          },
        ];
      default:
        return [];
    }
  }

  /** A quote that starts with [!NOTE] is an alert. https://docs.github.com/en/get-started/writing-on-github */
  private quote(children: Block[], at: { span?: Span }): Block {
    const [first, ...rest] = children;
    const lead = first?.type === 'paragraph' ? first.children[0] : undefined;
    const mark = lead?.type === 'text' ? /^\[!([A-Z]+)\](?:\s+|$)/.exec(lead.value) : null;
    const kind = mark && ALERTS[mark[1] ?? ''];
    if (!kind || !mark || first?.type !== 'paragraph' || lead?.type !== 'text')
      return { type: 'quote', children, ...at };
    const remaining = tidy([{ type: 'text', value: lead.value.slice(mark[0].length) }, ...first.children.slice(1)]);
    const panel: Panel = {
      type: 'panel',
      kind,
      children: remaining.length > 0 ? [{ type: 'paragraph', children: remaining }, ...rest] : rest,
      ...at,
    };
    return panel;
  }

  private rows(node: RootContent & { type: 'table' }): TableRow[] {
    const rows = node.children.map((row, index): TableRow => {
      const cells = row.children.map((cell, column): TableCell => {
        const align = node.align?.[column] ?? undefined;
        const children = this.inlines(cell.children);
        return {
          type: 'tableCell',
          ...(index === 0 ? { header: true } : {}),
          ...(align ? { align } : {}),
          children: children.length > 0 ? [{ type: 'paragraph', children }] : [],
        };
      });
      const rowSpan = spanOf(row);
      return { type: 'tableRow', children: cells, ...(rowSpan ? { span: rowSpan } : {}) };
    });
    // missing cells of a row are empty
    const width = largest(rows.map(({ children }) => children.length));
    for (const [index, { children }] of rows.entries()) {
      for (let column = children.length; column < width; column++) {
        const align = node.align?.[column] ?? undefined;
        children.push({
          type: 'tableCell',
          ...(index === 0 ? { header: true } : {}),
          ...(align ? { align } : {}),
          children: [],
        });
      }
    }
    const [head, ...body] = rows;
    // the format requires a header row: an empty one represents a table without one
    return head?.children.every(({ children }) => children.length === 0) && body.length > 0 ? body : rows;
  }

  private inlines(nodes: readonly PhrasingContent[]): Inline[] {
    const leaves: Leaf[] = [];
    this.flow(nodes, [], leaves, 0);
    const children = tidy(nest(leaves));
    return isBlank(children) ? [] : children;
  }

  private flow(nodes: readonly PhrasingContent[], outer: readonly Mark[], into: Leaf[], depth: number): void {
    const open: { name: string; marks: readonly Mark[]; code: boolean }[] = [];
    const closers = new Map<string, number>();
    nodes.forEach((node, index) => {
      const tag = node.type === 'html' ? tagOf(node.value) : undefined;
      if (tag?.closing) closers.set(tag.name, index);
    });
    nodes.forEach((node, index) => {
      const marks = open.at(-1)?.marks ?? outer;
      if (node.type !== 'html') {
        const from = into.length;
        this.inline(node, marks, into, depth);
        if (open.at(-1)?.code) asCode(into, from);
        return;
      }
      const tag = tagOf(node.value);
      if (!tag) {
        if (!isComment(node.value)) into.push({ node: { type: 'text', value: node.value }, marks });
        return;
      }
      if (!isKnown(tag.name) || this.isShown(tag.name)) {
        into.push({ node: { type: 'text', value: node.value }, marks });
      } else if (PARTS.has(tag.name)) {
        // blocks in a line, such as in a table cell: each on a line of its own
        if (into.length > 0 && into.at(-1)?.node.type !== 'break') into.push({ node: { type: 'break' }, marks });
        if (tag.name === 'li' && !tag.closing) into.push({ node: { type: 'text', value: '• ' }, marks });
      } else if (tag.closing) {
        const from = open.findLastIndex(({ name }) => name === tag.name);
        if (from >= 0) open.splice(from);
      } else if (['br', 'img', 'hr', 'input', 'wbr'].includes(tag.name)) {
        append(into, flatten(readHtml(node.value), marks));
      } else if ((closers.get(tag.name) ?? -1) > index && !tag.empty && open.length < MAX_DEPTH) {
        const added = marksOf(node.value, readHtml);
        open.push({ name: tag.name, marks: added.reduce(withMark, marks), code: CODE.has(tag.name) });
      }
    });
  }

  private inline(node: PhrasingContent, marks: readonly Mark[], into: Leaf[], depth: number): void {
    if (depth > MAX_DEPTH) return;
    const inside = (children: readonly PhrasingContent[], mark?: Mark): void =>
      this.flow(children, mark ? withMark(marks, mark) : marks, into, depth + 1);
    switch (node.type) {
      case 'text': {
        const lines = joinLines(node.value, '\n').split('\n');
        lines.forEach((line, index) => {
          if (index > 0)
            into.push({ node: this.dialect.hardBreaks ? { type: 'break' } : { type: 'text', value: ' ' }, marks });
          for (const part of splitText(line)) into.push({ node: part, marks });
        });
        return;
      }
      case 'strong':
        inside(node.children, { type: 'strong' });
        return;
      case 'emphasis':
        inside(node.children, { type: 'emphasis' });
        return;
      case 'delete':
        inside(node.children, { type: 'delete' });
        return;
      case 'inlineCode':
        into.push({ node: { type: 'inlineCode', value: node.value.replace(/\n/g, ' ') }, marks });
        return;
      case 'break':
        into.push({ node: { type: 'break' }, marks });
        return;
      case 'link':
        this.link(node, inside, node.children);
        return;
      case 'linkReference':
        this.link(this.targets.get(node.identifier), inside, node.children);
        return;
      case 'image':
        this.image(node, node.alt ?? '', marks, into);
        return;
      case 'imageReference':
        this.image(this.targets.get(node.identifier), node.alt ?? '', marks, into);
        return;
      case 'footnoteReference':
        into.push({ node: { type: 'footnoteReference', label: node.label ?? node.identifier }, marks });
        return;
      default:
    }
  }

  private link(
    target: { url: string; title?: string | null } | undefined,
    inside: (children: readonly PhrasingContent[], mark?: Mark) => void,
    children: readonly PhrasingContent[],
  ): void {
    const url = safeLink(target?.url);
    inside(children, url ? { type: 'link', url, ...(target?.title ? { title: target.title } : {}) } : undefined);
  }

  private image(
    target: { url: string; title?: string | null } | undefined,
    alt: string,
    marks: readonly Mark[],
    into: Leaf[],
  ): void {
    const url = safeImage(target?.url);
    if (!url) {
      if (alt) into.push({ node: { type: 'text', value: alt }, marks });
      return;
    }
    into.push({
      node: { type: 'image', url, ...(alt ? { alt } : {}), ...(target?.title ? { title: target.title } : {}) },
      marks,
    });
  }
}

/** `<kbd>Ctrl</kbd>`: turns the texts after an index into code. */
function asCode(leaves: Leaf[], from: number): void {
  for (let at = from; at < leaves.length; at++) {
    const leaf = leaves[at];
    if (leaf?.node.type === 'text') leaves[at] = { ...leaf, node: { type: 'inlineCode', value: leaf.node.value } };
  }
}

/** Inline HTML as inline nodes. */
function readHtml(html: string): Inline[] {
  const result: Inline[] = [];
  // an `x` before and after preserves a break at the ends
  for (const block of parseHtml(`x${html}x`).children) if (block.type === 'paragraph') append(result, block.children);
  return stripFirstAndLast(result);
}

function stripFirstAndLast(nodes: Inline[]): Inline[] {
  const [first] = nodes;
  if (first?.type === 'text') first.value = first.value.slice(1);
  const last = nodes.at(-1);
  if (last?.type === 'text' && plainInline([last]).endsWith('x')) last.value = last.value.slice(0, -1);
  return nodes.filter((node) => node.type !== 'text' || node.value !== '');
}

/** Blocks between a pair of tags on lines of their own. The search for the end tag is bounded. */
const FARTHEST = 300;

/** Index of the html node that closes the element opened at `index`, or -1. */
function closingAt(nodes: readonly RootContent[], index: number, name: string): number {
  const opening = new RegExp(`<${name}\\b`, 'gi');
  const closing = new RegExp(`</${name}\\s*>`, 'gi');
  let open = 0;
  for (let at = index; at < nodes.length && at < index + FARTHEST; at++) {
    const node = nodes[at];
    if (node?.type !== 'html') continue;
    open += (node.value.match(opening) ?? []).length - (node.value.match(closing) ?? []).length;
    if (open <= 0) return at;
  }
  return -1;
}

function span(first: Nodes, last: Nodes | undefined): Span | undefined {
  const from = spanOf(first);
  const to = last && spanOf(last);
  return from && to ? { start: from.start, end: to.end } : undefined;
}
