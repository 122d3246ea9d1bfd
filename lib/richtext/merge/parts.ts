/**
 * A text as the sequence of its editable parts: words, each with its formatting, and between them everything without
 * words of its own: starts and ends of blocks, pictures, mentions, macros. Two texts with the same shapes differ only
 * in words.
 */

import { flatten, type Leaf } from '../inline';
import type { Block, Inline, Span } from '../tree';
import { plainInline } from '../tree';

export interface Part {
  /** everything about the part except its words */
  shape: string;
  /** editable words */
  text?: string;
  /** words of something indivisible, such as a mention */
  fixed?: string;
  /** code: each blank counts */
  verbatim: boolean;
  /** the smallest enclosing block, item or row with a known place */
  span: Span | undefined;
}

/** The parts of blocks, in reading order. */
export function partsOf(blocks: readonly Block[]): Part[] {
  const parts: Part[] = [];
  for (const block of blocks) blockParts(block, undefined, parts);
  return parts;
}

function blockParts(block: Block, around: Span | undefined, into: Part[]): void {
  const span = block.span ?? around;
  const mark = (shape: string): void => {
    into.push({ shape, verbatim: false, span });
  };
  const title = (shape: string, text: string | undefined): void => {
    if (text) into.push({ shape, text, verbatim: false, span });
  };
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      mark(`${block.type === 'heading' ? `h${block.depth}` : 'p'}${block.align ?? ''}`);
      inlineParts(block.children, span, into);
      return;
    case 'code':
      mark(`code|${block.language ?? ''}`);
      title('code title', block.title);
      into.push({ shape: 'code', text: block.value, verbatim: true, span });
      return;
    case 'rule':
      mark('rule');
      return;
    case 'list':
      mark(`list|${block.ordered}|${block.start ?? 1}`);
      for (const item of block.children) {
        // inside a block with an unknown place, places are relative to something else
        const place = block.span && item.span ? item.span : span;
        into.push({ shape: `item|${item.checked ?? ''}`, verbatim: false, span: place });
        for (const child of item.children) blockParts(child, place, into);
      }
      break;
    case 'table':
      mark('table');
      for (const row of block.children) {
        mark('row');
        for (const cell of row.children) {
          const { header, align, colspan, rowspan, background } = cell;
          mark(`cell|${[header, align, colspan, rowspan, background].join('|')}`);
          for (const child of cell.children) blockParts(child, block.span && row.span ? row.span : span, into);
        }
      }
      break;
    case 'panel':
      mark(`panel|${block.kind}|${block.background ?? ''}`);
      title('panel title', block.title);
      for (const child of block.children) blockParts(child, span, into);
      break;
    case 'expand':
      mark('expand');
      title('expand title', block.title);
      for (const child of block.children) blockParts(child, span, into);
      break;
    case 'vendorBlock':
      mark(`vendor|${block.name}|${block.children.length === 0 ? block.source : ''}`);
      for (const child of block.children) blockParts(child, span, into);
      break;
    case 'quote':
    case 'footnoteDefinition':
      mark(block.type === 'quote' ? 'quote' : `footnote|${block.label}`);
      for (const child of block.children) blockParts(child, span, into);
      break;
  }
  mark('end');
}

function inlineParts(nodes: readonly Inline[], span: Span | undefined, into: Part[]): void {
  for (const leaf of flatten(nodes)) {
    const { node } = leaf;
    const look = lookOf(leaf);
    if (node.type !== 'text' && node.type !== 'inlineCode') {
      into.push({ shape: `${look}${JSON.stringify(node)}`, fixed: plainInline([node]), verbatim: false, span });
      continue;
    }
    const shape = `${node.type}|${look}`;
    const last = into.at(-1);
    if (last?.text !== undefined && last.shape === shape) last.text += node.value;
    else if (node.value !== '') into.push({ shape, text: node.value, verbatim: node.type === 'inlineCode', span });
  }
}

const lookOf = ({ marks }: Leaf): string =>
  marks
    .map((mark) => JSON.stringify(mark))
    .sort()
    .join('');

/** Words for comparing: a line end equals a blank, except in code. */
const shown = ({ text, verbatim }: Part): string | undefined => (verbatim ? text : text?.replace(/\s+/g, ' ').trim());

/** True if both have the same shapes and, unless the words may differ, the same words. */
export function sameParts(one: readonly Part[], two: readonly Part[], words: boolean): boolean {
  return (
    one.length === two.length &&
    one.every((part, index) => {
      const other = two[index];
      if (!other || part.shape !== other.shape) return false;
      return words ? shown(part) === shown(other) : (part.text === undefined) === (other.text === undefined);
    })
  );
}

/** The smallest units of an edit: a word, a run of blanks, a sign. */
export const tokensOf = (text: string): string[] => text.match(/[\p{L}\p{N}\p{M}]+|\s+|[\s\S]/gu) ?? [];

export const isBlankToken = (token: string): boolean => token.trim() === '';
