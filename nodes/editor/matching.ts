/** The options of a drop-down with search, and those that match the typed text. Pure. */

export interface SearchItem<Data = unknown> {
  id: string;
  name: string;
  /** small text after the name: an id, a type, an email */
  detail?: string;
  /** shown, but not selectable */
  disabled?: boolean;
  /** any data that the form needs with the selection */
  data?: Data;
}

/** For comparing: ignores case and accents. */
export const plain = (shown: string): string => shown.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * The items whose name or detail contains every word of the search: first the one with exactly that name, then those
 * whose name starts with it.
 */
export function matching<Data>(items: SearchItem<Data>[], search: string): SearchItem<Data>[] {
  const wanted = plain(search.trim());
  if (wanted === '') return items;
  const words = wanted.split(/\s+/);
  const hits = items.filter((item) => {
    const shown = plain(`${item.name} ${item.detail ?? ''}`);
    return words.every((word) => shown.includes(word));
  });
  const rank = ({ name }: SearchItem<Data>): number => {
    const shown = plain(name);
    return shown === wanted ? 0 : shown.startsWith(wanted) ? 1 : 2;
  };
  return hits.sort((a, b) => rank(a) - rank(b));
}
