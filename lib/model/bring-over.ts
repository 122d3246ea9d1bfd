/** Bringing over what was there before an integration: the wish, and how far it is. Plain JSON; read in the browser, too. */

import type { EntityTypeId, Side } from './entity';
import { isObject } from './shape';

/** What is to be brought over. */
export interface BringOverWish {
  /** item types of the side; default: all that the pairs lead to the other side */
  types?: EntityTypeId[];
  /** ISO 8601: only items that changed at or after this time */
  since?: string;
  /** how many there are, as far as somebody has counted them */
  expected?: number;
}

export const BRING_OVER_STATES = ['running', 'paused', 'done', 'cancelled'] as const;
export type BringOverState = (typeof BRING_OVER_STATES)[number];

/** How far it is. */
export interface BringOverView {
  side: Side;
  state: BringOverState;
  wish: BringOverWish;
  /** items that were read, and those of them that have become changes */
  read: number;
  recorded: number;
  /** ISO 8601 */
  startedAt: string;
  endedAt?: string;
  /** items per second, since it was started or resumed; 0 if not running */
  perSecond: number;
  /** as far as `wish.expected` tells */
  secondsLeft?: number;
  /** why it waits although nobody has paused it */
  fault?: string;
}

/** A wish of a form, a message or the store; what is of another shape is left out. */
export function readWish(given: unknown): BringOverWish {
  const { types, since, expected } = isObject(given) ? given : {};
  const ids = Array.isArray(types) ? types.filter((type) => typeof type === 'string') : [];
  return {
    ...(ids.length > 0 && { types: ids }),
    ...(typeof since === 'string' && since !== '' && { since }),
    ...(typeof expected === 'number' && expected > 0 && { expected: Math.floor(expected) }),
  };
}
