/**
 * Converts a canonical value of another system to a value for a field: a text, a date, a list value. A value that the
 * system does not accept is a `Problem`: a sentence that starts with the field's name and says what the field accepts.
 * Nothing is sent from here. Pure.
 */

import type { FieldId, Value } from '../../model/values';
import { numberOf } from './json';

/** Why a value cannot be written, as a sentence that starts with the field's name. */
export class Problem extends Error {}

/** An object with a name and usually an id, as in lists. */
export interface Entry {
  id?: string;
  name: string;
}

/**
 * Tries each field and collects the Problems, so that all are reported at once.
 *
 * @returns the problems by field, a sentence for each
 */
export async function collectProblems<V>(
  fields: Record<FieldId, V>,
  take: (field: FieldId, value: V) => Promise<void>,
): Promise<Record<FieldId, string>> {
  const problems: Record<FieldId, string> = {};
  for (const [field, value] of Object.entries(fields)) {
    try {
      await take(field, value);
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      problems[field] = thrown.message;
    }
  }
  return problems;
}

/** The first of several values; a single value unchanged. */
export const firstOf = (value: Value): Value => (Array.isArray(value) ? (value[0] ?? null) : value);

/** A single value as a text; undefined if it is not one. */
export function textOfValue(value: Value): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('content' in value) return value.content;
  return 'name' in value && typeof value.name === 'string' ? value.name : undefined;
}

/** Id and name of a list value, from an object or a plain text. */
function asked(value: unknown): { id?: string; name?: string } {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { name: String(value) };
  if (typeof value !== 'object' || value === null) return {};
  const id = 'id' in value && value.id !== undefined && value.id !== '' ? String(value.id) : undefined;
  const name = 'name' in value && typeof value.name === 'string' && value.name !== '' ? value.name : undefined;
  return { ...(id !== undefined && { id }), ...(name !== undefined && { name }) };
}

/** The display text of the value. */
export const describeValue = (value: unknown): string => {
  const { id, name } = asked(value);
  return name ?? (id === undefined ? JSON.stringify(value) : `#${id}`);
};

const MOST_NAMED = 20;

/** "it has Low, Normal, High" */
export const listed = (names: readonly string[]): string =>
  names.length === 0
    ? 'it has none'
    : `it has ${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ' …' : ''}`;

/**
 * Finds a list value: by name and id, else by name, ignoring case if necessary, else by id. A name counts more than an
 * id, which may come from another system.
 *
 * @param field its name, for the sentence
 * @throws Problem if there is none
 */
export function chosen<E extends Entry>(field: string, list: readonly E[], value: Value): E {
  const { id, name } = asked(value);
  const same = (one: E) => one.name.trim().toLowerCase() === name?.trim().toLowerCase();
  const named = name === undefined ? [] : list.filter((one) => one.name === name);
  const byName = named.find((one) => one.id === id) ?? named[0] ?? (name === undefined ? undefined : list.find(same));
  const found = byName ?? (id === undefined ? undefined : list.find((one) => one.id === id));
  if (found) return found;
  throw new Problem(`${field} has no value "${describeValue(value)}"; ${listed(list.map((one) => one.name))}`);
}

const shown = (value: Value): string => textOfValue(value) ?? describeValue(value);

/** @param maxLength characters; undefined = any number. @throws Problem */
export function takesText(field: string, value: Value, maxLength?: number): string {
  const text = textOfValue(value) ?? '';
  const long = [...text].length;
  if (maxLength === undefined || long <= maxLength) return text;
  throw new Problem(`${field} allows ${maxLength} characters; the value has ${long}`);
}

/** One line of text, without surrounding blanks. @throws Problem if it is empty or too long */
export function takesLine(field: string, value: Value, maxLength?: number): string {
  const text = (textOfValue(value) ?? '').replace(/\s*[\r\n]+\s*/g, ' ').trim();
  if (text === '') throw new Problem(`${field} must not be empty`);
  return takesText(field, text, maxLength);
}

/** @returns YYYY-MM-DD. @throws Problem */
export function takesDate(field: string, value: Value): string {
  const text = (textOfValue(value) ?? '').slice(0, 10);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new Problem(`${field} takes a date (YYYY-MM-DD), not "${shown(value)}"`);
}

/** @param whole the number is rounded. @throws Problem */
export function takesNumber(field: string, value: Value, whole = false): number {
  const number = numberOf(textOfValue(value));
  if (number === undefined) throw new Problem(`${field} takes a number, not "${describeValue(value)}"`);
  return whole ? Math.round(number) : number;
}

/** Fractions are rejected. @throws Problem */
export function takesWhole(field: string, value: Value): number {
  const number = takesNumber(field, value);
  if (!Number.isInteger(number)) throw new Problem(`${field} takes whole numbers only, not ${number}`);
  return number;
}

/** @returns ISO 8601 in UTC. @throws Problem */
export function takesTime(field: string, value: Value): string {
  const ms = Date.parse(textOfValue(value) ?? '');
  if (Number.isNaN(ms)) throw new Problem(`${field} takes a point in time (ISO 8601), not "${shown(value)}"`);
  return new Date(ms).toISOString();
}

/** A whole number within bounds, both included. @throws Problem */
export function takesNumberWithin(field: string, value: Value, from: number, to: number): number {
  const number = Math.round(Number(textOfValue(value)));
  if (number >= from && number <= to) return number;
  throw new Problem(`${field} takes a number from ${from} to ${to}, not "${shown(value)}"`);
}

/** @returns seconds. @throws Problem */
export function takesDuration(field: string, value: Value): number {
  const seconds = Number(textOfValue(value));
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new Problem(`${field} takes a duration in seconds, not "${shown(value)}"`);
}

/** @throws Problem */
export function takesYesOrNo(field: string, value: Value): boolean {
  const text = textOfValue(value)?.toLowerCase() ?? '';
  if (['true', '1', 'yes'].includes(text)) return true;
  if (['false', '0', 'no'].includes(text)) return false;
  throw new Problem(`${field} takes yes or no, not "${text}"`);
}
