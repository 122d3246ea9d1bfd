/**
 * Changes by update time, from a declared list. The kit reads it without loss and checks on every page that the system filters and
 * sorts as the file declares (kit/overlap/guarded.ts).
 */

import type { EntityId, ProjectId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Scope } from '../connector';
import type { Json } from '../kit/json';
import type { GuardedFeed, RowKey } from '../kit/overlap/guarded';
import type { Api, DeclaredListing } from './api';
import type { Entities } from './entities';
import { type DeclaredType, msOf, type TimeFeed, type TimeForm } from './format';
import type { Reading } from './reading';

/** An entry of the list. */
export interface Row {
  item: Json;
  key: RowKey;
}

/** A feed is that of one type, and of one project where the list names it. */
export interface Stream {
  type: DeclaredType;
  /** undefined = the list has all projects */
  project: ProjectId | undefined;
}

/** {from} in the form that the system reads. */
export function timeText(ms: number, form: TimeForm): string {
  const iso = new Date(ms).toISOString();
  switch (form) {
    case 'iso':
      return iso;
    case 'isoSeconds':
      return `${iso.slice(0, 19)}Z`;
    case 'sql':
      return iso.slice(0, 19).replace('T', ' ');
    case 'seconds':
      return String(Math.floor(ms / 1_000));
    case 'milliseconds':
      return String(ms);
  }
}

const MOST_COUNTED = 20_000;

export function timeFeed(
  { api, entities, reading }: { api: Api; entities: Entities; reading: Reading },
  { type, project }: Stream,
  changes: TimeFeed,
  scope: Scope,
): GuardedFeed<Row> {
  const stepMs = msOf(changes.step);
  const { list, newest } = changes;
  const page = list.page && 'max' in list.page ? list.page.max : MOST_COUNTED;
  // an offset counts rows that are left out; where pages are numbered, nobody can tell which ones they are
  const isExact = list.page?.by === 'offset';
  const vars = (from?: string) => {
    // a bound that may exclude its own time is set one step earlier
    const ms = from === undefined ? undefined : Date.parse(from) - (changes.bound === 'after' ? stepMs : 0);
    const text = ms === undefined ? changes.start : timeText(ms, changes.time);
    return { ...(project !== undefined && { project }), ...(text !== undefined && { from: text }) };
  };
  const newestFirst: DeclaredListing = {
    ...list,
    ...(newest.get !== undefined && { get: newest.get }),
    query: { ...list.query, ...newest.query },
  };
  const rowOf = (item: Json): Row => {
    const known = entities.known(type, item, project);
    if (project !== undefined && known.project !== project)
      throw new SyncError(
        'notFound',
        `${api.product} was asked for "${project}" and answers with ${type.name} ${known.own} of "${known.project}". ` +
          `If it was renamed, choose "${known.project}" in the integration`,
      );
    const at = entities.timeText(type, known.at, stepMs);
    // not every entry can be shown as an entity: one of another kind has its place in the list nevertheless
    const version = entities.isOther(type, item) ? at : entities.entity(type, item, project).version;
    return { item, key: { id: known.id, at, version } };
  };
  const isWanted = (row: Row): boolean => {
    if (entities.isOther(type, row.item) || entities.isGone(type, row.item)) return false;
    return project !== undefined || scope.projects.includes(entities.known(type, row.item, project).project);
  };

  /** Rows of a stretch with their places, when some are left out: halves, until a part is whole. */
  const located = async (
    asked: ReturnType<typeof vars>,
    offset: number,
    from: number,
    count: number,
  ): Promise<{ row: Row; place: number }[]> => {
    const { items } = await api.some(list, asked, offset + from, count);
    if (items.length === count || items.length === 0 || count === 1)
      return items.map((item, index) => ({ row: rowOf(item), place: from + index }));
    const half = Math.ceil(count / 2);
    return [
      ...(await located(asked, offset, from, half)),
      ...(await located(asked, offset, from + half, count - half)),
    ];
  };

  /**
   * An answer with fewer rows than were asked for may be the end. Otherwise an access rule hides some, or the server left one out.
   *
   * @returns undefined = nothing is behind it
   * @throws SyncError transient if the system's pages are smaller than declared, since positions are counted in pages
   */
  const behindShort = async (
    offset: number,
    rows: readonly Row[],
    limit: number,
    asked: ReturnType<typeof vars>,
  ): Promise<{ row: Row; place: number }[] | undefined> => {
    const [next] = (await api.some(list, asked, offset + rows.length, 1)).items;
    const ids = rows.map(({ key }) => key.id);
    // it is at a position that the answer should have had
    const isUnknown = next !== undefined && !ids.includes(entities.known(type, next, project).id);
    // or it has been added since
    if (isUnknown && (await api.some(list, asked, offset, limit)).items.length <= rows.length)
      throw new SyncError(
        'transient',
        `${api.product} was asked for ${limit} entries of ${type.name}, answers with ${rows.length} and has more. ` +
          `If this does not pass, its pages are smaller than the connector file says: set page.max to ${rows.length}`,
      );
    if (!isExact) return undefined;
    if (!next && (await api.some(list, asked, offset + rows.length + 1, page)).items.length === 0) return undefined;
    const found = await located(asked, offset, 0, limit);
    // one more than the anchor is needed to go on
    if (found.length > 1) return found;
    return (await located(asked, offset, 0, limit + page)).slice(0, limit);
  };

  return {
    product: api.product,
    ...{ thing: type.name, things: `entries of ${type.name}` },
    page,
    resolutionMs: stepMs,
    toleranceMs: 0,
    settleMs: msOf(changes.settle),
    key: (row) => row.key,
    async search({ from }, offset, limit) {
      const asked = vars(from);
      const { items, more, total, serverNow } = await api.some(list, asked, offset, limit);
      const rows = items.map(rowOf);
      const count = rows.length;
      // a few rows at the start of a poll are everything; pages that are smaller than declared have round sizes
      const isRound = count >= 10 && count % 5 === 0;
      const isSuspect = isRound || (isExact && (offset > 0 || count >= limit / 4));
      const isShort = count > 0 && count < limit && (offset + count < (total ?? 0) || isSuspect);
      const found = isShort ? await behindShort(offset, rows, limit, asked) : undefined;
      const shown = found ?? rows.map((row, place) => ({ row, place }));
      const taken = (shown.at(-1)?.place ?? -1) + 1;
      const end = offset + taken;
      const hasMore = found !== undefined || (!isShort && more);
      return {
        rows: shown.map(({ row }) => row),
        total: hasMore ? Math.max(total ?? 0, end + 1) : end,
        places: shown.map(({ place }) => place),
        taken,
        unshown: [],
        ...(serverNow !== undefined && { serverNow }),
      };
    },
    async newest(limit) {
      const { items } = await api.some(newestFirst, vars(), 0, limit);
      const rows = items.map(rowOf);
      refuseUnsorted(api.product, type.name, rows);
      return rows;
    },
    async count(from) {
      const { items, total } = await api.whole(list, vars(from), MOST_COUNTED);
      return total ?? items.length;
    },
    async look(ids: EntityId[]) {
      const found = await reading.find(ids);
      return [...found.values()].flatMap((one) => (one instanceof SyncError ? [] : [rowOf(one.item)]));
    },
    show: async (rows) => rows.filter(isWanted).map(({ item }) => entities.entity(type, item, project)),
    read: (ids) => reading.read(ids),
    includes: (entity) => entity.type === type.id && scope.projects.includes(entity.project),
  };
}

/** @throws SyncError fatal – the start of polling would be in the middle of the list */
function refuseUnsorted(product: string, thing: string, rows: readonly Row[]): void {
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (!before || row.key.at <= before.key.at) continue;
    throw new SyncError(
      'fatal',
      `${product} was asked for the newest first and answers with ${thing} ${row.key.id} of ${row.key.at} behind ${thing} ` +
        `${before.key.id} of ${before.key.at}. Twinflow cannot tell where to begin, so it uses nothing of this page`,
    );
  }
}
