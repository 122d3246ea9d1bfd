/** What a connector's test file tells the conformance suite about its system. */

import type { Connection, Scope } from '../../../lib/connectors/connector';
import type { EntityId, EntityTypeId, ProjectId } from '../../../lib/model/entity';
import type { FieldId, Fields, UserValue, Value } from '../../../lib/model/values';

/** A field to write to, with two different values of it. Values may be partial: a lookup by name, a user by e-mail. */
export interface Sample {
  field: FieldId;
  values: [Value, Value];
  /** it cannot be emptied; preset false */
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

/** Turns a fault off. */
export type Mend = () => void | Promise<void>;
/** Turns a fault of the system on. */
export type Fault<About extends unknown[] = []> = (...about: About) => Mend | Promise<Mend>;

/**
 * Switches for what goes wrong in a system, or in a proxy in front of it. The more the better: what a check needs and is not
 * there, it cannot check, and is skipped.
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
  /** how many entities "many" are: enough for five pages; preset 30 */
  many?: number;
  /** entities per page in the polling checks; preset 6 */
  pageSize?: number;
  /** milliseconds until a write shows in `changes` at the latest; preset 0 */
  settleMs?: number;
  /** what the system makes of a text, where it does not keep every character; preset: nothing */
  normalise?: (text: string, field: FieldId) => string;
  /** a field whose value `find` looks for; preset: the first sample of type text with one value */
  searchable?: FieldId;
  /** where the connection takes links to other systems: those of an entity, as people see them */
  remoteLinks?: (id: EntityId) => Promise<{ url: string; title: string }[]>;
  troubles?: Troubles;
}

export interface ConnectorHarness {
  /** why the suite cannot run here; its checks are then skipped, with this reason in the title */
  unavailable?: string;
  /** for one check; preset 20 s */
  timeoutMs?: number;
  /** creates can carry a marker by which they are found; preset true */
  markers?: boolean;
  /** the connection takes links to other systems; preset false */
  remoteLinks?: boolean;
  start(): Promise<SystemUnderTest>;
  stop(): Promise<void>;
}
