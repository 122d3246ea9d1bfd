/** Connects the engine to a space: the Connection contract on top of SandboxSpace. */

import type { FileRules, OpenedFile } from '../../model/content';
import type { Entity, EntityId, EntityType, Field, Project } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import type { LookupValue, UserValue } from '../../model/values';
import type {
  ChangePage,
  Checkpoint,
  Connection,
  FindQuery,
  FindResult,
  Identity,
  PartsResult,
  PartVerb,
  ReadResult,
  Revision,
  Scope,
  WriteOperation,
  WriteResult,
} from '../connector';
import { matchesQuery, type UserQuery } from '../kit/people';
import { picturesByName } from '../kit/pictures';
import { isoTime } from './reader';
import type { SandboxSpace } from './space';

/**
 * Checkpoints are `{ born, revision }`: everything after that revision of this very space is still to be read; or `{
 * time }` until a change at or after that time is found. `owed` lists entities that changed earlier and were withheld.
 */
export class SandboxConnection implements Connection {
  readonly keepsMarkers = true;
  readonly pictures = picturesByName();

  /** @param user the user that the connection writes as, @see SandboxSpace.person */
  constructor(
    private readonly space: SandboxSpace,
    private readonly user: string,
    private readonly missing: string[],
  ) {}

  async identify(): Promise<Identity> {
    this.space.beforeRead();
    const user = this.space.person(this.user);
    return {
      user,
      server: `Twinflow sandbox "${this.space.name}" (${this.space.template.label})`,
      missing: this.missing,
    };
  }

  async projects(): Promise<Project[]> {
    this.space.beforeRead();
    return this.space.template.projects.map(({ id, name, parent }) => (parent ? { id, name, parent } : { id, name }));
  }

  async entityTypes(project: string): Promise<EntityType[]> {
    this.space.beforeRead();
    if (!this.space.template.projects.some((one) => one.id === project)) {
      throw new SyncError('notFound', `The sandbox "${this.space.name}" has no project "${project}".`);
    }
    return this.space.template.types.map(({ fields: _fields, ...type }) => type);
  }

  async fields(project: string, type: string): Promise<Field[]> {
    this.space.beforeRead();
    return this.space.fields(project, type);
  }

  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    this.space.beforeRead();
    let after = this.startOf(scope, since);
    if (after === undefined) {
      yield { entities: [], checkpoint: { ...since } };
      return;
    }
    const limit = Math.max(1, Math.floor(pageSize));
    const owed = new Set(Array.isArray(since?.owed) ? since.owed.map(String) : []);
    const at = (revision: number): Checkpoint => ({
      ...{ born: this.space.born, revision },
      ...(owed.size > 0 && { owed: [...owed] }),
    });
    for (const id of [...owed]) {
      if (this.space.withheld(id)) continue;
      owed.delete(id);
      const entity = this.space.get(id);
      if (entity) yield { entities: [entity], checkpoint: at(after) };
    }
    for (;;) {
      const { entities, upTo } = this.space.reader.changedAfter(scope, after, limit);
      after = upTo;
      const withheld = entities.filter(({ id }) => this.space.withheld(id));
      for (const { id } of withheld) owed.add(id);
      yield { entities: entities.filter((entity) => !withheld.includes(entity)), checkpoint: at(upTo) };
      if (entities.length < limit) return;
      this.space.beforeRead();
    }
  }

  /** The revision after which reading starts; undefined if no change has reached the start time. */
  private startOf(scope: Scope, since: Checkpoint | undefined): number | undefined {
    if (since === undefined) return 0;
    if (typeof since.time === 'string') {
      const first = this.space.reader.firstRevisionSince(scope, isoTime(since.time));
      return first === undefined ? undefined : first - 1;
    }
    if (typeof since.revision !== 'number') {
      throw new SyncError('fatal', `The stored position is not one of the sandbox connector. ${START_AGAIN}`);
    }
    if (since.born !== this.space.born || since.revision > this.space.revision()) {
      throw new SyncError(
        'fatal',
        `The sandbox "${this.space.name}" has been set back or recreated since it was last read (revision ` +
          `${since.revision} was read, it is now at ${this.space.revision()}). ${START_AGAIN}`,
      );
    }
    return since.revision;
  }

  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    this.space.beforeRead();
    const revision = this.space.reader.newestRevision(scope);
    return revision === undefined ? undefined : { born: this.space.born, revision };
  }

  checkpointAt(time: string): Checkpoint {
    return { time: isoTime(time) };
  }

  async read(_scope: Scope, ids: string[]): Promise<ReadResult[]> {
    this.space.beforeRead();
    return ids.map((id) => {
      const entity = this.space.get(id);
      return this.space.withheld(id) ?? (entity && this.space.withheldWith(entity)) ?? entity;
    });
  }

  async parts(_scope: Scope, owners: EntityId[], types: string[]): Promise<PartsResult[]> {
    this.space.beforeRead();
    const found = this.space.reader.parts(owners, types);
    const { hiddenParts } = this.space;
    const seen = (parts: Entity[]): PartsResult =>
      hiddenParts ? { shown: parts.filter(({ id }) => !hiddenParts.has(id)) } : parts;
    return owners.map((owner, index) => {
      const parts = found[index];
      const withheld = parts?.map(({ id }) => this.space.withheld(id)).find((error) => error !== undefined);
      return this.space.withheld(owner) ?? withheld ?? (parts && seen(parts));
    });
  }

  async write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    this.space.beforeCall();
    const hasFiles = operations.some((operation) => operation.kind === 'create' && operation.content !== undefined);
    const results = hasFiles
      ? await this.space.writeWithFiles(this.user, operations, true)
      : this.space.write(this.user, operations, true);
    if (!this.space.partsAreBlind) return results;
    return results.map((result) => {
      if (!result.ok || result.entity.owner === undefined) return result;
      return { ok: true, entity: this.space.get(result.entity.id) ?? result.entity };
    });
  }

  async remove(_scope: Scope, ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    this.space.beforeCall();
    return this.space.removeParts(this.user, ids);
  }

  get partVerbs(): ReadonlySet<PartVerb> {
    return this.space.partVerbs;
  }

  async open(attachment: EntityId): Promise<OpenedFile> {
    this.space.beforeRead();
    const withheld = this.space.withheld(attachment);
    if (withheld) throw withheld;
    const file = this.space.openFile(attachment);
    if (file) return file;
    const words = `The sandbox "${this.space.name}" has no file of an attachment ${attachment.slice(0, 40)}.`;
    throw new SyncError('notFound', words);
  }

  async fileRules(_project: string): Promise<FileRules> {
    this.space.beforeRead();
    return this.space.fileRules;
  }

  get silentParts(): ReadonlySet<PartVerb> {
    return this.space.silentParts;
  }

  async find(query: FindQuery, limit: number): Promise<FindResult[]> {
    this.space.beforeRead();
    const found: Entity[] = [];
    const unseen: SyncError[] = [];
    if (limit <= 0) return found;
    const hidden = query.owner === undefined ? undefined : this.space.withheld(query.owner);
    if (hidden) return [hidden];
    for (const entity of this.space.reader.find(query, this.space.person(this.user))) {
      const withheld = this.space.withheldWith(entity);
      if (withheld) unseen.push(withheld);
      else found.push(entity);
      if (found.length >= limit) break;
    }
    return [...found, ...unseen];
  }

  async markersOf(ids: EntityId[]): Promise<string[][]> {
    this.space.beforeRead();
    return ids.map((id) => [this.space.reader.markerOf(id) ?? []].flat());
  }

  async byKey(key: string): Promise<Entity | undefined> {
    this.space.beforeRead();
    return this.space.reader.keyed(key.trim().toUpperCase());
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    this.space.beforeRead();
    return this.space.reader.latest(scope, limit).filter(({ id }) => !this.space.withheld(id));
  }

  async users(query: UserQuery): Promise<UserValue[]> {
    this.space.beforeRead();
    return this.space.people().filter((person) => matchesQuery(person, query));
  }

  async lookupValues(project: string, type: string, field: string, search: string): Promise<LookupValue[]> {
    this.space.beforeRead();
    const known = this.space.fields(project, type).find((one) => one.id === field);
    if (!known)
      throw new SyncError('notFound', `The sandbox "${this.space.name}" has no field "${field}" in this type.`);
    const wanted = search.toLowerCase();
    return (known.values ?? []).filter((value) => value.name.toLowerCase().includes(wanted));
  }

  async history(id: string): Promise<Revision[]> {
    this.space.beforeRead();
    return this.space.history(id);
  }

  async close(): Promise<void> {
    this.space.close();
  }
}
