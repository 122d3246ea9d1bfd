/**
 * Entities that are known by another key, address, project or type than when they were linked: a moved issue, a server with a
 * new address. Their links follow, and where their counterparts show the old key or address, they are given the new one.
 */

import { type EntityRef, refOf } from '../model/entity';
import type { Flow, Moved, StoredEvent } from '../store/store';
import { isShownOtherwise, showingSides } from './counterpart';
import type { Integration } from './integration';

const isMoved = (before: EntityRef, now: EntityRef): boolean =>
  isShownOtherwise(before, now) || before.project !== now.project || before.type !== now.type;

/** @returns the events, their links as they are now */
export async function followMoved(
  integration: Integration,
  { side }: Flow,
  events: StoredEvent[],
): Promise<StoredEvent[]> {
  const other = side === 1 ? 2 : 1;
  const isShown = showingSides(integration.config).includes(other);
  const moves: Moved[] = [];
  const followed = events.map((event): StoredEvent => {
    const end = event.link?.ends[side - 1];
    if (!event.link || !end || end.ref.id !== event.entity.id || !isMoved(end.ref, event.entity)) return event;
    const ref = refOf({ ...event.entity, url: event.entity.url ?? end.ref.url });
    const owes = isShown && isShownOtherwise(end.ref, ref) ? [other as typeof side] : [];
    moves.push({ link: event.link.id, side, ref, owes });
    const [one, two] = event.link.ends;
    const moved = { ...end, ref };
    return { ...event, link: { ...event.link, ends: side === 1 ? [moved, two] : [one, moved] } };
  });
  if (moves.length === 0) return events;
  await integration.store.move(moves);
  integration.backLinks.owed(moves.flatMap(({ owes = [] }) => owes));
  return followed;
}
