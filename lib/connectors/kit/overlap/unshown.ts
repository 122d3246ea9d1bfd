/**
 * Lists paged by offset in which a row that the system cannot show makes every page that contains it fail. Such a page
 * is read in smaller parts, down to single positions of the list. No list says which row has a position that cannot be
 * shown, but counting does, because it shows no rows: the system counts what changed between the times of the
 * neighbours and has an id below some bound. For systems that number their entities and count the matches of a query.
 */

import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import { readInParts } from '../in-parts';
import { isOfOne } from '../owed';
import type { RowKey, Stretch } from './guarded';

/** Up to this many rows among those with the same times are identified by their number alone. */
const MOST_CANDIDATES = 50;
/** A list that changes while its parts are read is read once more. */
const MOST_TRIES = 4;
/** Positions that are read beyond a stretch to find the next one that can be shown. */
const FURTHER = 8;

/** An additional condition of a query. */
export interface Narrowing {
  /** changed at this time or later, in the precision of the rows */
  from?: string | undefined;
  /** changed at this time or earlier, in the precision of the rows */
  until?: string | undefined;
  /** one of these, or one within these bounds, both included */
  ids?: readonly EntityId[] | { low: number; high?: number };
}

/** A page of a list. */
export interface ListPage<Row> {
  rows: Row[];
  /** how many rows the whole list has */
  total: number;
  /** the system's clock, ms since 1970, if the answer contains it */
  serverNow?: number;
}

/** The system's lists. `Where` is its type for queries, `Sort` its type for orders. */
export interface ListSource<Row, Where, Sort> {
  /** for errors: "Redmine" */
  product: string;
  /** for errors: "issues" */
  things: string;
  /** maximum number of rows in one answer */
  page: number;
  oldestFirst: Sort;
  newestFirst: Sort;
  key(row: Row): RowKey;
  /** @throws SyncError a server error if one of the rows cannot be shown */
  rows(where: Where, sort: Sort, offset: number, limit: number): Promise<ListPage<Row>>;
  /** The number of rows. No row is shown for that. */
  count(where: Where): Promise<ListPage<Row>>;
  narrow(where: Where, by: Narrowing): Where;
}

export class ShownLists<Row, Where, Sort> {
  constructor(private readonly source: ListSource<Row, Where, Sort>) {}

  /**
   * Changes since a time, oldest first. Fewer than the limit if an answer of that size is too large.
   *
   * @param where without a condition on the update time
   * @param known ids that could not be shown recently: they need not be identified again
   * @throws SyncError if the system is in trouble, or a row can be neither shown nor identified
   */
  async stretch(
    where: Where,
    from: string | undefined,
    offset: number,
    limit: number,
    known: Iterable<EntityId>,
  ): Promise<Stretch<Row>> {
    const { narrow, oldestFirst } = this.source;
    let fault: SyncError;
    try {
      // after an anchor, one more row is needed to make progress
      const page = await this.some(narrow(where, { from }), oldestFirst, offset, limit, offset > 0 ? 2 : 1);
      return { ...page, places: page.rows.map((_, place) => place), taken: page.rows.length, unshown: [] };
    } catch (thrown) {
      fault = asSyncError(thrown);
      if (!isOfOne(fault)) throw fault;
    }
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = await this.aroundUnshown(where, from, offset, limit, [...known], fault);
      if (found) return found;
    }
    throw fault;
  }

  /** The newest rows that can be shown: by default those changed last. */
  async newest(where: Where, limit: number, sort: Sort = this.source.newestFirst): Promise<Row[]> {
    const { rows } = await this.page(where, sort, 0, limit, Math.max(limit, FURTHER));
    return rows.slice(0, limit);
  }

  /**
   * A page of a list, with an error in place of each row that cannot be shown.
   *
   * @param further number of positions to read if one of the first `limit` cannot be shown
   * @returns `taken`: number of positions that were read
   */
  async page(
    where: Where,
    sort: Sort,
    offset: number,
    limit: number,
    further = limit,
  ): Promise<ListPage<Row> & { taken: number; failed: SyncError[] }> {
    try {
      const page = await this.some(where, sort, offset, limit);
      return { ...page, taken: page.rows.length, failed: [] };
    } catch (thrown) {
      if (!isOfOne(asSyncError(thrown))) throw thrown;
    }
    const { total } = await this.source.count(where);
    const to = Math.min(total, offset + further);
    const { found, failed } = await this.places(where, sort, offset, to);
    return {
      rows: found.map(({ row }) => row),
      ...{ total, taken: Math.max(0, to - offset), failed: [...failed.values()] },
    };
  }

  /** The number of rows from a time on. */
  async count(where: Where, from: string): Promise<number> {
    return (await this.source.count(this.source.narrow(where, { from }))).total;
  }

  private async some(where: Where, sort: Sort, offset: number, limit: number, least = 1): Promise<ListPage<Row>> {
    for (let most = limit; ; most = Math.ceil(most / 2)) {
      try {
        return await this.source.rows(where, sort, offset, most);
      } catch (thrown) {
        if (asSyncError(thrown).detail.tooLarge !== true || most <= least) throw thrown;
      }
    }
  }

  /** Rows at some positions of the list, each with its position. */
  private places(where: Where, sort: Sort, from: number, to: number) {
    const places = Array.from({ length: Math.max(0, to - from) }, (_, index) => String(from + index));
    return readInParts(
      places,
      async (some) => {
        const offset = Number(some[0]);
        const { rows } = await this.source.rows(where, sort, offset, some.length);
        return rows.map((row, index) => ({ row, place: offset + index }));
      },
      () => this.source.count(where),
    );
  }

  /** @returns undefined = the list has changed meanwhile */
  private async aroundUnshown(
    where: Where,
    from: string | undefined,
    offset: number,
    limit: number,
    known: EntityId[],
    fault: SyncError,
  ): Promise<Stretch<Row> | undefined> {
    const { source } = this;
    const within = source.narrow(where, { from });
    const { total, serverNow } = await source.count(within);
    let to = Math.min(total, offset + limit, offset + source.page);
    const shown = new Map<number, Row>();
    const keyAt = (place: number): RowKey | undefined => {
      const row = shown.get(place);
      return row === undefined ? undefined : source.key(row);
    };
    const failed = new Set<number>();
    const read = async (first: number, last: number): Promise<boolean> => {
      const part = await this.places(within, source.oldestFirst, first, last);
      for (const { row, place } of part.found) {
        const [before, now] = [keyAt(place), source.key(row)];
        if (before && (before.id !== now.id || before.at !== now.at)) return false;
        shown.set(place, row);
      }
      for (const place of part.failed.keys()) failed.add(Number(place));
      return true;
    };
    if (!(await read(offset, to))) return undefined;
    const newest = () => [...shown.keys()].reduce((a, b) => Math.max(a, b), -1);
    while (failed.has(to - 1) && to < total) {
      const last = newest();
      const further = Math.min(total, to + FURTHER);
      // reads the last row that can be shown once more, to check whether the list is still the same
      if (!(await read(last >= 0 && last >= to - FURTHER ? last : to, further))) return undefined;
      to = further;
    }
    const last = newest();
    if (last >= 0 && !(await read(last, last + 1))) return undefined;
    // rows after the last one that can be shown belong to the next stretch, unless the list ends there
    const taken = to < total ? last + 1 : to;
    const unshown = new Set<EntityId>();
    const places = [...failed].filter((place) => place < taken).sort((a, b) => a - b);
    const keys = [...shown.values()].map((row) => source.key(row));
    for (let index = 0; index < places.length; ) {
      const first = places[index] ?? 0;
      let end = first;
      while (failed.has(end) && end < taken) end += 1;
      index += end - first;
      const between = { from: keyAt(first - 1)?.at ?? from, until: keyAt(end)?.at };
      for (const id of await this.namesOf(where, between, keys, end - first, known, fault)) unshown.add(id);
    }
    const sorted = [...shown].sort(([a], [b]) => a - b).filter(([place]) => place < taken);
    return {
      rows: sorted.map(([, row]) => row),
      places: sorted.map(([place]) => place - offset),
      ...{ taken: Math.max(0, taken - offset), unshown: [...unshown], total },
      ...(serverNow !== undefined && { serverNow }),
    };
  }

  /**
   * The ids of rows that cannot be shown, possibly with a few that can.
   *
   * @param between update times of their neighbours
   * @param count their number
   */
  private async namesOf(
    where: Where,
    between: { from?: string | undefined; until?: string | undefined },
    shown: RowKey[],
    count: number,
    known: EntityId[],
    fault: SyncError,
  ): Promise<EntityId[]> {
    const { source } = this;
    const within = source.narrow(where, between);
    const shownIds = new Set(shown.map(({ id }) => id));
    const suspects = known.filter((id) => !shownIds.has(id));
    const counted = async (ids: Narrowing['ids']): Promise<number> =>
      (await source.count(source.narrow(within, { ids }))).total;
    const { from, until } = between;
    const isWithin = (at: string) => (from === undefined || at >= from) && (until === undefined || at <= until);
    const certain = shown.filter(({ at }) => isWithin(at)).map(({ id }) => Number(id));
    if (suspects.length > 0) {
      // the known ones are enough only if no other row is hidden at another position of the same time
      const hidden = (await source.count(within)).total - certain.length;
      if (hidden >= count && (await counted(suspects)) >= hidden) return suspects;
    }
    const unknownIn = async (low: number, high: number): Promise<number> =>
      (await counted({ low, high })) - certain.filter((id) => id >= low && id <= high).length;
    let high = shown.reduce((most, { id }) => Math.max(most, Number(id)), 1024);
    while ((await counted({ low: high })) > 0) high *= 2;
    const unknown = await unknownIn(1, high);
    if (unknown < count || unknown > MOST_CANDIDATES) throw this.unnamed(fault);
    const names: EntityId[] = [];
    const search = async (low: number, up: number, left: number): Promise<void> => {
      if (left <= 0) return;
      if (low >= up) {
        if (!shownIds.has(String(low))) names.push(String(low));
        return;
      }
      const middle = Math.floor((low + up) / 2);
      const lower = await unknownIn(low, middle);
      await search(low, middle, lower);
      await search(middle + 1, up, left - lower);
    };
    await search(1, high, unknown);
    if (names.length < count) throw this.unnamed(fault);
    return names;
  }

  private unnamed({ kind, message, detail }: SyncError): SyncError {
    const { product, things } = this.source;
    const words = `${product} cannot show one of the ${things}, and Twinflow could not find out which one`;
    return new SyncError(kind, `${message}. ${words}`, detail);
  }
}
