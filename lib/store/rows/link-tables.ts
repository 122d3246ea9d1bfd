/** Rows of links: both ends in one row. Deleted with a link: its pending values, backlinks and reads of parts. */

import type { Side } from '../../model/entity';

/**
 * Links of parts have numbers from here on, in a range of their own: code that walks along links by number never meets
 * those of parts, which may be many. Part of the file format.
 */
export const FIRST_PART = 2 ** 34;

export type Bytes = Uint8Array<ArrayBuffer>;

/** The two entities of a link. `owner`: for two parts, the link of their owners. */
export type LinkKey = { id: number; integration: number; entity1: string; entity2: string; owner: number | null };

/** Of a link of two parts. */
export type PartKey = LinkKey & { type1: number; type2: number };

/** A link without baselines. */
export type LinkHead = LinkKey & {
  system1: number;
  system2: number;
  /** the sequence of the landing as of which both ends are in sync */
  landed: number;
};

/** The columns that a landing writes. */
export type LinkValues = {
  entity1: string;
  entity2: string;
  /** the sequence of the newest landing that wrote this end */
  wrote1: number;
  wrote2: number;
  system1: number;
  system2: number;
  type1: number;
  type2: number;
  project1: number;
  project2: number;
  /** null: the same as the id */
  key1: string | null;
  key2: string | null;
  url1: string | null;
  url2: string | null;
  version1: string;
  version2: string;
  /** empty if they are packed */
  baselines: string;
  packed: Bytes | null;
  landed: number;
};

/** `made`: the side whose end was created from the other one; 0 = unknown. */
export type LinkRow = LinkValues & { id: number; integration: number; made: number; owner: number | null };

/** One end of a link in its columns. */
export type RefRow = { entity: string; key: string | null; url: string | null; type: number; project: number };

/** The end to which a link leads. */
export type LedRow = RefRow & { link: number; integration: number; side: Side };

/** By `id`; an entity has at most one link in an integration. */
export interface LinkTable {
  get(id: number): LinkRow | undefined;
  bySide(integration: number, side: Side, entity: string): LinkRow | undefined;
  /** Beyond `id`, in order; without parts. */
  after(integration: number, id: number, limit: number): LinkRow[];
  key(id: number): LinkKey | undefined;
  keyBySide(integration: number, side: Side, entity: string): LinkKey | undefined;
  head(id: number): LinkHead | undefined;
  /** Of an entity in any integration, each once. */
  heads(system: number, entity: string): LinkHead[];
  /** The entity's end. */
  ref(integration: number, side: Side, entity: string): RefRow | undefined;
  /** Targets of links of any integration from an entity of one system, as far as they are in the other system. */
  leading(from: number, entity: string, to: number): LedRow[];
  /** The next links of all integrations, without parts: the last of them, and how many there are, up to `limit`. */
  next(after: number, limit: number): { last: number | null; count: number };
  /** The lowest number of the `count` links below `before`, without parts, of all integrations; 0 if there are not more. */
  below(before: number, count: number): number;
  /** Numbers from `from` up to below `before` whose ids or keys contain a text in lower case, the highest first. */
  named(integration: number, from: number, before: number, text: string, limit: number): number[];
  /** The highest number, without parts; 0 if there is no link. */
  newest(): number;
  /** Of the entity's end, if it is a part. */
  partVersion(integration: number, side: Side, entity: string): string | undefined;
  /** Of the parts of an owner, by the number of the owner's link. */
  partsOf(owner: number): PartKey[];
  /** Their number by integration, without parts. Called once, when the store is opened. */
  counts(): { integration: number; n: number }[];

  insert(row: LinkRow): void;
  /** `wrote1` and `wrote2` never decrease; the entities are those that it has. */
  update(id: number, values: LinkValues): void;
  /** Never decreases. */
  setWrote(id: number, side: Side, at: number): void;
  /** `landed` never decreases. */
  setBaselines(id: number, baselines: string, packed: Bytes | null, landed: number): void;
  /** Of the entity, if it is still at that end. @returns whether it is */
  setRef(id: number, side: Side, ref: RefRow): boolean;
  remove(id: number): void;
  removeAll(integration: number): void;
}

/** Values that an update may have left in an end without a landing. */
export interface PendingTable {
  of(link: number): { side: number; fields: string }[];
  set(link: number, side: Side, fields: string): void;
  remove(link: number, side: Side): void;
}
