/** What a connector's test file tells the conformance suite about its system. */

import type { Connection, Scope } from '../../../lib/connectors/connector';
import type { FileContent } from '../../../lib/model/content';
import type { EntityId, EntityTypeId, ProjectId } from '../../../lib/model/entity';
import type { FieldId, Fields, UserValue, Value } from '../../../lib/model/values';

/** A field to write to, with two different values of it. Values may be partial: a lookup by name, a user by e-mail. */
export interface Sample {
  field: FieldId;
  values: [Value, Value];
  /** it cannot be emptied; default false */
  stays?: boolean;
}

/** Somebody who works in the system outside our connection, under another account. */
export interface Person {
  user: UserValue;
  /** Creates entities of `type` in `project` with these titles, as quickly as possible: best within one clock step. */
  create(titles: string[]): Promise<EntityId[]>;
  retitle(id: EntityId, title: string): Promise<void>;
  remove?(id: EntityId): Promise<void>;
}

/** Parts of `type` that have a text: comments. */
export interface PartsUnderTest {
  type: EntityTypeId;
  /** the field that holds what people write */
  text: FieldId;
  /** further fields that a create must have */
  required?: Fields;
  person: PartPerson;
  /** the step of the clock by which an owner's version moves, where it is a coarse one; ms, default 0 */
  tickMs?: number;
  /** how many parts of one owner are more than a page of the system; default 250 */
  many?: number;
  /** the next create, or edit, of a part is carried out, and its answer is lost; so is what the connection asks afterwards */
  loseAnswer?: Fault<[verb: 'create' | 'edit']>;
}

/** Somebody who writes parts outside our connection: the person of the system under test. */
export interface PartPerson {
  /** one after the other, as quickly as possible */
  add(owner: EntityId, texts: string[]): Promise<EntityId[]>;
  edit(id: EntityId, text: string): Promise<void>;
  /** hides it from those who are not of the team */
  hide?(id: EntityId): Promise<void>;
  remove?(id: EntityId): Promise<void>;
}

/** Attachments. */
export interface FilesUnderTest {
  type: EntityTypeId;
  /** somebody who works outside our connection: the person of the system under test */
  person: {
    add(owner: EntityId, content: FileContent): Promise<EntityId>;
    remove?(id: EntityId): Promise<void>;
  };
  /** bytes of the largest file that is carried; default 100 MB */
  large?: number;
  /** the system takes files of so many bytes at most, where that can be set */
  limitTo?: Fault<[bytes: number]>;
  /** what comes in place of the bytes of an attachment, in each way that there is: "half of them", "a page to sign in" */
  broken?: Record<string, Fault<[attachment: EntityId]>>;
  /** the next create is carried out and its answer is lost */
  loseAnswer?: Fault;
}

/** What a connection can do with attachments, as far as it is not everything. */
export interface FileAbilities {
  /** attachments can be renamed; default true; false: the name is fixed by the create; `forbidden`: not by this account */
  renames?: boolean | 'forbidden';
  /** default true; false: nobody can delete any, and the connection has no `remove` for them */
  removals?: boolean;
  /** creates can carry a marker by which they are found; default true */
  markers?: boolean;
  /** the bytes of an attachment that was removed are still given out; default false */
  keepsBytes?: boolean;
}

/** What a connection can do with parts, as far as it is not everything. */
export interface PartAbilities {
  /** default true; false: an edit is refused as `forbidden` */
  edits?: boolean;
  /** default true; false: the connection has no `remove` */
  removals?: boolean;
  /** creates can carry a marker by which they are found; default true */
  markers?: boolean;
}

/** Relations between entities of `type`. */
export interface RelationsUnderTest {
  /** each field, and what the other end shows of it */
  ends: [FieldId, FieldId][];
  /** two entities have one relation at most, in each direction */
  onePerPair?: boolean;
  /** times say nothing: the clock stands still, or its steps are too long for a check */
  coarseClock?: boolean;
}

/** All bytes of a small file, as somebody adds it in a browser. */
export async function fileBytes(content: FileContent): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of (await content.open()).bytes) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Turns a fault off. */
export type Mend = () => void | Promise<void>;
/** Turns a fault of the system on. */
export type Fault<About extends unknown[] = []> = (...about: About) => Mend | Promise<Mend>;

/**
 * Switches for what goes wrong in a system, or in a proxy in front of it. The more the better: what a check needs and is not
 * there (`ConnectorHarness.lacks`), it cannot check.
 */
export interface Troubles {
  /** the connection's credentials are no good, in each of the system's ways to say so: "401", "200 with nothing" */
  credentialsDie?: Record<string, Fault>;
  /** every request that writes this title, alone or among others, is answered with 500, and nothing is written */
  poisonTitle?: Fault<[title: string]>;
  /** every request that names this entity, alone or among others, is answered with 500 */
  poisonEntity?: Fault<[id: EntityId]>;
  /** answers for several entities lack this one, in each way that there is: "without a word", "with an error" */
  leaveOut?: Record<string, Fault<[id: EntityId]>>;
  /** a proxy answers every request with 404 and a web page */
  proxyAnswers?: Fault;
}

export interface SystemUnderTest {
  connection: Connection;
  /** A connection of the same account as another process would make it. The suite closes it. */
  reconnect(): Connection;
  /** `project` and `type` are part of it */
  scope: Scope;
  project: ProjectId;
  type: EntityTypeId;
  /** the text field that stands for an entity; required on create */
  title: FieldId;
  /** further fields that a create must have */
  required?: Fields;
  /** writable fields of `type`, one per field type that the system has, multi-value ones included */
  samples: Sample[];
  person: Person;
  /** how many entities "many" are: enough for five pages; default 30 */
  many?: number;
  /** entities per page in the polling checks; default 6 */
  pageSize?: number;
  /** milliseconds until a write shows in `changes` at the latest; default 0 */
  settleMs?: number;
  /** what the system makes of a text, where it does not keep every character; default: nothing */
  normalise?: (text: string, field: FieldId) => string;
  /** a field whose value `find` looks for; default: the first sample of type text with one value */
  searchable?: FieldId;
  /** where the connection takes links to other systems: those of an entity, as people see them */
  remoteLinks?: (id: EntityId) => Promise<{ url: string; title: string }[]>;
  /** where the connection has parts */
  parts?: PartsUnderTest;
  /** where the connection has attachments */
  files?: FilesUnderTest;
  troubles?: Troubles;
}

/**
 * What checks need and a connector may lack: an optional call of its connection, the ways to find (by a field's value, by a
 * marker that comes back), people who delete, a sample of a type, a greatest length of the title, a switch for trouble.
 */
export type Capability =
  | 'write'
  | 'find'
  | 'searchableField'
  | 'markersBack'
  | 'history'
  | 'users'
  | 'byKey'
  | 'latest'
  | 'deletion'
  | 'richText'
  | 'list'
  | 'user'
  | 'titleLength'
  | keyof Troubles;

export interface ConnectorHarness {
  /** why the suite cannot run here; its checks are then skipped, with this reason in the title */
  unavailable?: string;
  /** for one check; default 20 s */
  timeoutMs?: number;
  /** what the connector or its test system lacks, each with the reason; the checks that need it are not declared */
  lacks?: Partial<Record<Capability, string>>;
  /** creates can carry a marker by which they are found; default true */
  markers?: boolean;
  /** the connection takes links to other systems; default false */
  remoteLinks?: boolean;
  /** relations between entities; absent: there are none */
  relations?: RelationsUnderTest;
  /** the connection has parts, and this is what it can do with them; default: it has none */
  parts?: PartAbilities;
  /** the connection has attachments, and this is what it can do with them; default: it has none */
  files?: FileAbilities;
  start(): Promise<SystemUnderTest>;
  stop(): Promise<void>;
}
