/**
 * Lists and tables one level deeper: of a list in which one item was edited, the other items stay as they are written in
 * the target.
 */

import type { RichTextFormat } from '../../model/values';
import { isNode } from '../adf/schema';
import type { Block, List, ListItem, Span, Table, TableRow, Tree } from '../tree';
import { align, gaps } from './align';
import { itemKey, rowKey } from './key';
import { type Change, splice } from './splice';

export type Write = (tree: Tree) => string;
/** An edited block with what the other side could not show; undefined where there is nothing of the kind */
export type Restore = (original: Block, before: Block, after: Block) => Block | undefined;

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
  restore: Restore,
): string | undefined {
  const { span } = original;
  if (!span || format === 'text') return undefined;
  if (original.type === 'list' && before.type === 'list' && after.type === 'list') {
    if (original.ordered !== after.ordered || before.ordered !== after.ordered) return undefined;
    const style = markerOf(source, original.children[0]?.span);
    const keys = [before.children.map(itemKey), after.children.map(itemKey)] as const;
    return merge(source, format, span, original.children, ...keys, (index, old) => {
      const item = after.children[index];
      if (!item) return undefined;
      const children = restored(item.children, original.children[old ?? -1], before.children[old ?? -1], restore);
      const one = { ...item, children };
      if (format === 'adf') return writeAdf(source, span, { ...original, children: [one] }, write, index);
      return writeItem(one, original, index, format, style, write);
    });
  }
  if (original.type === 'table' && before.type === 'table' && after.type === 'table') {
    const width = (table: Table): number => Math.max(...table.children.map(({ children }) => children.length));
    if (width(before) !== width(after)) return undefined;
    const keys = after.children.map(rowKey);
    // in Markdown the first row is tied to the line below it
    if (format === 'markdown' && rowKey(before.children[0] as TableRow) !== keys[0]) return undefined;
    return merge(source, format, span, original.children, before.children.map(rowKey), keys, (index, old) => {
      const row = after.children[index];
      const [own, was] = [original.children[old ?? -1], before.children[old ?? -1]];
      if (!row) return undefined;
      const cells = row.children.map((cell, at) => ({
        ...cell,
        children: restored(cell.children, own?.children[at], was?.children[at], restore),
      }));
      const one = { ...row, children: cells };
      if (format === 'adf') return writeAdf(source, span, { type: 'table', children: [one] }, write, index);
      return writeRow(one, format, write);
    });
  }
  return undefined;
}

/** The blocks of an edited item or cell with what only the target can show, where they are as many as before. */
function restored(
  blocks: Block[],
  original: { children: Block[] } | undefined,
  before: { children: Block[] } | undefined,
  restore: Restore,
): Block[] {
  if (original?.children.length !== blocks.length || before?.children.length !== blocks.length) return blocks;
  return blocks.map((block, index) => {
    const [own, was] = [original.children[index], before.children[index]];
    return (own && was && restore(own, was, block)) ?? block;
  });
}

function merge(
  source: string,
  format: RichTextFormat,
  whole: Span,
  original: readonly { span?: Span }[],
  before: readonly string[],
  after: readonly string[],
  /** @param old the item that it takes the place of, if there is one for it */
  write: (index: number, old: number | undefined) => string | undefined,
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
    const isOneByOne = gap.right[1] - gap.right[0] === gap.left[1] - gap.left[0];
    for (let index = gap.right[0]; index < gap.right[1]; index++) {
      const text = write(index, isOneByOne ? gap.left[0] + index - gap.right[0] : undefined);
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
  const separator = format === 'adf' ? ',' : '\n';
  return splice(source.slice(0, whole.end), spans, changes, ahead, separator).slice(whole.start);
}

/**
 * The nodes of the only item or row of a list or table, as JSON; undefined where they are of another kind than the
 * target's own, such as a plain item among tasks.
 */
function writeAdf(source: string, span: Span, block: List | Table, write: Write, index: number): string | undefined {
  const own: unknown = JSON.parse(source.slice(span.start, span.end));
  const { content } = JSON.parse(write({ type: 'root', children: [block] })) as { content: unknown[] };
  const [made] = content;
  if (!isNode(own) || !isNode(made) || content.length !== 1 || own.type !== made.type || !made.content)
    return undefined;
  const text = made.content.map((node) => JSON.stringify(node)).join(',');
  // the ids of tasks must differ within a document
  return text.replace(/"localId":"(task-\d+)"/g, (_, id: string) => `"localId":"${unused(source, `${id}-${index}`)}"`);
}

function unused(source: string, id: string): string {
  let name = id;
  for (let count = 1; source.includes(JSON.stringify(name)); count++) name = `${id}-${count}`;
  return name;
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
