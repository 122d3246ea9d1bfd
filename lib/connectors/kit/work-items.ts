/**
 * Work items in messages of commits and builds: `#12`, `DEMO-7`, `Fixes #3`. The patterns are no regular expressions, which a message
 * could bring to a standstill, but texts with placeholders. What names several items can be read once for each of them, so that it
 * arrives at each, on its own.
 */

import type { Entity, EntityId, EntityTypeId, Field } from '../../model/entity';

const LONGEST_MESSAGE = 100_000;
const MOST_IDS = 100;
/** How far before an id its word may begin. */
const WORD_REACH = 80;

const PLACES: Record<string, string> = { number: '\\d{1,15}', key: '[A-Z][A-Z0-9_]{1,20}' };

/** The words that close an item, by what they mean. */
const KEYWORDS = ['fixes', 'closes', 'resolves'] as const;
type Keyword = (typeof KEYWORDS)[number];
const SPELLINGS: Readonly<Record<string, Keyword>> = {
  ...{ fix: 'fixes', fixes: 'fixes', fixed: 'fixes' },
  ...{ close: 'closes', closes: 'closes', closed: 'closes' },
  ...{ resolve: 'resolves', resolves: 'resolves', resolved: 'resolves' },
};

export interface NamedItem {
  /** what the placeholders stand for, from the first to the last one */
  id: string;
  /** the closing word in front of it, also in front of several: "fixes #1, #2" */
  keyword?: Keyword;
}

/** The items that a message names, in its order, each once. */
export type FindItems = (message: string) => NamedItem[];

/**
 * @param text patterns, separated by commas: `#{number}, {key}-{number}`
 * @throws Error for an admin
 */
export function readPatterns(text: string): FindItems {
  const patterns = text.split(',').flatMap((one) => (one.trim() === '' ? [] : [compiled(one.trim())]));
  return (message) => {
    const start = message.slice(0, LONGEST_MESSAGE);
    const all = patterns.flatMap((pattern) => [...start.matchAll(pattern)]);
    // in the order of the text, whichever pattern found them
    all.sort((a, b) => a.index - b.index);
    const found = new Map<string, NamedItem>();
    let before: { end: number; keyword: Keyword | undefined } | undefined;
    for (const match of all) {
      const [whole, id = ''] = match;
      const between = before && start.slice(before.end, Math.max(before.end, match.index));
      const goesOn = between !== undefined && between.length < WORD_REACH && /^[\s,;&]*(?:and\s*)?$/.test(between);
      const keyword = wordBefore(start, match.index, whole) ?? (goesOn ? before?.keyword : undefined);
      before = { end: match.index + whole.length, keyword };
      const known = found.get(id);
      if (known === undefined || known.keyword === undefined) found.set(id, { id, ...(keyword && { keyword }) });
      if (found.size >= MOST_IDS) break;
    }
    return [...found.values()];
  };
}

/** A pattern may contain the word itself: `Fixes {number}`. */
function wordBefore(text: string, at: number, whole: string): Keyword | undefined {
  const own = /^[a-z]+/i.exec(whole)?.[0].toLowerCase() ?? '';
  if (Object.hasOwn(SPELLINGS, own)) return SPELLINGS[own];
  const words = text
    .slice(Math.max(0, at - WORD_REACH), at)
    .trimEnd()
    .replace(/:$/, '');
  const last =
    words
      .split(/[^\p{L}\p{N}_-]/u)
      .at(-1)
      ?.toLowerCase() ?? '';
  return Object.hasOwn(SPELLINGS, last) ? SPELLINGS[last] : undefined;
}

function compiled(pattern: string): RegExp {
  const shown = JSON.stringify(pattern.slice(0, 60));
  const parts = pattern.split(/\{(\w+)\}/);
  if (parts.length < 3) throw new Error(`${shown} has no {number} in it`);
  if (pattern.length > 200 || parts.length > 9) throw new Error(`${shown} is too long`);
  const sources = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(/\s+/g, '\\s{1,10}');
    const source = PLACES[part];
    if (source === undefined) throw new Error(`${shown}: {${part}} is neither {number} nor {key}`);
    return source;
  });
  const [before = '', after = ''] = [sources[0], sources.at(-1)];
  const id = sources.slice(1, -1).join('');
  return new RegExp(`(?<![\\w#])${before}(${id})${after}(?!\\w)`, 'g');
}

const MARK = '@item:';

/** Fields of what is read once for each work item, in addition to its own. */
export const PER_ITEM_FIELDS: Field[] = [
  { id: 'workItem', name: 'Work item', type: 'text', readOnly: true, required: true, maxLength: 200 },
  {
    ...{ id: 'keyword', name: 'Closing word', type: 'lookup', readOnly: true },
    values: KEYWORDS.map((word) => ({ id: word, name: word })),
  },
];

/** The entity once for each work item that it names. @param type of these */
export const perItem = (entity: Entity, items: readonly NamedItem[], type: EntityTypeId): Entity[] =>
  items.map(({ id, keyword }) => ({
    ...entity,
    ...{ id: `${entity.id}${MARK}${id}`, key: `${entity.key} → ${id}`, type },
    fields: { ...entity.fields, workItem: id, keyword: keyword === undefined ? null : { id: keyword, name: keyword } },
  }));

/** The id of the entity itself, if this is the id of one that is read for a work item. */
export function wholeOf(id: EntityId): EntityId | undefined {
  const at = id.lastIndexOf(MARK);
  return at > 0 ? id.slice(0, at) : undefined;
}
