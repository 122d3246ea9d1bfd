/**
 * The field mapper: source fields to target fields by the rows of its table. Rows are compiled once at deploy; mapping an
 * entity is then one pass over them, without clock, network or exceptions.
 */

import type { ConflictPolicy, FieldChoice, FieldRow } from '../model/config';
import { applies, type Direction } from '../model/entity';
import type { MappedField, Unresolved } from '../model/message';
import { type FieldId, type Fields, isEmpty, type SingleValue, type Value } from '../model/values';
import { convertValue, type RichTextConverter } from './convert';
import { reasonFor, targetLabel } from './describe';

export interface MappedFields {
  /** target field → value */
  fields: Fields;
  /** target field → how it came to its value; also of fields that are unresolved */
  mapped: Record<FieldId, MappedField>;
  unresolved: Record<FieldId, Unresolved>;
}

export type FieldMapping = (payload: Fields) => MappedFields;

interface CompiledRow {
  source?: FieldChoice;
  target: FieldChoice;
  constant: Value;
  how: Omit<MappedField, 'from'>;
}

/** Joins a list for a text field; undefined where that could not be read back. */
const LIST_SEPARATOR = /[,;\n]/;

/** What the row says, or the preset: newest for a row in both directions, otherwise the source wins. */
export const conflictOf = (row: FieldRow, direction: Direction): ConflictPolicy =>
  row.conflict ?? (row.direction === 'both' ? 'newest' : direction === 'forward' ? 'system1' : 'system2');

function compileRow(row: FieldRow, direction: Direction): CompiledRow | undefined {
  if (!applies(row.direction, direction)) return undefined;
  const [source, target] = direction === 'forward' ? [row.one, row.two] : [row.two, row.one];
  if (target === undefined || (source === undefined && row.constant === undefined)) return undefined;
  const how: CompiledRow['how'] = { conflict: conflictOf(row, direction), type: target.type };
  if (row.syncWhen !== undefined) how.syncWhen = row.syncWhen;
  if (row.applyWhen !== undefined) how.applyWhen = row.applyWhen;
  if (row.fallback !== undefined) how.fallback = row.fallback;
  return { source, target, constant: row.constant ?? null, how };
}

/** A list as one text for a target that holds a single text, as long as no entry contains the separator. */
function joined(items: SingleValue[], source: FieldChoice, target: FieldChoice, richText?: RichTextConverter) {
  const names: string[] = [];
  for (const item of items) {
    const text = convertValue(
      item,
      { ...source, multi: false },
      { id: target.id, name: target.name, type: 'text' },
      richText,
    );
    if ('problem' in text || typeof text.value !== 'string' || LIST_SEPARATOR.test(text.value)) return undefined;
    names.push(text.value);
  }
  return names.join(', ');
}

interface Outcome {
  value?: Value;
  problem?: string;
  lossy?: string;
}

function convertList(
  items: SingleValue[],
  source: FieldChoice,
  target: FieldChoice,
  richText?: RichTextConverter,
): Outcome {
  if (target.multi === true) {
    const value: SingleValue[] = [];
    let lossy: string | undefined;
    for (const item of items) {
      const one = convertValue(item, source, target, richText);
      if ('problem' in one) lossy ??= reasonFor(source, item, one.problem);
      else {
        value.push(one.value);
        if (one.lossy !== undefined) lossy ??= reasonFor(source, item, one.lossy);
      }
    }
    return value.length === 0 ? { problem: lossy } : { value, lossy };
  }
  const [first] = items;
  if (first === undefined) return { value: null };
  if (items.length > 1 && (target.type === 'text' || target.type === 'richtext')) {
    const text = joined(items, source, target, richText);
    if (text !== undefined) return convertOne(text, source, target, richText);
  }
  const one = convertOne(first, source, target, richText);
  if (one.value === undefined || items.length === 1) return one;
  const rest = items.length - 1;
  return {
    value: one.value,
    lossy: reasonFor(
      source,
      items,
      `has ${items.length} values, ${targetLabel(source, target)} holds one: the first was taken, ${rest} left out`,
    ),
  };
}

function convertOne(
  value: SingleValue,
  source: FieldChoice,
  target: FieldChoice,
  richText?: RichTextConverter,
): Outcome {
  const one = convertValue(value, source, target, richText);
  if ('problem' in one) return { problem: reasonFor(source, value, one.problem) };
  return one.lossy === undefined ? one : { value: one.value, lossy: reasonFor(source, value, one.lossy) };
}

function convertAny(value: Value, source: FieldChoice, target: FieldChoice, richText?: RichTextConverter): Outcome {
  if (isEmptyValue(value)) return { value: null };
  if (Array.isArray(value)) return convertList(value, source, target, richText);
  if (target.multi !== true) return convertOne(value as SingleValue, source, target, richText);
  // A text that was joined from a list becomes the list again.
  const items =
    typeof value === 'string' && source.multi !== true && source.type === 'text' && target.type !== 'richtext'
      ? value
          .split(LIST_SEPARATOR)
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : [value as SingleValue];
  return convertList(items, source, target, richText);
}

/** isEmpty for values that may be any JSON. */
function isEmptyValue(value: Value): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('content' in value))
    return isEmpty(value);
  return typeof value.content === 'string' && isEmpty(value);
}

/** True where the value carries ids of its own system, which value tables are looked up by. */
const hasOwnIds = (target: FieldChoice, value: Value): boolean =>
  target.type !== 'reference' &&
  (Array.isArray(value) ? value : [value]).some((item) => typeof item === 'object' && item !== null && 'id' in item);

/**
 * Compiles the rows that apply in a direction into a function from a payload of source fields to target fields.
 * - A source field that is not in the payload produces nothing; an empty one (null, '', []) produces null, which clears.
 * - A row without source field gives its target the constant.
 * - Where two rows write one target field, the later one that has a value wins; `from` names all their source fields.
 * - What can't be converted is left out of `fields` and stands in `unresolved` with a reason; what is converted with a
 *   loss stands in both.
 * The function throws nothing, whatever the payload.
 */
export function compileFieldRows(rows: FieldRow[], direction: Direction, richText?: RichTextConverter): FieldMapping {
  const compiled = rows.map((row) => compileRow(row, direction)).filter((row) => row !== undefined);
  return (payload) => {
    const result: MappedFields = { fields: {}, mapped: {}, unresolved: {} };
    for (const row of compiled) mapRow(row, payload, result, richText);
    return result;
  };
}

function mapRow(row: CompiledRow, payload: Fields, result: MappedFields, richText?: RichTextConverter): void {
  const { source, target } = row;
  const id = target.id;
  const earlier = result.mapped[id];
  if (source === undefined) {
    result.fields[id] = row.constant;
    result.mapped[id] = { from: earlier?.from ?? [], ...row.how };
    delete result.unresolved[id];
    return;
  }
  const value = Object.hasOwn(payload, source.id) ? payload[source.id] : undefined;
  if (value === undefined) return;
  const from = earlier === undefined ? [source.id] : [...earlier.from, source.id];
  let outcome: Outcome;
  try {
    outcome = convertAny(value, source, target, richText);
  } catch (error) {
    // Only a rich text converter can get here: its failure costs this field, not the entity.
    outcome = {
      problem: reasonFor(source, value, `could not be converted: ${error instanceof Error ? error.message : error}`),
    };
  }
  if (
    earlier !== undefined &&
    (outcome.value === null || outcome.value === undefined) &&
    result.fields[id] !== undefined
  ) {
    earlier.from = from;
    return;
  }
  const how: MappedField = { from, ...row.how };
  if (hasOwnIds(target, value)) how.source = value;
  result.mapped[id] = how;
  delete result.unresolved[id];
  if (outcome.value !== undefined) result.fields[id] = outcome.value;
  else delete result.fields[id];
  const reason = outcome.problem ?? outcome.lossy;
  if (reason === undefined) return;
  result.unresolved[id] = outcome.value === undefined ? { reason, value } : { reason, value, lossy: true };
}
