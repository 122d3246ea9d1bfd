/** Rows of what has happened: entries in the order of their numbers, and counts by hour. */

export type JournalRow = {
  id: number;
  /** ms since 1970; does not fall from one entry to the next */
  at: number;
  integration: number;
  outcome: string;
  /** what is searched, in lower case */
  text: string;
  /** the rest, as JSON */
  entry: string;
};

/** `hour`: hours since 1970. */
export type HourRow = { integration: number; hour: number; outcome: string; n: number };

/** Entries from `from` up to below `before` that contain a text. null = all. */
export interface JournalSearch {
  from: number;
  before: number;
  integration: number | null;
  outcome: string | null;
  text: string;
}

export interface JournalTable {
  /** The next number is given to it. */
  add(row: Omit<JournalRow, 'id'>): void;
  /** Of the first and the last entry; undefined if there is none. */
  bounds(): { first: number; last: number } | undefined;
  /** The oldest, without their content. */
  oldest(limit: number): Pick<JournalRow, 'id' | 'at'>[];
  removeUpTo(id: number): void;
  /** The lowest number of the `count` entries below `before`; 0 if there are not more. */
  below(before: number, count: number): number;
  /** The newest first. */
  find(search: JournalSearch, limit: number): JournalRow[];
  /** Adds to the count of an hour. */
  count(row: HourRow): void;
  /** From an hour on, in order. */
  hours(from: number): HourRow[];
  removeHours(before: number): void;
  removeOf(integration: number): void;
}
