/**
 * One tracker of the sandbox, as its server side: people write in it, entities get revisions, wrong data is refused.
 * The connector and the page go through here, and so do tests and demos that play the part of a person.
 */

import type { Entity, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Fields, UserValue } from '../../model/values';
import type { Revision, WriteOperation, WriteResult } from '../connector';
import type { Lease } from './database';
import { SpaceReader } from './reader';
import { asUser, type SandboxChange, SharedSpace } from './shared-space';
import type { EntityFilter, SpaceRow } from './statements';
import type { Switches } from './switches';
import type { SandboxTemplate } from './template';
import { SpaceWriter } from './writer';

export class SandboxSpace {
  readonly name: string;
  /** differs from that of any other space, also of one that had this name before */
  readonly born: string;
  readonly reader: SpaceReader;
  private readonly writer: SpaceWriter;
  private readonly shared: SharedSpace;

  constructor(
    private readonly held: Lease,
    row: SpaceRow,
    pageRoot?: string,
  ) {
    const { database } = held;
    this.name = row.name;
    this.born = row.born;
    this.shared = database.shared.get(row.id) ?? new SharedSpace(row);
    database.shared.set(row.id, this.shared);
    this.reader = new SpaceReader(database.statements, row.id, row.name, this.shared, pageRoot);
    this.writer = new SpaceWriter(database, row.id, row.name, this.shared, this.reader);
  }

  get template(): SandboxTemplate {
    return this.shared.template;
  }

  private get switches(): Switches {
    return this.shared.switches;
  }

  /** Lets go of the space; the last one to do so closes its file. Listeners of others stay. */
  close(): void {
    this.held.release();
  }

  people(): UserValue[] {
    return this.template.people.map(asUser);
  }

  /** A person by id, login, e-mail address, or the part of it before the @. @throws SyncError auth */
  person(handle: string): UserValue {
    return this.reader.person(handle);
  }

  /** Fields as any tracker would tell them. @throws SyncError notFound */
  fields(project: string, type: string): Field[] {
    return this.reader.fields(project, type);
  }

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
    return this.writer.write(user, operations);
  }

  /** Takes an entity and its history away. @returns false where there is none. @throws SyncError auth */
  remove(user: string, id: string): boolean {
    return this.writer.remove(user, id);
  }

  /** @returns undefined where there is none */
  get(id: string): Entity | undefined {
    return this.reader.get(id);
  }

  /** Newest change first, `total` counted up to 100,000. `search`: part of the key or title. */
  list(filter: EntityFilter & { offset?: number; limit?: number } = {}): { total: number; entities: Entity[] } {
    return this.reader.list(filter);
  }

  /** What an entity is called in lists. */
  titleOf(entity: Entity): string {
    return this.reader.titleOf(entity);
  }

  /** Who changed what when, newest first, the creation last. Empty for an unknown entity. */
  history(id: string, limit = 100): Revision[] {
    return this.reader.history(id, limit);
  }

  /** How many writes there have been. */
  revision(): number {
    return this.reader.revision();
  }

  /** Calls `listener` after each write of this process is stored. @returns a function that ends it */
  onChange(listener: (change: SandboxChange) => void): () => void {
    this.shared.listeners.add(listener);
    return () => this.shared.listeners.delete(listener);
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

  /** Throws where connections are refused. */
  beforeCall(): void {
    if (this.switches.refused) throw this.switches.refused;
  }

  /** Throws what `failReads` has planned, and where connections are refused. */
  beforeRead(): void {
    this.beforeCall();
    const error = this.switches.nextReadFailure();
    if (error) throw error;
  }

  /** Every call of a connection fails with this, until it is undefined; people in the space go on working. */
  refuse(error: SyncError | undefined): void {
    this.switches.refused = error;
  }

  /** Single writes that hold this very text fail with the error, and are not carried out; undefined ends it. */
  poisonText(text: string | undefined, error = new SyncError('transient', 'The sandbox breaks on this text.')): void {
    this.switches.poisonedText = text === undefined ? undefined : { text, error };
  }

  /** Connections get this in place of the entity; undefined delivers it again. Others are polled meanwhile. */
  withhold(id: string, error: SyncError | undefined): void {
    if (error) this.switches.undelivered.set(id, error);
    else this.switches.undelivered.delete(id);
  }

  /** @returns undefined = the entity is delivered */
  withheld(id: string): SyncError | undefined {
    return this.switches.undelivered.get(id);
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
