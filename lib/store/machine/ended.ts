/**
 * Parts that are gone since their link ended: both ends were deleted. What was read of one before that is stale, although it has no
 * link any more that could say so: another integration would make another counterpart of it.
 * Events that are stored already are marked (`Parts.end`). This is for readings that are under way meanwhile, which a restart ends,
 * so it is kept in memory.
 */

import type { Entity, EntityId } from '../../model/entity';
import { ALWAYS_STALE } from './events';
import type { Member } from './kin';

/** Beyond this many endings, a reading that is older than the forgotten ones is stale as a whole: it is read once more. */
const MOST = 1_000;

const keyOf = ({ place, entity }: Member): string => `${place} ${entity}`;

export class Ended {
  private readonly at = new Map<string, number>();
  private forgotten = 0;

  constructor(private readonly placeOf: (flow: number) => number | undefined) {}

  /** @param at the sequence of the ending */
  note(member: Member, at: number): void {
    const key = keyOf(member);
    // the newest last
    this.at.delete(key);
    this.at.set(key, at);
    if (this.at.size <= MOST) return;
    const [[oldest, its] = []] = this.at;
    if (oldest === undefined || its === undefined) return;
    this.at.delete(oldest);
    this.forgotten = Math.max(this.forgotten, its);
  }

  /** @param began the sequence before the reading. @returns that, or what makes a snapshot stale: the part may be deleted since */
  readAt(flow: number, { id, owner }: Entity, began: number): number {
    return owner !== undefined && this.isSince(flow, id, began) ? ALWAYS_STALE : began;
  }

  private isSince(flow: number, entity: EntityId, began: number): boolean {
    if (this.at.size === 0) return false;
    if (began < this.forgotten) return true;
    const place = this.placeOf(flow);
    return place !== undefined && (this.at.get(keyOf({ place, entity })) ?? 0) > began;
  }
}
