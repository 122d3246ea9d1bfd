/** The steps of a chain as they stand in a flow, deployed or not: their nodes' own configurations. */

import { readFilterSettings } from '../mapping/node-settings';
import { readDefaultRows, readFieldRows, readPairs, readValueMapper, type ValueMapperSettings } from '../mapping/saved';
import type { DefaultRow, FieldRow } from '../model/config';
import { SyncError } from '../model/errors';
import { isNodeType, upgradeNode } from '../saved';
import { type FilterSettings, readFilter } from '../steps/filter';

export type PlanStep = {
  /** the node's id: outcomes and rows refer to it */
  id: string;
  /** 'all', or ids of the entity-type pairs that it works on */
  pairs: 'all' | string[];
} & StepRows;

export type StepRows =
  | { kind: 'filter'; filter: FilterSettings; otherOutput: boolean }
  | { kind: 'fieldMapper'; rows: FieldRow[] }
  | ({ kind: 'valueMapper' } & ValueMapperSettings)
  | { kind: 'defaultMapper'; rows: DefaultRow[] };

/** Types of the nodes that are steps. */
export const STEP_TYPES = [
  'twinflow-filter',
  'twinflow-field-mapper',
  'twinflow-value-mapper',
  'twinflow-default-mapper',
] as const;

/**
 * @param node a node as it is saved in a flow; undefined if it is none of the steps
 * @throws SyncError invalid – a later Twinflow has saved it
 */
export function readStep(node: unknown): PlanStep | undefined {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined;
  const type: unknown = Reflect.get(node, 'type');
  const upgraded = isNodeType(type) ? upgradeNode(type, node) : undefined;
  if (upgraded?.is === 'newer') throw new SyncError('invalid', 'A node of the flow was saved by a newer Twinflow.');
  const saved = upgraded?.saved ?? {};
  const { id, rows } = saved;
  if (typeof id !== 'string') return undefined;
  const common = { id, pairs: readPairs(saved.pairs) };
  switch (type) {
    case 'twinflow-filter':
      return {
        ...common,
        kind: 'filter',
        filter: readFilter(saved),
        otherOutput: readFilterSettings(saved).outputs === 2,
      };
    case 'twinflow-field-mapper':
      return { ...common, kind: 'fieldMapper', rows: readFieldRows(rows) };
    case 'twinflow-value-mapper':
      return { ...common, kind: 'valueMapper', ...readValueMapper(saved) };
    case 'twinflow-default-mapper':
      return { ...common, kind: 'defaultMapper', rows: readDefaultRows(rows) };
    default:
      return undefined;
  }
}
