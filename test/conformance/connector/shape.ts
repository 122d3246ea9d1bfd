/** Whether a value has the canonical shape of its field's type, and whether two values say the same. */

import type { Field } from '../../../lib/model/entity';
import type { FieldType, Value } from '../../../lib/model/values';

/** What is wrong with the shape of a value, or undefined. */
export function shapeProblem(field: Field, value: Value | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const values = Array.isArray(value) ? value : [value];
  if (Array.isArray(value) !== Boolean(field.multi))
    return `${field.id}: ${field.multi ? 'no list' : 'a list'}: ${show(value)}`;
  for (const one of values) {
    const problem = singleProblem(field.type, one);
    if (problem) return `${field.id} (${field.type}): ${problem}: ${show(one)}`;
  }
  return undefined;
}

function singleProblem(type: FieldType, value: unknown): string | undefined {
  switch (type) {
    case 'text':
    case 'url':
      return typeof value === 'string' && value !== '' ? undefined : 'a text that is not empty is expected';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'a number is expected';
    case 'duration':
      return typeof value === 'number' && Number.isInteger(value) ? undefined : 'whole seconds are expected';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false is expected';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? undefined : 'YYYY-MM-DD is expected';
    case 'datetime':
      return isUtc(value) ? undefined : 'ISO 8601 in UTC is expected';
    case 'richtext':
      return hasTexts(value, ['format', 'content']) ? undefined : '{format, content} is expected';
    case 'lookup':
      return hasTexts(value, ['name']) && textsOnly(value) ? undefined : '{id?, name} is expected';
    case 'user':
      return textsOnly(value) && ['id', 'name', 'login', 'email'].some((key) => hasTexts(value, [key]))
        ? undefined
        : '{id?, name?, login?, email?} is expected';
    case 'reference':
      return hasTexts(value, ['id']) && textsOnly(value) ? undefined : '{id, key?, name?, url?} is expected';
  }
}

export const isUtc = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasTexts = (value: unknown, keys: string[]): boolean =>
  isRecord(value) && keys.every((key) => typeof value[key] === 'string' && value[key] !== '');

const textsOnly = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((one) => one === undefined || typeof one === 'string');

export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

/**
 * True where `actual` says what `wanted` says. What was written by name only comes back with an id, so each property
 * that was given counts, and no other. Lists are compared as sets.
 */
export function says(actual: Value | undefined, wanted: Value): boolean {
  if (wanted === null) return actual === null;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((one) => actual.some((other) => says(other, one)))
    );
  }
  if (!isRecord(wanted)) return actual === wanted;
  return isRecord(actual) && Object.entries(wanted).every(([key, value]) => actual[key] === value);
}
