/**
 * Checks values as strictly as a real server does and converts them to their stored form: list values and users
 * complete with id and name, times in UTC. Reports all wrong fields at once, in words for an admin.
 */

import { isDeepStrictEqual } from 'node:util';
import { obeys } from '../../model/entry-rule';
import { SyncError } from '../../model/errors';
import { excessOf, unitOf } from '../../model/length';
import type { FieldId, Fields, ReferenceValue, SingleValue, UserValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import { isSameRelation } from './relations';
import type { Shape } from './shape';
import type { SandboxField } from './template';

/** A wrong value, as a sentence. */
export class Problem {
  constructor(readonly text: string) {}
}

/** The checks' access to the space. */
export interface Surroundings {
  user(given: UserValue): UserValue | Problem;
  /** @param mirror the field in which it is to show the relation, if it is one */
  reference(given: ReferenceValue, mirror: FieldId | undefined): ReferenceValue | Problem;
  /** Leaves out a relation that cannot be made, and writes the rest. Absent: nothing is written. */
  leaveOut?(field: SandboxField, problem: Problem): void;
  /** blanks at both ends of texts are removed, as in some trackers */
  trim: boolean;
}

/** Maximum length of a text if the field has none of its own, in characters. */
export const MAX_TEXT = 1_000_000;
/** Maximum number of values in a multi-value field. */
export const MAX_VALUES = 1000;

export type Checked = { ok: true; values: Fields } | { ok: false; problems: Record<FieldId, string> };

/** A new entity's stored values, initial values included. */
export function checkCreate(shape: Shape, given: Fields, around: Surroundings): Checked {
  const problems = new Map<FieldId, string>();
  const values: Fields = {};
  for (const field of shape.fields) if (field.initial !== undefined) values[field.id] = field.initial;
  for (const id of Object.keys(given)) {
    const field = fieldToWrite(shape, id, problems);
    if (!field) continue;
    const value = checkValue(shape, field, given[id], around);
    if (value instanceof Problem) problems.set(id, value.text);
    else if (isClosed(field, value, null)) problems.set(id, closed(field, value));
    else values[id] = value;
  }
  for (const field of shape.fields) {
    if (field.required && !problems.has(field.id) && isEmpty(values[field.id])) {
      problems.set(field.id, `${field.name} is required.`);
    }
  }
  return outcome(values, problems);
}

/** The stored values that an update changes. Values that equal the current ones are left out. */
export function checkUpdate(shape: Shape, current: Fields, given: Fields, around: Surroundings): Checked {
  const problems = new Map<FieldId, string>();
  const values: Fields = {};
  for (const id of Object.keys(given)) {
    const field = fieldToWrite(shape, id, problems);
    if (!field) continue;
    const value = checkValue(shape, field, given[id], around);
    if (value instanceof Problem) problems.set(id, value.text);
    else if (isDeepStrictEqual(value, current[id] ?? null)) continue;
    else if (field.mirror !== undefined && isSameRelation(current[id], value)) continue;
    else if (field.createOnly) problems.set(id, `${field.name} can be set only when the entity is created.`);
    else if (isClosed(field, value, current[id] ?? null)) problems.set(id, closed(field, value));
    else if (field.required && isEmpty(value)) problems.set(id, `${field.name} is required and cannot be emptied.`);
    else values[id] = value;
  }
  return outcome(values, problems);
}

const itemsOf = (value: Value): SingleValue[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

/** True if the value has a new entry that can no longer be selected. */
function isClosed({ values }: SandboxField, value: Value, before: Value): boolean {
  const closedIds = new Set(values?.flatMap(({ id, selectable }) => (selectable === false ? [id] : [])));
  if (closedIds.size === 0) return false;
  const had = new Set(itemsOf(before).map(idOf));
  return itemsOf(value).some((item) => closedIds.has(idOf(item)) && !had.has(idOf(item)));
}

const idOf = (item: SingleValue): string | undefined =>
  typeof item === 'object' && 'id' in item ? item.id : undefined;

const closed = (field: SandboxField, value: Value): string => {
  const names = itemsOf(value).map((item) => (typeof item === 'object' && 'name' in item ? item.name : ''));
  return `${field.name}: ${names.join(', ')} can no longer be selected.`;
};

function outcome(values: Fields, problems: Map<FieldId, string>): Checked {
  // fromEntries defines own properties, so that a field called "__proto__" is reported like any other
  return problems.size === 0 ? { ok: true, values } : { ok: false, problems: Object.fromEntries(problems) };
}

function fieldToWrite(shape: Shape, id: FieldId, problems: Map<FieldId, string>): SandboxField | undefined {
  const field = shape.byId.get(id);
  if (!field) problems.set(id, `${shape.type.name} in ${shape.project.name} has no field "${shorten(id)}".`);
  else if (field.readOnly || field.auto) problems.set(id, `${field.name} is read-only.`);
  else return field;
  return undefined;
}

/** One field's stored value; null if it is empty. */
export function checkValue(shape: Shape, field: SandboxField, given: unknown, around: Surroundings): Value | Problem {
  if (given === null || given === undefined || given === '') return null;
  if (!field.multi) {
    if (Array.isArray(given)) return new Problem(`${field.name} takes one value, not a list.`);
    return checkSingle(shape, field, given, around);
  }
  if (!Array.isArray(given)) return new Problem(`${field.name} takes a list of values.`);
  if (given.length > MAX_VALUES) return new Problem(`${field.name} takes at most ${MAX_VALUES} values.`);
  const values: SingleValue[] = [];
  for (const entry of given) {
    const value = checkSingle(shape, field, entry, around);
    if (value instanceof Problem && field.mirror !== undefined && around.leaveOut) {
      around.leaveOut(field, value);
      continue;
    }
    if (value instanceof Problem) return value;
    if (value === null) return new Problem(`${field.name}: a value of the list is empty.`);
    if (!values.some((other) => isDeepStrictEqual(other, value))) values.push(value);
  }
  return values.length === 0 ? null : values;
}

function checkSingle(
  shape: Shape,
  field: SandboxField,
  given: unknown,
  around: Surroundings,
): SingleValue | null | Problem {
  switch (field.type) {
    case 'text':
      return typeof given === 'string' ? checkText(field, given, around) : wrongType(field, 'a text', given);
    case 'url':
      return typeof given === 'string' ? checkUrl(field, given, around) : wrongType(field, 'an address', given);
    case 'richtext':
      return checkRichText(field, given, around);
    case 'number':
      return checkNumber(field, given);
    case 'boolean':
      return typeof given === 'boolean' ? given : wrongType(field, 'true or false', given);
    case 'date':
      return checkDate(field, given);
    case 'datetime':
      return checkDatetime(field, given);
    case 'duration':
      return typeof given === 'number' && Number.isSafeInteger(given) && given >= 0
        ? given
        : wrongType(field, 'a duration in whole seconds', given);
    case 'lookup':
      return checkLookup(shape, field, given);
    case 'user':
      return checkUser(field, given, around);
    case 'reference':
      return isRecord(given) && typeof given.id === 'string'
        ? named(field, around.reference({ id: given.id, key: optionalText(given.key) }, field.mirror))
        : wrongType(field, 'another entity', given);
  }
}

function checkText(field: SandboxField, given: string, around: Surroundings): string | null | Problem {
  const text = around.trim ? given.trim() : given;
  const limit = field.maxLength ?? MAX_TEXT;
  const length = excessOf({ maxLength: limit, length: field.length }, text);
  if (length !== undefined) {
    const unit = unitOf(field);
    return new Problem(`${field.name} is too long: ${length} ${unit}, at most ${limit} are allowed.`);
  }
  if (field.entry && !obeys(field.entry, text)) return new Problem(`${field.name}: ${field.entry.says}.`);
  return text === '' ? null : text;
}

function checkUrl(field: SandboxField, given: string, around: Surroundings): string | null | Problem {
  const text = checkText(field, given.trim(), around);
  if (typeof text !== 'string') return text;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return new Problem(`${field.name}: "${shorten(text)}" is not a web address (http or https).`);
  }
  return text;
}

function checkRichText(field: SandboxField, given: unknown, around: Surroundings): SingleValue | null | Problem {
  const format = field.format ?? 'text';
  if (!isRecord(given) || typeof given.content !== 'string') return wrongType(field, `rich text (${format})`, given);
  // plain text is the format that each of these markups can contain unchanged
  if (given.format !== format && given.format !== 'text') {
    return new Problem(`${field.name} holds ${format}, not ${shorten(String(given.format))}.`);
  }
  const content = checkText(field, given.content, around);
  if (content === null || content instanceof Problem) return content;
  return content.trim() === '' ? null : { format, content, ...(field.dialect && { dialect: field.dialect }) };
}

function checkNumber(field: SandboxField, given: unknown): number | Problem {
  if (typeof given !== 'number' || !Number.isFinite(given)) return wrongType(field, 'a number', given);
  if (field.integer && !Number.isInteger(given)) return new Problem(`${field.name}: ${given} is not a whole number.`);
  if (field.min !== undefined && given < field.min)
    return new Problem(`${field.name}: at least ${field.min}, not ${given}.`);
  if (field.max !== undefined && given > field.max)
    return new Problem(`${field.name}: at most ${field.max}, not ${given}.`);
  return given === 0 ? 0 : given;
}

function checkDate(field: SandboxField, given: unknown): string | Problem {
  if (typeof given === 'string' && /^\d{4}-\d\d-\d\d$/.test(given)) {
    const time = Date.parse(`${given}T00:00:00Z`);
    // a day that the month does not have would be moved to the next month
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(given)) return given;
  }
  return wrongType(field, 'a date (YYYY-MM-DD)', given);
}

function checkDatetime(field: SandboxField, given: unknown): string | Problem {
  if (typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given)) {
    const time = Date.parse(given);
    if (!Number.isNaN(time)) return new Date(time).toISOString();
  }
  return wrongType(field, 'a time with its zone (2026-01-31T12:00:00Z)', given);
}

function checkLookup(shape: Shape, field: SandboxField, given: unknown): SingleValue | Problem {
  if (!isRecord(given)) return wrongType(field, 'a value of its list', given);
  const id = optionalText(given.id);
  const name = optionalText(given.name);
  if (id === undefined && name === undefined) return wrongType(field, 'a value of its list', given);
  const list = shape.lists.get(field.id);
  const found = list?.find({ id, name });
  if (found) return found;
  const known = (list?.values ?? []).slice(0, 20).map((value) => value.name);
  const more = (list?.values.length ?? 0) > known.length ? ' …' : '';
  const what =
    id === undefined || id === '' ? `"${shorten(name ?? '')}"` : `id ${shorten(id)} ("${shorten(name ?? '')}")`;
  return new Problem(`${field.name} has no value ${what}. It has: ${known.join(', ')}${more}.`);
}

function checkUser(field: SandboxField, given: unknown, around: Surroundings): SingleValue | Problem {
  if (!isRecord(given)) return wrongType(field, 'a person', given);
  const user: UserValue = {
    id: optionalText(given.id),
    name: optionalText(given.name),
    login: optionalText(given.login),
    email: optionalText(given.email),
  };
  return named(field, around.user(user));
}

function named<V extends SingleValue>(field: SandboxField, result: V | Problem): V | Problem {
  return result instanceof Problem ? new Problem(`${field.name}: ${result.text}`) : result;
}

function wrongType(field: SandboxField, expected: string, given: unknown): Problem {
  const text = typeof given === 'object' ? (JSON.stringify(given) ?? '') : String(given);
  return new Problem(`${field.name} takes ${expected}, not ${shorten(text)}.`);
}

/** The error for rejected data. @param what for example "The Bug could not be created" */
export function refused(what: string, problems: Record<FieldId, string>): SyncError {
  return new SyncError('invalid', `${what}: ${Object.values(problems).join(' ')}`, { fields: problems });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
