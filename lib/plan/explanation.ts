/** What an explanation says: what becomes of one item, step by step, and why. Plain JSON; read in the browser too. */

import type { EntityRef, Side } from '../model/entity';
import type { FieldId, Value } from '../model/values';
import type { EntityPlan, FieldPlan } from './types';

/** What is looked at, in this order. */
export type ExplainStep =
  | 'integration'
  | 'flow'
  | 'item'
  | 'scope'
  | 'link'
  | 'poll'
  | 'filter'
  | 'mapping'
  | 'merge'
  | 'queue';

/** `ok`: goes on; `stop`: this is why it does not; `wait`: it goes on by itself; `note`: worth knowing. */
export type Mood = 'ok' | 'stop' | 'wait' | 'note';

/** One sentence: a code, and the words in it. The page has the sentence in each language. */
export interface Said {
  step: ExplainStep;
  mood: Mood;
  code: string;
  names?: Record<string, string | number>;
}

/** A target field: as planned, with both sides' values when they were last in sync. */
export interface ExplainedField extends FieldPlan {
  /** the target's value when both were last in sync; absent without a link */
  base?: Value;
  /** the sources' values then */
  sourceBase?: Record<FieldId, Value>;
}

export interface Explanation {
  integration: string;
  name: string;
  /** of the item */
  side: Side;
  /** the systems' names */
  from: string;
  to: string;
  entity?: EntityRef & { updatedAt: string };
  counterpart?: EntityRef;
  /** the sentence that answers the question; one of `steps` */
  verdict: Said;
  steps: Said[];
  /** the filters' conditions */
  criteria: EntityPlan['criteria'];
  fields: ExplainedField[];
  warnings: string[];
  /** id of a step's node → its name */
  nodes: Record<string, string>;
  /** a parked event: its number, so that it can be retried */
  parked?: number;
}
