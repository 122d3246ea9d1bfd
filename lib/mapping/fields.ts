/**
 * The field mapper: maps source fields to target fields by the rows of its table. Rows are compiled once at deploy.
 * Mapping an item is then a single pass over them, without clock, network or exceptions.
 */

import type { ConflictPolicy, FieldChoice, FieldRow } from '../model/config';
import type { Direction, Field } from '../model/entity';
import type { MappedField, Unresolved } from '../model/message';
import { type FieldId, type Fields, isEmpty, type Value } from '../model/values';
import type { RichTextConverter } from './convert';
import { convertField, type Outcome, withOwnIds } from './convert-field';
import { showValue } from './describe';
import { readValue } from './saved';
import type { Origin } from './trace';
import {
  compileTemplate,
  computedField,
  type ExpressionReads,
  endsOf,
  type FindField,
  fieldFinder,
  goes,
  type MappingContext,
  type Reads,
  readsOf,
  transformOf,
} from './transform';

export interface MappedFields {
  /** target field → value */
  fields: Fields;
  /** target field → how it got its value; unresolved fields included */
  mapped: Record<FieldId, MappedField>;
  unresolved: Record<FieldId, Unresolved>;
}

export type FieldMapping = (payload: Fields, context?: MappingContext) => MappedFields;

/** The result of a transform: nothing at all (undefined), a value (possibly the target's own already), or why there
 * is none. */
type Computed = { value: Value; settled?: true } | { problem: string } | undefined;

interface CompiledRow {
  /** its index among the rows, and its effect */
  place: number;
  origin: Origin;
  source?: FieldChoice;
  target: FieldChoice;
  constant: Value;
  /** replaces the source field's own value */
  compute?: { reads: Reads; run: (payload: Fields, context: MappingContext) => Computed };
  how: Omit<MappedField, 'from'>;
}

/** The part of a field's declaration that a row stores. */
export const choiceOf = ({
  id,
  name,
  type,
  multi,
  maxLength,
  length,
  integer,
  format,
  dialect,
}: Field): FieldChoice => ({
  ...{ id, name, type },
  ...(multi && { multi }),
  ...(maxLength !== undefined && { maxLength }),
  ...(length !== undefined && { length }),
  ...(integer && { integer }),
  ...(dialect && { dialect }),
  ...(format !== undefined && { format }),
});

/**
 * The row's rule. If it has none: newest for a row in both directions – but relations are each one of their own, so that one which
 * is added on one side does not undo the removal of another on the other side –, otherwise the source wins.
 */
export function conflictOf(row: FieldRow, direction: Direction): ConflictPolicy {
  if (row.conflict !== undefined) return row.conflict;
  if (!goes(row, 'forward') || !goes(row, 'backward')) return direction === 'forward' ? 'system1' : 'system2';
  return isRelations(row.one) && isRelations(row.two) ? 'merge' : 'newest';
}

const isRelations = (field: FieldChoice | undefined): boolean => field?.type === 'reference' && field.multi === true;

function compileRow(
  row: FieldRow,
  place: number,
  direction: Direction,
  find: FindField,
  options: FieldMappingOptions,
): CompiledRow | undefined {
  if (!goes(row, direction)) return undefined;
  const { source, target } = endsOf(row, direction);
  const transform = transformOf(row, direction);
  if (target === undefined || (source === undefined && row.constant === undefined && transform === undefined))
    return undefined;
  const how: CompiledRow['how'] = { conflict: conflictOf(row, direction), type: target.type };
  if (row.syncWhen !== undefined) how.syncWhen = row.syncWhen;
  if (row.applyWhen !== undefined) how.applyWhen = row.applyWhen;
  if (row.fallback !== undefined) how.fallback = row.fallback;
  if (row.mentions !== undefined) how.mentions = row.mentions;
  const origin: Origin = source === undefined ? 'constant' : 'mapped';
  const compiled: CompiledRow = { place, origin, source, target, constant: row.constant ?? null, how };
  if (transform === undefined) return compiled;
  const reads = readsOf(row, direction, find, options.expressionReads);
  if (transform.kind === 'template') {
    const fill = compileTemplate(transform.template, target, find, options.richText);
    const run = (payload: Fields, context: MappingContext): Computed => {
      const value = fill(payload, context);
      return value === undefined ? undefined : { value };
    };
    return { ...compiled, origin: 'template', compute: { reads, run } };
  }
  const label = `${source?.name ?? '–'} → ${target.name}`;
  const failed = (why: string): Computed => ({
    problem: `${label}: the expression ${showValue(transform.expression)} ${why}`,
  });
  const run = (_payload: Fields, { results }: MappingContext): Computed => {
    const result = results?.get(row);
    if (result === undefined) return failed('was not evaluated');
    if ('error' in result) return failed(`failed: ${result.error}`);
    if (result.value === undefined) {
      return result.missed === undefined ? undefined : failed(`gave nothing: ${result.missed} found nothing`);
    }
    const value = readValue(result.value);
    const lost = Array.isArray(value) && Array.isArray(result.value) && value.length < result.value.length;
    if (value === undefined || lost) return failed(`gave something that is no field's value`);
    return result.settled === undefined ? { value } : { value, settled: true };
  };
  return { ...compiled, origin: 'expression', compute: { reads, run } };
}

/** True if the value carries ids of its own system; value tables are looked up by them. */
const hasOwnIds = (target: FieldChoice, value: Value): boolean =>
  target.type !== 'reference' &&
  (Array.isArray(value) ? value : [value]).some((item) => typeof item === 'object' && item !== null && 'id' in item);

export interface FieldMappingOptions {
  richText?: RichTextConverter;
  /** parses expressions for the fields they read; if absent, a row with an expression counts as reading all fields */
  expressionReads?: ExpressionReads;
}

/**
 * Compiles the rows that apply in a direction into a function from a payload of source fields to target fields.
 * - A source field that is not in the payload produces nothing. An empty one (null, '', []) produces null, which
 *   clears.
 * - A row without source field gives its target the constant.
 * - A row with a transform gives its target the transform's result. The result of an expression is taken from the
 *   context; `compileMapping` puts it there.
 * - If two rows write one target field, the later one with a value wins; `from` names all their source fields.
 * - A value that cannot be converted is not in `fields` but in `unresolved`, with a reason. A value that was converted
 *   with a loss is in both.
 * The function throws nothing, whatever the payload.
 */
export function compileFieldRows(
  rows: FieldRow[],
  direction: Direction,
  options: RichTextConverter | FieldMappingOptions = {},
): FieldMapping {
  const settings = typeof options === 'function' ? { richText: options } : options;
  const find = fieldFinder(rows, direction);
  const compiled = rows
    .map((row, place) => compileRow(row, place, direction, find, settings))
    .filter((row) => row !== undefined);
  return (payload, context = {}) => {
    const result: MappedFields = { fields: {}, mapped: {}, unresolved: {} };
    for (const row of compiled) mapRow(row, payload, context, result, settings.richText);
    return result;
  };
}

function mapRow(
  row: CompiledRow,
  payload: Fields,
  context: MappingContext,
  result: MappedFields,
  richText?: RichTextConverter,
): void {
  const { source, target } = row;
  if (row.compute !== undefined) {
    computeRow(row, row.compute, payload, context, result, richText);
    return;
  }
  if (source === undefined) {
    const earlier = result.mapped[target.id];
    result.fields[target.id] = row.constant;
    const from = earlier?.from ?? [];
    result.mapped[target.id] = { from, ...row.how, ...(from.length > 0 && { settled: true as const }) };
    delete result.unresolved[target.id];
    context.trace?.(target.id, row.origin, row.place);
    return;
  }
  const value = Object.hasOwn(payload, source.id) ? payload[source.id] : undefined;
  if (value === undefined) return;
  put(row, [source.id], value, convertField(value, source, target, richText), result, context);
}

function computeRow(
  row: CompiledRow,
  { reads, run }: NonNullable<CompiledRow['compute']>,
  payload: Fields,
  context: MappingContext,
  result: MappedFields,
  richText?: RichTextConverter,
): void {
  const { source, target } = row;
  let computed: Computed;
  try {
    computed = run(payload, context);
  } catch (error) {
    computed = {
      problem: `${target.name}: its transform failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  if (computed === undefined) return;
  const from = reads.all ? Object.keys(payload) : reads.fields.filter((id) => Object.hasOwn(payload, id));
  if ('problem' in computed) {
    const value = source !== undefined && Object.hasOwn(payload, source.id) ? (payload[source.id] ?? null) : null;
    // the row's result for this value is unknown, so a value table for the bare value would give a wrong answer
    put(row, from, value, { problem: computed.problem }, result, context, true);
    return;
  }
  const { value, settled } = computed;
  const label = source ?? target;
  const outcome = convertField(value, computedField(value, label, target), target, richText);
  put(row, from, value, settled ? withOwnIds(outcome, value) : outcome, result, context, settled);
}

/**
 * Adds the result of a row's value to the mapped fields.
 * @param settled the value is already the target's own
 */
function put(
  row: CompiledRow,
  reads: FieldId[],
  value: Value,
  outcome: Outcome,
  result: MappedFields,
  { trace }: MappingContext,
  settled?: true,
): void {
  const { target } = row;
  const id = target.id;
  const earlier = result.mapped[id];
  const from = earlier === undefined ? reads : [...new Set([...earlier.from, ...reads])];
  if (
    earlier !== undefined &&
    (outcome.value === null || outcome.value === undefined) &&
    result.fields[id] !== undefined
  ) {
    earlier.from = from;
    return;
  }
  const how: MappedField = { from, ...row.how };
  if (settled) how.settled = true;
  else if (hasOwnIds(target, value)) how.source = value;
  else if (target.type === 'reference' && outcome.value !== undefined && !isEmpty(outcome.value)) {
    how.refers = outcome.value;
  }
  result.mapped[id] = how;
  delete result.unresolved[id];
  trace?.(id, row.origin, row.place);
  if (outcome.value !== undefined) result.fields[id] = outcome.value;
  else delete result.fields[id];
  const reason = outcome.problem ?? outcome.lossy;
  if (reason === undefined) return;
  result.unresolved[id] = outcome.value === undefined ? { reason, value } : { reason, value, lossy: true };
}
