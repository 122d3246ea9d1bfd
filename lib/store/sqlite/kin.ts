/**
 * What the links of all integrations together say of an entity: to which others it is linked, directly or over others, and
 * whether anything is being done to one of them. Where only one integration has ever stored anything, nothing is looked up.
 */

import type { EntityId, Side } from '../../model/entity';
import type { Fields } from '../../model/values';
import { sameJson } from '../same';
import type { Counterpart, KinLink, LinkEnd } from '../store';
import type { Database, Query } from './database';
import { type EventRow, integrationOf } from './events';
import type { LinkHead, Links } from './links';
import type { Places } from './places';
import { STATE } from './schema';

/** Links that are followed from one entity: more would be a mistake of ours, which must not stop Node-RED. */
const MOST_LINKS = 200;

/** An entity, by the place of its system. */
export interface Member {
  place: number;
  entity: EntityId;
}

const keyOf = ({ place, entity }: Member): string => `${place} ${entity}`;

export class Kin {
  private readonly count: Query<{ n: number }>;
  private readonly systemOf: Query<{ system: number | null }>;
  private readonly sentOf: Query<{ flow: number }>;
  private readonly begun: Query<{ flow: number; entity: string }>;

  constructor(
    db: Database,
    private readonly links: Links,
    private readonly places: Places,
  ) {
    this.count = db.prepare('SELECT count(*) AS n FROM (SELECT 1 FROM integrations LIMIT 2)');
    this.systemOf = db.prepare('SELECT system FROM flows WHERE flow = ?');
    this.sentOf = db.prepare(`
      SELECT e.flow FROM flows f CROSS JOIN events e ON e.flow = f.flow AND e.entity = ?
      WHERE f.system = ? AND e.state = ${STATE.sent}`);
    this.begun = db.prepare(`
      SELECT e.flow, e.entity FROM intents i CROSS JOIN events e ON e.seq = i.seq WHERE i.place = ?`);
  }

  /** Nobody to look across to. */
  get isAlone(): boolean {
    return (this.count.get()?.n ?? 0) < 2;
  }

  /** The place that a flow reads; undefined until it was read. */
  placeOf(flow: number): number | undefined {
    const system = this.systemOf.get(flow)?.system ?? undefined;
    return system === undefined ? undefined : this.places.of(system, integrationOf(flow));
  }

  /** Links by which the entity is linked with others, directly or over others, in any integration; oldest first. */
  linksOf(system: number, entity: EntityId): KinLink[] {
    return this.walk({ place: this.places.of(system), entity })
      .links.sort((a, b) => a.id - b.id)
      .flatMap((head) => {
        const stored = this.links.byId(head.id);
        const places: [string, string] = [this.placeName(head, 1), this.placeName(head, 2)];
        return stored ? [{ ...stored.link, places }] : [];
      });
  }

  /** Entities of the place `toward` that the entity is linked with, directly or over others: the oldest link first, each once. */
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

  /** The entity and all that it is linked with, directly or over others. */
  family(start: Member): Member[] {
    return this.walk(start).members;
  }

  /** True while an event of the entity, or of one that it is linked with, is sent, in whatever integration. */
  isBusy(row: EventRow): boolean {
    const start = this.memberOf(row);
    if (!start) return false;
    for (const { place, entity } of this.walk(start).members) {
      const sent = this.places.nodes(place).flatMap((node) => this.sentOf.all(entity, node));
      if (sent.some(({ flow }) => this.placeOf(flow) === place)) return true;
    }
    return false;
  }

  /**
   * Why the entity of an event may not be created in a system now: another integration is creating the counterpart of one
   * that it is linked with (`begun`), or it is there already (`made`).
   */
  hindrance(row: EventRow, toward: number, target: { project: string; type: string }): 'begun' | 'made' | undefined {
    const start = this.memberOf(row);
    if (!start) return undefined;
    const place = this.places.of(toward);
    const others = this.begun.all(place).filter(({ flow }) => integrationOf(flow) !== integrationOf(row.flow));
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
   * A landing in one integration as the others have to know it: snapshots of what was written are older than it; links of the
   * same two entities hold the same values as in sync; and so do links of two that have come to be in sync over a third.
   * @param before the link's baselines so far
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
    if (!before) this.inherit(own);
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

  /** Snapshots that are older than a write by another integration are so for a new link as well. */
  private inherit(own: LinkHead): void {
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
   * What was written to one end came from the other, and that may have had it from a third: where the third is linked with
   * what was written, the two are in sync. So nothing goes round a ring and back to where it came from, however the systems on
   * the way store it. Only where both links hold the same state of the entity between them.
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
          // it must not be set back to what held before
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

  /** The entity and all that it is linked with. */
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

/** The side of a link on which a member of it is. */
function sideOfMember(head: LinkHead, member: Member, places: Places): Side {
  return keyOf(memberAt(head, 1, places)) === keyOf(member) ? 1 : 2;
}

const sorted = (fields: Fields | undefined) => Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

/** Fields that have come to hold another value as in sync. */
function changes(before: Fields, after: Fields): Fields {
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => !sameJson(before[field], value)));
}
