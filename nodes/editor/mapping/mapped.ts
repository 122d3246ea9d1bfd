/** The fields mapped by an integration's field mappers in the workspace: the basis of value and default mappers. */

import type { MappingParts, PartName } from '../../../lib/mapping/exchange';
import { readDefaultRows, readDomains, readFieldRows, readPairs, readValueRows } from '../../../lib/mapping/saved';
import type { DefaultRow, FieldRow } from '../../../lib/model/config';
import { nodesOf } from '../index';

/** True if the two nodes share a type pair. */
function overlap(a: 'all' | string[], b: 'all' | string[]): boolean {
  return a === 'all' || b === 'all' || a.some((id) => b.includes(id));
}

/** The property of a mapper node that contains a part of a mapping. */
const KEPT = {
  fields: { type: 'twinflow-field-mapper', property: 'rows' },
  values: { type: 'twinflow-value-mapper', property: 'rows' },
  domains: { type: 'twinflow-value-mapper', property: 'domains' },
  defaults: { type: 'twinflow-default-mapper', property: 'rows' },
} as const satisfies Record<PartName, object>;

type Rows<Part extends PartName> = NonNullable<MappingParts[Part]>;

const READERS: { [Part in PartName]: (saved: unknown) => Rows<Part> } = {
  fields: readFieldRows,
  values: readValueRows,
  domains: readDomains,
  defaults: readDefaultRows,
};

/** The node type for a part of a mapping. */
export const mapperType = (part: PartName): string => KEPT[part].type;

/** Mapper nodes of a kind that handle one of the pairs. */
export const mappersOf = (part: PartName, integration: string, pairs: 'all' | string[]): EditorNode[] =>
  nodesOf(integration, mapperType(part)).filter((node) => overlap(readPairs(node.pairs), pairs));

/** A mapper node's rows. */
export const savedRows = <Part extends PartName>(part: Part, node: EditorNode): Rows<Part> =>
  READERS[part](node[KEPT[part].property]);

/** Rows of the field mappers that handle one of the pairs. */
export const mappedRows = (integration: string | undefined, pairs: 'all' | string[]): FieldRow[] =>
  integration === undefined ? [] : mappersOf('fields', integration, pairs).flatMap((node) => savedRows('fields', node));

/** Rows of the default mappers that handle one of the pairs. */
export const defaultRows = (integration: string | undefined, pairs: 'all' | string[]): DefaultRow[] =>
  integration === undefined
    ? []
    : mappersOf('defaults', integration, pairs).flatMap((node) => savedRows('defaults', node));
