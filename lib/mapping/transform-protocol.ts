/** The messages between the runner of expressions and its process. */

import type { EntityRef } from '../model/entity';
import type { Fields, UserValue } from '../model/values';
import type { AskedHelper, ExpressionResult } from './transform';

/** The data that the expressions of one item may read. Plain JSON; the process gets a copy. */
export interface ExpressionInput {
  payload: Fields;
  /** last synced values, if known */
  old?: Fields;
  entity?: EntityRef & { updatedAt?: string; updatedBy?: UserValue };
  /** the item's counterpart, if there is one */
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
  /** nesting of calls */
  depth: number;
  /** items of a list that an expression builds */
  items: number;
  /** characters of a result as JSON */
  length: number;
}
