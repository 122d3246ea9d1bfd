/**
 * What stands around the blocks of a container in its source – the tags, the macro's signs, the `>` of each line, the node –
 * and the blocks within as a text of their own. So that an edit within a container is made within, and the container stays.
 */

import type { RichTextFormat } from '../../model/values';
import { placesWithin, topNodePlaces } from '../adf/places';
import { type AdfNode, contentOf, isNode } from '../adf/schema';
import type { Block, Span, Tree } from '../tree';
import { align } from './align';

export interface Shell {
  /** what it holds; several where it holds several texts, as columns do */
  bodies: string[];
  /** the container with other bodies, as many */
  assemble(bodies: readonly string[]): string;
}

/** The shell of a block, a list item or a cell of a table; undefined where it has none, or not a plain one. */
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

/** Nodes that hold blocks; the others hold parts of their own, or words. */
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

/** `<details>` of which each tag stands on a line of its own, so that what is within is Markdown. */
const detailsShell = (source: string): Shell | undefined =>
  macroShell(source, /^<details\b[^>]*>\s*(?:<summary\b[\s\S]*?<\/summary>)?[ \t]*\n\s*\n/i, /\n\s*\n<\/details>\s*$/i);

/** A quote: lines that begin with a sign. @param head a first line that is no part of what it holds */
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

/** An item of a Markdown list: what it holds stands under its first sign. */
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

/** @param lines as they are written, @param bare and without the signs in front, @param dress gives a new line its sign */
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
        // the first line stands behind the head, which may not have the sign of the others
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
 * Blocks written as they may stand in a container.
 * @param source the container as the target has it
 * @returns undefined where they are written there as anywhere
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

/** The outermost node of a type. */
function firstOf(node: AdfNode, type: string): AdfNode | undefined {
  if (node.type === type) return node;
  for (const child of contentOf(node)) {
    const found = firstOf(child, type);
    if (found) return found;
  }
  return undefined;
}
