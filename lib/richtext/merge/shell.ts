/**
 * Separates a container's source into its shell (the tags, the macro's signs, the `>` of each line, the ADF node) and
 * the blocks inside it, as a text of their own. An edit inside a container then changes only the inner text.
 */

import type { RichTextFormat } from '../../model/values';
import { placesWithin, topNodePlaces } from '../adf/places';
import { type AdfNode, contentOf, isNode } from '../adf/schema';
import type { Block, Span, Tree } from '../tree';
import { align } from './align';

export interface Shell {
  /** its content; several texts if it has several, such as columns */
  bodies: string[];
  /** the container with other bodies, the same number */
  assemble(bodies: readonly string[]): string;
}

/** The shell of a block, a list item or a table cell; undefined if there is none or it is not a plain one. */
export function shellOf(source: string, format: RichTextFormat): Shell | undefined {
  switch (format) {
    case 'adf':
      return nodeShell(source);
    case 'html':
      return elementShell(source);
    case 'markdown':
      return (
        detailsShell(source) ??
        prefixShell(source, /^ {0,3}> ?/, '> ', /^ {0,3}> ?\[![A-Za-z]+\][ \t]*\n/) ??
        itemShell(source)
      );
    case 'textile':
      return (
        macroShell(source, /^\{\{collapse(?:\([^\n]*\))?[ \t]*\n+/, /\n+\}\}$/) ??
        prefixShell(source, /^> ?/, '> ', /^(?!)/)
      );
    case 'jira-wiki': {
      const name = /^\{(quote|panel|info|note|tip|warning|expand)[:}]/.exec(source)?.[1];
      return name === undefined
        ? undefined
        : macroShell(source, /^\{[^{}\n]*\}\s*/, new RegExp(String.raw`\s*\{${name}\}$`));
    }
    case 'text':
      return undefined;
  }
}

const between = (source: string, start: number, end: number): Shell | undefined =>
  end <= start
    ? undefined
    : {
        bodies: [source.slice(start, end)],
        assemble: ([body = '']) => source.slice(0, start) + body + source.slice(end),
      };

/** Nodes that hold blocks. Other nodes hold parts of their own, or words. */
const HOLD_BLOCKS = new Set(
  'panel expand nestedExpand blockquote bodiedExtension listItem tableCell tableHeader layoutColumn'.split(' '),
);

function nodeShell(source: string): Shell | undefined {
  const node: unknown = JSON.parse(source);
  if (!isNode(node)) return undefined;
  const places = topNodePlaces(source);
  const [first] = places;
  if (HOLD_BLOCKS.has(node.type)) return first && between(source, first.start, places.at(-1)?.end ?? 0);
  if (node.type !== 'layoutSection') return undefined;
  const columns = places.map((place): Span | undefined => {
    const within = placesWithin(source, place);
    const [head] = within;
    return head && { start: head.start, end: within.at(-1)?.end ?? head.end };
  });
  const spans = columns.filter((span) => span !== undefined);
  if (spans.length !== columns.length || spans.length === 0) return undefined;
  return {
    bodies: spans.map(({ start, end }) => source.slice(start, end)),
    assemble: (bodies) => {
      let result = '';
      let at = 0;
      spans.forEach(({ start, end }, index) => {
        result += source.slice(at, start) + (bodies[index] ?? '');
        at = end;
      });
      return result + source.slice(at);
    },
  };
}

const TAG = /^<([a-z][a-z0-9]*)(?:[^"'>]|"[^"]*"|'[^']*')*>\s*/i;

function elementShell(source: string): Shell | undefined {
  const open = TAG.exec(source);
  const name = open?.[1]?.toLowerCase() ?? '';
  if (!open || !/^(?:blockquote|div|details|li|td|th)$/.test(name)) return undefined;
  const close = new RegExp(String.raw`\s*</${name}\s*>\s*$`, 'i').exec(source);
  const title =
    /^(?:<summary\b[\s\S]*?<\/summary>|<p class="panel-title">[\s\S]*?<\/p>)\s*/i.exec(
      source.slice(open[0].length),
    )?.[0] ?? '';
  return between(source, open[0].length + title.length, close?.index ?? source.length);
}

function macroShell(source: string, opening: RegExp, closing: RegExp): Shell | undefined {
  const [open, close] = [opening.exec(source), closing.exec(source)];
  return open && close ? between(source, open[0].length, close.index) : undefined;
}

/** `<details>` with each tag on a line of its own, so that its content is Markdown. */
const detailsShell = (source: string): Shell | undefined =>
  macroShell(source, /^<details\b[^>]*>\s*(?:<summary\b[\s\S]*?<\/summary>)?[ \t]*\n\s*\n/i, /\n\s*\n<\/details>\s*$/i);

/** A quote: lines that start with a sign. @param head a first line that does not belong to its content */
function prefixShell(source: string, sign: RegExp, prefix: string, head: RegExp): Shell | undefined {
  const first = head.exec(source)?.[0] ?? '';
  const lines = source.slice(first.length).split('\n');
  if (!lines.every((line) => sign.test(line))) return undefined;
  return linesShell(
    first,
    lines,
    lines.map((line) => line.replace(sign, '')),
    (line) => `${prefix}${line}`.trimEnd(),
  );
}

/** An item of a Markdown list: its content is indented to its first character. */
function itemShell(source: string): Shell | undefined {
  const marker = /^(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+(?=\S))?/.exec(source)?.[0];
  if (marker === undefined) return undefined;
  const width = /^\S+[ \t]{1,4}/.exec(marker)?.[0].length ?? marker.length;
  const indent = new RegExp(`^ {0,${width}}`);
  const [first = '', ...rest] = source.slice(marker.length).split('\n');
  if (rest.some((line) => line.trim() !== '' && (indent.exec(line)?.[0].length ?? 0) < 2)) return undefined;
  const lines = [first, ...rest];
  return linesShell(marker, lines, [first, ...rest.map((line) => line.replace(indent, ''))], (line, index) =>
    index === 0 || line === '' ? line : ' '.repeat(width) + line,
  );
}

/** @param lines as written, @param bare the same without the signs in front, @param dress adds the sign to a new
 * line */
function linesShell(
  head: string,
  lines: readonly string[],
  bare: readonly string[],
  dress: (line: string, index: number) => string,
): Shell {
  return {
    bodies: [bare.join('\n')],
    assemble: ([body = '']) => {
      const now = body.split('\n');
      const same = new Map(align(bare, now).map(([was, is]) => [is, was]));
      const written = now.map((line, index) => {
        const was = same.get(index);
        // the first line follows the head, which may lack the sign of the other lines
        const isMoved = was === undefined || (was === 0) !== (index === 0);
        return isMoved ? dress(line, index) : (lines[was] ?? '');
      });
      return head + written.join('\n');
    },
  };
}

/** The nodes of an ADF document, without the document around them. */
export function nodesOf(document: string): string {
  const { content } = JSON.parse(document) as { content: unknown[] };
  return content.map((node) => JSON.stringify(node)).join(',');
}

/**
 * Blocks in the form they need inside a container.
 * @param source the container in the target's source
 * @returns undefined if the container needs no special form
 */
export function renderWithin(
  source: string,
  format: RichTextFormat,
  blocks: readonly Block[],
  render: (tree: Tree) => string,
): string | undefined {
  const root = (...children: Block[]): string => render({ type: 'root', children });
  const children = [...blocks];
  if (format === 'jira-wiki') {
    const name = /^\{(\w+)/.exec(source)?.[1];
    const made = root(name === 'quote' ? { type: 'quote', children } : { type: 'panel', kind: 'plain', children });
    return shellOf(made, format)?.bodies[0];
  }
  if (format !== 'adf') return undefined;
  const node: unknown = JSON.parse(source);
  const type = isNode(node) ? node.type : '';
  const cell = (inner: Block[]): Block => ({
    type: 'table',
    children: [{ type: 'tableRow', children: [{ type: 'tableCell', children: inner }] }],
  });
  const expand: Block = { type: 'expand', title: '', children };
  const around: Record<string, Block> = {
    panel: { type: 'panel', kind: 'info', children },
    expand,
    nestedExpand: cell([expand]),
    blockquote: { type: 'quote', children },
    listItem: { type: 'list', ordered: false, children: [{ type: 'listItem', children }] },
    tableCell: cell(children),
    tableHeader: cell(children),
  };
  const outer = around[type];
  if (!outer) return undefined;
  const made: unknown = JSON.parse(root(outer));
  const found = isNode(made) ? firstOf(made, type === 'tableHeader' ? 'tableCell' : type) : undefined;
  const nodes = (found?.content ?? []).filter(
    (child, index) => index > 0 || !isNode(child) || child.content !== undefined || child.type !== 'paragraph',
  );
  return nodes.map((child) => JSON.stringify(child)).join(',');
}

/**
 * HTML: the only paragraph of an element has no element of its own, as in most items and cells, and the result is again
 * a single paragraph.
 * @param body the content of the element, @param own the same as blocks, @param now the new blocks
 */
export function standsBare(body: string, own: readonly Block[], now: readonly Block[]): boolean {
  const [paragraphs, wanted] = [own, now].map((blocks) => blocks.filter(({ type }) => type === 'paragraph'));
  const [paragraph] = paragraphs ?? [];
  if (!paragraph?.span || paragraphs?.length !== 1 || wanted?.length !== 1) return false;
  return !/^\s*<p\b/i.test(body.slice(paragraph.span.start));
}

/** Blocks as HTML; a single plain paragraph without its element. @returns undefined if there is no such paragraph */
export function renderBare(blocks: readonly Block[], render: (tree: Tree) => string): string | undefined {
  const [block] = blocks;
  if (blocks.length !== 1 || block?.type !== 'paragraph') return undefined;
  return /^<p>([\s\S]*)<\/p>$/.exec(render({ type: 'root', children: [block] }))?.[1];
}

/** The outermost node of a type. */
function firstOf(node: AdfNode, type: string): AdfNode | undefined {
  if (node.type === type) return node;
  for (const child of contentOf(node)) {
    const found = firstOf(child, type);
    if (found) return found;
  }
  return undefined;
}
