/**
 * The contract between the engine and a system.
 *
 * A connector is a descriptor plus a `connect` function. Its result, the Connection, has a few required calls; all
 * others are capabilities that exist or not as methods. A connection throws nothing but SyncError. It has no state that
 * must survive: everything durable is in the engine's store, and comes back as an opaque checkpoint.
 */

import type { Checkpoint } from '../model/checkpoint';
import type { FileContent, FileRules, OpenedFile } from '../model/content';
import type { Entity, EntityId, EntityType, EntityTypeId, Field, Project, ProjectId } from '../model/entity';
import type { SyncError } from '../model/errors';
import type { SameHow } from '../model/same-text';
import type { FieldId, Fields, LookupValue, RichTextFormat, UserValue, Value } from '../model/values';
import type { ConfigField, ConnectorCategory, Identity } from './form';
import type { HttpOptions } from './http/options';

export type { Checkpoint } from '../model/checkpoint';
export type { FileContent, FileRules, OpenedFile } from '../model/content';
export { type ConfigField, type ConnectorCategory, type Identity, SECRET_NAMES, type SecretName } from './form';

/** The scope of a poll: the projects and entity types of one side of an integration. Never empty. */
export interface Scope {
  projects: ProjectId[];
  types: EntityTypeId[];
}

export interface ChangePage {
  /** in the order in which they changed; an entity is in its state at the time of this page or later */
  entities: Entity[];
  /** reading continues after this page with this checkpoint, without loss, also in another process */
  checkpoint: Checkpoint;
  /** projects and types of the scope that the system does not show now; reading continues without them */
  missing?: MissingMember[];
  /** what users should know and what is no error, a sentence each: a branch was rewritten. Said once */
  notes?: string[];
}

/** A project or type that a system does not show. */
export interface MissingMember {
  kind: 'project' | 'type';
  id: ProjectId | EntityTypeId;
  /** a sentence: the system's answer, and its possible reasons */
  why: string;
}

/** A link to an entity of another system, stored in the system's own place for such links. */
export interface RemoteLink {
  url: string;
  /** the display text */
  title: string;
  /** a link with the same key replaces the existing one, so that there is always only one */
  key: string;
}

/** Represents the link in `ignored`, which lists what a system did not accept. */
export const REMOTE_LINK = 'remote link';

export type WriteOperation =
  | {
      kind: 'create';
      type: EntityTypeId;
      project: ProjectId;
      /** for a part: the entity that gets it. Parts of one owner are created in the order of the operations */
      owner?: EntityId;
      fields: Fields;
      /**
       * Of an attachment, and of nothing else: its bytes, which the connection streams from where they are. Opened by each attempt.
       * Bytes that do not come are an error marked `content` (@see contentFault), and nothing was created.
       */
      content?: FileContent;
      /**
       * Fields that are mapped and empty at the source. A default of the system would fill them: the connection empties
       * them where the system takes it, and names them in `ignored` where it does not. Never a reason to refuse the create.
       */
      empty?: FieldId[];
      /** set together with the create if the system can store one; `find` finds it again */
      marker?: string;
      /** only if the connection supports links */
      remoteLink?: RemoteLink;
    }
  | { kind: 'update'; id: EntityId; fields: Fields; remoteLink?: RemoteLink };

/**
 * The result of one operation. `entity` is the entity as the system shows it after the write, including its version, by
 * which the next poll recognizes Twinflow's own write. `ignored`: fields that the system silently did not change (for
 * example because a workflow forbids a transition). `before`: the version of an updated entity when the write was
 * carried out; set only with `exact` and if the system reports it, so that changes in between are not overlooked.
 * `exact`: `entity` is exactly the state that this write made (the write's own answer, not a later read), so a value
 * other than the one sent is the system's way of storing it. `owner`: for a part, how the write changed its owner's
 * version, if the system reports that; then no poll has to find out what has changed.
 */
export type WriteResult =
  | { ok: true; entity: Entity; ignored?: Record<FieldId, string>; exact?: boolean; before?: string; owner?: Step }
  | { ok: false; error: SyncError };

/** The version of an entity before and after a write, with nothing in between. */
export interface Step {
  before: string;
  after: string;
}

/**
 * The result of `read` for one entity. undefined: the system itself has said that it is gone or not visible. A
 * SyncError: the entity was not delivered, though others were; no conclusion is possible, and it is to be read again
 * later.
 */
export type ReadResult = Entity | undefined | SyncError;

/**
 * The result of `parts` for one owner: all its parts of the requested types, oldest first, so that any other part is
 * deleted. undefined: the system itself has said that the owner is gone or not visible. A SyncError: the parts were not
 * delivered completely; no conclusion is possible, and they are to be read again later.
 */
export type PartsResult = Entity[] | ShownParts | undefined | SyncError;

/** The same, where a system may have parts that it does not show the account: what is missing here is not deleted. */
export interface ShownParts {
  shown: Entity[];
  /** types of which all are shown nevertheless */
  all?: EntityTypeId[];
}

/** Those that were brought, whether or not there may be more. */
export const broughtParts = (result: PartsResult): Entity[] | undefined | SyncError =>
  result && 'shown' in result ? result.shown : result;

/** A result of `find`: a matching entity, or the reason why one that may match was not delivered; it may be the
 * searched one. */
export type FindResult = Entity | SyncError;

/** A verb on a part. */
export type PartVerb = 'create' | 'edit' | 'delete';

/** Which entities `find` searches; all conditions must hold. Must not rely on an index that lags behind writes. */
export interface FindQuery {
  project: ProjectId;
  type: EntityTypeId;
  /** among the parts of this entity */
  owner?: EntityId;
  /** the marker of a create */
  marker?: string;
  /**
   * A field that has one of these values: values of a whole batch, for which the connection sends as few requests as
   * possible. With `how`, what has the text by that comparison (model/same-text.ts), and a field that cannot be searched is refused
   * with `invalid`; without, what has exactly the value.
   */
  field?: { id: FieldId; values: readonly Value[]; how?: SameHow };
  /** created by the connection's own account at or after this time (ISO 8601, the system's clock) */
  createdBySelfSince?: string;
  /** what the create was to write that is looked for: it may say where to look. No condition */
  wrote?: Fields;
}

export interface Connection {
  /** The account. @throws auth, fatal (not this product), transient */
  identify(): Promise<Identity>;

  /** All projects that the account can see. */
  projects(): Promise<Project[]>;

  /** @throws notFound if the project is unknown or not visible */
  entityTypes(project: ProjectId): Promise<EntityType[]>;

  /** All fields, system and custom, with their lists. @throws notFound */
  fields(project: ProjectId, type: EntityTypeId): Promise<Field[]>;

  /**
   * Everything that changed since the checkpoint, page by page, oldest first. Entities that were read before may come
   * again (the engine recognizes entity + version); none may be missed. `since` undefined = from the beginning. Yields
   * at least one page, so that a poll that finds nothing still moves or confirms its checkpoint.
   */
  changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncIterable<ChangePage>;

  /** The checkpoint after the newest entity of the scope, or undefined if there is none: the default start of
   * polling. */
  newest(scope: Scope): Promise<Checkpoint | undefined>;

  /**
   * Source control and builds, which are read by revision: the revision up to which a checkpoint of `newest` goes, as people call it
   * ("main 4f2a1c9, 5 others"); undefined if there is none yet. Their `newest` always has an answer, since everything after
   * "nothing" is to be read. Absent: polling starts at a time.
   */
  revisionIn?(checkpoint: Checkpoint): string | undefined;

  /** The checkpoint for reading all changes at or after `time` (ISO 8601). */
  checkpointAt(time: string): Checkpoint;

  /** In the order of `ids`, which may include those of parts. Batched: one request per hundred or so if possible.
   * @see ReadResult */
  read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]>;

  /**
   * The parts of these owners that have one of the types (`EntityType.partOf`), in the order of `owners`. Batched if
   * possible. `changes` never returns parts: they are read because an owner has changed or was linked. @see PartsResult
   */
  parts?(scope: Scope, owners: EntityId[], types: EntityTypeId[]): Promise<PartsResult[]>;

  /**
   * Carries out each operation once; each succeeds or fails on its own; results in the given order. List values and
   * users may have only a name (login, email): the connection finds the id or answers `invalid` with the field.
   * Combining operations in one request is the connection's choice. If that request fails as a whole, each of its
   * operations gets the same error, marked by `wholeBatch`; the engine then sends smaller groups until it knows which
   * one caused the failure. The connection itself does not repeat them. Throws only if nothing at all was sent.
   */
  write?(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]>;

  /**
   * Deletes parts; each succeeds (undefined) or fails on its own, in the order of `ids`. A part that is already gone is
   * a success. Throws only if nothing at all was sent.
   */
  remove?(scope: Scope, ids: EntityId[]): Promise<(SyncError | undefined)[]>;

  /**
   * The bytes of an attachment, which are as many as its field `size` says. What is returned has to be read to its end or closed.
   * @throws SyncError – notFound: it is there no more; auth, transient: a page came in its place
   */
  open?(attachment: EntityId): Promise<OpenedFile>;

  /** What the system takes of files. Wherever attachments can be created. */
  fileRules?(project: ProjectId): Promise<FileRules>;

  /**
   * What is done to parts without moving the version of their owner, so that a poll does not show it. Absent: all of it moves the
   * owner.
   */
  readonly silentParts?: ReadonlySet<PartVerb>;

  /**
   * What can be done to parts at all, whoever asks. A system that only appends gives `create` alone: an edit becomes another comment
   * that says so, a deletion is reported. Absent: everything. What this account may not do is answered with `forbidden`.
   */
  readonly partVerbs?: ReadonlySet<PartVerb>;

  /**
   * Fields of items that change without moving the item's update time, so that a poll does not show it (relations). Whoever reads
   * the item sees them, and its version tells them apart.
   */
  readonly silentFields?: { has(field: FieldId): boolean };

  /** `find` finds a create by its marker however long ago it was; absent: only what was created lately, or nothing. */
  readonly keepsMarkers?: true;

  /**
   * The markers with which these entities were created, in the order of `ids`: none if there is none; several if a
   * user's copy has taken over the original's. Required with `keepsMarkers`. @throws SyncError, also if one is not
   * shown
   */
  markersOf?(ids: EntityId[]): Promise<string[][]>;

  /** `write` supports `remoteLink`. A link that is written again exists only once. */
  readonly remoteLinks?: true;

  /** At most `limit` entities, then those that may match as well and were not delivered. @see FindQuery */
  find?(query: FindQuery, limit: number): Promise<FindResult[]>;

  /**
   * The entity with this key, as typed by a user: with blanks around it, in any case. undefined = there is none, or it
   * is not visible. It need not be in any scope.
   */
  byKey?(key: string): Promise<Entity | undefined>;

  /**
   * The entities of the scope that changed last, newest first, for a user to choose from. One or two requests, so it
   * may lag behind writes. If a system cannot find all of them cheaply, there are fewer than `limit`. Entities that are
   * not delivered are left out.
   */
  latest?(scope: Scope, limit: number): Promise<Entity[]>;

  /** Users who can be selected in user fields. Exactly one of the criteria, or none for the start of the list. */
  users?(query: {
    email?: string;
    login?: string;
    name?: string;
    search?: string;
    project?: ProjectId;
  }): Promise<UserValue[]>;

  /** Users in texts. Absent: the system's texts mention nobody, or no written text can. */
  readonly mentions?: MentionsOfPeople;

  /** Attachments as pictures in texts of their item and of its comments. Absent: texts show no attachments. */
  readonly pictures?: PicturesInTexts;

  /** The system's own query language, for filters. Absent: it has none that Twinflow asks. */
  readonly queries?: OwnQueries;

  /** Values of a list field whose list is too long for `fields`. */
  lookupValues?(project: ProjectId, type: EntityTypeId, field: FieldId, search: string): Promise<LookupValue[]>;

  /** The newest changes of one entity, newest first: who changed which fields when. */
  history?(id: EntityId): Promise<Revision[]>;

  /** Releases sockets and handles. The connection is not used after that. */
  close?(): Promise<void>;
}

/**
 * Queries in a system's own language. An administrator writes them as a whole: no value of an item ever gets into one. A
 * query is put in brackets beside Twinflow's own conditions, and what the system would pass over without a word is refused.
 */
export interface OwnQueries {
  /** what people call it: JQL, TicketSQL */
  readonly language: string;
  /** a query as an example, for forms */
  readonly example: string;
  /**
   * What the query finds in the scope now.
   * @throws SyncError invalid – the query is not complete, or the system refuses it, in the system's words
   */
  check(scope: Scope, query: string): Promise<QueryHits>;
  /**
   * The items of `ids` that the query finds now, in any project. Asked in batches, and up to date: an item that was read a moment
   * ago is judged by a state that is not older.
   * @throws SyncError as `check`
   */
  among(query: string, ids: readonly EntityId[]): Promise<ReadonlySet<EntityId>>;
}

/** What a query finds. */
export interface QueryHits {
  count: number;
  /** there may be more than `count`, or fewer: the system does not count exactly */
  about?: true;
  /** a few of them */
  first: { key: string; title: string }[];
}

/** How texts of a system name the users whom they mention. */
export interface MentionsOfPeople {
  /** The user for a name in texts: an account id, a login, a GUID. undefined = nobody, or not visible. @throws
   * SyncError */
  person(id: string): Promise<UserValue | undefined>;
  /** The name in texts for a user of the system's own directory. undefined = no text can mention them */
  idOf(person: UserValue): string | undefined;
  /** any word after an `@` may be a login: only users that are found are mentioned */
  readonly byLogin?: true;
}

/** An attachment, as pictures name it. */
export interface NamedFile {
  id: EntityId;
  name: string;
}

/** What a picture in a text shows. */
export interface ShownAttachment {
  /** its name, as far as the text tells it */
  name?: string;
  /** its own address, if it has one that leads people to it */
  url?: string;
  /** Which one of an item's attachments it is, the oldest first. @throws SyncError */
  among(files: readonly NamedFile[]): Promise<NamedFile | undefined>;
}

/** How texts of a system show attachments as pictures. */
export interface PicturesInTexts {
  /** texts name attachments, and show the newest one of a name, in any case */
  readonly byName?: true;
  /**
   * What the picture at an address shows.
   * @param address as a text writes it; for a file in a document of Jira Cloud, `media:` and its id
   * @param alt the alternative text
   * @returns undefined if that is no attachment: a public address
   */
  shown(address: string, alt?: string): ShownAttachment | undefined;
  /** The address in texts that shows an attachment. undefined = texts do not show such a file. @throws SyncError */
  address(file: NamedFile): Promise<string | undefined>;
}

export interface Revision {
  id: string;
  at: string;
  by?: UserValue;
  fields: Record<FieldId, { old: Value; new: Value }>;
}

/** Values of a connector's ConfigFields by name, secrets included. */
export type ConnectorConfig = Record<string, string | boolean | undefined>;

/** The services of a host (Node-RED, a test, the simulation) for a connection. */
export interface ConnectContext {
  /** proxy, TLS, timeouts for the shared HTTP client */
  http?: HttpOptions;
  /** folder in which an embedded system (the sandbox) stores its data */
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
   * Identifies the server, or a part of it, that the configuration leads to: equal texts mean the same one. Two system
   * nodes with the same place are one system, in which integrations must not do the same thing twice.
   */
  place?(config: ConnectorConfig): string;
  /** formats of rich text in the system's own fields, for the mapper forms */
  richText?: RichTextFormat;
  /** Checks the configuration locally, without the server. @throws invalid with `fields` */
  connect(config: ConnectorConfig, context: ConnectContext): Connection;
}
