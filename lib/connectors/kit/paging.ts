/** Reads lists in pages, up to their end or to Twinflow's own limit: a server's statement about its list may be
 * wrong. */

import { asSyncError } from '../../model/errors';

/** Maximum number of entries read from a list: far more than any form can show. */
export const LONGEST_LIST = 20_000;
const MOST_PAGES = 1_000;

export interface ListPage<Item> {
  items: readonly Item[];
  /** the server reports that there are more */
  more: boolean;
}

/**
 * @param read reads the page that starts at an offset
 * @param keyOf identifies entries
 * @returns each entry once. Reading ends with the last page, with a page without new entries, or at the limit
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

/**
 * Pages of a list whose entries may be too large together: then half as many are requested from that page on.
 *
 * @param size number of entries on the first page; a shorter page is the last one
 */
export function inSmallerPages<Item>(
  size: number,
  read: (offset: number, size: number) => Promise<readonly Item[]>,
): (offset: number) => Promise<ListPage<Item>> {
  let most = size;
  return async (offset) => {
    for (;;) {
      try {
        const items = await read(offset, most);
        return { items, more: items.length >= most };
      } catch (thrown) {
        if (asSyncError(thrown).detail.tooLarge !== true || most <= 1) throw thrown;
        most = Math.ceil(most / 2);
      }
    }
  };
}
