/** List items whose signs give their depth (`*`, `#*` …), as nested lists: in Jira wiki markup and in Textile. */

import type { Block, Inline, List, ListItem } from './tree';

/** One item in the text, with its place. */
export interface SignedItem {
  /** `*`, `#*` … */
  signs: string;
  start: number;
  end: number;
  /** lines of text, and blocks, in order */
  content: (string | Block)[];
}

export interface SignedLists {
  inlines(text: string): Inline[];
  /** True if an item belongs to a numbered list at a level. */
  isOrdered(item: SignedItem, level: number): boolean;
}

/** Groups items by the number of their signs: more signs make a list within the preceding item. */
export function nested(rules: SignedLists, items: SignedItem[], level: number): List {
  const children: ListItem[] = [];
  const [first] = items;
  for (let at = 0; at < items.length; ) {
    const item = items[at] as SignedItem;
    let end = at + 1;
    while (end < items.length && (items[end]?.signs.length ?? 0) > level) end++;
    // the first item may be deeper than its list: an item without text then holds it
    const isDeeper = item.signs.length > level;
    const within = items.slice(isDeeper ? at : at + 1, end);
    const own = isDeeper ? { children: [] } : asTask(blocksOf(rules, item));
    children.push({
      type: 'listItem',
      ...own,
      children: [...own.children, ...deeper(rules, within, level + 1)],
      span: { start: item.start, end: (within.at(-1) ?? item).end },
    });
    at = end;
  }
  const span = { start: first?.start ?? 0, end: items.at(-1)?.end ?? 0 };
  return { type: 'list', ordered: first !== undefined && rules.isOrdered(first, level), children, span };
}

/** Adjacent lines are one paragraph. */
function blocksOf({ inlines }: SignedLists, { content }: SignedItem): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    const children = inlines(lines.join('\n'));
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

/** Lists within an item. A change of sign starts another list. */
function deeper(rules: SignedLists, items: SignedItem[], level: number): List[] {
  const lists: List[] = [];
  let group: SignedItem[] = [];
  for (const item of items) {
    const [head] = group;
    const isOther = head && item.signs.length <= level && rules.isOrdered(item, level) !== rules.isOrdered(head, level);
    if (isOther) {
      lists.push(nested(rules, group, level));
      group = [];
    }
    group.push(item);
  }
  if (group.length > 0) lists.push(nested(rules, group, level));
  return lists;
}

/** `[ ]` or `[x]` at the start of an item: how Twinflow writes a task. */
function asTask(blocks: Block[]): { checked?: boolean; children: Block[] } {
  const [head, ...rest] = blocks;
  const [lead, ...others] = head?.type === 'paragraph' ? head.children : [];
  const match = lead?.type === 'text' ? /^\[([ xX])\] +/.exec(lead.value) : null;
  if (!match || head?.type !== 'paragraph' || lead?.type !== 'text') return { children: blocks };
  const value = lead.value.slice(match[0].length);
  const children: Inline[] = [...(value === '' ? [] : [{ type: 'text' as const, value }]), ...others];
  return { checked: match[1] !== ' ', children: children.length > 0 ? [{ ...head, children }, ...rest] : rest };
}
