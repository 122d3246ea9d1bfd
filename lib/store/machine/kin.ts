/**
 * What the links of all integrations together say about an entity: which others it is linked with, directly or
 * indirectly, and whether one of them is being processed. If only one integration has ever stored anything, nothing is
 * looked up.
 */

import type { EntityId, Side } from '../../model/entity';
import type { Fields } from '../../model/values';
import { type EventRow, STATE } from '../rows/event-tables';
import type { LinkHead } from '../rows/link-tables';
import type { Rows } from '../rows/rows';
import { sameJson } from '../same';
import type { Counterpart, KinLink, LinkEnd } from '../store';
import { integrationOf } from './flow';
import type { Links } from './links';
import type { Names } from './names';
import type { Places } from './places';

/** Maximum number of links followed from one entity: more would be a bug, which must not block Node-RED. */
const MOST_LINKS = 200;

/** An entity, by the place of its system. */
export interface Member {
  place: number;
  entity: EntityId;
}

const keyOf = ({ place, entity }: Member): string => `${place} ${entity}`;

export class Kin {
  constructor(
    private readonly rows: Rows,
    private readonly integrations: Names,
    private readonly links: Links,
    private readonly places: Places,
  ) {}

  /** There are no other integrations. */
  get isAlone(): boolean {
    return !this.integrations.several;
  }

  /** The place that a flow reads; undefined until it was read. */
  placeOf(flow: number): number | undefined {
    const system = this.rows.flows.system(flow);
    return system === undefined ? undefined : this.places.of(system, integrationOf(flow));
  }

  /** Links that connect the entity with others, directly or indirectly, in any integration; oldest first. */
  linksOf(system: number, entity: EntityId): KinLink[] {
    return this.walk({ place: this.places.of(system), entity })
      .links.sort((a, b) => a.id - b.id)
      .flatMap((head) => {
        const stored = this.links.byId(head.id);
        const places: [string, string] = [this.placeName(head, 1), this.placeName(head, 2)];
        return stored ? [{ ...stored.link, places }] : [];
      });
  }

  /** Entities of the place `toward` that the entity is linked with, directly or indirectly: oldest link first, each
   * once. */
  counterparts(start: Member, toward: number): Counterpart[] {
    const known = new Set([keyOf(start)]);
    const found: Counterpart[] = [];
    for (const head of this.walk(start).links.sort((a, b) => a.id - b.id)) {
      for (const side of [2, 1] as const) {
        const member = memberAt(head, side, this.places);
        if (member.place !== toward || known.has(keyOf(member))) continue;
        known.add(keyOf(member));
        const link = this.links.byId(head.id)?.link;
        if (link) found.push({ integration: link.integration, side, ref: link.ends[side === 1 ? 0 : 1].ref });
      }
    }
    return found;
  }

  /** The entity and everything that it is linked with, directly or indirectly. */
  family(start: Member): Member[] {
    return this.walk(start).members;
  }

  /** True while an event of the entity, or of one that it is linked with, is sent, in any integration. */
  isBusy(row: EventRow): boolean {
    const start = this.memberOf(row);
    if (!start) return false;
    return this.walk(start).members.some((member) => this.eventsOf(member).some(({ state }) => state === STATE.sent));
  }

  /** Unfinished events of an entity, in all flows that read its place. */
  eventsOf({ place, entity }: Member): EventRow[] {
    const rows = this.places.nodes(place).flatMap((node) => this.rows.events.from(node, entity));
    return rows.filter(({ flow }) => this.placeOf(flow) === place);
  }

  /** The two entities of a link. */
  endsOf(link: number): Member[] {
    const head = this.links.head(link);
    return head ? ([1, 2] as const).map((side) => memberAt(head, side, this.places)) : [];
  }

  /**
   * Why the entity of an event cannot be created in a system now: another integration is creating the counterpart of
   * one that it is linked with (`begun`), or the counterpart already exists (`made`).
   */
  hindrance(row: EventRow, toward: number, target: { project: string; type: string }): 'begun' | 'made' | undefined {
    const start = this.memberOf(row);
    if (!start) return undefined;
    const place = this.places.of(toward);
    const others = this.rows.intents
      .eventsOf(place)
      .filter(({ flow }) => integrationOf(flow) !== integrationOf(row.flow));
    const { members, links } = this.walk(start);
    const keys = new Set(members.map(keyOf));
    const isKin = (one: Member | undefined): boolean => one !== undefined && keys.has(keyOf(one));
    if (others.some((other) => isKin(this.memberOf(other)))) return 'begun';
    const own = keyOf(start);
    for (const head of links) {
      const ends = this.links.byId(head.id)?.link.ends;
      for (const side of [1, 2] as const) {
        const ref = ends?.[side - 1]?.ref;
        const member = memberAt(head, side, this.places);
        if (!ref || member.place !== place || keyOf(member) === own) continue;
        if (ref.project === target.project && ref.type === target.type) return 'made';
      }
    }
    return undefined;
  }

  /**
   * Passes a landing of one integration on to the others: snapshots of the written entities are older than it; links of
   * the same two entities have the same values in sync; and so have links of two that came in sync through a third.
   * @param before the link's earlier baselines
   * @param wrote the sequence of this landing for a side that it wrote, else 0
   */
  spread(
    link: number,
    before: [Fields, Fields] | undefined,
    ends: [LinkEnd, LinkEnd],
    wrote: [number, number],
    at: number,
  ): void {
    const own = this.links.head(link);
    if (!own) return;
    if (!before) this.inherit(own, wrote);
    for (const side of [1, 2] as const) {
      const written = memberAt(own, side, this.places);
      for (const head of this.direct(written)) {
        if (head.id === link) continue;
        const theirs = sideOfMember(head, written, this.places);
        if (wrote[side - 1]) this.links.wroteTo(head.id, theirs, wrote[side - 1] ?? 0);
        if (side === 2 || !before || !this.isTwin(own, head)) continue;
        const changed: [Fields, Fields] = [changes(before[0], ends[0].baseline), changes(before[1], ends[1].baseline)];
        this.links.patch(head.id, theirs === 1 ? changed : [changed[1], changed[0]], at);
      }
      if (wrote[side - 1]) this.compose(own, side, ends);
    }
  }

  /** The same ends of links of other integrations between the same two entities, oldest first. */
  twinsOf(link: number, side: Side): { link: number; side: Side }[] {
    const own = this.isAlone ? undefined : this.links.head(link);
    if (!own) return [];
    const member = memberAt(own, side, this.places);
    return this.direct(member)
      .filter((head) => head.id !== link && this.isTwin(own, head))
      .sort((a, b) => a.id - b.id)
      .map((head) => ({ link: head.id, side: sideOfMember(head, member, this.places) }));
  }

  /** Links of other integrations at both ends of a link, with the side of each that is there. */
  besides(link: number): { link: number; side: Side }[] {
    const own = this.isAlone ? undefined : this.links.head(link);
    if (!own) return [];
    return ([1, 2] as const).flatMap((end) => {
      const member = memberAt(own, end, this.places);
      return this.direct(member)
        .filter(({ id }) => id !== link)
        .sort((a, b) => a.id - b.id)
        .map((head) => ({ link: head.id, side: sideOfMember(head, member, this.places) }));
    });
  }

  /**
   * Snapshots older than a write by another integration are also outdated for a new link. Values in doubt for the same
   * two entities are in doubt here, too, except for an end that it has just written.
   */
  private inherit(own: LinkHead, wroteNow: [number, number]): void {
    for (const side of [1, 2] as const) {
      if (wroteNow[side - 1]) continue;
      for (const twin of this.twinsOf(own.id, side)) this.links.copyPending(twin, { link: own.id, side });
    }
    for (const side of [1, 2] as const) {
      const member = memberAt(own, side, this.places);
      for (const head of this.direct(member)) {
        const theirs = sideOfMember(head, member, this.places);
        const wrote = head.id === own.id ? 0 : (this.links.byId(head.id)?.wrote[theirs - 1] ?? 0);
        if (wrote > 0) this.links.wroteTo(own.id, side, wrote);
      }
    }
  }

  /**
   * The written values of one end came from the other, which may have had them from a third: if the third is linked
   * with the written one, the two are in sync. So nothing travels round a ring back to its origin, whatever the form in
   * which the systems store it. Only if both links have the same state of the entity between them.
   */
  private compose(own: LinkHead, side: Side, ends: [LinkEnd, LinkEnd]): void {
    const [written, source] = side === 1 ? [ends[0], ends[1]] : [ends[1], ends[0]];
    const start = memberAt(own, side, this.places);
    const reached = [
      { member: memberAt(own, side === 1 ? 2 : 1, this.places), fields: source.baseline, as: Number.POSITIVE_INFINITY },
    ];
    const known = new Set([start, ...reached.map(({ member }) => member)].map(keyOf));
    const direct = this.direct(start).filter(({ id }) => id !== own.id);
    if (direct.length === 0) return;
    for (const { member, fields, as } of reached) {
      for (const head of this.direct(member)) {
        const its = sideOfMember(head, member, this.places);
        const next = memberAt(head, its === 1 ? 2 : 1, this.places);
        const link = head.id === own.id || known.has(keyOf(next)) ? undefined : this.links.byId(head.id)?.link;
        if (!link || !sameJson(sorted(link.ends[its - 1]?.baseline), sorted(fields))) continue;
        known.add(keyOf(next));
        const theirs = link.ends[its === 1 ? 1 : 0].baseline;
        const asOf = Math.min(as, head.landed);
        reached.push({ member: next, fields: theirs, as: asOf });
        for (const closing of direct) {
          // it must not be set back to an earlier state
          if (closing.landed >= asOf) continue;
          const at = sideOfMember(closing, start, this.places);
          if (keyOf(memberAt(closing, at === 1 ? 2 : 1, this.places)) !== keyOf(next)) continue;
          this.links.patch(closing.id, at === 1 ? [written.baseline, theirs] : [theirs, written.baseline], asOf);
        }
      }
    }
  }

  private isTwin(one: LinkHead, two: LinkHead): boolean {
    const ends = (head: LinkHead): string =>
      ([1, 2] as const)
        .map((side) => keyOf(memberAt(head, side, this.places)))
        .sort()
        .join('\n');
    return ends(one) === ends(two);
  }

  private memberOf({ flow, entity }: { flow: number; entity: EntityId }): Member | undefined {
    const place = this.placeOf(flow);
    return place === undefined ? undefined : { place, entity };
  }

  private placeName(head: LinkHead, side: Side): string {
    return this.links.systemName(memberAt(head, side, this.places).place);
  }

  /** Links of the entity in any integration, each once. */
  direct(member: Member): LinkHead[] {
    const heads = this.places.nodes(member.place).flatMap((node) => this.links.headsOf(node, member.entity));
    const isHere = (head: LinkHead): boolean =>
      ([1, 2] as const).some((side) => keyOf(memberAt(head, side, this.places)) === keyOf(member));
    return [...new Map(heads.filter(isHere).map((head) => [head.id, head])).values()];
  }

  /** The entity and everything that it is linked with. */
  private walk(start: Member): { members: Member[]; links: LinkHead[] } {
    const members = [start];
    const known = new Set([keyOf(start)]);
    const links = new Map<number, LinkHead>();
    for (const member of members) {
      for (const head of this.direct(member)) {
        if (links.size >= MOST_LINKS) return { members, links: [...links.values()] };
        links.set(head.id, head);
        for (const side of [1, 2] as const) {
          const next = memberAt(head, side, this.places);
          if (known.has(keyOf(next))) continue;
          known.add(keyOf(next));
          members.push(next);
        }
      }
    }
    return { members, links: [...links.values()] };
  }
}

function memberAt(head: LinkHead, side: Side, places: Places): Member {
  const [system, entity] = side === 1 ? [head.system1, head.entity1] : [head.system2, head.entity2];
  return { place: places.of(system, head.integration), entity };
}

/** The side of a link that contains a member. */
function sideOfMember(head: LinkHead, member: Member, places: Places): Side {
  return keyOf(memberAt(head, 1, places)) === keyOf(member) ? 1 : 2;
}

const sorted = (fields: Fields | undefined) => Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

/** Fields whose values in sync have changed. */
function changes(before: Fields, after: Fields): Fields {
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => !sameJson(before[field], value)));
}
