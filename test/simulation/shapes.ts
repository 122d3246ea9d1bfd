/**
 * How systems and integrations lie to each other in a history: a pair, as most are, or several integrations over shared
 * systems. A shape says which integrations are deployed, and what is to become of an entity that a person makes.
 */

import type { IntegrationConfig, TypePair } from '../../lib/model/config';
import type { DirectionSetting } from '../../lib/model/entity';

/** The field in which an entity shows its counterpart, in every third history. */
export const REMOTE = 'remote';

/** The type of comments in all systems. */
export const NOTE = 'Note';
/** … of attachments. */
export const FILE = 'File';

export const SHAPES = ['pair', 'beside', 'twice', 'split', 'ring', 'wheel', 'overlap', 'lost', 'restored'] as const;
/**
 * - `pair`: one integration between two systems
 * - `beside`: two integrations over the same systems, each with an entity type of its own
 * - `twice`: one integration and a copy of it, on system nodes of its own
 * - `split`: the way there is one integration, the way back another
 * - `ring`: A–B, B–C and C–A, each both ways
 * - `wheel`: A to B, B to C and C to A: nothing is doubled and nothing goes round without end; but what is edited in two
 *   places at once is decided otherwise in each (A before B, B before C, C before A), so edits are looked at only in histories
 *   in which people edit in turn
 * - `overlap`: bugs are bugs in one integration, and the bugs of A are stories of B in another
 * - `lost`: a pair whose store is lost in the middle; counterparts show each other's keys. What was last in sync is not known any
 *   more, so where both sides differ the row's policy decides, and edits are not looked at
 * - `restored`: a pair whose store is set back to a copy of before (set-back.ts); counterparts show each other's keys, or hold markers
 */
export type Shape = (typeof SHAPES)[number];

export type SystemName = 'A' | 'B' | 'C';

export interface Layout {
  systems: SystemName[];
  /** entity types that people use, by system */
  types: Partial<Record<SystemName, string[]>>;
  integrations: IntegrationConfig[];
  /** edits made at the same time are not looked at: what decides over them is not known, or no way back leads to where they were made */
  oneWay?: true;
  /** all that there is to be of an entity that a person has made, itself included: "A Bug", "B Bug" */
  becomes(system: SystemName, type: string): string[];
}

/** Which system a system node leads to. */
export const NODES: Readonly<Record<string, SystemName>> = { s1: 'A', s2: 'B', s3: 'C', s4: 'A', s5: 'B' };

const types = (one: string, two: string, direction: DirectionSetting): TypePair => ({
  id: `${one} ${two}`,
  one: { id: one, name: one },
  two: { id: two, name: two },
  direction,
});

function integration(
  id: string,
  [system1, system2]: [string, string],
  direction: DirectionSetting = 'both',
  typePairs: TypePair[] = [types('Bug', 'Bug', direction)],
): IntegrationConfig {
  return {
    id,
    name: id,
    active: true,
    system1,
    system2,
    projectPairs: [{ one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction }],
    typePairs,
    retries: 3,
    lostAfterMs: 60_000,
  };
}

const everywhere =
  (...systems: SystemName[]): Layout['becomes'] =>
  (_system, type) =>
    systems.map((system) => `${system} ${type}`);

const LAYOUTS: Record<Shape, Layout> = {
  pair: {
    systems: ['A', 'B'],
    types: {},
    integrations: [integration('integration', ['s1', 's2'])],
    becomes: everywhere('A', 'B'),
  },
  lost: {
    systems: ['A', 'B'],
    types: {},
    integrations: [integration('integration', ['s1', 's2'])],
    oneWay: true,
    becomes: everywhere('A', 'B'),
  },
  restored: {
    systems: ['A', 'B'],
    types: {},
    integrations: [integration('integration', ['s1', 's2'])],
    becomes: everywhere('A', 'B'),
  },
  beside: {
    systems: ['A', 'B'],
    types: { A: ['Bug', 'Story'], B: ['Bug', 'Story'] },
    integrations: [
      integration('bugs', ['s1', 's2']),
      integration('stories', ['s2', 's1'], 'both', [types('Story', 'Story', 'both')]),
    ],
    becomes: everywhere('A', 'B'),
  },
  twice: {
    systems: ['A', 'B'],
    types: {},
    integrations: [integration('first', ['s1', 's2']), integration('second', ['s4', 's5'])],
    becomes: everywhere('A', 'B'),
  },
  split: {
    systems: ['A', 'B'],
    types: {},
    integrations: [integration('there', ['s1', 's2'], 'forward'), integration('back', ['s4', 's5'], 'backward')],
    becomes: everywhere('A', 'B'),
  },
  ring: {
    systems: ['A', 'B', 'C'],
    types: {},
    integrations: [integration('AB', ['s1', 's2']), integration('BC', ['s2', 's3']), integration('CA', ['s3', 's1'])],
    becomes: everywhere('A', 'B', 'C'),
  },
  wheel: {
    systems: ['A', 'B', 'C'],
    types: {},
    integrations: [
      integration('AB', ['s1', 's2'], 'forward'),
      integration('BC', ['s2', 's3'], 'forward'),
      integration('CA', ['s3', 's1'], 'forward'),
    ],
    oneWay: true,
    becomes: everywhere('A', 'B', 'C'),
  },
  overlap: {
    systems: ['A', 'B'],
    types: { A: ['Bug'], B: ['Bug', 'Story'] },
    integrations: [
      integration('bugs', ['s1', 's2']),
      integration('as stories', ['s1', 's2'], 'both', [types('Bug', 'Story', 'both')]),
    ],
    // what was made for an entity of B is not made again towards B
    becomes: (system, type) => (system === 'A' ? ['A Bug', 'B Bug', 'B Story'] : ['A Bug', `B ${type}`]),
  },
};

export const layoutOf = (shape: Shape): Layout => LAYOUTS[shape];
