/** What the field mappers of an integration map, as they stand in the workspace: what value and default mappers build on. */

import { readDefaultRows, readFieldRows, readPairs } from '../../../lib/mapping/saved';
import type { DefaultRow, FieldRow } from '../../../lib/model/config';
import { nodesOf } from '../index';

/** True where the two nodes share an entity-type pair. */
function overlap(a: 'all' | string[], b: 'all' | string[]): boolean {
  return a === 'all' || b === 'all' || a.some((id) => b.includes(id));
}

/** Rows of the field mappers that work on one of the pairs. */
export function mappedRows(integration: string | undefined, pairs: 'all' | string[]): FieldRow[] {
  if (integration === undefined) return [];
  return nodesOf(integration, 'twinflow-field-mapper')
    .filter((node) => overlap(readPairs(node.pairs), pairs))
    .flatMap((node) => readFieldRows(node.rows));
}

/** Rows of the default mappers that work on one of the pairs. */
export function defaultRows(integration: string | undefined, pairs: 'all' | string[]): DefaultRow[] {
  if (integration === undefined) return [];
  return nodesOf(integration, 'twinflow-default-mapper')
    .filter((node) => overlap(readPairs(node.pairs), pairs))
    .flatMap((node) => readDefaultRows(node.rows));
}
