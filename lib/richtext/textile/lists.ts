/** Items of Textile lists, whose signs say how deep they stand, as nested lists. */

import type { Line } from '../lines';
import type { Block, Inline, List, ListItem } from '../tree';
import { textileInlines } from './inline';

/** One item as it stands in the text. */
export interface Item {
  /** `*`, `#*` … */
  signs: string;
  /** lines of text, and blocks of code, in order */
  content: (string | Block)[];
  first: Line;
  last: Line;
}

/** Items by the number of their signs: more signs, a list within the item before. */
export function nested(items: Item[], level: number): List {
  const result: ListItem[] = [];
  const ordered = items[0]?.signs.at(-1) === '#';
  for (let at = 0; at < items.length; ) {
    const item = items[at] as (typeof items)[number];
    let end = at + 1;
    if (item.signs.length > level && result.length === 0) {
      // the first item is deeper than its list: an item without text holds it
      while (end < items.length && (items[end]?.signs.length ?? 0) > level) end++;
      result.push({ type: 'listItem', children: deeper(items.slice(at, end), level) });
      at = end;
      continue;
    }
    while (end < items.length && (items[end]?.signs.length ?? 0) > level) end++;
    const within = items.slice(at + 1, end);
    const blocks = blocksOf(item);
    const [head, ...rest] = blocks;
    const task = head?.type === 'paragraph' ? taskOf(head.children) : undefined;
    const own: Block[] = task
      ? [...(task.children.length > 0 ? [{ type: 'paragraph' as const, children: task.children }] : []), ...rest]
      : blocks;
    result.push({
      type: 'listItem',
      ...(task ? { checked: task.checked } : {}),
      children: [...own, ...(within.length > 0 ? deeper(within, level) : [])],
      span: { start: item.first.start, end: (within.at(-1) ?? item).last.end },
    });
    at = end;
  }
  const span = { start: items[0]?.first.start ?? 0, end: items.at(-1)?.last.end ?? 0 };
  return { type: 'list', ordered, children: result, span };
}

/** Lines that stand together are one paragraph. */
function blocksOf({ content }: Item): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    const children = textileInlines(lines.join('\n'));
    if (children.length > 0) blocks.push({ type: 'paragraph', children });
    lines = [];
  };
  for (const one of content) {
    if (typeof one === 'string') lines.push(one);
    else {
      flush();
      blocks.push(one);
    }
  }
  flush();
  return blocks;
}

/** Lists within an item: a change of sign begins another one. */
function deeper(items: Item[], level: number): List[] {
  const next = level + 1;
  const lists: List[] = [];
  let group: typeof items = [];
  for (const item of items) {
    const [head] = group;
    if (head && item.signs.length <= next && item.signs.at(-1) !== head.signs.at(-1)) {
      lists.push(nested(group, next));
      group = [];
    }
    group.push(item);
  }
  if (group.length > 0) lists.push(nested(group, next));
  return lists;
}

/** `[ ]` or `[x]` at the start of an item: what our own writer makes of a task. */
function taskOf(children: Inline[]): { checked: boolean; children: Inline[] } | undefined {
  const [first, ...rest] = children;
  const match = first?.type === 'text' ? /^\[([ xX])\] +/.exec(first.value) : null;
  if (!match || first?.type !== 'text') return undefined;
  const value = first.value.slice(match[0].length);
  return { checked: match[1] !== ' ', children: value === '' ? rest : [{ type: 'text', value }, ...rest] };
}
