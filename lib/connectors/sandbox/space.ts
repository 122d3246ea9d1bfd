/**
 * One tracker of the sandbox, as its server side: users write in it, entities get revisions, invalid data is rejected.
 * The connector and the page use it, and so do tests and demos that act as users.
 */

import type { FileContent, FileRules, OpenedFile } from '../../model/content';
import type { Entity, Field } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { Fields, UserValue } from '../../model/values';
import type { PartVerb, Revision, WriteOperation, WriteResult } from '../connector';
import type { Lease } from './database';
import { SpaceFiles, type Staged } from './files';
import { SpaceReader } from './reader';
import type { Shape } from './shape';
import { type SandboxChange, SharedSpace } from './shared-space';
import type { EntityFilter, SpaceRow } from './statements';
import { asUser } from './structure';
import type { PartRule, Switches } from './switches';
import { isPartType, type SandboxTemplate } from './template';
import { SpaceWriter } from './writer';

export class SandboxSpace {
  readonly name: string;
  /** unique among all spaces, including an earlier one with this name */
  readonly born: string;
  readonly reader: SpaceReader;
  readonly files: SpaceFiles;
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
    this.files = new SpaceFiles(database, row.id, this.shared);
    this.writer = new SpaceWriter(database, row.id, row.name, this.shared, this.reader);
  }

  get template(): SandboxTemplate {
    return this.shared.template;
  }

  private get switches(): Switches {
    return this.shared.switches;
  }

  /** Releases the space; the last holder closes its file. Listeners of other holders stay. */
  close(): void {
    this.held.release();
  }

  people(): UserValue[] {
    return this.template.people.map(asUser);
  }

  /** A user by id, login, email, or the part of the email before the @. @throws SyncError auth */
  person(handle: string): UserValue {
    return this.shared.structure.person(handle);
  }

  /** An entity type in one project. @throws SyncError notFound */
  shape(project: string, type: string): Shape {
    return this.shared.structure.shape(project, type);
  }

  /** Fields as any tracker would describe them. @throws SyncError notFound */
  fields(project: string, type: string): Field[] {
    return this.shared.structure.fields(project, type);
  }

  /** @param user the creator, @see person. @throws SyncError invalid with `fields`, notFound, auth */
  create(
    user: string,
    entity: { project: string; type: string; fields: Fields; marker?: string; owner?: string },
  ): Entity {
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

  /**
   * All operations in one transaction; each succeeds or fails on its own.
   * @param leavesOut relations that cannot be made are left out and named in the result; otherwise nothing of it is written
   * @throws SyncError auth, transient
   */
  write(user: string, operations: WriteOperation[], leavesOut = false): WriteResult[] {
    return this.writer.write(user, operations, undefined, leavesOut);
  }

  /**
   * As `write`, with the files of attachments, which are received first, one after the other.
   * @throws SyncError auth, transient
   */
  async writeWithFiles(user: string, operations: WriteOperation[], leavesOut = false): Promise<WriteResult[]> {
    const received = new Map<WriteOperation, Staged>();
    const refused = new Map<WriteOperation, SyncError>();
    for (const operation of operations) {
      if (operation.kind !== 'create' || !operation.content) continue;
      try {
        received.set(operation, await this.files.stage(operation.content));
      } catch (thrown) {
        refused.set(operation, asSyncError(thrown));
      }
    }
    const rest = operations.filter((operation) => !refused.has(operation));
    const results = this.writer.write(user, rest, received, leavesOut);
    for (const [index, operation] of rest.entries()) {
      const staged = received.get(operation);
      // what was written with a lost answer has its file
      if (staged && !results[index]?.ok) this.files.dropUnused(staged.file);
    }
    const done = results.values();
    return operations.map((operation): WriteResult => {
      const error = refused.get(operation);
      const result = error ? { ok: false as const, error } : done.next().value;
      return result ?? { ok: false, error: new SyncError('fatal', 'The sandbox gave no result for a write.') };
    });
  }

  /** Attaches a file to an entity. @throws SyncError invalid, notFound, auth; marked `content`: the bytes did not come */
  async attach(user: string, owner: string, content: FileContent, fields: Fields = {}): Promise<Entity> {
    const { project = '' } = this.get(owner) ?? {};
    const named = { name: content.name, ...fields };
    const create: WriteOperation = { kind: 'create', project, type: 'attachment', owner, fields: named, content };
    const [result] = await this.writeWithFiles(user, [create]);
    if (!result?.ok) throw result?.error ?? new SyncError('fatal', 'The sandbox gave no result for a write.');
    return result.entity;
  }

  /** The file of an attachment; undefined where there is none. @throws SyncError – it cannot be read now */
  openFile(id: string): OpenedFile | undefined {
    const { size, mediaType } = this.get(id)?.fields ?? {};
    if (typeof size !== 'number') return undefined;
    return this.files.open(id, size, typeof mediaType === 'string' ? mediaType : undefined);
  }

  /** Takes an entity, its history and its parts away. @returns false where there is none. @throws SyncError auth, forbidden */
  remove(user: string, id: string): boolean {
    return this.writer.remove(user, id);
  }

  /** Deletes parts, each on its own; a part that is already gone is a success. @throws SyncError auth, transient */
  removeParts(user: string, ids: string[]): (SyncError | undefined)[] {
    return this.writer.removeParts(user, ids);
  }

  /** The comments and other parts of an entity, oldest first; undefined if there is none. */
  partsOf(id: string): Entity[] | undefined {
    const types = this.template.types.filter(isPartType).map((type) => type.id);
    return this.reader.parts([id], types)[0];
  }

  /** @returns undefined if there is none */
  get(id: string): Entity | undefined {
    return this.reader.get(id);
  }

  /** Newest change first, `total` counted up to 100,000. `search`: part of the key or title. */
  list(filter: EntityFilter & { offset?: number; limit?: number } = {}): { total: number; entities: Entity[] } {
    return this.reader.list(filter);
  }

  /** The name of an entity in lists. */
  titleOf(entity: Entity): string {
    return this.reader.titleOf(entity);
  }

  /** Who changed what when, newest first, the creation last. Empty for an unknown entity. */
  history(id: string, limit = 100): Revision[] {
    return this.reader.history(id, limit);
  }

  /** The number of writes so far. */
  revision(): number {
    return this.reader.revision();
  }

  /** Calls `listener` after each write of this process is stored. @returns a function that ends it */
  onChange(listener: (change: SandboxChange) => void): () => void {
    this.shared.listeners.add(listener);
    return () => this.shared.listeners.delete(listener);
  }

  // --- switches for tests; they apply to every connection to this space in this process, and are not stored ---

  /** Sets the clock (ISO 8601 or ms since 1970), which continues from there unless frozen. undefined = the real
   * time. */
  setClock(time: string | number | undefined, { frozen = false } = {}): void {
    this.switches.setClock(time, frozen);
  }

  /** The clock's step in milliseconds, for example 1000 or 60000; 1 = the finest. */
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

  /** Throws if connections are refused. */
  beforeCall(): void {
    if (this.switches.refused) throw this.switches.refused;
  }

  /** Throws the error planned by `failReads`, or if connections are refused. */
  beforeRead(): void {
    this.beforeCall();
    const error = this.switches.nextReadFailure();
    if (error) throw error;
  }

  /** Every call of a connection fails with this error until it is undefined; users of the space can continue. */
  refuse(error: SyncError | undefined): void {
    this.switches.refused = error;
  }

  /** Single writes that contain exactly this text fail with the error and are not carried out; undefined ends it. */
  poisonText(text: string | undefined, error = new SyncError('transient', 'The sandbox breaks on this text.')): void {
    this.switches.poisonedText = text === undefined ? undefined : { text, error };
  }

  /** Connections get this instead of the entity; undefined delivers it again. Others are polled meanwhile. */
  withhold(id: string, error: SyncError | undefined): void {
    if (error) this.switches.undelivered.set(id, error);
    else this.switches.undelivered.delete(id);
  }

  /** @returns undefined = the entity is delivered */
  withheld(id: string): SyncError | undefined {
    return this.switches.undelivered.get(id);
  }

  /** The result for a connection that reads an existing entity; a part is withheld with its owner. */
  withheldWith({ id, owner }: Entity): SyncError | undefined {
    return this.withheld(id) ?? (owner && this.withheld(owner.id));
  }

  /** These verbs on parts do not change the version of their owner; the others do. */
  silenceParts(...verbs: PartVerb[]): void {
    this.switches.silent.clear();
    for (const verb of verbs) this.switches.silent.add(verb);
  }

  /** @see Connection.partVerbs */
  get partVerbs(): ReadonlySet<PartVerb> {
    const { edit, delete: removal } = this.switches.partRules;
    const verbs: PartVerb[] = ['create'];
    if (edit !== 'nobody') verbs.push('edit');
    if (removal !== 'nobody') verbs.push('delete');
    return new Set(verbs);
  }

  /** @see Connection.silentParts */
  get silentParts(): ReadonlySet<PartVerb> {
    return this.switches.silent;
  }

  /** Who may edit and delete parts: at first everybody. Append-only: `{ edit: 'nobody' }`. */
  restrictParts(rules: Partial<Record<'edit' | 'delete', PartRule>>): void {
    Object.assign(this.switches.partRules, rules);
  }

  /** Connections get no answer to writes of parts and read the result: it includes a later edit, too. */
  blindParts(on: boolean): void {
    this.switches.blindParts = on;
  }

  get partsAreBlind(): boolean {
    return this.switches.blindParts;
  }

  /** Connections see all parts but these, and say that they may not see all. Undefined: they see all, and say so. */
  hideParts(ids: Iterable<string> | undefined): void {
    this.switches.hiddenParts = ids && new Set(ids);
  }

  get hiddenParts(): ReadonlySet<string> | undefined {
    return this.switches.hiddenParts;
  }

  /** What is taken of files; by default 100 MB each, 2,000 of an entity, of any name. */
  limitFiles(rules: FileRules): void {
    this.switches.fileRules = rules;
  }

  get fileRules(): FileRules {
    return this.switches.fileRules;
  }

  /** The bytes of an attachment do not come: only so many of them, or none, for this reason; undefined ends it. */
  breakFile(id: string, how: number | SyncError | undefined): void {
    if (how === undefined) this.switches.brokenFiles.delete(id);
    else this.switches.brokenFiles.set(id, how);
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
