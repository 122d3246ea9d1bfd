/**
 * Links: which entity of side 1 corresponds to which of side 2, the baselines of both, and the targets of links of all
 * integrations.
 */

import type { EntityId, EntityRef, Side } from '../../model/entity';
import type { Unlanded } from '../../model/unlanded';
import type { FieldId, Fields } from '../../model/values';
import type { Flow } from './flow';

/** One end of a link. `baseline` contains the mapped fields' values when both ends were last in sync. */
export interface LinkEnd {
  system: string;
  ref: EntityRef;
  version: string;
  baseline: Fields;
  /**
   * Values that updates without a landing may have left in this end: they were sent, and then the answer was lost or
   * the process died. They are Twinflow's own writes, not a user's edits. Links of the same two entities in other
   * integrations store them as well, because these meet the values, too. Absent if there are none.
   */
  pending?: Record<FieldId, Unlanded[]>;
  /**
   * Fields of this end whose value never reached the other end, or not completely: too long, without a match, rejected.
   * An edit of the other end, which never had the value, must not overwrite it. Absent if there are none.
   */
  leftOut?: FieldId[];
}

/** An update that is about to be sent to one end of a link. */
export interface UpdateIntent {
  link: number;
  side: Side;
  fields: Record<FieldId, Unlanded>;
}

export interface Link {
  id: number;
  integration: string;
  /** ends[0] is side 1, ends[1] is side 2 */
  ends: [LinkEnd, LinkEnd];
  /** the side whose end Twinflow created from the other one; absent if unknown */
  made?: Side;
  /** of two parts: the number of their owners' link, with which it ends. The refs of its ends have neither `owner` nor `url` */
  owner?: number;
}

/** The target of a link from an entity, without the data that only a merge needs. */
export interface Counterpart {
  /** the integration that owns the link */
  integration: string;
  /** the counterpart's side in it */
  side: Side;
  ref: EntityRef;
}

/** One end of a link has another key, URL, project or type than before; its id is the same. */
export interface Moved {
  link: number;
  side: Side;
  ref: EntityRef;
  /** ends that have to get their backlink again */
  owes?: Side[];
}

/** The role for looking up links, and for people who end one. Only a landing makes one (`EventQueue.land`). */
export interface Links {
  linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined>;

  /** In the order of `entities`. */
  linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]>;

  /** The next links of an integration by their numbers, beyond `after`; 0 = from the first. Those of parts are left
   * out. */
  linksAfter(integration: string, after: number, limit: number): Promise<Link[]>;

  /** Links of the parts of an owner, by the number of the owner's link: oldest first, up to `limit`. */
  partLinks(owner: number, limit: number): Promise<Link[]>;

  /** Links of an entity in any integration, through any node of the same place, oldest first. */
  linksBySystem(system: string, entity: EntityId): Promise<Link[]>;

  /**
   * What links of any integration lead to from entities of a system, as far as it is in the system `toward` (perhaps the
   * same), by whatever nodes of their places: in the order of `entities`, the oldest link first. Where no link leads there
   * directly, and several integrations have stored anything: what is linked with the entity over others, each once, with the
   * link that was there first.
   */
  counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]>;

  /**
   * Makes an event of each of these entities that has a link, which is read again before it is used: as if it had changed. If an
   * event of it is unfinished, that one goes on: a parked or shown one waits again.
   */
  readAgain(flow: Flow, entities: EntityId[]): Promise<void>;

  /**
   * Ends a link (not one of parts) without a trace in the systems: with its parts' links, and the unfinished events of both ends and
   * of their parts. The known versions of both ends stay: neither makes an event before it changes.
   * @returns false, and nothing happens, if there is no such link, or a message of one of its ends is under way
   */
  unlink(integration: string, link: number): Promise<boolean>;

  /** Gives ends of links another ref. Skipped if the link is gone, or its end has another id. */
  move(moves: Moved[]): Promise<void>;

  /**
   * Stored before updates are sent: adds their values to the `pending` ones of that end, in all links of the same two
   * entities. A landing that wrote the end forgets them all, in its own link; in the others as far as it accounts for them
   * (`Landing.settled`). A link that is not there any more is passed over.
   */
  intendUpdates(updates: UpdateIntent[]): Promise<void>;
}
