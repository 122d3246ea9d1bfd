/**
 * One tracker of the sandbox, as its server side: people write in it, entities get revisions, wrong data is refused.
 * The connector and the page go through here, and so do tests and demos that play the part of a person.
 *
 * Every write gets the space's next revision, in one transaction with the counter, so revisions never go back, never
 * come late and never repeat: what changed since a revision is found without any clock.
 */

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Entity, EntityRef, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId, Fields, ReferenceValue, UserValue, Value } from '../../model/values';
import type { FindQuery, Revision, Scope, WriteOperation, WriteResult } from '../connector';
import { guarded, type Lease, lease } from './database';
import type { Shape } from './shape';
import { asUser, type SandboxChange, SharedSpace } from './shared-space';
import { type EntityFilter, type EntityRow, jsonPath, type ScopeLists, type SpaceRow } from './statements';
import type { Switches } from './switches';
import type { Person, SandboxTemplate } from './template';
import { templates } from './templates';
import { checkCreate, checkUpdate, checkValue, Problem, type Surroundings } from './validate';

export interface SpaceOptions {
  /** SQLite file; in memory, shared within the process, where not given */
  file?: string;
  space: string;
  /** for a space that does not exist yet: the name of a template, or a template of one's own */
  template?: string | SandboxTemplate;
}

export interface SpaceSummary {
  name: string;
  template: string;
  label: string;
  revision: number;
}

/** Counters of a space while a transaction runs. */
interface Counters {
  revision: number;
  lastId: number;
  numbers: Record<string, number>;
}

/** Opens a space, creating it from its template where it does not exist. @throws SyncError invalid, fatal */
export function openSandbox(options: SpaceOptions): SandboxSpace {
  const name = options.space.trim();
  if (name === '' || name.length > 100) {
    throw new SyncError('invalid', 'A sandbox needs a name of 1 to 100 characters.', {
      fields: { space: 'is required' },
    });
  }
  const held = lease(options.file);
  try {
    const { database } = held;
    const row = guarded(() => database.statements.spaceNamed(name)) ?? createSpace(held, name, options.template);
    return new SandboxSpace(held, row);
  } catch (error) {
    held.release();
    throw error;
  }
}

/** The spaces in a file, by name. @throws SyncError */
export function listSandboxes(file?: string): SpaceSummary[] {
  const held = lease(file);
  try {
    return guarded(() => held.database.statements.allSpaces()).map((row) => {
      const template = JSON.parse(row.template) as SandboxTemplate;
      return { name: row.name, template: template.name, label: template.label, revision: row.revision };
    });
  } finally {
    held.release();
  }
}

function createSpace(held: Lease, name: string, wanted: string | SandboxTemplate | undefined): SpaceRow {
  const template = typeof wanted === 'object' ? wanted : templates.get(wanted ?? '');
  if (!template) {
    const known = [...templates.keys()].join(', ');
    throw new SyncError('invalid', `The sandbox "${name}" does not exist yet and needs a template: ${known}.`, {
      fields: { template: `must be one of: ${known}` },
    });
  }
  return held.database.write(() => {
    const { statements } = held.database;
    // another process may have been faster
    if (!statements.spaceNamed(name)) {
      statements.addSpace(name, randomUUID(), JSON.stringify(template), (template.firstId ?? 1) - 1);
    }
    const row = statements.spaceNamed(name);
    if (!row) throw new SyncError('fatal', `The sandbox "${name}" could not be created.`);
    return row;
  });
}

export class SandboxSpace {
  readonly name: string;
  /** differs from that of any other space, also of one that had this name before */
  readonly born: string;
  private readonly id: number;
  private readonly shared: SharedSpace;

  constructor(
    private readonly held: Lease,
    row: SpaceRow,
  ) {
    this.id = row.id;
    this.name = row.name;
    this.born = row.born;
    this.shared = held.database.shared.get(row.id) ?? new SharedSpace(row);
    held.database.shared.set(row.id, this.shared);
  }

  get template(): SandboxTemplate {
    return this.shared.template;
  }

  private get statements() {
    return this.held.database.statements;
  }

  private get switches(): Switches {
    return this.shared.switches;
  }

  /** Lets go of the space; the last one to do so closes its file. Listeners of others stay. */
  close(): void {
    this.held.release();
  }

  // --- people and structure ---

  people(): UserValue[] {
    return this.template.people.map(asUser);
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
    return this.shape(project, type).fields.map(({ auto, initial: _initial, min: _min, max: _max, ...field }) => {
      if (field.type === 'user')
        return { ...field, readOnly: field.readOnly || auto !== undefined, values: this.userList() };
      return auto === undefined ? field : { ...field, readOnly: true };
    });
  }

  private userList(): { id: string; name: string }[] {
    return this.template.people.map(({ id, name }) => ({ id, name }));
  }

  // --- writing ---

  /** @param user who creates, @see person. @throws SyncError invalid with `fields`, notFound, auth */
  create(user: string, entity: { project: string; type: string; fields: Fields; marker?: string }): Entity {
    return this.writeOne(user, { kind: 'create', ...entity });
  }

  /** Changes the given fields only. @throws SyncError invalid with `fields`, notFound, auth */
  edit(user: string, id: string, fields: Fields): Entity {
    return this.writeOne(user, { kind: 'update', id, fields });
  }

  private writeOne(user: string, operation: WriteOperation): Entity {
    const [result] = this.write(user, [operation]);
    if (!result) throw new SyncError('fatal', 'The sandbox gave no result for a write.');
    if (!result.ok) throw result.error;
    return result.entity;
  }

  /** All operations in one transaction, each succeeding or failing alone. @throws SyncError auth, transient */
  write(user: string, operations: WriteOperation[]): WriteResult[] {
    const by = this.person(user);
    const changes: SandboxChange[] = [];
    let revision = 0;
    const results = this.held.database.write(() => {
      const counters = this.counters();
      const before = counters.revision;
      const done = operations.map((operation) => this.writeSafely(operation, by, counters, changes));
      revision = counters.revision;
      if (revision !== before) {
        this.statements.setCounters(this.id, revision, counters.lastId, JSON.stringify(counters.numbers));
      }
      return done;
    });
    this.announce(changes, revision);
    return results;
  }

  /** Takes an entity and its history away. @returns false where there is none. @throws SyncError auth */
  remove(user: string, id: string): boolean {
    const by = this.person(user);
    const changes: SandboxChange[] = [];
    let revision = 0;
    this.held.database.write(() => {
      const row = this.row(id);
      if (!row) return;
      const counters = this.counters();
      revision = ++counters.revision;
      this.statements.removeEntity(this.id, row.id);
      this.statements.setCounters(this.id, revision, counters.lastId, JSON.stringify(counters.numbers));
      const entity = this.entity(row);
      changes.push(this.change('remove', entity, by, new Date(this.switches.now()).toISOString(), {}));
    });
    this.announce(changes, revision);
    return changes.length > 0;
  }

  private counters(): Counters {
    const row = this.statements.space(this.id);
    if (!row) throw new SyncError('fatal', `The sandbox "${this.name}" is gone.`);
    return { revision: row.revision, lastId: row.last_id, numbers: JSON.parse(row.numbers) as Record<string, number> };
  }

  private writeSafely(
    operation: WriteOperation,
    by: UserValue,
    counters: Counters,
    changes: SandboxChange[],
  ): WriteResult {
    const planned = this.switches.nextWriteFailure();
    if (planned && !planned.carriedOut) return { ok: false, error: planned.error };
    try {
      const entity =
        operation.kind === 'create'
          ? this.insert(operation, by, counters, changes)
          : this.update(operation, by, counters, changes);
      return planned ? { ok: false, error: planned.error } : { ok: true, entity };
    } catch (error) {
      // what is wrong with one operation is its result; what is wrong with the database ends the transaction
      if (error instanceof SyncError) return { ok: false, error };
      throw error;
    }
  }

  private insert(
    operation: Extract<WriteOperation, { kind: 'create' }>,
    by: UserValue,
    counters: Counters,
    changes: SandboxChange[],
  ): Entity {
    const { project, type, marker } = operation;
    const shape = this.shape(project, type);
    const checked = checkCreate(shape, operation.fields, this.surroundings());
    if (!checked.ok) throw refused(`The ${shape.type.name} could not be created`, checked.problems);
    const at = new Date(this.switches.now()).toISOString();
    const id = ++counters.lastId;
    const revision = ++counters.revision;
    const number = (counters.numbers[project] ?? 0) + 1;
    counters.numbers[project] = number;
    const author = by.id ?? '';
    const row: EntityRow = {
      id,
      key: this.keyOf(id, number, shape),
      project,
      type,
      revision,
      created_revision: revision,
      created_at: at,
      created_by: author,
      updated_at: at,
      updated_by: author,
      marker: marker ?? null,
      fields: storedFields(checked.values),
    };
    this.statements.addEntity(this.id, row);
    const entity = this.entityOf(row, checked.values, shape);
    if (this.shared.listeners.size > 0) {
      const fields = Object.entries(checked.values).map(([field, value]) => [field, { old: null, new: value }]);
      changes.push(this.change('create', entity, by, at, Object.fromEntries(fields)));
    }
    return entity;
  }

  private update(
    operation: Extract<WriteOperation, { kind: 'update' }>,
    by: UserValue,
    counters: Counters,
    changes: SandboxChange[],
  ): Entity {
    const row = this.row(operation.id);
    if (!row) throw new SyncError('notFound', `The sandbox "${this.name}" has no entity ${operation.id.slice(0, 40)}.`);
    const shape = this.shape(row.project, row.type);
    const current = JSON.parse(row.fields) as Fields;
    const checked = checkUpdate(shape, current, operation.fields, this.surroundings());
    if (!checked.ok) throw refused(`${shape.type.name} ${row.key} could not be changed`, checked.problems);
    const changed = Object.keys(checked.values);
    if (changed.length === 0) return this.entityOf(row, current, shape);

    const at = new Date(this.switches.now()).toISOString();
    const difference: Record<FieldId, [Value, Value]> = {};
    for (const id of changed) difference[id] = [current[id] ?? null, checked.values[id] ?? null];
    const fields = { ...current, ...checked.values };
    row.revision = ++counters.revision;
    row.updated_at = at;
    row.updated_by = by.id ?? '';
    row.fields = storedFields(fields);
    this.statements.setEntity(this.id, row);
    this.statements.addHistory(this.id, row.id, {
      revision: row.revision,
      at,
      by: row.updated_by,
      changes: JSON.stringify(difference),
    });
    const entity = this.entityOf(row, fields, shape);
    if (this.shared.listeners.size > 0) changes.push(this.change('update', entity, by, at, oldAndNew(difference)));
    return entity;
  }

  private keyOf(id: number, number: number, shape: Shape): string {
    return this.template.keys
      .replace('{id}', String(id))
      .replace('{number}', String(number))
      .replace('{prefix}', () => shape.project.prefix ?? shape.project.id);
  }

  private surroundings(): Surroundings {
    return {
      trim: this.switches.trim,
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

  // --- reading ---

  /** @returns undefined where there is none */
  get(id: string): Entity | undefined {
    const row = guarded(() => this.row(id));
    return row && this.entity(row);
  }

  /** Newest change first. `search`: part of the key or title. */
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
      const until = this.switches.indexed(this.revision());
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

  private row(id: string): EntityRow | undefined {
    return /^\d{1,15}$/.test(id) ? this.statements.entity(this.id, Number(id)) : undefined;
  }

  private entity(row: EntityRow): Entity {
    return this.entityOf(row, JSON.parse(row.fields) as Fields, this.shape(row.project, row.type));
  }

  private entityOf(row: EntityRow, stored: Fields, shape: Shape): Entity {
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
    return `/twinflow/sandbox/#${encodeURIComponent(this.name)}/${id}`;
  }

  // --- events ---

  /** Calls `listener` after each write of this process is stored. @returns a function that ends it */
  onChange(listener: (change: SandboxChange) => void): () => void {
    this.shared.listeners.add(listener);
    return () => this.shared.listeners.delete(listener);
  }

  private announce(changes: SandboxChange[], revision: number): void {
    if (revision > 0) this.switches.wrote(revision);
    for (const change of changes) for (const listener of this.shared.listeners) listener(change);
  }

  private change(
    kind: SandboxChange['kind'],
    entity: Entity,
    by: UserValue,
    at: string,
    fields: SandboxChange['fields'],
  ): SandboxChange {
    const { id, key, url, type, project } = entity;
    const ref: EntityRef = { id, key, url, type, project };
    return { kind, space: this.name, entity: ref, title: this.titleOf(entity), by, at, fields };
  }

  // --- switches for tests; they hold for every connection to this space in this process, and are not stored ---

  /** Sets the clock (ISO 8601 or ms since 1970); it goes on from there unless frozen. Undefined = the real time. */
  setClock(time: string | number | undefined, { frozen = false } = {}): void {
    this.switches.setClock(time, frozen);
  }

  /** The clock's step in milliseconds, e.g. 1000 or 60000; 1 = as fine as it gets. */
  setClockResolution(ms: number): void {
    this.switches.setResolution(ms);
  }

  /** The next `count` single writes fail with `error`; with `carriedOut` they happen, and only the answer is lost. */
  failWrites(count: number, error: SyncError, { carriedOut = false } = {}): void {
    this.switches.failWrites(count, error, carriedOut);
  }

  /** The next `count` reading calls of connections (changes, read, find, …) throw `error`. */
  failReads(count: number, error: SyncError): void {
    this.switches.failReads(count, error);
  }

  /** Throws what `failReads` has planned. */
  beforeRead(): void {
    const error = this.switches.nextReadFailure();
    if (error) throw error;
  }

  /** Blanks at both ends of texts are dropped on write. */
  trimTexts(on: boolean): void {
    this.switches.trim = on;
  }

  /** `changes` sees a write only `ms` milliseconds (real time) later; `read` and `find` see it at once. */
  setIndexLag(ms: number): void {
    this.switches.setLag(ms, this.revision());
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

/** The JSON that is stored: empty fields are left out. */
function storedFields(fields: Fields): string {
  return JSON.stringify(fields, (_key, value: unknown) => (value === null ? undefined : value));
}

function oldAndNew(difference: Record<FieldId, [Value, Value]>): Record<FieldId, { old: Value; new: Value }> {
  return Object.fromEntries(Object.entries(difference).map(([id, [old, now]]) => [id, { old, new: now }]));
}

function refused(what: string, problems: Record<FieldId, string>): SyncError {
  return new SyncError('invalid', `${what}: ${Object.values(problems).join(' ')}`, { fields: problems });
}
