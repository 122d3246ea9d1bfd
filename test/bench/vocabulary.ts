/** How often auto map is right between twelve pairs of real trackers: see test/mapping/vocabulary. */

import { KINDS } from '../mapping/vocabulary/pairs';
import { score } from '../mapping/vocabulary/score';

export interface VocabularyFigures {
  /** of all proposals, the part that is not wrong, by kind */
  autoMapPrecision: Record<string, number>;
  /** of all answers, the part that is proposed, by kind */
  autoMapRecall: Record<string, number>;
  /** the same on the four pairs that were held out */
  autoMapHeldOut: Record<string, { precision: number; recall: number }>;
}

export function measureVocabulary(): VocabularyFigures {
  const of = <Value>(value: (kind: (typeof KINDS)[number]) => Value): Record<string, Value> =>
    Object.fromEntries(KINDS.map((kind) => [kind, value(kind)]));
  return {
    autoMapPrecision: of((kind) => score(kind).precision),
    autoMapRecall: of((kind) => score(kind).recall),
    autoMapHeldOut: of((kind) => {
      const { precision, recall } = score(kind, true);
      return { precision, recall };
    }),
  };
}
