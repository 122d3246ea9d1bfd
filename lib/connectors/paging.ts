/** Lists that come in pages, read to their end – or to ours: what a server says of its own list is only its word. */

/** Entries of a list that are read at most: far more than any form can show. */
export const LONGEST_LIST = 20_000;
const MOST_PAGES = 1_000;

export interface ListPage<Item> {
  items: readonly Item[];
  /** the server says that there is more behind it */
  more: boolean;
}

/**
 * @param read the page that begins at an offset
 * @param keyOf tells entries apart
 * @returns each entry once. Reading ends with the last page, with one that brings nothing new, and where there are too many
 */
export async function allPages<Item>(
  read: (offset: number) => Promise<ListPage<Item>>,
  keyOf: (item: Item) => string,
  most = LONGEST_LIST,
): Promise<Item[]> {
  const found = new Map<string, Item>();
  let offset = 0;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { items, more } = await read(offset);
    const before = found.size;
    for (const item of items) {
      const key = keyOf(item);
      if (!found.has(key)) found.set(key, item);
      if (found.size >= most) return [...found.values()];
    }
    offset += items.length;
    if (!more || found.size === before) break;
  }
  return [...found.values()];
}
