/**
 * What several integrations over shared systems must not do twice. An entity and all that it is linked with, directly or over
 * others, in whatever integration, are kin. Pure.
 *
 * - Of kin, a system holds at most one for each project and type: one that is there is linked, not made again.
 * - What was made from an entity, directly or over others, is never made again towards that entity's system.
 * - A change goes each way once: where other links carry it to the same entity already, the younger link rests.
 */

import { differs } from '../../merge/fields';
import { DELETED_VERSION, type EntityId, type EntityRef, type Side } from '../../model/entity';
import { atSide, otherSide } from '../../model/sides';
import type { FieldId, Fields } from '../../model/values';
import type { KinLink } from '../../store/store';
import { carries, type Peers } from './peers';

export interface Seeker {
  side: Side;
  entity: EntityRef;
  /** places of the two systems */
  from: string;
  toward: string;
  /** where it would be made */
  target: { project: string; type: string };
  /** fields whose changes are to be carried; undefined = it is not known */
  fields: ReadonlySet<FieldId> | undefined;
}

export type Kinship =
  /** nothing stands against making its counterpart */
  | { kind: 'none' }
  /** changes of it reach its counterpart over other links */
  | { kind: 'carried'; counterpart: EntityRef }
  /** it was made from an entity of the target system, to which it is not carried back in another shape */
  | { kind: 'made'; from: EntityRef }
  /** its counterpart is there, and nothing carries changes to it: it is to be linked */
  | { kind: 'counterpart'; ref: EntityRef; baselines: { source: Fields; target: Fields } };

const keyOf = (place: string, id: string): string => `${place}\n${id}`;

interface End {
  key: string;
  place: string;
  ref: EntityRef;
  baseline: Fields;
}

function endOf({ ends, places }: KinLink, side: Side): End {
  const { ref, baseline } = atSide(ends, side);
  const place = atSide(places, side);
  return { key: keyOf(place, ref.id), place, ref, baseline };
}

/** Of an entity that has no link in the integration. */
export function kinship(seeker: Seeker, links: KinLink[], peers: Pick<Peers, 'get'>): Kinship {
  const start = keyOf(seeker.from, seeker.entity.id);
  const there = reached(start, links).filter(({ end }) => end.place === seeker.toward && end.key !== start);
  const fits = there.find(
    ({ end: { ref } }) => ref.project === seeker.target.project && ref.type === seeker.target.type,
  );
  if (fits) {
    const { ref } = fits.end;
    if (isCarried(seeker, fits.end.key, links, peers)) return { kind: 'carried', counterpart: ref };
    return { kind: 'counterpart', ref, baselines: fits.inSync };
  }
  const from = ancestors(start, links).find(
    ({ place, ref }) =>
      place === seeker.toward && (seeker.from !== seeker.toward || ref.project === seeker.target.project),
  );
  return from ? { kind: 'made', from: from.ref } : { kind: 'none' };
}

/** Do older links carry what this one would, an entity that is linked with its counterpart? */
export function isCarriedByOlder(
  seeker: Seeker,
  own: number,
  counterpart: string,
  links: KinLink[],
  peers: Pick<Peers, 'get'>,
) {
  const older = links.filter(({ id }) => id < own);
  return isCarried(seeker, keyOf(seeker.toward, counterpart), older, peers);
}

interface Reached {
  end: End;
  /** the values of both that are in sync over the links between them; none where these hold different states of one between */
  inSync: { source: Fields; target: Fields };
}

/** Everything that the entity is linked with, the nearest first. */
function reached(start: string, links: KinLink[]): Reached[] {
  const found: Reached[] = [];
  const known = new Set([start]);
  const queue: { key: string; way: Reached['inSync'] | undefined }[] = [{ key: start, way: undefined }];
  for (const { key, way } of queue) {
    for (const link of links) {
      for (const side of [1, 2] as const) {
        const [here, there] = [endOf(link, side), endOf(link, otherSide(side))];
        if (here.key !== key || known.has(there.key)) continue;
        known.add(there.key);
        const joins = way === undefined || isSame(way.target, here.baseline);
        const inSync = joins
          ? { source: way?.source ?? here.baseline, target: there.baseline }
          : { source: {}, target: {} };
        found.push({ end: there, inSync });
        queue.push({ key: there.key, way: inSync });
      }
    }
  }
  return found;
}

function isSame(one: Fields, two: Fields): boolean {
  const fields = Object.keys(one);
  return fields.length === Object.keys(two).length && fields.every((field) => !differs(one, two, field));
}

/** What the entity was made from, and that from, and so on. */
function ancestors(start: string, links: KinLink[]): End[] {
  const found: End[] = [];
  const known = new Set([start]);
  const queue = [start];
  for (const key of queue) {
    for (const link of links) {
      if (link.made === undefined || endOf(link, link.made).key !== key) continue;
      const parent = endOf(link, otherSide(link.made));
      if (known.has(parent.key)) continue;
      known.add(parent.key);
      found.push(parent);
      queue.push(parent.key);
    }
  }
  return found;
}

/** True if it was made from another one that is still there, as far as links tell. */
export function isCopy(place: string, id: EntityId, links: KinLink[]): boolean {
  const own = keyOf(place, id);
  return links.some((link) => {
    if (link.made === undefined || endOf(link, link.made).key !== own) return false;
    return atSide(link.ends, otherSide(link.made)).version !== DELETED_VERSION;
  });
}

/** Does a change of the entity reach the other one, by integrations that are at work and carry at least the same fields? */
function isCarried(seeker: Seeker, to: string, links: KinLink[], peers: Pick<Peers, 'get'>): boolean {
  const start = keyOf(seeker.from, seeker.entity.id);
  const known = new Set([start]);
  const queue = [start];
  for (const key of queue) {
    for (const link of links) {
      const peer = peers.get(link.integration);
      for (const side of [1, 2] as const) {
        const [here, there] = [endOf(link, side), endOf(link, otherSide(side))];
        if (!peer || here.key !== key || known.has(there.key) || !carries(peer, side, here.ref)) continue;
        // what we have written to an entity on the way is not carried on from there
        if (key !== start && peer.ignoresOwn(side)) continue;
        if (key === start && !hasAll(peer.relevant(side)?.fields, seeker.fields)) continue;
        if (there.key === to) return true;
        known.add(there.key);
        queue.push(there.key);
      }
    }
  }
  return false;
}

function hasAll(fields: ReadonlySet<FieldId> | undefined, wanted: ReadonlySet<FieldId> | undefined): boolean {
  return !fields || !wanted || [...wanted].every((field) => fields.has(field));
}
