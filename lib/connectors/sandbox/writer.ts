/**
 * Writing in a space. Every write gets the space's next revision, in one transaction with the counter, so revisions never
 * go back, never come late and never repeat: what changed since a revision is found without any clock.
 */

import type { Entity, EntityRef } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, UserValue, Value } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import type { SandboxDatabase } from './database';
import { oldAndNew, type SpaceReader } from './reader';
import type { Shape } from './shape';
import type { SandboxChange, SharedSpace } from './shared-space';
import type { EntityRow, Statements } from './statements';
import { checkCreate, checkUpdate, refused } from './validate';

/** Counters of a space while a transaction runs. */
interface Counters {
  revision: number;
  lastId: number;
  numbers: Record<string, number>;
}

export class SpaceWriter {
  /**
   * @param id the space's row id
   * @param name as in messages and addresses
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

  /** All operations in one transaction, each succeeding or failing alone. @throws SyncError auth, transient */
  write(user: string, operations: WriteOperation[]): WriteResult[] {
    const by = this.reader.person(user);
    const changes: SandboxChange[] = [];
    let revision = 0;
    const results = this.database.write(() => {
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
    const by = this.reader.person(user);
    const changes: SandboxChange[] = [];
    let revision = 0;
    this.database.write(() => {
      const row = this.reader.row(id);
      if (!row) return;
      const counters = this.counters();
      revision = ++counters.revision;
      this.statements.removeEntity(this.id, row.id);
      this.statements.setCounters(this.id, revision, counters.lastId, JSON.stringify(counters.numbers));
      const entity = this.reader.entity(row);
      changes.push(this.change('remove', entity, by, this.now(), {}));
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
    const planned = this.shared.switches.nextWriteFailure();
    if (planned && !planned.carriedOut) return { ok: false, error: planned.error };
    const poisoned = this.shared.switches.poisonedText;
    if (poisoned && Object.values(operation.fields).includes(poisoned.text))
      return { ok: false, error: poisoned.error };
    try {
      const entity =
        operation.kind === 'create'
          ? this.insert(operation, by, counters, changes)
          : this.update(operation, by, counters, changes);
      return planned ? { ok: false, error: planned.error } : { ok: true, entity, exact: true };
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
    const shape = this.reader.shape(project, type);
    const checked = checkCreate(shape, operation.fields, this.reader.surroundings());
    if (!checked.ok) throw refused(`The ${shape.type.name} could not be created`, checked.problems);
    const at = this.now();
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
    const entity = this.reader.entityOf(row, checked.values, shape);
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
    const row = this.reader.row(operation.id);
    if (!row) throw new SyncError('notFound', `The sandbox "${this.name}" has no entity ${operation.id.slice(0, 40)}.`);
    const shape = this.reader.shape(row.project, row.type);
    const current = JSON.parse(row.fields) as Fields;
    const checked = checkUpdate(shape, current, operation.fields, this.reader.surroundings());
    if (!checked.ok) throw refused(`${shape.type.name} ${row.key} could not be changed`, checked.problems);
    const changed = Object.keys(checked.values);
    if (changed.length === 0) return this.reader.entityOf(row, current, shape);

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
    return entity;
  }

  private keyOf(id: number, number: number, shape: Shape): string {
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
    const { id, key, url, type, project } = entity;
    const ref: EntityRef = { id, key, url, type, project };
    return { kind, space: this.name, entity: ref, title: this.reader.titleOf(entity), by, at, fields };
  }
}

/** The JSON that is stored: empty fields are left out. */
function storedFields(fields: Fields): string {
  return JSON.stringify(fields, (_key, value: unknown) => (value === null ? undefined : value));
}
