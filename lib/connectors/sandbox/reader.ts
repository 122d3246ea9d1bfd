/** Reads a space: its entities, their changes, and who made them. Never writes. */

import { isDeepStrictEqual } from 'node:util';
import type { Entity, OwnerRef } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { type SameHow, textFinder } from '../../model/same-text';
import type { FieldId, Fields, ReferenceValue, UserValue, Value } from '../../model/values';
import type { FindQuery, Revision, Scope } from '../connector';
import { guarded } from './database';
import type { Shape } from './shape';
import type { SharedSpace } from './shared-space';
import { type EntityFilter, type EntityRow, jsonPath, type ScopeLists, type Statements } from './statements';
import type { SpaceStructure } from './structure';
import { checkValue, Problem, refused, type Surroundings } from './validate';

export class SpaceReader {
  /**
   * @param id the space's row id
   * @param name as in messages and URLs
   */
  constructor(
    private readonly statements: Statements,
    private readonly id: number,
    private readonly name: string,
    private readonly shared: SharedSpace,
    private readonly pageRoot = '/',
  ) {}

  private get structure(): SpaceStructure {
    return this.shared.structure;
  }

  /** @returns undefined if there is none */
  get(id: string): Entity | undefined {
    const row = guarded(() => this.row(id));
    return row && this.entity(row);
  }

  /** @returns undefined if there is none, or no such entity */
  markerOf(id: string): string | undefined {
    return guarded(() => this.row(id))?.marker ?? undefined;
  }

  /** Newest change first, `total` counted up to 100,000. `search`: part of the key or title. */
  list(filter: EntityFilter & { offset?: number; limit?: number } = {}): { total: number; entities: Entity[] } {
    const { offset = 0, limit = 50, ...where } = filter;
    const { total, rows } = guarded(() =>
      this.statements.listed(this.id, this.structure.template.title, where, offset, limit),
    );
    return { total, entities: rows.map((row) => this.entity(row)) };
  }

  /** The name of an entity in lists. */
  titleOf(entity: Entity): string {
    const title = entity.fields[this.structure.template.title];
    return typeof title === 'string' ? title : '';
  }

  /**
   * The parts of each owner that have one of the types, oldest first; undefined if there is no such owner.
   * @throws SyncError notFound, invalid
   */
  parts(owners: readonly string[], types: readonly string[]): (Entity[] | undefined)[] {
    for (const type of types) this.structure.checkPart(type, true);
    return guarded(() => {
      const ids = owners.filter(isId).map(Number);
      const byOwner = new Map<number | null, Entity[]>();
      // before the owners: parts of an owner that is deleted meanwhile must not look as if only they had been deleted
      for (const row of this.statements.partsOf(this.id, ids, types)) {
        const siblings = byOwner.get(row.owner) ?? [];
        byOwner.set(row.owner, siblings);
        siblings.push(this.entity(row));
      }
      const there = new Set(
        this.statements.entities(this.id, ids).flatMap(({ id, owner }) => (owner === null ? String(id) : [])),
      );
      return owners.map((owner) => (there.has(owner) ? (byOwner.get(Number(owner)) ?? []) : undefined));
    });
  }

  /** Who changed what when, newest first, the creation last. Empty for an unknown entity. */
  history(id: string, limit = 100): Revision[] {
    const row = guarded(() => this.row(id));
    if (!row) return [];
    const rows = this.statements.history(this.id, row.id, limit);
    const original = JSON.parse(row.fields) as Fields;
    const revisions: Revision[] = rows.map((entry) => {
      const difference = JSON.parse(entry.changes) as Record<FieldId, [Value, Value]>;
      for (const [field, [old]] of Object.entries(difference)) original[field] = old;
      return {
        id: String(entry.revision),
        at: entry.at,
        by: this.shared.personById(entry.by),
        fields: oldAndNew(difference),
      };
    });
    if (rows.length < limit) {
      const given = Object.entries(original).filter(([, value]) => value !== null);
      revisions.push({
        id: String(row.created_revision),
        at: row.created_at,
        by: this.shared.personById(row.created_by),
        fields: Object.fromEntries(given.map(([field, value]) => [field, { old: null, new: value }])),
      });
    }
    return revisions;
  }

  /** @see FindQuery; searches the entities themselves, never the lagging index. */
  *find(query: FindQuery, self: UserValue): Generator<Entity> {
    const shape = this.structure.shape(query.project, query.type);
    const { field, createdBySelfSince } = query;
    if (field?.how) {
      yield* this.searched(query, shape, { ...field, how: field.how }, self);
      return;
    }
    const wanted = field?.values.flatMap((given): Value[] => {
      const value = this.wantedValue(shape, field.id, given);
      return value === undefined ? [] : [value];
    });
    if (wanted?.length === 0) return;
    const stored = field && shape.byId.get(field.id)?.auto === undefined ? field.id : undefined;
    for (const row of this.candidates(query, self, stored, wanted)) {
      if (row.project !== query.project || row.type !== query.type) continue;
      if (query.owner !== undefined && String(row.owner) !== query.owner) continue;
      if (createdBySelfSince && (row.created_by !== self.id || row.created_at < isoTime(createdBySelfSince))) continue;
      const entity = this.entity(row);
      if (field && !wanted?.some((value) => isDeepStrictEqual(entity.fields[field.id], value))) continue;
      yield entity;
    }
  }

  /** By a comparison of texts: of each entity only the field is looked at first. */
  private *searched(
    query: FindQuery,
    shape: Shape,
    { id, values, how }: { id: FieldId; values: readonly Value[]; how: SameHow },
    self: UserValue,
  ): Generator<Entity> {
    const field = shape.byId.get(id);
    if (!field || field.auto || id.includes('"')) {
      throw refused(`${shape.type.name} cannot be searched`, { [id]: `"${id.slice(0, 60)}" cannot be searched for.` });
    }
    const isFound = textFinder(values, how);
    const since = query.createdBySelfSince && isoTime(query.createdBySelfSince);
    for (const found of this.statements.texts(this.id, query.project, query.type, jsonPath(id))) {
      const shown = found.json === null ? found.value : (JSON.parse(found.json) as Value);
      if (!isFound(shown)) continue;
      const row = this.statements.entity(this.id, found.id);
      if (!row || (query.owner !== undefined && String(row.owner) !== query.owner)) continue;
      if (since && (row.created_by !== self.id || row.created_at < since)) continue;
      yield this.entity(row);
    }
  }

  /** @param field whose values are stored with the entities */
  private candidates(query: FindQuery, self: UserValue, field: FieldId | undefined, wanted: readonly Value[] = []) {
    if (query.marker !== undefined) return this.statements.marked(this.id, query.marker);
    if (query.owner !== undefined && isId(query.owner))
      return this.statements.partsOf(this.id, [Number(query.owner)], [query.type]);
    const since = query.createdBySelfSince;
    const created = since === undefined ? undefined : { by: self.id ?? '', since: isoTime(since) };
    const plain = wanted.filter((value) => typeof value === 'string' || typeof value === 'number');
    if (field !== undefined && !field.includes('"') && plain.length === wanted.length)
      return guarded(() => this.statements.withValue(this.id, jsonPath(field), plain));
    return this.statements.found(this.id, query.project, query.type, created);
  }

  /** The value in its stored form; undefined if no entity can have it. @throws SyncError invalid */
  private wantedValue(shape: Shape, id: FieldId, given: Value): Value | undefined {
    const field = shape.byId.get(id);
    if (!field)
      throw refused(`${shape.type.name} cannot be searched`, { [id]: `There is no field "${id.slice(0, 60)}".` });
    if (field.auto) return given;
    const value = checkValue(shape, field, given, this.surroundings());
    return value instanceof Problem ? undefined : value;
  }

  /** Changes in the scope after `after`, oldest first, as far as the (possibly lagging) index has got. */
  changedAfter(scope: Scope, after: number, limit: number): { entities: Entity[]; upTo: number } {
    this.structure.checkScope(scope);
    return guarded(() => {
      const until = this.shared.switches.indexed(this.revision());
      const rows = this.statements.changed(this.id, scopeLists(scope), after, until, limit);
      const last = rows.at(-1)?.revision ?? after;
      return {
        entities: rows.map((row) => this.entity(row)),
        upTo: rows.length < limit ? Math.max(until, last) : last,
      };
    });
  }

  /** The revision of the scope's newest change, undefined if it has no entity. */
  newestRevision(scope: Scope): number | undefined {
    this.structure.checkScope(scope);
    return guarded(() => this.statements.newestRevision(this.id, scopeLists(scope)));
  }

  /** @returns undefined if there is none. Keys are in upper case */
  keyed(key: string): Entity | undefined {
    const row = guarded(() => this.statements.entityWithKey(this.id, key));
    return row && this.entity(row);
  }

  /** The scope's entities that changed last, newest first. */
  latest(scope: Scope, limit: number): Entity[] {
    this.structure.checkScope(scope);
    return guarded(() => this.statements.latest(this.id, scopeLists(scope), limit)).map((row) => this.entity(row));
  }

  /** The first revision with a change at or after `time`; undefined if there is none. */
  firstRevisionSince(scope: Scope, time: string): number | undefined {
    this.structure.checkScope(scope);
    return guarded(() => this.statements.firstRevisionSince(this.id, scopeLists(scope), time));
  }

  /** The number of writes so far. */
  revision(): number {
    return guarded(() => this.statements.space(this.id))?.revision ?? 0;
  }

  row(id: string): EntityRow | undefined {
    return isId(id) ? this.statements.entity(this.id, Number(id)) : undefined;
  }

  entity(row: EntityRow): Entity {
    return this.entityOf(row, JSON.parse(row.fields) as Fields, this.structure.shape(row.project, row.type));
  }

  entityOf(row: EntityRow, stored: Fields, shape: Shape): Entity {
    const createdBy = this.shared.personById(row.created_by);
    const updatedBy = row.updated_by === row.created_by ? createdBy : this.shared.personById(row.updated_by);
    const fields: Fields = {};
    for (const { id, auto } of shape.fields) {
      if (auto === undefined) fields[id] = stored[id] ?? null;
      else if (auto === 'key') fields[id] = row.key;
      else if (auto === 'createdBy') fields[id] = createdBy;
      else if (auto === 'createdAt') fields[id] = row.created_at;
      else if (auto === 'updatedBy') fields[id] = updatedBy;
      else fields[id] = row.updated_at;
    }
    const owner = ownerOf(row);
    return {
      id: String(row.id),
      key: row.key,
      url: this.url(row),
      type: row.type,
      project: row.project,
      ...(owner && { owner }),
      version: String(row.revision),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      createdBy,
      updatedBy,
      fields,
    };
  }

  /** The page of an entity; a part is an anchor on the page of its owner. */
  private url({ id, owner }: EntityRow): string {
    const page = `${this.pageRoot.replace(/\/*$/, '')}/twinflow/sandbox/#${encodeURIComponent(this.name)}`;
    return owner === null ? `${page}/${id}` : `${page}/${owner}/${id}`;
  }

  /** @param self the item that is written */
  surroundings(self?: string): Surroundings {
    return {
      trim: this.shared.switches.trim,
      user: (given) => this.structure.findUser(given),
      reference: (given, mirror) => this.findReference(given, mirror, self),
    };
  }

  private findReference(given: ReferenceValue, mirror?: FieldId, self?: string): ReferenceValue | Problem {
    const byKey = given.id === '' && given.key ? this.statements.entityWithKey(this.id, given.key) : undefined;
    const row = byKey ?? this.row(given.id);
    if (!row || row.owner !== null)
      return new Problem(`there is no entity ${(given.id || given.key || '').slice(0, 40)}.`);
    if (mirror !== undefined && String(row.id) === self) return new Problem(`${row.key} cannot be related to itself.`);
    if (mirror !== undefined && !this.structure.shape(row.project, row.type).byId.has(mirror))
      return new Problem(`${row.key} cannot have such a relation.`);
    return this.reference(row);
  }

  /** An entity as the value of a field. */
  reference(row: EntityRow): ReferenceValue {
    return { id: String(row.id), key: row.key, url: this.url(row) };
  }
}

const isId = (id: string): boolean => /^\d{1,15}$/.test(id);

function ownerOf({ owner, owner_type, key }: EntityRow): OwnerRef | undefined {
  if (owner === null) return undefined;
  return { id: String(owner), key: key.slice(0, key.lastIndexOf('#')), type: owner_type ?? '' };
}

const scopeLists = (scope: Scope): ScopeLists => ({
  projects: JSON.stringify(scope.projects),
  types: JSON.stringify(scope.types),
});

/** @throws SyncError invalid */
export function isoTime(time: string): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time.slice(0, 60)}" is not a time (ISO 8601).`);
  return new Date(ms).toISOString();
}

/** Stored differences in the form of a revision. */
export function oldAndNew(difference: Record<FieldId, [Value, Value]>): Record<FieldId, { old: Value; new: Value }> {
  return Object.fromEntries(Object.entries(difference).map(([id, [old, now]]) => [id, { old, new: now }]));
}
