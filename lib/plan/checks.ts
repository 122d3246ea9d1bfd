/** Does a value fit the field as its system declares it? What does not may be refused when it is written. Pure. */

import { mustBeGiven } from '../mapping/coverage';
import { showValue } from '../mapping/describe';
import { misfitOf } from '../mapping/fit';
import { indexValues, type ValueIndex } from '../mapping/values';
import type { Field } from '../model/entity';
import { type FieldId, isEmpty, type LookupValue, type RichText, type SingleValue, type Value } from '../model/values';
import { richTextConverter } from '../richtext';
import type { FieldWarning } from './types';

/** The target's fields as it declares them; undefined while it can't be asked. */
export type TargetFields = ReadonlyMap<FieldId, Field> | undefined;

const plainText = (text: RichText): string => richTextConverter(text, 'text').content;

const itemsOf = (value: Value): SingleValue[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

/** Lists may have thousands of entries, and plans thousands of entities. */
const indexes = new WeakMap<LookupValue[], ValueIndex>();

function indexOf(values: LookupValue[]): ValueIndex {
  const known = indexes.get(values) ?? indexValues(values);
  indexes.set(values, known);
  return known;
}

function notListed(field: Field, items: SingleValue[]): SingleValue | undefined {
  if (field.values === undefined || (field.type !== 'lookup' && field.type !== 'user')) return undefined;
  const list = indexOf(field.values);
  return items.find((item) => {
    if (typeof item !== 'object' || item === null || 'content' in item) return false;
    // people are listed by name, and found by other things as well: only an id tells
    if (field.type === 'user') return item.id !== undefined && list.find({ id: item.id }) === undefined;
    return list.find(item) === undefined;
  });
}

/** @param create the entity is made with it */
export function checkWritten(id: FieldId, value: Value, create: boolean, fields: TargetFields): FieldWarning[] {
  if (fields === undefined) return [];
  const field = fields.get(id);
  if (field === undefined) return [{ kind: 'unknownField', reason: 'the target does not have this field' }];
  const warnings: FieldWarning[] = [];
  if (field.readOnly) warnings.push({ kind: 'readOnly', reason: 'the target field is read-only' });
  else if (field.createOnly && !create) {
    warnings.push({ kind: 'createOnly', reason: 'the target accepts this field on create only' });
  }
  const items = itemsOf(value);
  for (const item of items) {
    const misfit = misfitOf(field, item, plainText);
    if (misfit === undefined) continue;
    const reason = `${showValue(item)} ${misfit.reason}`;
    warnings.push(
      misfit.code === 'tooLong'
        ? { kind: 'tooLong', reason, code: 'tooLong', names: misfit.names }
        : misfit.code === 'notSelectable'
          ? { kind: 'notInList', reason, code: 'notSelectable', names: { value: showValue(item) } }
          : { kind: 'other', reason },
    );
  }
  const strange = notListed(field, items);
  if (strange !== undefined) {
    const value = showValue(strange);
    warnings.push({
      ...{ kind: 'notInList', reason: `${value} is not in the target's list` },
      ...{ code: 'notInList', names: { value } },
    });
  }
  return warnings;
}

/** Fields that the target wants when an entity is made, and that get nothing. */
export function missingOf(write: Record<FieldId, Value>, fields: TargetFields): Field[] {
  return [...(fields?.values() ?? [])].filter((field) => mustBeGiven(field) && isEmpty(write[field.id] ?? null));
}
