/** What the field mappers of an integration map, as they stand in the workspace: what value and default mappers build on. */

import type { PartName } from '../../../lib/mapping/exchange';
import { readDefaultRows, readFieldRows, readPairs, readValueRows } from '../../../lib/mapping/saved';
import type { DefaultRow, FieldRow } from '../../../lib/model/config';
import { nodesOf } from '../index';

/** True where the two nodes share an entity-type pair. */
function overlap(a: 'all' | string[], b: 'all' | string[]): boolean {
  return a === 'all' || b === 'all' || a.some((id) => b.includes(id));
}

const READERS = { fields: readFieldRows, values: readValueRows, defaults: readDefaultRows } as const;

/** The node type that holds a part of a mapping. */
export const MAPPER_TYPES = {
  fields: 'twinflow-field-mapper',
  values: 'twinflow-value-mapper',
  defaults: 'twinflow-default-mapper',
} as const satisfies Record<PartName, string>;

/** Mapper nodes of a kind that work on one of the pairs. */
export const mappersOf = (part: PartName, integration: string, pairs: 'all' | string[]): EditorNode[] =>
  nodesOf(integration, MAPPER_TYPES[part]).filter((node) => overlap(readPairs(node.pairs), pairs));

/** A mapper node's rows. */
export const savedRows = <Part extends PartName>(part: Part, node: EditorNode): ReturnType<(typeof READERS)[Part]> =>
  // the reader of a part gives the rows of that part
  READERS[part](node.rows) as ReturnType<(typeof READERS)[Part]>;

/** Rows of the field mappers that work on one of the pairs. */
export const mappedRows = (integration: string | undefined, pairs: 'all' | string[]): FieldRow[] =>
  integration === undefined ? [] : mappersOf('fields', integration, pairs).flatMap((node) => savedRows('fields', node));

/** Rows of the default mappers that work on one of the pairs. */
export const defaultRows = (integration: string | undefined, pairs: 'all' | string[]): DefaultRow[] =>
  integration === undefined
    ? []
    : mappersOf('defaults', integration, pairs).flatMap((node) => savedRows('defaults', node));
