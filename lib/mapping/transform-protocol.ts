/** What the runner of expressions and its process tell each other. */

import type { EntityRef } from '../model/entity';
import type { Fields, UserValue } from '../model/values';
import type { AskedHelper, ExpressionResult } from './transform';

/** What the expressions of one entity may look at. Plain JSON; the process gets a copy. */
export interface ExpressionInput {
  payload: Fields;
  /** values when last in sync, where known */
  old?: Fields;
  entity?: EntityRef & { updatedAt?: string; updatedBy?: UserValue };
  /** the entity's counterpart, where there is one */
  linked?: EntityRef;
  /** name in lower case → field id */
  names: [string, string][];
}

export interface Job {
  job: number;
  expressions: string[];
  input: ExpressionInput;
}

export type ToWorker = Job | { answer: number; value?: unknown; error?: string };
export type FromWorker =
  | { ready: true }
  | { job: number; results: ExpressionResult[] }
  | { ask: number; helper: AskedHelper; args: unknown[] };

export interface WorkerSettings {
  /** milliseconds of evaluation for one expression */
  timeMs: number;
  /** calls within calls */
  depth: number;
  /** items of a list that an expression builds */
  items: number;
  /** characters of a result as JSON */
  length: number;
}
