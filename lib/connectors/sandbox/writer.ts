/**
 * Writes in a space. Every write gets the space's next revision, in one transaction with the counter. Revisions
 * therefore never go back, never arrive late and never repeat: changes since a revision are found without any clock.
 */

import { fileName } from '../../model/content';
import { type Entity, refOf } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, UserValue, Value } from '../../model/values';
import type { PartVerb, Step, WriteOperation, WriteResult } from '../connector';
import type { SandboxDatabase } from './database';
import type { Staged } from './files';
import { assertFile, assertPermitted, ownerFor } from './parts';
import { oldAndNew, type SpaceReader } from './reader';
import { endsOf, isSameRelation, itemsIn } from './relations';
import type { Shape } from './shape';
import type { SandboxChange, SharedSpace } from './shared-space';
import type { EntityRow, Statements } from './statements';
import { isPartType, type SandboxField } from './template';
import { checkCreate, checkUpdate, type Problem, refused, type Surroundings } from './validate';

/** Files that have been received for creates. */
export type Received = ReadonlyMap<WriteOperation, Staged>;

/** Counters of a space while a transaction runs. */
interface Counters {
  revision: number;
  lastId: number;
  numbers: Record<string, number>;
}

/** What belongs to one transaction. */
interface Turn {
  by: UserValue;
  counters: Counters;
  changes: SandboxChange[];
  /** relations that cannot be made are left out, and the rest is written */
  leavesOut: boolean;
}

/** The effect of one operation on an entity: its earlier version, if it existed, and how its owner's version
 * changed. */
interface Written {
  entity: Entity;
  before?: string;
  owner?: Step | undefined;
  /** relations that were left out, with reasons */
  ignored: Record<FieldId, string>;
}

export class SpaceWriter {
  /**
   * @param id the space's row id
   * @param name as in messages and URLs
   */
  constructor(
    private readonly database: SandboxDatabase,
    private readonly id: number,
    private readonly name: string,
    private readonly shared: SharedSpace,
    private readonly reader: SpaceReader,
  ) {}

  private get statements(): Statements {
    return this.database.statements;
  }

  private now(): string {
    return new Date(this.shared.switches.now()).toISOString();
  }

  /**
   * All operations in one transaction, each succeeding or failing alone.
   * @param received the files of attachments
   * @param leavesOut relations that cannot be made are left out, and the rest is written; otherwise nothing is
   * @throws SyncError auth, transient
   */
  write(user: string, operations: WriteOperation[], received: Received = new Map(), leavesOut = false): WriteResult[] {
    return this.transact(user, leavesOut, (turn) =>
      operations.map((operation) => this.writeSafely(operation, turn, received.get(operation))),
    );
  }

  /**
   * Deletes an entity, its history and its parts.
   * @returns false if there is none. @throws SyncError auth, forbidden
   */
  remove(user: string, id: string): boolean {
    return this.transact(user, false, (turn) => {
      const row = this.reader.row(id);
      if (row) this.takeAway(row, turn);
      return row !== undefined;
    });
  }

  /** Deletes parts in one transaction, each on its own. A part that does not exist is a success. @throws SyncError
   * auth, transient */
  removeParts(user: string, ids: string[]): (SyncError | undefined)[] {
    return this.transact(user, false, (turn) => ids.map((id) => this.removeSafely(id, turn)));
  }

  private transact<T>(user: string, leavesOut: boolean, work: (turn: Turn) => T): T {
    const by = this.shared.structure.person(user);
    const changes: SandboxChange[] = [];
    let revision = 0;
    const result = this.database.write(() => {
      const counters = this.counters();
      const before = counters.revision;
      const done = work({ by, counters, changes, leavesOut });
      if (counters.revision === before) return done;
      revision = counters.revision;
      this.statements.setCounters(this.id, revision, counters.lastId, JSON.stringify(counters.numbers));
      return done;
    });
    this.announce(changes, revision);
    return result;
  }

  private counters(): Counters {
    const row = this.statements.space(this.id);
    if (!row) throw new SyncError('fatal', `The sandbox "${this.name}" is gone.`);
    return { revision: row.revision, lastId: row.last_id, numbers: JSON.parse(row.numbers) as Record<string, number> };
  }

  private writeSafely(operation: WriteOperation, turn: Turn, staged: Staged | undefined): WriteResult {
    const planned = this.shared.switches.nextWriteFailure();
    if (planned && !planned.carriedOut) return { ok: false, error: planned.error };
    const poisoned = this.poisonIn(operation.fields);
    if (poisoned) return { ok: false, error: poisoned };
    try {
      const { entity, before, owner, ignored } =
        operation.kind === 'create' ? this.insert(operation, turn, staged) : this.update(operation, turn);
      if (planned) return { ok: false, error: planned.error };
      const told = Object.keys(ignored).length > 0 && { ignored };
      const steps = { ...(before !== undefined && { before }), ...(owner && { owner }) };
      return { ok: true, entity, exact: true, ...told, ...steps };
    } catch (error) {
      // an error of one operation is its result; an error of the database ends the transaction
      if (error instanceof SyncError) return { ok: false, error };
      throw error;
    }
  }

  private removeSafely(id: string, turn: Turn): SyncError | undefined {
    const planned = this.shared.switches.nextWriteFailure();
    if (planned && !planned.carriedOut) return planned.error;
    const row = this.reader.row(id);
    if (!row) return planned?.error;
    if (row.owner === null) return new SyncError('invalid', `${row.key} is no part of anything: it is not deleted.`);
    const poisoned = this.poisonIn(JSON.parse(row.fields) as Fields);
    if (poisoned) return poisoned;
    try {
      this.takeAway(row, turn);
      return planned?.error;
    } catch (error) {
      if (error instanceof SyncError) return error;
      throw error;
    }
  }

  private takeAway(row: EntityRow, turn: Turn): void {
    const { by, counters, changes } = turn;
    const { switches, template } = this.shared;
    if (row.owner !== null) assertPermitted(switches.partRules.delete, 'delete', row, by);
    const partTypes = template.types.filter(isPartType).map(({ id }) => id);
    for (const part of this.statements.partsOf(this.id, [row.id], partTypes)) {
      this.statements.removeEntity(this.id, part.id);
    }
    const at = this.now();
    counters.revision++;
    changes.push(this.change('remove', this.reader.entity(row), by, at, {}));
    this.statements.removeEntity(this.id, row.id);
    this.relate(row, JSON.parse(row.fields) as Fields, {}, at, turn);
    this.touchOwner(this.ownerOf(row), 'delete', at, turn);
  }

  private poisonIn(fields: Fields): SyncError | undefined {
    const poisoned = this.shared.switches.poisonedText;
    if (!poisoned) return undefined;
    const texts = Object.values(fields).map((value) =>
      typeof value === 'object' && value !== null && 'content' in value ? value.content : value,
    );
    return texts.includes(poisoned.text) ? poisoned.error : undefined;
  }

  private ownerOf(part: EntityRow): EntityRow | undefined {
    return part.owner === null ? undefined : this.statements.entity(this.id, part.owner);
  }

  /**
   * A write of a part is a write of its owner that changes none of the owner's fields, unless it is silent.
   * @returns how it changed the owner's version
   */
  private touchOwner(
    owner: EntityRow | undefined,
    verb: PartVerb,
    at: string,
    { by, counters, changes }: Turn,
  ): Step | undefined {
    if (!owner) return undefined;
    const before = String(owner.revision);
    if (verb === 'create') owner.parts++;
    const silent = this.shared.switches.silent.has(verb);
    if (!silent) {
      owner.revision = ++counters.revision;
      owner.updated_at = at;
      owner.updated_by = by.id ?? '';
      this.statements.addHistory(this.id, owner.id, {
        revision: owner.revision,
        at,
        by: owner.updated_by,
        changes: '{}',
      });
    }
    this.statements.setEntity(this.id, owner);
    if (!silent && this.shared.listeners.size > 0)
      changes.push(this.change('update', this.reader.entity(owner), by, at, {}));
    return { before, after: String(owner.revision) };
  }

  private insert(
    operation: Extract<WriteOperation, { kind: 'create' }>,
    turn: Turn,
    staged: Staged | undefined,
  ): Written {
    const { by, counters, changes } = turn;
    const { project, type, marker } = operation;
    const shape = this.shared.structure.shape(project, type);
    const owner = ownerFor(operation, shape, this.reader);
    assertFile(shape, staged);
    const [around, ignored] = this.around(turn);
    const checked = checkCreate(shape, operation.fields, around);
    if (!checked.ok) throw refused(`The ${shape.type.name} could not be created`, checked.problems);
    if (owner && staged) Object.assign(checked.values, this.fileFields(owner, type, checked.values.name, staged));
    const at = this.now();
    const id = ++counters.lastId;
    const revision = ++counters.revision;
    const key = owner ? `${owner.key}#${owner.parts + 1}` : this.nextKey(id, shape, counters);
    const author = by.id ?? '';
    const row: EntityRow = {
      id,
      key,
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
      owner: owner?.id ?? null,
      owner_type: owner?.type ?? null,
      parts: 0,
    };
    this.statements.addEntity(this.id, row);
    if (staged) this.statements.attach(staged.file, id);
    const entity = this.reader.entityOf(row, checked.values, shape);
    if (this.shared.listeners.size > 0) {
      const fields = Object.entries(checked.values).map(([field, value]) => [field, { old: null, new: value }]);
      changes.push(this.change('create', entity, by, at, Object.fromEntries(fields)));
    }
    this.relate(row, {}, checked.values, at, turn);
    return { entity, owner: this.touchOwner(owner, 'create', at, turn), ignored };
  }

  /** What is stored of an attachment beside what was given. @throws SyncError invalid – its owner has as many as it can have */
  private fileFields(owner: EntityRow, type: string, name: Value | undefined, { size, mediaType }: Staged): Fields {
    const rules = this.shared.switches.fileRules;
    const { maxPerEntity: most = Number.POSITIVE_INFINITY } = rules;
    if (this.statements.partsOf(this.id, [owner.id], [type]).length >= most) {
      const why = `${owner.key} has ${most} attachments, and cannot have more`;
      throw new SyncError('invalid', `The file was refused: ${why}.`, { fields: { size: why } });
    }
    return { name: fileName(String(name), rules), size, mediaType };
  }

  private update(operation: Extract<WriteOperation, { kind: 'update' }>, turn: Turn): Written {
    const { by, counters, changes } = turn;
    const row = this.reader.row(operation.id);
    if (!row) throw new SyncError('notFound', `The sandbox "${this.name}" has no entity ${operation.id.slice(0, 40)}.`);
    if (row.owner !== null) assertPermitted(this.shared.switches.partRules.edit, 'edit', row, by);
    const shape = this.shared.structure.shape(row.project, row.type);
    const current = JSON.parse(row.fields) as Fields;
    const [around, ignored] = this.around(turn, operation.id);
    const checked = checkUpdate(shape, current, operation.fields, around);
    if (!checked.ok) throw refused(`${shape.type.name} ${row.key} could not be changed`, checked.problems);
    const changed = Object.keys(checked.values);
    const before = String(row.revision);
    const owner = this.ownerOf(row);
    if (changed.length === 0) {
      const still = owner && { before: String(owner.revision), after: String(owner.revision) };
      return { entity: this.reader.entityOf(row, current, shape), before, owner: still, ignored };
    }

    const at = this.now();
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
    const entity = this.reader.entityOf(row, fields, shape);
    if (this.shared.listeners.size > 0) changes.push(this.change('update', entity, by, at, oldAndNew(difference)));
    this.relate(row, current, fields, at, turn);
    return { entity, before, owner: this.touchOwner(owner, 'edit', at, turn), ignored };
  }

  private around({ leavesOut }: Turn, self?: string): [Surroundings, Record<FieldId, string>] {
    const ignored: Record<FieldId, string> = {};
    const around = this.reader.surroundings(self);
    if (!leavesOut) return [around, ignored];
    const leaveOut = ({ id }: SandboxField, { text }: Problem): void => {
      ignored[id] = [ignored[id], text].filter((one) => one !== undefined).join(' ');
    };
    return [{ ...around, leaveOut }, ignored];
  }

  /** Writes the other ends of an item's relations: a change of each of those items. */
  private relate(row: EntityRow, before: Fields, now: Fields, at: string, { by, counters, changes }: Turn): void {
    for (const { id, mirror } of this.shared.structure.shape(row.project, row.type).fields) {
      if (mirror === undefined) continue;
      const { added, removed } = endsOf(before[id], now[id]);
      for (const other of [...added, ...removed]) {
        const end = this.reader.row(other);
        if (!end) continue;
        const fields = JSON.parse(end.fields) as Fields;
        const old = fields[mirror] ?? null;
        const rest = (Array.isArray(old) ? old : []).filter((one) => !itemsIn([one]).includes(String(row.id)));
        const list = added.includes(other) ? [...rest, this.reader.reference(row)] : rest;
        const value = list.length > 0 ? list : null;
        if (isSameRelation(old, value)) continue;
        Object.assign(end, { revision: ++counters.revision, updated_at: at, updated_by: by.id ?? '' });
        end.fields = storedFields({ ...fields, [mirror]: value });
        const difference: Record<FieldId, [Value, Value]> = { [mirror]: [old, value] };
        this.statements.setEntity(this.id, end);
        this.statements.addHistory(this.id, end.id, {
          ...{ revision: end.revision, at, by: end.updated_by },
          changes: JSON.stringify(difference),
        });
        if (this.shared.listeners.size > 0)
          changes.push(this.change('update', this.reader.entity(end), by, at, oldAndNew(difference)));
      }
    }
  }

  private nextKey(id: number, shape: Shape, counters: Counters): string {
    const number = (counters.numbers[shape.project.id] ?? 0) + 1;
    counters.numbers[shape.project.id] = number;
    return this.shared.template.keys
      .replace('{id}', String(id))
      .replace('{number}', String(number))
      .replace('{prefix}', () => shape.project.prefix ?? shape.project.id);
  }

  private announce(changes: SandboxChange[], revision: number): void {
    if (revision > 0) this.shared.switches.wrote(revision);
    for (const change of changes) {
      for (const listener of this.shared.listeners) {
        try {
          listener(change);
        } catch (error) {
          // the write is stored: it must not look as if it had failed
          process.emitWarning(`A listener of the sandbox "${this.name}" failed: ${asSyncError(error).message}`);
        }
      }
    }
  }

  private change(
    kind: SandboxChange['kind'],
    entity: Entity,
    by: UserValue,
    at: string,
    fields: SandboxChange['fields'],
  ): SandboxChange {
    const titled = entity.owner ? (this.reader.get(entity.owner.id) ?? entity) : entity;
    return { kind, space: this.name, entity: refOf(entity), title: this.reader.titleOf(titled), by, at, fields };
  }
}

/** The stored JSON: empty fields are left out. */
function storedFields(fields: Fields): string {
  return JSON.stringify(fields, (_key, value: unknown) => (value === null ? undefined : value));
}
