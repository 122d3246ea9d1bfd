/**
 * Converts the whole value of a field, with one or several entries, from its source field to its target field. Anything
 * that cannot be converted is reported as text; nothing is thrown.
 */

import type { FieldChoice } from '../model/config';
import type { SingleValue, Value } from '../model/values';
import { convertValue, type RichTextConverter } from './convert';
import { reasonFor, targetLabel } from './describe';
import { isNothing } from './transform';

/** The result: `problem` if there is no value for the target, `lossy` if a part of the value is lost. */
export interface Outcome {
  value?: Value;
  problem?: string;
  lossy?: string;
}

const listOf = (value: Value): SingleValue[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

/** Joins a list for a text field; undefined if the text could not be split again. */
const LIST_SEPARATOR = /[,;\n]/;

/** A list as one text for a single-value target, unless an entry contains the separator. */
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
      `has ${items.length} values; ${targetLabel(source, target)} allows one: the first was used, ${rest} left out`,
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
  if (isNothing(value)) return { value: null };
  if (Array.isArray(value)) return convertList(value, source, target, richText);
  if (target.multi !== true) return convertOne(value as SingleValue, source, target, richText);
  // A text that was joined from a list becomes a list again.
  const items =
    typeof value === 'string' && source.multi !== true && source.type === 'text' && target.type !== 'richtext'
      ? value
          .split(LIST_SEPARATOR)
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : [value as SingleValue];
  // nothing but blanks and separators is an empty list
  if (items.length === 0) return { value: null };
  return convertList(items, source, target, richText);
}

/** Limits a conversion error to its field, so that the item continues. Only a rich text converter can fail. */
export function convertField(
  value: Value,
  source: FieldChoice,
  target: FieldChoice,
  richText: RichTextConverter | undefined,
): Outcome {
  try {
    return convertAny(value, source, target, richText);
  } catch (error) {
    return {
      problem: reasonFor(source, value, `could not be converted: ${error instanceof Error ? error.message : error}`),
    };
  }
}

/** A value found in the target already has the target's ids; a conversion would mistake them for the source's. */
export function withOwnIds(outcome: Outcome, found: Value): Outcome {
  const own = listOf(found);
  const identified = (item: SingleValue): SingleValue => {
    if (typeof item !== 'object' || 'content' in item) return item;
    const named = own.find((one) => typeof one === 'object' && 'id' in one && 'name' in one && one.name === item.name);
    return typeof named === 'object' && 'id' in named ? { ...item, id: named.id } : item;
  };
  const { value } = outcome;
  if (value === null || value === undefined) return outcome;
  return { ...outcome, value: Array.isArray(value) ? value.map(identified) : identified(value) };
}
