/**
 * The contract between the engine and a system.
 *
 * A connector is a descriptor plus a `connect` function. What it returns, the Connection, has few required calls; all
 * others are capabilities that are present or absent as methods. A connection throws nothing but SyncError. It keeps no
 * state that must survive: everything durable is in the engine's store, handed back as an opaque checkpoint.
 */

import type { Entity, EntityId, EntityType, EntityTypeId, Field, Project, ProjectId } from '../model/entity';
import type { SyncError } from '../model/errors';
import type { FieldId, Fields, LookupValue, RichTextFormat, UserValue, Value } from '../model/values';
import type { ConfigField, ConnectorCategory, Identity } from './form';
import type { HttpOptions } from './http/options';

export { type ConfigField, type ConnectorCategory, type Identity, SECRET_NAMES, type SecretName } from './form';

/** JSON that only its connector understands. Made of the system's own times and ids, never of our clock. */
export type Checkpoint = { [key: string]: unknown };

/** What is polled: the projects and entity types of one side of an integration. Never empty. */
export interface Scope {
  projects: ProjectId[];
  types: EntityTypeId[];
}

export interface ChangePage {
  /** in the order they changed; an entity appears as it is at the time of this page or later */
  entities: Entity[];
  /** reading resumes after this page with this checkpoint, without loss, also in another process */
  checkpoint: Checkpoint;
  /** projects and types of the scope that the system does not show now, a sentence for each; the rest is read without them */
  missing?: string[];
}

/** A link to an entity of another system, at the place that a system has of its own for such. */
export interface RemoteLink {
  url: string;
  /** what people read */
  title: string;
  /** a link of the same key takes the place of the one that is there, so that there is always one */
  key: string;
}

/** Stands for the link where `ignored` names what a system did not take. */
export const REMOTE_LINK = 'remote link';

export type WriteOperation =
  | {
      kind: 'create';
      type: EntityTypeId;
      project: ProjectId;
      fields: Fields;
      /**
       * Fields that are mapped and empty at the source. A default of the system would fill them: the connection empties
       * them where the system takes it, and names them in `ignored` where it does not. Never a reason to refuse the create.
       */
      empty?: FieldId[];
      /** set together with the create where the system can hold one; `find` finds it again */
      marker?: string;
      /** only where the connection takes links */
      remoteLink?: RemoteLink;
    }
  | { kind: 'update'; id: EntityId; fields: Fields; remoteLink?: RemoteLink };

/**
 * What became of one operation. `entity` is the entity as the system shows it after the write, version included: that
 * is how our own write is recognised in the next poll. `ignored` names fields that the system took without a word and
 * did not change (a workflow that forbids a transition). `exact`: `entity` is the very state that this write made (the
 * write's own answer, not read a moment later), so a value other than the one sent is how the system stores it.
 */
export type WriteResult =
  | { ok: true; entity: Entity; ignored?: Record<FieldId, string>; exact?: boolean }
  | { ok: false; error: SyncError };

/**
 * What `read` brought of one entity. Undefined: the system itself has said that it is gone or out of sight. A SyncError:
 * it was not delivered, though the rest was; nothing may be concluded from that, and it is to be read again later.
 */
export type ReadResult = Entity | undefined | SyncError;

/** Which entities `find` looks for; all that is given must hold. Must not rely on an index that lags behind writes. */
export interface FindQuery {
  project: ProjectId;
  type: EntityTypeId;
  /** the marker of a create */
  marker?: string;
  /** a field that has this value */
  field?: { id: FieldId; value: Value };
  /** created by the connection's own account at or after this time (ISO 8601, the system's clock) */
  createdBySelfSince?: string;
}

export interface Connection {
  /** Who we are. @throws auth, fatal (not this product), transient */
  identify(): Promise<Identity>;

  /** All projects the account sees. */
  projects(): Promise<Project[]>;

  /** @throws notFound – the project is unknown or out of sight */
  entityTypes(project: ProjectId): Promise<EntityType[]>;

  /** All fields, system and custom, with their lists. @throws notFound */
  fields(project: ProjectId, type: EntityTypeId): Promise<Field[]>;

  /**
   * Everything that changed since the checkpoint, page by page, oldest first. What was read before may come again
   * (the engine recognises entity + version); nothing may be missed. `since` undefined = from the beginning.
   * Yields at least one page, so that a poll that finds nothing still moves or confirms its checkpoint.
   */
  changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncIterable<ChangePage>;

  /** The checkpoint behind the newest entity of the scope, or undefined where there is none: default start of polling. */
  newest(scope: Scope): Promise<Checkpoint | undefined>;

  /** The checkpoint from which all changes at or after `time` (ISO 8601) are read. */
  checkpointAt(time: string): Checkpoint;

  /** In the order of `ids`. Batched: one request per hundred or so where possible. @see ReadResult */
  read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]>;

  /**
   * Carries out each operation once, each succeeding or failing alone, results in the order given. Lookup and user
   * values may come with a name (login, e-mail) only: the connection finds the id or answers `invalid` with the field.
   * Several operations in one request are the connection's choice. If that request fails as a whole, each of its operations
   * gets the same error, marked by `wholeBatch`; the engine then sends them in smaller groups until it knows which one is to
   * blame. The connection itself does not repeat them.
   * Throws only where nothing at all was sent.
   */
  write?(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]>;

  /** `find` finds a create by its marker however long ago it was; absent: only what was created lately, or nothing. */
  readonly keepsMarkers?: true;

  /** `write` understands `remoteLink`. Written again, a link is there once. */
  readonly remoteLinks?: true;

  /** @see FindQuery */
  find?(query: FindQuery, limit: number): Promise<Entity[]>;

  /**
   * The entity that people know by this key, typed by a person: with blanks around, in whatever case. Undefined = there is
   * none, or it is out of sight; it need not be in any scope.
   */
  byKey?(key: string): Promise<Entity | undefined>;

  /**
   * The entities of the scope that changed last, newest first, for a person to choose from. One request or two, so it may
   * lag behind writes, and where a system can't tell all cheaply there are fewer than `limit`.
   */
  latest?(scope: Scope, limit: number): Promise<Entity[]>;

  /** People who may stand in user fields. Exactly one of the criteria, or none for the first of all. */
  users?(query: {
    email?: string;
    login?: string;
    name?: string;
    search?: string;
    project?: ProjectId;
  }): Promise<UserValue[]>;

  /** Values of a lookup field whose list is too long for `fields`. */
  lookupValues?(project: ProjectId, type: EntityTypeId, field: FieldId, search: string): Promise<LookupValue[]>;

  /** The newest changes of one entity, newest first: who changed which fields when. */
  history?(id: EntityId): Promise<Revision[]>;

  /** Releases sockets and handles. The connection is not used afterwards. */
  close?(): Promise<void>;
}

export interface Revision {
  id: string;
  at: string;
  by?: UserValue;
  fields: Record<FieldId, { old: Value; new: Value }>;
}

/** Values of a connector's ConfigFields by name, secrets included. */
export type ConnectorConfig = Record<string, string | boolean | undefined>;

/** What a host (Node-RED, a test, the simulation) lends to a connection. */
export interface ConnectContext {
  /** proxy, TLS, time-outs for the shared HTTP client */
  http?: HttpOptions;
  /** folder in which an embedded system (the sandbox) keeps its data */
  dataFolder?: string;
  /** path below which the host serves pages of an embedded system, such as `/admin/`; by default `/` */
  pageRoot?: string;
  log?: (level: 'debug' | 'info' | 'warn', text: string) => void;
}

export interface Connector {
  /** stable key, saved in flows */
  kind: string;
  label: string;
  category: ConnectorCategory;
  config: ConfigField[];
  /**
   * Which server, or which part of one, the configuration leads to: equal texts are the same one. Two system nodes with one
   * place are one system where integrations must not do the same thing twice.
   */
  place?(config: ConnectorConfig): string;
  /** rich text that the system's own fields hold, for the mapper forms */
  richText?: RichTextFormat;
  /** Checks the configuration's form, not the server. @throws invalid with `fields` */
  connect(config: ConnectorConfig, context: ConnectContext): Connection;
}
