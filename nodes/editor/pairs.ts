/** Pairs of projects or item types in a form. Pure. */

import type { Choice } from '../../lib/model/config';
import type { DirectionSetting } from '../../lib/model/entity';

export interface Pair {
  /** stable within the list; only if `newId` is given */
  id?: string;
  one: Choice;
  two: Choice;
  direction: DirectionSetting;
}

/**
 * Pairs that no item ever reaches. In each direction the first pair with a project (or type) as its source is used, so
 * a later one with the same source is never used there.
 */
export function idlePairs(pairs: Pair[]): { name: string; direction: 'forward' | 'backward' }[] {
  const idle: { name: string; direction: 'forward' | 'backward' }[] = [];
  for (const direction of ['forward', 'backward'] as const) {
    const used = new Set<string>();
    for (const pair of pairs) {
      if (pair.direction !== 'both' && pair.direction !== direction) continue;
      const source = direction === 'forward' ? pair.one : pair.two;
      if (used.has(source.id)) idle.push({ name: source.name, direction });
      used.add(source.id);
    }
  }
  return idle;
}
