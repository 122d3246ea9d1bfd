/** Items of Jira's lists, whose signs say how deep they stand, as nested lists. */

import type { Block, Inline, List, ListItem } from '../tree';
import { jiraInlines } from './inline';

/** One item as it stands in the text, with its place. */
export interface Item {
  signs: string;
  start: number;
  end: number;
  /** lines of text, and macros with what they hold, in order */
  content: (string | Block)[];
}

export function nested(items: Item[], level: number, depth: number): List {
  const result: ListItem[] = [];
  const ordered = (items[0]?.signs[level - 1] ?? items[0]?.signs.at(-1)) === '#';
  for (let at = 0; at < items.length; ) {
    const item = items[at] as Item;
    let end = at + 1;
    while (end < items.length && (items[end]?.signs.length ?? 0) > level) end++;
    const within = items.slice(item.signs.length > level ? at : at + 1, end);
    result.push({
      type: 'listItem',
      children: [
        ...(item.signs.length > level ? [] : blocksOf(item)),
        ...(within.length > 0 ? deeper(within, level + 1, depth) : []),
      ],
      span: { start: item.start, end: (within.at(-1) ?? item).end },
    });
    at = end;
  }
  const span = { start: items[0]?.start ?? 0, end: items.at(-1)?.end ?? 0 };
  return { type: 'list', ordered, children: result.map(asTask), span };
}

/** Lines that stand together are one paragraph. */
function blocksOf({ content }: Item): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    const children = jiraInlines(lines.join('\n'));
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

function deeper(items: Item[], level: number, depth: number): List[] {
  const lists: List[] = [];
  let group: Item[] = [];
  const kind = (item: Item): boolean => (item.signs[level - 1] ?? item.signs.at(-1)) === '#';
  for (const item of items) {
    const [head] = group;
    if (head && item.signs.length <= level && kind(item) !== kind(head)) {
      lists.push(nested(group, level, depth));
      group = [];
    }
    group.push(item);
  }
  if (group.length > 0) lists.push(nested(group, level, depth));
  return lists;
}

/** `[ ]` or `[x]` at the start of an item: what our own writer makes of a task. */
function asTask(item: ListItem): ListItem {
  const [first, ...rest] = item.children;
  const lead = first?.type === 'paragraph' ? first.children[0] : undefined;
  const match = lead?.type === 'text' ? /^\[([ xX])\] +/.exec(lead.value) : null;
  if (!match || first?.type !== 'paragraph' || lead?.type !== 'text') return item;
  const value = lead.value.slice(match[0].length);
  const children: Inline[] = [...(value === '' ? [] : [{ type: 'text' as const, value }]), ...first.children.slice(1)];
  return {
    ...item,
    checked: match[1] !== ' ',
    children: children.length > 0 ? [{ ...first, children }, ...rest] : rest,
  };
}
