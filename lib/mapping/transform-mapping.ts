/** The field mapper with its expressions. Rows without expressions are mapped at once, the others when their results
 * are available. */

import type { FieldRow } from '../model/config';
import type { Direction } from '../model/entity';
import type { Fields } from '../model/values';
import { compileFieldRows, type FieldMapping, type FieldMappingOptions, type MappedFields } from './fields';
import { type ExpressionResult, fieldFinder, goes, type MappingContext, transformOf } from './transform';

/** Evaluates expressions for one item: one result each, in order; never rejects. */
export type EvaluateAll = (
  expressions: string[],
  payload: Fields,
  context: MappingContext,
  names: [string, string][],
) => Promise<ExpressionResult[]>;

/** Calls a pure function, and calls it again if something in it had to be done elsewhere first. */
export type Settle = <Result>(work: () => Result) => Result | Promise<Result>;

export interface CompiledMapping {
  /** the rows' expressions in this direction; if there are none, `map` returns at once */
  expressions: string[];
  map(payload: Fields, context?: MappingContext): MappedFields | Promise<MappedFields>;
}

/** Lower-case name → id, of the source fields that the rows know. Expressions may use either. */
function namesOf(rows: FieldRow[], direction: Direction): [string, string][] {
  const find = fieldFinder(rows, direction);
  const fields = rows.flatMap((row) => [
    ...(transformOf(row, direction)?.fields ?? []),
    ...[direction === 'forward' ? row.one : row.two].filter((field) => field !== undefined),
  ]);
  return [...new Set(fields.map(({ name }) => name.trim().toLowerCase()))].flatMap((name): [string, string][] => {
    const id = find(name)?.id;
    return id === undefined ? [] : [[name, id]];
  });
}

/** Compiles all rows of a direction. The guarantees of `compileFieldRows` hold for the result. */
export function compileMapping(
  rows: FieldRow[],
  direction: Direction,
  options: FieldMappingOptions,
  evaluate: EvaluateAll,
  settle: Settle = (work) => work(),
): CompiledMapping {
  const compiled: FieldMapping = compileFieldRows(rows, direction, options);
  const mapFields = (payload: Fields, context?: MappingContext): MappedFields | Promise<MappedFields> =>
    settle(() => compiled(payload, context));
  const computed = rows.flatMap((row) => {
    const transform = goes(row, direction) ? transformOf(row, direction) : undefined;
    return transform?.kind === 'jsonata' ? [{ row, expression: transform.expression }] : [];
  });
  const expressions = computed.map(({ expression }) => expression);
  if (computed.length === 0) return { expressions, map: mapFields };
  const names = namesOf(rows, direction);
  return {
    expressions,
    async map(payload, context = {}) {
      const given = await evaluate(expressions, payload, context, names);
      const results = new Map<FieldRow, ExpressionResult>();
      computed.forEach(({ row }, index) => {
        results.set(row, given[index] ?? { error: 'it was not evaluated' });
      });
      return mapFields(payload, { ...context, results });
    },
  };
}
