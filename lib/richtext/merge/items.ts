/**
 * Lists and tables one level deeper: of a list in which one item was edited, the other items stay as they are written in
 * the target.
 */

import type { RichTextFormat } from '../../model/values';
import type { List, ListItem, Span, Table, TableRow, Tree } from '../tree';
import { align, gaps } from './align';
import { itemKey, rowKey } from './key';
import { type Change, splice } from './splice';

export type Write = (tree: Tree) => string;

/**
 * The target's source of a list or table with the edited items in place, or undefined where it can't be taken apart.
 * @param source the target's whole text
 * @param original the block as the target has it, with places
 * @param before the block as the other side had it
 * @param after the block as the other side has it now
 */
export function mergeItems(
  source: string,
  format: RichTextFormat,
  original: List | Table,
  before: List | Table,
  after: List | Table,
  write: Write,
): string | undefined {
  const { span } = original;
  if (!span || format === 'adf' || format === 'text') return undefined;
  if (original.type === 'list' && before.type === 'list' && after.type === 'list') {
    if (original.ordered !== after.ordered || before.ordered !== after.ordered) return undefined;
    const style = markerOf(source, original.children[0]?.span);
    return merge(
      source,
      span,
      original.children,
      before.children.map(itemKey),
      after.children.map(itemKey),
      (index) => {
        const item = after.children[index];
        return item && writeItem(item, original, index, format, style, write);
      },
    );
  }
  if (original.type === 'table' && before.type === 'table' && after.type === 'table') {
    const width = (table: Table): number => Math.max(...table.children.map(({ children }) => children.length));
    if (width(before) !== width(after)) return undefined;
    const keys = after.children.map(rowKey);
    // in Markdown the first row is tied to the line below it
    if (format === 'markdown' && rowKey(before.children[0] as TableRow) !== keys[0]) return undefined;
    return merge(source, span, original.children, before.children.map(rowKey), keys, (index) => {
      const row = after.children[index];
      return row && writeRow(row, format, write);
    });
  }
  return undefined;
}

function merge(
  source: string,
  whole: Span,
  original: readonly { span?: Span }[],
  before: readonly string[],
  after: readonly string[],
  write: (index: number) => string | undefined,
): string | undefined {
  const spans = original.map(({ span }) => span).filter((span) => span !== undefined);
  if (spans.length !== original.length || original.length !== before.length || spans.length === 0) return undefined;
  const pairs = align(before, after);
  const changes: Change[] = before.map(() => ({ keep: false, replacement: [], behind: [] }));
  for (const [index] of pairs) {
    const change = changes[index];
    if (change) change.keep = true;
  }
  const ahead: string[] = [];
  for (const gap of gaps(pairs, before.length, after.length)) {
    const texts: string[] = [];
    for (let index = gap.right[0]; index < gap.right[1]; index++) {
      const text = write(index);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    const removed = gap.left[1] - gap.left[0];
    texts.forEach((text, index) => {
      const change = changes[gap.left[0] + Math.min(index, removed - 1)];
      if (removed > 0) change?.replacement.push(text);
      else if (gap.left[0] === 0) ahead.push(text);
      else changes[gap.left[0] - 1]?.behind.push(text);
    });
  }
  return splice(source.slice(0, whole.end), spans, changes, ahead, '\n').slice(whole.start);
}

interface Marker {
  indent: string;
  sign: string;
}

function markerOf(source: string, span: Span | undefined): Marker {
  const match = /^([ \t]*)([-*+]|\d{1,9}([.)]))/.exec(span ? source.slice(span.start, span.start + 40) : '');
  return { indent: match?.[1] ?? '', sign: match?.[3] ?? match?.[2] ?? '' };
}

function writeItem(
  item: ListItem,
  list: List,
  index: number,
  format: RichTextFormat,
  { sign }: Marker,
  write: Write,
): string | undefined {
  const start = (list.start ?? 1) + index;
  const one: List = { type: 'list', ordered: list.ordered, children: [item], ...(list.ordered ? { start } : {}) };
  const text = write({ type: 'root', children: [one] });
  if (format === 'html') return /^<[ou]l[^>]*>\n([\s\S]*)\n<\/[ou]l>$/.exec(text)?.[1];
  // another sign would begin another list
  if (format === 'markdown' && sign !== '')
    return text.replace(/^(?:[-*+]|(\d+)[.)])/, (_, number: string | undefined) => `${number ?? ''}${sign}`);
  return text;
}

function writeRow(row: TableRow, format: RichTextFormat, write: Write): string | undefined {
  const text = write({ type: 'root', children: [{ type: 'table', children: [row] }] });
  if (format === 'html') return /<tr>[\s\S]*<\/tr>/.exec(text)?.[0];
  if (format === 'markdown') return text.split('\n').at(-1);
  return text;
}
