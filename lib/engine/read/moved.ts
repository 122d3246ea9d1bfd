/**
 * Entities that are known by another key, address, project or type than when they were linked: a moved issue, a server with a
 * new address. Their links follow, and where their counterparts show the old key or address, they are given the new one.
 */

import { type EntityRef, refOf } from '../../model/entity';
import { atSide, otherSide, withSide } from '../../model/sides';
import type { Flow, Moved, StoredEvent } from '../../store/store';
import { backlinkSides, isShownOtherwise } from '../backlink-fields';
import type { Engine } from '../engine';

const isMoved = (before: EntityRef, now: EntityRef): boolean =>
  isShownOtherwise(before, now) || before.project !== now.project || before.type !== now.type;

/** @returns the events, their links as they are now */
export async function followMoved(engine: Engine, { side }: Flow, events: StoredEvent[]): Promise<StoredEvent[]> {
  const other = otherSide(side);
  const isShown = backlinkSides(engine.config).includes(other);
  const moves: Moved[] = [];
  const followed = events.map((event): StoredEvent => {
    const end = event.link && atSide(event.link.ends, side);
    // the address of a part is kept nowhere
    if (event.entity.owner || !event.link || !end || end.ref.id !== event.entity.id || !isMoved(end.ref, event.entity))
      return event;
    const ref = refOf({ ...event.entity, url: event.entity.url ?? end.ref.url });
    const owes = isShown && isShownOtherwise(end.ref, ref) ? [other] : [];
    moves.push({ link: event.link.id, side, ref, owes });
    return { ...event, link: { ...event.link, ends: withSide(event.link.ends, side, { ...end, ref }) } };
  });
  if (moves.length === 0) return events;
  await engine.store.move(moves);
  engine.backlinks.owed(moves.flatMap(({ owes = [] }) => owes));
  return followed;
}
