/**
 * Who wins if both sides changed a field: one entry per conflict rule that a row can choose. Pure.
 * A new policy is an entry here, its name in `FallbackPolicy`, a test and a text in the field mapper's form.
 */

import type { FallbackPolicy } from '../model/config';
import { applies, type Direction } from '../model/entity';

/** The facts about a field that both sides have changed. */
export interface Contest {
  /** of the change to be written */
  direction: Direction;
  /** when the source and the target were changed last, ISO 8601 */
  source: string;
  target: string;
}

/** The change overwrites the target's value, the target's value is kept, or the change is parked. */
export type Verdict = 'write' | 'keep' | 'park';

export const policies: Record<FallbackPolicy, (contest: Contest) => Verdict> = {
  newest: ({ source, target }) => (source >= target ? 'write' : 'keep'),
  system1: ({ direction }) => (applies('forward', direction) ? 'write' : 'keep'),
  system2: ({ direction }) => (applies('backward', direction) ? 'write' : 'keep'),
  park: () => 'park',
};
