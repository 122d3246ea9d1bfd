/**
 * A tiny issue tracker for the kit's tests: a clock, rows with an update time, a list that is paged by offset as real ones
 * are, and switches for what real ones do wrong. In memory, without HTTP.
 */

import type { ChangePage, Checkpoint, ReadResult } from '../../../lib/connectors/connector';
import {
  changesInList,
  type FeedMemory,
  feedMemory,
  type GuardedFeed,
  type Stretch,
} from '../../../lib/connectors/kit/overlap/guarded';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

export interface Row {
  id: EntityId;
  /** ms since 1970, as the database has it */
  updated: number;
  title: string;
  project: string;
  type: string;
}

export const START = Date.parse('2026-01-01T00:00:00Z');
const RESOLUTION_MS = 1_000;
export const SETTLE_MS = 5_000;
const PAGE = 10;

const second = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
export const broken = (): SyncError => new SyncError('transient', 'cannot be shown', { status: 500 });

export class FakeTracker {
  now = START;
  rows = new Map<EntityId, Row>();
  /** lists that were asked for */
  asked = 0;
  /** cannot be shown, neither in a list nor alone */
  readonly poisoned = new Set<EntityId>();
  /** the list ignores the bound by time */
  ignoresBound = false;
  /** the list ignores the order that is asked for: by id */
  ignoresOrder = false;
  /** called before each list is answered */
  onSearch: () => void = () => undefined;
  private count = 0;

  create(project = 'p', type = 't'): EntityId {
    this.count += 1;
    const id = String(this.count);
    this.rows.set(id, { id, updated: this.now, title: `title ${this.count}.0`, project, type });
    return id;
  }

  /** @param lateMs the change was made so long before it can be seen: its transaction took that long */
  touch(id: EntityId, lateMs = 0): void {
    this.count += 1;
    const row = this.rows.get(id);
    const updated = Math.max(row?.updated ?? 0, this.now - lateMs);
    if (row) this.rows.set(id, { ...row, updated, title: `title ${this.count}` });
  }

  entity({ id, updated, title, project, type }: Row): Entity {
    const updatedAt = second(updated);
    return { id, key: id, project, type, version: `${updatedAt}-${title}`, updatedAt, fields: { title } };
  }

  private list(from: string | undefined): Row[] {
    this.asked += 1;
    this.onSearch();
    const bound = from === undefined || this.ignoresBound ? Number.NEGATIVE_INFINITY : Date.parse(from) - RESOLUTION_MS;
    const all = [...this.rows.values()].filter(({ updated }) => updated > bound);
    return all.sort((a, b) => (this.ignoresOrder ? 0 : a.updated - b.updated) || Number(a.id) - Number(b.id));
  }

  private stretch(from: string | undefined, offset: number, limit: number): Stretch<Row> {
    const all = this.list(from);
    const some = all.slice(offset, offset + limit);
    const shown = some.flatMap((row, place) => (this.poisoned.has(row.id) ? [] : [{ row, place }]));
    // what lies behind the last row that can be shown belongs to the next stretch, unless the list ends there
    const last = shown.at(-1);
    const taken = offset + limit < all.length && last ? last.place + 1 : some.length;
    return {
      rows: shown.map(({ row }) => row),
      places: shown.map(({ place }) => place),
      total: all.length,
      taken,
      unshown: some.slice(0, taken).flatMap(({ id }) => (this.poisoned.has(id) ? [id] : [])),
      serverNow: Math.floor(this.now / 1000) * 1000,
    };
  }

  read(ids: EntityId[]): ReadResult[] {
    return ids.map((id) => {
      const row = this.rows.get(id);
      if (this.poisoned.has(id)) return broken();
      return row && this.entity(row);
    });
  }

  feed(within: (row: { project: string; type: string }) => boolean = () => true): GuardedFeed<Row> {
    return {
      ...{ product: 'The tracker', thing: 'ticket', things: 'tickets', page: PAGE },
      ...{ resolutionMs: RESOLUTION_MS, toleranceMs: 0, settleMs: SETTLE_MS },
      key: (row) => ({ id: row.id, at: second(row.updated), version: this.entity(row).version }),
      search: async ({ from }, offset, limit) => this.stretch(from, offset, limit),
      newest: async (limit) => this.list(undefined).reverse().slice(0, limit),
      count: async (from) => this.list(from).length,
      look: async (ids) => ids.flatMap((id) => this.rows.get(id) ?? []),
      show: async (rows) => rows.map((row) => this.entity(row)),
      read: async (ids) => this.read(ids),
      includes: within,
    };
  }
}

/** Somebody who polls a tracker, keeps what came as a store does, and may die at any page. */
export class Reader {
  readonly seen = new Map<EntityId, unknown>();
  checkpoint: Checkpoint | undefined;
  memory: FeedMemory = feedMemory('The tracker', 'tickets');

  constructor(private readonly tracker: FakeTracker) {}

  /** @param pages after so many the process dies */
  async poll(size = 5, pages = Number.POSITIVE_INFINITY): Promise<ChangePage[]> {
    const read: ChangePage[] = [];
    for await (const page of changesInList(this.tracker.feed(), this.memory, this.checkpoint, size)) {
      read.push(page);
      for (const { id, fields } of page.entities) this.seen.set(id, fields.title);
      this.checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
      if (read.length >= pages) break;
    }
    return read;
  }

  die(): void {
    this.memory = feedMemory('The tracker', 'tickets');
  }

  /** Ids of rows whose last state did not come. */
  lost(): EntityId[] {
    return [...this.tracker.rows.values()].flatMap(({ id, title }) => (this.seen.get(id) === title ? [] : [id]));
  }
}
