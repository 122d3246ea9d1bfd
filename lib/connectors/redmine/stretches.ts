/**
 * Stretches of Redmine's list of issues, also where one of them cannot be shown. Redmine answers every list that holds such
 * an issue with an error, wherever it stands. So the stretch is read in smaller parts, down to single places of the list.
 * Which issue stands at a place that cannot be shown, no list tells; counting does, which shows nothing: Redmine counts what
 * changed between the place's neighbours, and has an id below some bound.
 */

import { asSyncError, SyncError } from '../../model/errors';
import { readInParts } from '../in-parts';
import { isOfOne } from '../owed';
import { type Filter, filterQuery, type IssueList, PAGE, type RedmineApi } from './api';
import type { RawIssue } from './shapes';

export const OLDEST_FIRST = 'updated_on:asc,id:asc';
export const NEWEST_FIRST = 'updated_on:desc,id:desc';

/** No list has so many issues: what is asked for from here on is only counted. */
const BEYOND = 1_000_000_000;
/** So many among the issues of the same seconds are told apart by counting, no more. */
const MOST_CANDIDATES = 50;
/** A list that changes while its parts are read is read once more. */
const MOST_TRIES = 4;
/** Places that are read beyond a stretch to find the next one that can be shown. */
const FURTHER = 8;

export interface Stretch extends IssueList {
  /** where each issue stands, counted from the beginning of the stretch */
  places: number[];
  /** places that were looked at; where there are more behind it, the last one is that of an issue */
  taken: number;
  /** ids of those that cannot be shown */
  unshown: string[];
}

export const changedSince = (filters: Filter[], time: string | undefined): Filter[] =>
  time === undefined ? filters : [...filters, { field: 'updated_on', operator: '>=', values: [time] }];

export class IssueLists {
  constructor(private readonly api: RedmineApi) {}

  /**
   * What changed since a time, oldest first. Fewer than the limit, where an answer of so many is too large.
   *
   * @param filters without one by update time
   * @param known ids that could not be shown lately: they needn't be found out again
   * @throws SyncError – the server is in trouble, or an issue cannot be shown and cannot be named
   */
  async stretch(
    filters: Filter[],
    from: string | undefined,
    offset: number,
    limit: number,
    known: Iterable<string>,
  ): Promise<Stretch> {
    let fault: SyncError;
    try {
      // after an anchor, one more is needed to get on
      const page = await this.some(changedSince(filters, from), OLDEST_FIRST, offset, limit, offset > 0 ? 2 : 1);
      return { ...page, places: page.issues.map((_, place) => place), taken: page.issues.length, unshown: [] };
    } catch (thrown) {
      fault = asSyncError(thrown);
      if (!isOfOne(fault)) throw fault;
    }
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = await this.aroundUnshown(filters, from, offset, limit, [...known], fault);
      if (found) return found;
    }
    throw fault;
  }

  /** The newest issues that can be shown. */
  async newest(filters: Filter[], limit: number): Promise<RawIssue[]> {
    try {
      return (await this.some(filters, NEWEST_FIRST, 0, limit)).issues;
    } catch (thrown) {
      if (!isOfOne(asSyncError(thrown))) throw thrown;
    }
    const { total } = await this.count(filters);
    const { found } = await this.places(filters, NEWEST_FIRST, 0, Math.min(total, Math.max(limit, FURTHER)));
    return found.map(({ issue }) => issue).slice(0, limit);
  }

  /** How many there are. No issue is shown for that. */
  count(filters: Filter[]): Promise<IssueList> {
    return this.api.issues({ ...filterQuery(filters), offset: BEYOND, limit: 1 });
  }

  private async some(filters: Filter[], sort: string, offset: number, limit: number, least = 1): Promise<IssueList> {
    for (let most = limit; ; most = Math.ceil(most / 2)) {
      try {
        return await this.api.issues({ ...filterQuery(filters), sort, offset, limit: most });
      } catch (thrown) {
        if (asSyncError(thrown).detail.tooLarge !== true || most <= least) throw thrown;
      }
    }
  }

  /** Issues at places of the list, each with its place. */
  private places(filters: Filter[], sort: string, from: number, to: number) {
    const places = Array.from({ length: Math.max(0, to - from) }, (_, index) => String(from + index));
    return readInParts(
      places,
      async (some) => {
        const offset = Number(some[0]);
        const { issues } = await this.api.issues({ ...filterQuery(filters), sort, offset, limit: some.length });
        return issues.map((issue, index) => ({ issue, place: offset + index }));
      },
      () => this.count(filters),
    );
  }

  /** @returns undefined = the list has changed meanwhile */
  private async aroundUnshown(
    filters: Filter[],
    from: string | undefined,
    offset: number,
    limit: number,
    known: string[],
    fault: SyncError,
  ): Promise<Stretch | undefined> {
    const within = changedSince(filters, from);
    const { total, serverNow } = await this.count(within);
    let to = Math.min(total, offset + limit, offset + PAGE);
    const shown = new Map<number, RawIssue>();
    const failed = new Set<number>();
    const read = async (first: number, last: number): Promise<boolean> => {
      const part = await this.places(within, OLDEST_FIRST, first, last);
      for (const { issue, place } of part.found) {
        const before = shown.get(place);
        if (before && (before.id !== issue.id || before.updatedOn !== issue.updatedOn)) return false;
        shown.set(place, issue);
      }
      for (const place of part.failed.keys()) failed.add(Number(place));
      return true;
    };
    if (!(await read(offset, to))) return undefined;
    const newest = () => [...shown.keys()].reduce((a, b) => Math.max(a, b), -1);
    while (failed.has(to - 1) && to < total) {
      const last = newest();
      const further = Math.min(total, to + FURTHER);
      // the last one that can be shown once more: it tells whether the list is still the same
      if (!(await read(last >= 0 && last >= to - FURTHER ? last : to, further))) return undefined;
      to = further;
    }
    const last = newest();
    if (last >= 0 && !(await read(last, last + 1))) return undefined;
    // what lies behind the last one that can be shown belongs to the next stretch, unless the list ends there
    const taken = to < total ? last + 1 : to;
    const unshown = new Set<string>();
    const places = [...failed].filter((place) => place < taken).sort((a, b) => a - b);
    for (let index = 0; index < places.length; ) {
      const first = places[index] ?? 0;
      let end = first;
      while (failed.has(end) && end < taken) end += 1;
      index += end - first;
      const between = [shown.get(first - 1)?.updatedOn ?? from, shown.get(end)?.updatedOn] as const;
      for (const id of await this.namesOf(filters, between, [...shown.values()], end - first, known, fault))
        unshown.add(id);
    }
    const sorted = [...shown].sort(([a], [b]) => a - b).filter(([place]) => place < taken);
    return {
      issues: sorted.map(([, issue]) => issue),
      places: sorted.map(([place]) => place - offset),
      ...{ taken: Math.max(0, taken - offset), unshown: [...unshown], total },
      ...(serverNow !== undefined && { serverNow }),
    };
  }

  /**
   * The ids of issues that cannot be shown, perhaps with a few that can.
   *
   * @param between update times of their neighbours, whole seconds
   * @param count how many there are
   */
  private async namesOf(
    filters: Filter[],
    [after, before]: readonly [string | undefined, string | undefined],
    shown: RawIssue[],
    count: number,
    known: string[],
    fault: SyncError,
  ): Promise<string[]> {
    const time = timeFilter(after, before);
    const within = time ? [...filters, time] : filters;
    const shownIds = new Set(shown.map(({ id }) => id));
    const suspects = known.filter((id) => !shownIds.has(id));
    const counted = async (field: Filter): Promise<number> => (await this.count([...within, field])).total;
    if (suspects.length > 0) {
      const there = await counted({ field: 'issue_id', operator: '=', values: [suspects.join(',')] });
      if (there >= count) return suspects;
    }
    const isWithin = (at: string) => (after === undefined || at >= after) && (before === undefined || at <= before);
    const certain = shown.filter(({ updatedOn }) => isWithin(updatedOn)).map(({ id }) => Number(id));
    const unknownIn = async (low: number, high: number): Promise<number> => {
      const all = await counted({ field: 'issue_id', operator: '><', values: [String(low), String(high)] });
      return all - certain.filter((id) => id >= low && id <= high).length;
    };
    let high = shown.reduce((most, { id }) => Math.max(most, Number(id)), 1024);
    while ((await counted({ field: 'issue_id', operator: '>=', values: [String(high)] })) > 0) high *= 2;
    const unknown = await unknownIn(1, high);
    if (unknown < count || unknown > MOST_CANDIDATES) throw unnamed(fault);
    const names: string[] = [];
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
    if (names.length < count) throw unnamed(fault);
    return names;
  }
}

/** Bounds are in whole seconds, and the times compared with them may have fractions. */
function timeFilter(after: string | undefined, before: string | undefined): Filter | undefined {
  const until = before && `${new Date(Date.parse(before) + 1000).toISOString().slice(0, 19)}Z`;
  if (after !== undefined && until !== undefined)
    return { field: 'updated_on', operator: '><', values: [after, until] };
  if (after !== undefined) return { field: 'updated_on', operator: '>=', values: [after] };
  return until === undefined ? undefined : { field: 'updated_on', operator: '<=', values: [until] };
}

const unnamed = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(
    kind,
    `${message}. Redmine cannot show one of the issues, and which one could not be found out`,
    detail,
  );
