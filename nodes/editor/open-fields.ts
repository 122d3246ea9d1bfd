/**
 * Unmapped fields: required fields of a target to which no mapper node of the integration gives a value. Read from the
 * current workspace, deployed or not.
 */

import { missingRequired } from '../../lib/mapping/coverage';
import type { DefaultRow, FieldRow, TypePair } from '../../lib/model/config';
import { applies, type Direction, type Field } from '../../lib/model/entity';
import { fields } from './metadata';
import type { Pair } from './pairs';
import { isObject, list } from './read';
import type { SystemDraft } from './workspace';

export interface OpenFields {
  pair: TypePair;
  direction: Direction;
  /** names of fields that would be empty in a new item */
  unmapped: string[];
  /** names of fields whose only source may be empty */
  mayBeEmpty: string[];
}

export interface Drawn {
  typePairs: TypePair[];
  projectPairs: Pair[];
  systems: [SystemDraft | undefined, SystemDraft | undefined];
  /** all nodes of the integration in the workspace */
  nodes: EditorNode[];
}

const worksOn = (node: EditorNode, pair: TypePair): boolean =>
  !Array.isArray(node.pairs) || node.pairs.includes(pair.id);

/** Rows of mapper nodes of one type that handle a pair. A mapper's form saves nothing else in `rows`. */
function rowsOf<Row>(nodes: EditorNode[], type: string, pair: TypePair): Row[] {
  const mappers = nodes.filter((node) => node.type === type && worksOn(node, pair));
  return mappers.flatMap((node) => list(node.rows).filter(isObject)) as Row[];
}

/**
 * One entry for each type pair and direction, in order. The fields are those of the direction's first target project,
 * because required fields may differ by project.
 * @throws MetadataError if a system cannot be asked
 */
export async function openFields(drawn: Drawn): Promise<OpenFields[]> {
  const asked: Promise<OpenFields>[] = [];
  for (const pair of drawn.typePairs)
    for (const direction of ['forward', 'backward'] as const)
      if (applies(pair.direction, direction)) asked.push(openFieldsOf(drawn, pair, direction));
  return Promise.all(asked);
}

async function openFieldsOf(drawn: Drawn, pair: TypePair, direction: Direction): Promise<OpenFields> {
  const projects = drawn.projectPairs.find((candidate) => applies(candidate.direction, direction));
  if (!projects) return { pair, direction, unmapped: [], mayBeEmpty: [] };
  const [one, two] = await Promise.all([
    fields(drawn.systems[0], projects.one.id, pair.one.id),
    fields(drawn.systems[1], projects.two.id, pair.two.id),
  ]);
  const [sources, targets] = direction === 'forward' ? [one, two] : [two, one];
  const missing = missingRequired(
    targets,
    rowsOf<FieldRow>(drawn.nodes, 'twinflow-field-mapper', pair),
    rowsOf<DefaultRow>(drawn.nodes, 'twinflow-default-mapper', pair),
    direction,
    new Map(sources.map((field): [string, Field] => [field.id, field])),
  );
  const names = (why: string): string[] => missing.filter((found) => found.why === why).map(({ field }) => field.name);
  return { pair, direction, unmapped: names('unmapped'), mayBeEmpty: names('mayBeEmpty') };
}
