/** Reading a space: its people, structure and entities, what changed, and who it was. Never writes. */

import { isDeepStrictEqual } from 'node:util';
import type { Entity, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId, Fields, ReferenceValue, UserValue, Value } from '../../model/values';
import type { FindQuery, Revision, Scope } from '../connector';
import { guarded } from './database';
import type { Shape } from './shape';
import { asUser, type SharedSpace } from './shared-space';
import { type EntityFilter, type EntityRow, jsonPath, type ScopeLists, type Statements } from './statements';
import type { Person, SandboxTemplate } from './template';
import { checkValue, Problem, refused, type Surroundings } from './validate';

export class SpaceReader {
  /**
   * @param id the space's row id
   * @param name as in messages and addresses
   */
  constructor(
    private readonly statements: Statements,
    private readonly id: number,
    private readonly name: string,
    private readonly shared: SharedSpace,
    private readonly pageRoot = '/',
  ) {}

  private get template(): SandboxTemplate {
    return this.shared.template;
  }

  /** A person by id, login, e-mail address, or the part of it before the @. @throws SyncError auth */
  person(handle: string): UserValue {
    const wanted = handle.trim().toLowerCase();
    const person = this.template.people.find((one) =>
      [one.id, one.login, one.email, one.email.split('@')[0]].some((name) => name?.toLowerCase() === wanted),
    );
    if (person) return asUser(person);
    const known = this.template.people.map((one) => one.login).join(', ');
    throw new SyncError('auth', `The sandbox "${this.name}" has no user "${handle}". It has: ${known}.`);
  }

  /** @throws SyncError notFound */
  shape(project: string, type: string): Shape {
    const shape = this.shared.shapes.get(project, type);
    if (shape) return shape;
    const knowsProject = this.template.projects.some((one) => one.id === project);
    const what = knowsProject ? `entity type "${type}"` : `project "${project}"`;
    throw new SyncError('notFound', `The sandbox "${this.name}" has no ${what}.`);
  }

  /** Fields as any tracker would tell them. @throws SyncError notFound */
  fields(project: string, type: string): Field[] {
    return this.shape(project, type).fields.map(({ auto, initial, min: _min, max: _max, ...declared }) => {
      const field: Field = initial === undefined ? declared : { ...declared, hasDefault: true };
      if (field.type === 'user')
        return { ...field, readOnly: field.readOnly || auto !== undefined, values: this.userList() };
      return auto === undefined ? field : { ...field, readOnly: true };
    });
  }

  private userList(): { id: string; name: string }[] {
    return this.template.people.map(({ id, name }) => ({ id, name }));
  }

  /** @returns undefined where there is none */
  get(id: string): Entity | undefined {
    const row = guarded(() => this.row(id));
    return row && this.entity(row);
  }

  /** Newest change first, `total` counted up to 100,000. `search`: part of the key or title. */
  list(filter: EntityFilter & { offset?: number; limit?: number } = {}): { total: number; entities: Entity[] } {
    const { offset = 0, limit = 50, ...where } = filter;
    const { total, rows } = guarded(() => this.statements.listed(this.id, this.template.title, where, offset, limit));
    return { total, entities: rows.map((row) => this.entity(row)) };
  }

  /** What an entity is called in lists. */
  titleOf(entity: Entity): string {
    const title = entity.fields[this.template.title];
    return typeof title === 'string' ? title : '';
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

  /** @see FindQuery; asks the entities themselves, never the lagging index. */
  *find(query: FindQuery, self: UserValue): Generator<Entity> {
    const shape = this.shape(query.project, query.type);
    const { field, createdBySelfSince } = query;
    const wanted = field && this.wantedValue(shape, field.id, field.value);
    if (wanted === undefined && field) return;
    for (const row of this.candidates(query, self, field?.id, wanted)) {
      if (row.project !== query.project || row.type !== query.type) continue;
      if (createdBySelfSince && (row.created_by !== self.id || row.created_at < isoTime(createdBySelfSince))) continue;
      const entity = this.entity(row);
      if (!field || isDeepStrictEqual(entity.fields[field.id], wanted)) yield entity;
    }
  }

  private candidates(query: FindQuery, self: UserValue, field: FieldId | undefined, wanted: Value | undefined) {
    if (query.marker !== undefined) return this.statements.marked(this.id, query.marker);
    const since = query.createdBySelfSince;
    const created = since === undefined ? undefined : { by: self.id ?? '', since: isoTime(since) };
    const simple = typeof wanted === 'string' || typeof wanted === 'number';
    const having =
      field !== undefined && simple && !field.includes('"') ? { path: jsonPath(field), value: wanted } : undefined;
    return this.statements.found(this.id, query.project, query.type, created, having);
  }

  /** The value as it would be stored; undefined where no entity can have it. @throws SyncError invalid */
  private wantedValue(shape: Shape, id: FieldId, given: Value): Value | undefined {
    const field = shape.byId.get(id);
    if (!field)
      throw refused(`${shape.type.name} cannot be searched`, { [id]: `There is no field "${id.slice(0, 60)}".` });
    if (field.auto) return given;
    const value = checkValue(shape, field, given, this.surroundings());
    return value instanceof Problem ? undefined : value;
  }

  /** What changed in the scope after `after`, oldest first, as far as the (possibly lagging) index has got. */
  changedAfter(scope: Scope, after: number, limit: number): { entities: Entity[]; upTo: number } {
    this.checkScope(scope);
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

  /** The revision of the scope's newest change, undefined where it has no entity. */
  newestRevision(scope: Scope): number | undefined {
    this.checkScope(scope);
    return guarded(() => this.statements.newestRevision(this.id, scopeLists(scope)));
  }

  /** @returns undefined where there is none. Keys are in upper case */
  keyed(key: string): Entity | undefined {
    const row = guarded(() => this.statements.entityWithKey(this.id, key));
    return row && this.entity(row);
  }

  /** The scope's entities that changed last, newest first. */
  latest(scope: Scope, limit: number): Entity[] {
    this.checkScope(scope);
    return guarded(() => this.statements.latest(this.id, scopeLists(scope), limit)).map((row) => this.entity(row));
  }

  /** The first revision that shows a change at or after `time`; undefined where there is none. */
  firstRevisionSince(scope: Scope, time: string): number | undefined {
    return guarded(() => this.statements.firstRevisionSince(this.id, scopeLists(scope), time));
  }

  /** How many writes there have been. */
  revision(): number {
    return guarded(() => this.statements.space(this.id))?.revision ?? 0;
  }

  private checkScope(scope: Scope): void {
    for (const project of scope.projects) for (const type of scope.types) this.shape(project, type);
  }

  row(id: string): EntityRow | undefined {
    return /^\d{1,15}$/.test(id) ? this.statements.entity(this.id, Number(id)) : undefined;
  }

  entity(row: EntityRow): Entity {
    return this.entityOf(row, JSON.parse(row.fields) as Fields, this.shape(row.project, row.type));
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
    return {
      id: String(row.id),
      key: row.key,
      url: this.url(row.id),
      type: row.type,
      project: row.project,
      version: String(row.revision),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      createdBy,
      updatedBy,
      fields,
    };
  }

  private url(id: number): string {
    return `${this.pageRoot.replace(/\/*$/, '')}/twinflow/sandbox/#${encodeURIComponent(this.name)}/${id}`;
  }

  surroundings(): Surroundings {
    return {
      trim: this.shared.switches.trim,
      user: (given) => this.findUser(given),
      reference: (given) => this.findReference(given),
    };
  }

  /** A person as a real server finds one: by id, else e-mail, else login, else name; two hits are none. */
  private findUser(given: UserValue): UserValue | Problem {
    for (const property of ['id', 'email', 'login', 'name'] as const) {
      const wanted = given[property];
      if (wanted === undefined || wanted === '') continue;
      const same = (person: Person) => person[property].toLowerCase() === wanted.toLowerCase();
      const hits = this.template.people.filter(same);
      if (hits[0] && hits.length === 1) return asUser(hits[0]);
      return new Problem(
        `there is no ${hits.length > 1 ? 'single ' : ''}person with the ${property} "${wanted.slice(0, 60)}".`,
      );
    }
    return new Problem('a person needs an id, an e-mail address, a login or a name.');
  }

  private findReference(given: ReferenceValue): ReferenceValue | Problem {
    const byKey = given.id === '' && given.key ? this.statements.entityWithKey(this.id, given.key) : undefined;
    const row = byKey ?? this.row(given.id);
    if (!row) return new Problem(`there is no entity ${(given.id || given.key || '').slice(0, 40)}.`);
    return { id: String(row.id), key: row.key, url: this.url(row.id) };
  }
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

/** Differences as they are stored, in the words of a revision. */
export function oldAndNew(difference: Record<FieldId, [Value, Value]>): Record<FieldId, { old: Value; new: Value }> {
  return Object.fromEntries(Object.entries(difference).map(([id, [old, now]]) => [id, { old, new: now }]));
}
