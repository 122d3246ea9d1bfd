/** Links: which entity of side 1 is which of side 2, with versions and baselines. One row holds both ends. */

import type { EntityId, Side } from '../../model/entity';
import type { FieldId, Fields, Value } from '../../model/values';
import type { Link, LinkEnd, Unlanded, UpdateIntent } from '../store';
import { packBaselines, unpackBaselines } from './baseline';
import type { Counters } from './counters';
import type { Database, Query } from './database';
import type { Names } from './names';
import { readRef } from './refs';
import type { Sequence } from './sequence';
import { packUrl } from './url';

type LinkRow = {
  id: number;
  integration: number;
  entity1: string;
  entity2: string;
  wrote1: number;
  wrote2: number;
  system1: number;
  system2: number;
  type1: number;
  type2: number;
  project1: number;
  project2: number;
  key1: string | null;
  key2: string | null;
  url1: string | null;
  url2: string | null;
  version1: string;
  version2: string;
  baselines: string;
  made: number;
};

/** A link without what it holds. */
export type LinkHead = {
  id: number;
  integration: number;
  entity1: string;
  entity2: string;
  system1: number;
  system2: number;
  /** the sequence of the landing as of which both ends are in sync */
  landed: number;
};

type LinkKey = { id: number; entity1: string; entity2: string };
type OwnedKey = LinkKey & { integration: number };

/** A link, and for both sides the sequence before which a snapshot is stale. */
export interface StoredLink {
  link: Link;
  wrote: [number, number];
}

/** Values of one field that are remembered as possibly written: more attempts than that in a row change nothing. */
const MOST_PENDING = 8;

/** Earlier versions stored the sent values alone. */
function readPending(stored: string): Record<FieldId, Unlanded[]> {
  const fields = JSON.parse(stored) as Record<FieldId, (Unlanded | Value)[]>;
  const isUnlanded = (entry: Unlanded | Value): entry is Unlanded =>
    typeof entry === 'object' && entry !== null && 'sent' in entry;
  return Object.fromEntries(
    Object.entries(fields).map(([field, entries]) => [
      field,
      entries.map((entry) => (isUnlanded(entry) ? entry : { sent: entry })),
    ]),
  );
}

const HEAD = 'SELECT id, integration, entity1, entity2, system1, system2, landed FROM links';
const KEY = 'SELECT id, entity1, entity2 FROM links WHERE integration = ?';

export class Links {
  private readonly rowBySide: Record<Side, Query<LinkRow>>;
  private readonly keyBySide: Record<Side, Query<LinkKey>>;
  private readonly wroteBySide: Record<Side, Query<{ wrote: number }>>;
  private readonly rowById: Query<LinkRow>;
  private readonly rowsAfter: Query<LinkRow>;
  private readonly keyById: Query<OwnedKey>;
  private readonly insert: Query<Record<string, never>>;
  private readonly update: Query<Record<string, never>>;
  private readonly removeOne: Query<LinkKey>;
  private readonly removeAll: Query<Record<string, never>>;
  private readonly pendingOf: Query<{ side: number; fields: string }>;
  private readonly setPending: Query<Record<string, never>>;
  private readonly clearPending: Query<Record<string, never>>;
  private readonly exists: Query<{ id: number }>;
  private readonly headById: Query<LinkHead>;
  private readonly headsBySystem: Query<LinkHead>;
  private readonly touch: Record<Side, Query<Record<string, never>>>;
  private readonly setBaselines: Query<Record<string, never>>;

  constructor(
    db: Database,
    private readonly integrations: Names,
    private readonly names: Names,
    private readonly sequence: Sequence,
    private readonly counters: Counters,
  ) {
    this.rowBySide = {
      1: db.prepare('SELECT * FROM links WHERE integration = ? AND entity1 = ?'),
      2: db.prepare('SELECT * FROM links WHERE integration = ? AND entity2 = ?'),
    };
    this.keyBySide = { 1: db.prepare(`${KEY} AND entity1 = ?`), 2: db.prepare(`${KEY} AND entity2 = ?`) };
    this.rowsAfter = db.prepare('SELECT * FROM links WHERE integration = ? AND id > ? ORDER BY id LIMIT ?');
    this.rowById = db.prepare('SELECT * FROM links WHERE id = ?');
    this.keyById = db.prepare('SELECT id, entity1, entity2, integration FROM links WHERE id = ?');
    this.wroteBySide = {
      1: db.prepare('SELECT wrote1 AS wrote FROM links WHERE integration = ? AND entity1 = ?'),
      2: db.prepare('SELECT wrote2 AS wrote FROM links WHERE integration = ? AND entity2 = ?'),
    };
    this.insert = db.prepare(`
      INSERT INTO links (entity1, entity2, wrote1, wrote2, system1, system2, type1, type2, project1, project2,
        key1, key2, url1, url2, version1, version2, baselines, landed, id, integration, made)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.update = db.prepare(`
      UPDATE links SET entity1 = ?, entity2 = ?, wrote1 = max(wrote1, ?), wrote2 = max(wrote2, ?),
        system1 = ?, system2 = ?, type1 = ?, type2 = ?, project1 = ?, project2 = ?,
        key1 = ?, key2 = ?, url1 = ?, url2 = ?, version1 = ?, version2 = ?, baselines = ?, landed = ?
      WHERE id = ?`);
    this.removeOne = db.prepare(`
      DELETE FROM links WHERE id = ? AND integration = ? AND (entity1 = ? OR entity2 = ?)
      RETURNING id, entity1, entity2`);
    this.removeAll = db.prepare('DELETE FROM links WHERE integration = ?');
    this.pendingOf = db.prepare('SELECT side, fields FROM pending WHERE link = ?');
    this.setPending = db.prepare(
      'INSERT INTO pending (link, side, fields) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET fields = excluded.fields',
    );
    this.clearPending = db.prepare('DELETE FROM pending WHERE link = ? AND side = ?');
    this.exists = db.prepare('SELECT id FROM links WHERE id = ?');
    this.headById = db.prepare(`${HEAD} WHERE id = ?`);
    // Plain question marks only: numbered ones (?1) cannot be bound by position in Node 22.
    this.headsBySystem = db.prepare(`
      ${HEAD} WHERE integration IN (SELECT id FROM integrations) AND entity1 = ? AND system1 = ?
      UNION
      ${HEAD} WHERE integration IN (SELECT id FROM integrations) AND entity2 = ? AND system2 = ?`);
    this.touch = {
      1: db.prepare('UPDATE links SET wrote1 = max(wrote1, ?) WHERE id = ?'),
      2: db.prepare('UPDATE links SET wrote2 = max(wrote2, ?) WHERE id = ?'),
    };
    this.setBaselines = db.prepare('UPDATE links SET baselines = ?, landed = max(landed, ?) WHERE id = ?');
  }

  get(integration: number, side: Side, entity: EntityId): StoredLink | undefined {
    const row = this.rowBySide[side].get(integration, entity);
    return row && this.stored(row);
  }

  /** A link by its number, without what it holds. */
  head(id: number): LinkHead | undefined {
    return this.headById.get(id);
  }

  /** Links of an entity in any integration. @param system number of the node's name */
  headsOf(system: number, entity: EntityId): LinkHead[] {
    return this.headsBySystem.all(entity, system, entity, system);
  }

  systemName(id: number): string {
    return this.names.nameOf(id);
  }

  /** An entity was written by another integration. @param at the sequence of its landing */
  wroteTo(id: number, side: Side, at: number): void {
    this.touch[side].run(at, id);
  }

  /** Some fields of both ends have come to be in sync by other links. @param at as of this landing's sequence */
  patch(id: number, fields: [Fields, Fields], at: number): void {
    const link = this.byId(id)?.link;
    if (!link || fields.every((side) => Object.keys(side).length === 0)) return;
    const [one, two] = link.ends;
    const baselines: [Fields, Fields] = [
      { ...one.baseline, ...fields[0] },
      { ...two.baseline, ...fields[1] },
    ];
    this.setBaselines.run(packBaselines(baselines, this.names), at, id);
  }

  after(integration: number, id: number, limit: number): Link[] {
    return this.rowsAfter.all(integration, id, limit).map((row) => this.stored(row).link);
  }

  byId(id: number): StoredLink | undefined {
    const row = this.rowById.get(id);
    return row && this.stored(row);
  }

  /** The entities and the integration of a link, without its baselines. */
  keyOf(id: number): OwnedKey | undefined {
    return this.keyById.get(id);
  }

  /** The entities of a link by one of them, without its baselines. */
  key(integration: number, side: Side, entity: EntityId): LinkKey | undefined {
    return this.keyBySide[side].get(integration, entity);
  }

  /** The sequence of the newest landing that wrote the entity; 0 where none has. Undefined = no link. */
  wrote(integration: number, side: Side, entity: EntityId): number | undefined {
    return this.wroteBySide[side].get(integration, entity)?.wrote;
  }

  /**
   * Stores a link, new or newer.
   * @param wrote the sequence of this landing for a side that it wrote, else 0
   * @param at the sequence of this landing
   * @param made the side whose end was made from the other one; of a link that is there already it stays as it was
   * @returns its number
   */
  put(
    integration: number,
    existing: LinkKey | undefined,
    ends: [LinkEnd, LinkEnd],
    wrote: [number, number],
    made: Side | undefined,
    at: number,
  ): number {
    const [one, two] = ends;
    const values = [
      one.ref.id,
      two.ref.id,
      wrote[0],
      wrote[1],
      this.names.idOf(one.system),
      this.names.idOf(two.system),
      this.names.idOf(one.ref.type),
      this.names.idOf(two.ref.type),
      this.names.idOf(one.ref.project),
      this.names.idOf(two.ref.project),
      one.ref.key === one.ref.id ? null : one.ref.key,
      two.ref.key === two.ref.id ? null : two.ref.key,
      packUrl(one.ref, this.names),
      packUrl(two.ref, this.names),
      one.version,
      two.version,
      packBaselines([one.baseline, two.baseline], this.names, [one.leftOut ?? [], two.leftOut ?? []]),
      at,
    ];
    if (existing) {
      this.update.run(...values, existing.id);
      for (const side of [1, 2] as const) if (wrote[side - 1]) this.clearPending.run(existing.id, side);
      return existing.id;
    }
    const id = this.sequence.next();
    this.insert.run(...values, id, integration, made ?? 0);
    this.counters.link(integration, 1);
    return id;
  }

  /** Remembers what is about to be written to an end; of each field the newest few values. */
  addPending(link: number, side: Side, fields: UpdateIntent['fields']): void {
    if (!this.exists.get(link)) return;
    const pending = this.pending(link)[side] ?? {};
    for (const [field, value] of Object.entries(fields)) {
      pending[field] = [...(pending[field] ?? []).slice(1 - MOST_PENDING), value];
    }
    this.setPending.run(link, side, JSON.stringify(pending));
  }

  /** Some fields of an end are not in doubt any more. */
  forgetPending(link: number, side: Side, fields: FieldId[]): void {
    const pending = this.pending(link)[side];
    if (!pending) return;
    for (const field of fields) delete pending[field];
    if (Object.keys(pending).length === 0) this.clearPending.run(link, side);
    else this.setPending.run(link, side, JSON.stringify(pending));
  }

  private pending(link: number): Partial<Record<number, Record<FieldId, Unlanded[]>>> {
    const rows = this.pendingOf.all(link);
    return Object.fromEntries(rows.map(({ side, fields }) => [side, readPending(fields)]));
  }

  /** Removes a link by number if it has one of the ends. @returns its entities */
  remove(id: number, integration: number, ends: [LinkEnd, LinkEnd]): LinkKey | undefined {
    const removed = this.removeOne.get(id, integration, ends[0].ref.id, ends[1].ref.id);
    if (removed) this.counters.link(integration, -1);
    return removed;
  }

  purge(integration: number): void {
    this.removeAll.run(integration);
  }

  private stored(row: LinkRow): StoredLink {
    const [baseline1, baseline2, leftOut] = unpackBaselines(row.baselines, this.names);
    const one: LinkEnd = {
      system: this.names.nameOf(row.system1),
      ref: readRef(
        { entity: row.entity1, key: row.key1, url: row.url1, type: row.type1, project: row.project1 },
        this.names,
      ),
      version: row.version1,
      baseline: baseline1,
    };
    const two: LinkEnd = {
      system: this.names.nameOf(row.system2),
      ref: readRef(
        { entity: row.entity2, key: row.key2, url: row.url2, type: row.type2, project: row.project2 },
        this.names,
      ),
      version: row.version2,
      baseline: baseline2,
    };
    const pending = this.pending(row.id);
    if (pending[1]) one.pending = pending[1];
    if (pending[2]) two.pending = pending[2];
    if (leftOut?.[0].length) one.leftOut = leftOut[0];
    if (leftOut?.[1].length) two.leftOut = leftOut[1];
    return {
      link: {
        id: row.id,
        integration: this.integrations.nameOf(row.integration),
        ends: [one, two],
        ...((row.made === 1 || row.made === 2) && { made: row.made }),
      },
      wrote: [row.wrote1, row.wrote2],
    };
  }
}
