/**
 * Parts of linked entities: which owners' parts are to be read, the results, and what is deleted with a link.
 * @see ../contract/parts.ts
 */

import { DELETED_VERSION, type Entity, type EntityId, type Side } from '../../model/entity';

import { atSide } from '../../model/sides';
import { type EventRow, STATE } from '../rows/event-tables';
import { FIRST_PART, type LinkKey } from '../rows/link-tables';

import type { Rows } from '../rows/rows';
import type { Ending, PartReading, PartsRead, RecordSummary } from '../store';
import type { Ended } from './ended';
import type { Events } from './events';
import { flowOf, integrationOf, sideOf } from './flow';
import type { Kin } from './kin';
import type { Known } from './known';
import type { Lines } from './lines';
import type { Links } from './links';
import type { Names } from './names';
import { recordEntities } from './record';
import type { Refs } from './refs';
import type { Settling } from './settle';

const SIDES: readonly Side[] = [1, 2];
const entityOf = (link: LinkKey, side: Side): EntityId => (side === 1 ? link.entity1 : link.entity2);

interface Completeness {
  /** numbers of their names */
  types: ReadonlySet<number | undefined>;
  there: ReadonlySet<EntityId>;
}

export class Parts {
  constructor(
    private readonly rows: Rows,
    private readonly events: Events,
    private readonly links: Links,
    private readonly lines: Lines,
    private readonly refs: Refs,
    private readonly names: Names,
    private readonly settling: Settling,
    private readonly known: Known,
    private readonly kin: Kin,
    private readonly ended: Ended,
  ) {}

  /** @param flow of the end whose parts are to be read @param at the sequence of the request */
  ask(link: number, flow: number, at: number): void {
    this.rows.readings.put({ link, flow, dueAt: 0, step: 0, asked: at });
  }

  /** A part of an owner was linked after a sequence. @param owner number of the owner's link */
  isLinkedSince(owner: number, since: number): boolean {
    return this.rows.links.partsOf(owner).some((part) => isLinkedSince(part, since));
  }

  /** Those of the entities that have a link. */
  askAll(flow: number, owners: readonly EntityId[], at: number): void {
    for (const owner of owners) {
      const link = this.links.key(integrationOf(flow), sideOf(flow), owner);
      if (link && link.owner === null) this.ask(link.id, flow, at);
    }
  }

  /**
   * Asks for the integration's links among the next ones of all.
   * @returns the last link processed; undefined = there are no more after it
   */
  askEarlier(flow: number, after: number, limit: number, at: number): number | undefined {
    const { last, count } = this.rows.links.next(after, limit);
    if (last === null) return undefined;
    this.rows.readings.putAll(flow, integrationOf(flow), after, last, at);
    return count < limit ? undefined : last;
  }

  due(flow: number, limit: number, now: number): PartReading[] {
    return this.rows.readings.due(flow, now, limit).flatMap(({ link, step }) => {
      const stored = this.links.byId(link);
      return stored ? [{ link: stored.link, side: sideOf(flow), step }] : [];
    });
  }

  next(flow: number): number | undefined {
    return this.rows.readings.next(flow);
  }

  record(flow: number, readings: readonly PartsRead[], readAt: number, urgent: boolean): RecordSummary {
    const { events, links, lines, known, ended } = this;
    const summary: RecordSummary = { recorded: 0, known: 0 };
    for (const reading of readings) {
      const link = links.keyOf(reading.link);
      if (!link || link.integration !== integrationOf(flow) || link.owner !== null) continue;
      const complete = this.completeness(reading);
      const missing = complete ? this.missing(flow, link, complete) : [];
      const undone = complete ? this.undone(flow, link, complete, readAt) : [];
      // one that was linked during the read may have been created then, or be gone: only another reading can tell
      const unsure = missing.some((part) => isLinkedSince(part, readAt));
      const gone = missing.filter((part) => !isLinkedSince(part, readAt));
      const entities = [...reading.parts, ...undone, ...gone.flatMap((part) => this.asDeleted(flow, part))];
      const counts = recordEntities({ events, links, lines, known, ended }, { flow, entities, readAt, urgent });
      summary.recorded += counts.recorded;
      summary.known += counts.known;
      if (!unsure) this.settleReading(flow, reading, readAt);
    }
    return summary;
  }

  /** What a reading says of all parts of its types; undefined if it does not: nothing may be concluded from absence. */
  private completeness({ types, present }: PartsRead): Completeness | undefined {
    return present && { types: new Set(types.map((type) => this.names.find(type))), there: new Set(present) };
  }

  /** Drops events of new parts that no longer exist. @returns those whose counterpart is perhaps made, as deletions */
  private undone(flow: number, owner: LinkKey, { types, there }: Completeness, readAt: number): Entity[] {
    const dropped = this.events
      .ofOwner(flow, entityOf(owner, sideOf(flow)))
      .filter(({ linked, type, entity, readAt: itsReadAt }) => {
        return linked === 0 && types.has(type ?? undefined) && itsReadAt < readAt && !there.has(entity);
      });
    // the result of a current or earlier attempt has to be deleted
    const isBegun = ({ seq, state }: EventRow) => state === STATE.sent || this.events.hasIntent(seq);
    const begun = dropped.filter(isBegun);
    const unmade = dropped.filter((row) => !begun.includes(row));
    for (const row of unmade) {
      this.events.remove(row);
      this.known.remove(flow, row.entity);
    }
    this.lines.restore(unmade);
    return begun.flatMap(({ seq }) => this.events.asDeleted(seq) ?? []);
  }

  /** Linked parts of the owner that are not there. */
  private missing(flow: number, owner: LinkKey, { types, there }: Completeness): LinkKey[] {
    const side = sideOf(flow);
    return this.rows.links
      .partsOf(owner.id)
      .filter((part) => types.has(side === 1 ? part.type1 : part.type2) && !there.has(entityOf(part, side)));
  }

  private asDeleted(flow: number, part: LinkKey): Entity[] {
    const names = this.refs.namesOnly(flow, entityOf(part, sideOf(flow)), DELETED_VERSION);
    return names ? [{ ...names, deleted: true }] : [];
  }

  private settleReading(flow: number, { link, again }: PartsRead, readAt: number): void {
    const asked = this.rows.readings.get(link, flow)?.asked ?? 0;
    if (asked > readAt) return;
    if (again) this.rows.readings.put({ link, flow, ...again, asked });
    else this.rows.readings.remove(link, flow);
  }

  /** @param at the sequence of the ending */
  end({ event, delivery, link: number }: Ending, at: number): void {
    const row = this.settling.sending({ seq: event, delivery });
    if (!row) return;
    this.events.remove(row);
    const link = this.links.keyOf(number);
    if (!link || link.integration !== integrationOf(row.flow) || entityOf(link, sideOf(row.flow)) !== row.entity) {
      this.settling.release(row);
      return;
    }
    const twins = this.kin.twinsOf(link.id, 1).flatMap((twin) => this.links.keyOf(twin.link) ?? []);
    const others = this.kin.besides(link.id).filter((one) => twins.every(({ id }) => id !== one.link));
    const ends = this.kin.endsOf(link.id);
    for (const its of [link, ...twins]) this.endLink(its);
    for (const member of ends) {
      this.ended.note(member, at);
      // what other integrations have read of it is older
      for (const { seq, linked } of this.kin.eventsOf(member)) if (linked === 0) this.events.markStale(seq);
    }
    for (const one of others) this.deletedBeside(one);
  }

  /** Both ends are gone. */
  private endLink(link: LinkKey): void {
    this.unlink(link);
    for (const side of SIDES) {
      const flow = flowOf(link.integration, side);
      const entity = entityOf(link, side);
      const rows = this.events.of(flow, entity);
      for (const its of rows) if (its.state !== STATE.sent) this.events.remove(its);
      this.events.setLinked(flow, entity, false);
      this.lines.restore(rows);
      this.known.set(flow, entity, DELETED_VERSION);
    }
  }

  /**
   * Another integration knows that the part was deleted, and has kept its counterpart: perhaps since the part was a copy, which it is
   * no more. So that is decided once more.
   */
  private deletedBeside({ link, side }: { link: number; side: Side }): void {
    const its = this.links.byId(link);
    if (!its || its.key.owner === null || atSide(its.link.ends, side).version !== DELETED_VERSION) return;
    const flow = flowOf(its.key.integration, side);
    const names = this.refs.namesOnly(flow, entityOf(its.key, side), DELETED_VERSION);
    if (!names) return;
    this.known.forgetPart(flow, names.id);
    const { events, links, lines, known, ended } = this;
    const entities = [{ ...names, deleted: true as const }];
    recordEntities({ events, links, lines, known, ended }, { flow, entities, readAt: 0, urgent: false });
  }

  /** Ends a link by a person's wish: both ends stay known as they are. @returns false if an end is being written */
  release(link: LinkKey): boolean {
    const rows = SIDES.flatMap((side) => this.events.of(flowOf(link.integration, side), entityOf(link, side)));
    if (rows.some(({ state }) => state === STATE.sent)) return false;
    this.unlink(link);
    for (const row of rows) this.events.remove(row);
    return true;
  }

  /** Removes a link, with its parts and all their unfinished events. */
  unlink(link: LinkKey): void {
    this.links.remove(link);
    if (link.owner !== null) return;
    const parts = this.rows.links.partsOf(link.id);
    for (const part of parts) this.links.remove(part);
    for (const side of SIDES) {
      const flow = flowOf(link.integration, side);
      const known = [
        ...this.events.ofOwner(flow, entityOf(link, side)),
        ...parts.flatMap((part) => this.events.of(flow, entityOf(part, side))),
      ];
      for (const row of new Map(known.map((its) => [its.seq, its])).values()) {
        this.events.remove(row);
        this.known.remove(flow, row.entity);
      }
      for (const part of parts) this.known.remove(flow, entityOf(part, side));
    }
  }
}

const isLinkedSince = ({ id }: LinkKey, readAt: number): boolean => id - FIRST_PART > readAt;
