/** A space as the engine sees it: the Connection contract on top of SandboxSpace. */

import type { Entity, EntityType, Field, Project } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import type { LookupValue, UserValue } from '../../model/values';
import type {
  ChangePage,
  Checkpoint,
  Connection,
  FindQuery,
  Identity,
  ReadResult,
  Revision,
  Scope,
  WriteOperation,
  WriteResult,
} from '../connector';
import { isoTime } from './reader';
import type { SandboxSpace } from './space';

/**
 * Checkpoints are `{ born, revision }`: everything after that revision of that very space is still to be read; or
 * `{ time }` until something is found at or after that time. `owed` names entities that changed before and were withheld.
 */
export class SandboxConnection implements Connection {
  readonly keepsMarkers = true;

  /** @param user the person that the connection writes as, @see SandboxSpace.person */
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
    return this.space.template.types.map(({ id, name }) => ({ id, name }));
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

  /** The revision after which reading begins; undefined where a start time has not been reached by any change. */
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
        `The sandbox "${this.space.name}" has been set back or made anew since it was last read (revision ` +
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
    return ids.map((id) => this.space.withheld(id) ?? this.space.get(id));
  }

  async write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    this.space.beforeCall();
    return this.space.write(this.user, operations);
  }

  async find(query: FindQuery, limit: number): Promise<Entity[]> {
    this.space.beforeRead();
    const found: Entity[] = [];
    if (limit <= 0) return found;
    for (const entity of this.space.reader.find(query, this.space.person(this.user))) {
      found.push(entity);
      if (found.length >= limit) break;
    }
    return found;
  }

  async byKey(key: string): Promise<Entity | undefined> {
    this.space.beforeRead();
    return this.space.reader.keyed(key.trim().toUpperCase());
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    this.space.beforeRead();
    return this.space.reader.latest(scope, limit);
  }

  async users(query: { email?: string; login?: string; name?: string; search?: string }): Promise<UserValue[]> {
    this.space.beforeRead();
    const same = (one: string | undefined, other: string | undefined) => one?.toLowerCase() === other?.toLowerCase();
    const search = query.search?.toLowerCase();
    return this.space.people().filter((person) => {
      if (query.email !== undefined) return same(person.email, query.email);
      if (query.login !== undefined) return same(person.login, query.login);
      if (query.name !== undefined) return same(person.name, query.name);
      if (!search) return true;
      return [person.name, person.login, person.email].some((text) => text?.toLowerCase().includes(search));
    });
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
