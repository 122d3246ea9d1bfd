/**
 * Lists and tables, one level deeper: if one item of a list was edited, the other items keep the target's source.
 */

import { largest } from '../../model/lists';
import type { RichTextFormat } from '../../model/values';
import { isNode } from '../adf/schema';
import type { Block, List, ListItem, Span, Table, TableRow, Tree } from '../tree';
import { align } from './align';
import { mergeCells } from './cells';
import { blockKey, itemKey, rowKey } from './key';
import { partsOf } from './parts';
import { type Candidate, withSimilar } from './similar';
import { type Change, splice } from './splice';
import { editWords, type WordTools } from './words';

export interface ItemTools {
  write(tree: Tree): string;
  /** an edited block with details that the other side could not show; undefined if there are none */
  restore(original: Block, before: Block, after: Block): Block | undefined;
  words: WordTools;
  /** an edit made inside a block container, from its source; undefined if that is not possible */
  inside(source: string, before: readonly Block[], after: readonly Block[]): string | undefined;
}

type Write = ItemTools['write'];

/**
 * The target's source of a list or table with the edited items replaced, or undefined if it cannot be taken apart.
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
  tools: ItemTools,
): string | undefined {
  const { write, restore, words, inside } = tools;
  const { span } = original;
  if (!span || format === 'text') return undefined;
  /** the item's own text, if only its words were edited */
  const own = (place: Span | undefined, lead: string, tail: string, was: Block, is: Block): string | undefined =>
    place &&
    editWords({ source: source.slice(place.start, place.end), lead, tail, format, old: [was], now: [is] }, words);
  if (original.type === 'list' && before.type === 'list' && after.type === 'list') {
    if (original.ordered !== after.ordered || before.ordered !== after.ordered) return undefined;
    const style = markerOf(source, original.children[0]?.span);
    const keys = [before.children, after.children] as const;
    const [lead, tail] = aroundItem(source, span, format);
    const merged = merge(source, format, span, original.children, ...keys, itemKey, (index, old) => {
      const item = after.children[index];
      if (!item) return undefined;
      const [mine, was] = [original.children[old ?? -1], before.children[old ?? -1]];
      const one = (child: ListItem): List => ({ ...after, children: [child] });
      const text = was && own(mine?.span, lead, tail, one(was), one(item));
      if (text !== undefined) return text;
      if (mine?.span && was && was.checked === item.checked) {
        const within = inside(source.slice(mine.span.start, mine.span.end), was.children, item.children);
        if (within !== undefined) return within;
      }
      const nested = mine && was && mergeNested(source, format, mine, was, item, original, tools);
      if (nested !== undefined) return nested;
      const made = { ...item, children: restored(item.children, mine, was, restore) };
      if (format === 'adf') return writeAdf(source, span, { ...original, children: [made] }, write, index);
      return writeItem(made, original, index, format, style, write);
    });
    return merged === undefined ? undefined : asList(merged, format, original, after, words);
  }
  if (original.type === 'table' && before.type === 'table' && after.type === 'table') {
    const width = (table: Table): number => largest(table.children.map(({ children }) => children.length));
    const isWide = width(before) !== width(after);
    if (isWide && format === 'markdown') return undefined;
    const [lead, tail] = aroundRow(source, original, format);
    return merge(source, format, span, original.children, before.children, after.children, rowKey, (index, old) => {
      const row = after.children[index];
      if (!row) return undefined;
      const [mine, was] = [original.children[old ?? -1], before.children[old ?? -1]];
      // in Markdown the first row belongs together with the line below it
      const isHead = format === 'markdown' && mine !== undefined && mine === original.children[0];
      const one = (child: TableRow): Table => ({ type: 'table', children: [child] });
      const text =
        was && own(mine?.span, isHead ? '' : lead, isHead ? lead.slice(lead.indexOf('\n')) : tail, one(was), one(row));
      if (text !== undefined) return text;
      const within =
        mine?.span &&
        was &&
        mergeCells(source.slice(mine.span.start, mine.span.end), format, mine, was, row, {
          inside,
          write: (made) => (format === 'adf' ? rowNode(made, write) : writeRow(made, format, write)),
          restored: (blocks, own, before) => restored(blocks, own, before, restore),
        });
      if (within !== undefined) return within;
      if (isWide || (format === 'markdown' && (isHead || index === 0))) return undefined;
      const cells = row.children.map((cell, at) => ({
        ...cell,
        children: restored(cell.children, mine?.children[at], was?.children[at], restore),
      }));
      const made = { ...row, children: cells };
      if (format === 'adf') return writeAdf(source, span, { type: 'table', children: [made] }, write, index);
      return writeRow(made, format, write);
    });
  }
  return undefined;
}

/**
 * Edits an item of Textile or Jira. Its own text comes before its nested lists, on lines that carry the signs of both.
 * Text and nested lists are edited separately.
 */
function mergeNested(
  source: string,
  format: RichTextFormat,
  own: ListItem,
  before: ListItem,
  after: ListItem,
  list: List,
  tools: ItemTools,
): string | undefined {
  if (!own.span || (format !== 'textile' && format !== 'jira-wiki')) return undefined;
  const [mine, was, is] = [own, before, after].map(({ children }) => children.filter((child) => child.type === 'list'));
  const [first] = mine ?? [];
  if (!mine || !was || !is || !first?.span || mine.length !== was.length || was.length !== is.length) return undefined;
  const head = (item: ListItem): List => ({
    ...list,
    children: [{ ...item, children: item.children.filter((child) => child.type !== 'list') }],
  });
  const written = source.slice(own.span.start, first.span.start).trimEnd();
  const [then, now] = [head(before), head(after)];
  const text =
    blockKey(then) === blockKey(now)
      ? written
      : (editWords({ source: written, lead: '', tail: '', format, old: [then], now: [now] }, tools.words) ??
        writeItem(now.children[0] as ListItem, list, 0, format, markerOf(source, own.span), tools.write));
  if (text === undefined) return undefined;
  const parts = mine.map((child, index): string | undefined => {
    const [old, now] = [was[index], is[index]];
    if (!child.span || !old || !now) return undefined;
    if (blockKey(old) === blockKey(now)) return source.slice(child.span.start, child.span.end);
    return mergeItems(source, format, child, old, now, tools);
  });
  return parts.every((part) => part !== undefined) ? [text, ...parts].join('\n') : undefined;
}

/** A list of lines, if it is still one list: a different first sign would make another list of it. */
function asList(text: string, format: RichTextFormat, own: List, after: List, words: WordTools): string | undefined {
  if (format === 'html' || format === 'adf') return text;
  // if the first item was moved, the next one has its number
  const start = own.start ?? 1;
  const numbered = format === 'markdown' && own.ordered ? text.replace(/^\d{1,9}(?=[.)])/, `${start}`) : text;
  const [list, ...more] = words.parse(numbered);
  const isSame =
    list?.type === 'list' && list.ordered === own.ordered && list.children.length === after.children.length;
  return isSame && more.length === 0 ? numbered : undefined;
}

/** Wraps a separate item in a list. */
function aroundItem(source: string, list: Span, format: RichTextFormat): [string, string] {
  if (format === 'html') return ['<ul>', '</ul>'];
  return format === 'adf' ? aroundNode(source, list) : ['', ''];
}

/** Wraps a separate row in a table. */
function aroundRow(source: string, table: Table, format: RichTextFormat): [string, string] {
  const { span, children } = table;
  if (format === 'html') return ['<table>', '</table>'];
  if (format === 'adf' && span) return aroundNode(source, span);
  if (format !== 'markdown' || !span) return ['', ''];
  // an empty header above the line that separates it from the rows
  const line =
    source
      .slice(span.start, span.end)
      .split('\n')
      .find((text) => /^[ \t>|:-]*-[ \t|:-]*$/.test(text)) ?? '';
  const bars = '| '.repeat(
    largest(
      children.map((row) => row.children.length),
      1,
    ),
  );
  return [`${bars}|\n${line.replace(/^[ \t>]+/, '')}\n`, ''];
}

function aroundNode(source: string, span: Span): [string, string] {
  const node: unknown = JSON.parse(source.slice(span.start, span.end));
  const type = isNode(node) ? node.type : '';
  return [`{"version":1,"type":"doc","content":[{"type":${JSON.stringify(type)},"content":[`, ']}]}'];
}

/** The blocks of an edited item or cell with details that only the target can show, if their number is unchanged. */
function restored(
  blocks: Block[],
  original: { children: Block[] } | undefined,
  before: { children: Block[] } | undefined,
  restore: ItemTools['restore'],
): Block[] {
  if (original?.children.length !== blocks.length || before?.children.length !== blocks.length) return blocks;
  return blocks.map((block, index) => {
    const [own, was] = [original.children[index], before.children[index]];
    return (own && was && restore(own, was, block)) ?? block;
  });
}

function merge<T extends ListItem | TableRow>(
  source: string,
  format: RichTextFormat,
  whole: Span,
  original: readonly { span?: Span }[],
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
  /** @param old the item that it replaces, if any */
  write: (index: number, old: number | undefined) => string | undefined,
): string | undefined {
  const spans = original.map(({ span }) => span).filter((span) => span !== undefined);
  if (spans.length !== original.length || original.length !== before.length || spans.length === 0) return undefined;
  const same = align(before.map(keyOf), after.map(keyOf));
  const kept = new Map(same.map(([left, right]) => [right, left]));
  const partners = new Map(
    withSimilar(same, before.map(asCandidate), after.map(asCandidate)).map(([left, right]) => [right, left]),
  );
  const changes: Change[] = before.map(() => ({ keep: false, replacement: [], behind: [] }));
  const ahead: string[] = [];
  let home = -1;
  for (let index = 0; index < after.length; index++) {
    const place = partners.get(index);
    const change = changes[place ?? home];
    if (place !== undefined) home = place;
    if (change && kept.has(index)) {
      change.keep = true;
      continue;
    }
    const text = write(index, place);
    if (text === undefined) return undefined;
    if (place !== undefined) change?.replacement.push(text);
    else if (change) change.behind.push(text);
    else ahead.push(text);
  }
  const separator = format === 'adf' ? ',' : '\n';
  return splice(source.slice(0, whole.end), spans, changes, ahead, separator).slice(whole.start);
}

/**
 * The nodes of the only item or row of a list or table, as JSON; undefined if they differ in kind from the target's
 * own, such as a plain item among tasks.
 */
function writeAdf(source: string, span: Span, block: List | Table, write: Write, index: number): string | undefined {
  const own: unknown = JSON.parse(source.slice(span.start, span.end));
  if (!isNode(own)) return undefined;
  const asTasks = block.type === 'list' && (own.type === 'taskList' || own.type === 'decisionList');
  const child: List | Table = asTasks ? { ...block, ordered: false, children: block.children.map(asTask) } : block;
  const { content } = JSON.parse(write({ type: 'root', children: [child] })) as { content: unknown[] };
  const made = own.type === 'decisionList' ? content.map(asDecisions) : content;
  const [list] = made;
  if (!isNode(list) || made.length !== 1 || own.type !== list.type || !list.content) return undefined;
  const text = list.content.map((node) => JSON.stringify(node)).join(',');
  // task ids must be unique within a document
  return text.replace(/"localId":"(task-\d+)"/g, (_, id: string) => `"localId":"${unused(source, `${id}-${index}`)}"`);
}

/** An item among tasks is a task, too. */
const asTask = (item: ListItem): ListItem => ({ ...item, checked: item.checked ?? false });

function asDecisions(node: unknown): unknown {
  if (!isNode(node) || (node.type !== 'taskList' && node.type !== 'taskItem')) return node;
  const content = node.content?.map(asDecisions);
  const kind = node.type === 'taskList' ? 'decisionList' : 'decisionItem';
  const state = node.attrs?.state === 'DONE' ? 'DECIDED' : 'UNDECIDED';
  const attrs = node.type === 'taskList' ? node.attrs : { ...node.attrs, state };
  return { ...node, type: kind, attrs, ...(content ? { content } : {}) };
}

/** A row as a node of ADF. */
function rowNode(row: TableRow, write: Write): string | undefined {
  const { content } = JSON.parse(write({ type: 'root', children: [{ type: 'table', children: [row] }] })) as {
    content: unknown[];
  };
  const [table] = content;
  return isNode(table) && table.content?.[0] ? JSON.stringify(table.content[0]) : undefined;
}

function unused(source: string, id: string): string {
  let name = id;
  for (let count = 1; source.includes(JSON.stringify(name)); count++) name = `${id}-${count}`;
  return name;
}

interface Marker {
  indent: string;
  sign: string;
  /** in Textile and Jira: one sign for each enclosing list */
  signs: string;
}

function markerOf(source: string, span: Span | undefined): Marker {
  const match = /^([ \t]*)([-*+]|\d{1,9}([.)]))/.exec(span ? source.slice(span.start, span.start + 40) : '');
  const signs = span ? (/^[ \t]*([*#-]{1,40})/.exec(source.slice(span.start, span.start + 60))?.[1] ?? '') : '';
  return { indent: match?.[1] ?? '', sign: match?.[3] ?? match?.[2] ?? '', signs };
}

function writeItem(
  item: ListItem,
  list: List,
  index: number,
  format: RichTextFormat,
  { sign, signs }: Marker,
  write: Write,
): string | undefined {
  const start = (list.start ?? 1) + index;
  const one: List = { type: 'list', ordered: list.ordered, children: [item], ...(list.ordered ? { start } : {}) };
  const text = write({ type: 'root', children: [one] });
  if (format === 'html') return /^<[ou]l[^>]*>\n([\s\S]*)\n<\/[ou]l>$/.exec(text)?.[1];
  if (format === 'textile' || format === 'jira-wiki') {
    // the signs of the enclosing lists and its own sign, which may be a dash
    const [outer, own] = [signs.slice(0, -1), signs.at(-1) ?? ''];
    return signs === '' ? text : text.replace(/^[*#](?=[*#]* )/gm, () => `${outer}${own}`);
  }
  // another sign would start another list
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

const asCandidate = (part: ListItem | TableRow): Candidate => ({
  kind: part.type,
  text: partsOf([
    part.type === 'listItem' ? { type: 'list', ordered: false, children: [part] } : { type: 'table', children: [part] },
  ])
    .map(({ text, fixed }) => text ?? fixed ?? '')
    .join(' '),
});
