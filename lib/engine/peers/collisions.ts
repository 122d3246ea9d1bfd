/**
 * Two integrations over the same places would both read every change of them. Which of those that are deployed have to be
 * held, and by which other one. Pure.
 */

import type { IntegrationConfig } from '../../model/config';
import { applies } from '../../model/entity';

export interface Placed {
  config: Pick<IntegrationConfig, 'id' | 'name' | 'projectPairs' | 'typePairs'>;
  /** places of System 1 and System 2 */
  places: readonly [string, string];
}

/** What is read where and written where: place, project and type of both ends, for each direction. */
function ways({ config, places: [one, two] }: Placed): Set<string> {
  const result = new Set<string>();
  for (const projects of config.projectPairs) {
    for (const types of config.typePairs) {
      const ends = [
        [one, projects.one.id, types.one.id],
        [two, projects.two.id, types.two.id],
      ];
      if (applies(projects.direction, 'forward') && applies(types.direction, 'forward'))
        result.add(JSON.stringify(ends));
      if (applies(projects.direction, 'backward') && applies(types.direction, 'backward'))
        result.add(JSON.stringify(ends.toReversed()));
    }
  }
  return result;
}

/**
 * @param running in the order in which they go first
 * @returns id of each that is to be held → the one that it collides with
 */
export function collisions<T extends Placed>(running: readonly T[]): Map<string, T> {
  const taken = new Map<string, T>();
  const held = new Map<string, T>();
  for (const placed of running) {
    const all = [...ways(placed)];
    const first = all.map((way) => taken.get(way)).find((found) => found !== undefined);
    if (first) held.set(placed.config.id, first);
    else for (const way of all) taken.set(way, placed);
  }
  return held;
}
