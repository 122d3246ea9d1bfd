/**
 * Decides whether two values of a field are equal. Echoes are recognized and conflicts are found by this comparison
 * alone. It therefore ignores what systems change themselves when they store a value (line ends, trailing blanks, order
 * of labels, last digits of a float, case of a list value's name), and nothing else. It accepts any JSON and never
 * throws.
 */

import { looksEmpty } from '../model/empty';
import type { FieldType, LookupValue, ReferenceValue, RichText, SingleValue, UserValue, Value } from '../model/values';
import { withoutEnd, withoutLineEnds } from '../richtext/blanks';
import { withLoudMentions, withoutJoiners } from '../richtext/mentions';

type Named = Partial<LookupValue & UserValue & ReferenceValue>;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const NUMBER_TOLERANCE = 1e-9;

/** Equal except for the precision that binary fractions lose (1e-9, relative above 1). */
export function equalNumbers(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= NUMBER_TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
}

/** A text or number as text; other JSON (which the types do not allow there) as JSON. */
export const scalarText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** Line ends as LF. */
export const unixLines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

/** Rich text for comparing: LF, no blanks at line ends, no blank lines at the end. Leading blanks are markup. */
function plainContent(content: string): string {
  return withoutEnd(withoutLineEnds(unixLines(content)), '\n');
}

/** JSON with sorted keys: the Atlassian document format is JSON, and the order of its keys has no meaning. */
function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedJson(inner)]),
  );
}

/** Joiners that keep a name from mentioning somebody (lib/richtext/mentions.ts) are not edits. */
function normaliseRichText(text: RichText): RichText | null {
  const content = scalarText(text.content);
  if (looksEmpty({ format: text.format, content })) return null;
  if (text.format === 'adf') {
    try {
      return { format: 'adf', content: JSON.stringify(sortedJson(JSON.parse(content))) };
    } catch {
      // not JSON after all: compared as plain text
    }
  }
  const stored = plainContent(content);
  const plain = text.format === 'textile' ? withLoudMentions(stored) : withoutJoiners(stored);
  return plain.trim() === '' ? null : { format: text.format, content: plain };
}

function normaliseString(value: string, type: FieldType | undefined): SingleValue | null {
  const text = unixLines(value).trim();
  if (text === '') return null;
  switch (type) {
    case 'number':
    case 'duration':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'date':
      return INSTANT.test(text) ? text.slice(0, 10) : text;
    case 'datetime': {
      const time = Date.parse(text);
      return Number.isNaN(time) ? text : new Date(time).toISOString();
    }
    case 'richtext':
      return normaliseRichText({ format: 'text', content: value });
    case 'lookup':
    case 'user':
      return { name: text };
    case 'reference':
      return { id: text };
    default:
      return text;
  }
}

function normaliseSingle(value: SingleValue, type: FieldType | undefined): SingleValue | null {
  if (typeof value === 'string') return normaliseString(value, type);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if ('content' in value) {
    const text = normaliseRichText(value);
    return type === 'text' && text?.format === 'text' ? text.content.trim() : text;
  }
  const named: Named = {};
  let any = false;
  for (const key of ['id', 'key', 'name', 'login', 'email'] as const) {
    const part: unknown = (value as Named)[key];
    const text = scalarText(part).trim();
    if (text === '') continue;
    named[key] = key === 'email' ? text.toLowerCase() : text;
    any = true;
  }
  return any ? (named as SingleValue) : null;
}

const sortKey = (value: SingleValue): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/**
 * A value in its form for comparing: null if it is empty; texts with LF and without surrounding blanks; ISO times in
 * UTC with milliseconds; email addresses in lower case; lists without duplicates, in a fixed order (lists of rich text
 * keep theirs). For comparing and hashing only, never for writing, because it changes what a user typed.
 * @param type the field's type if it is known; it decides what a string means (a time, a number, a name)
 */
export function normalise(value: Value | undefined, type?: FieldType): Value {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return normaliseSingle(value, type);
  const list = value.map((item) => normaliseSingle(item, type)).filter((item) => item !== null);
  if (list.length === 0) return null;
  if (list.some((item) => typeof item === 'object' && 'content' in item)) return list;
  const unique = new Map(list.map((item) => [sortKey(item), item]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item);
}

/** The first of these keys that both have decides. undefined if they share none. */
function sameBy(a: Named, b: Named, keys: (keyof Named)[]): boolean | undefined {
  for (const key of keys) {
    const left = a[key];
    const right = b[key];
    if (left === undefined || right === undefined) continue;
    return key === 'name' || key === 'login' || key === 'key'
      ? left === right || left.toLowerCase() === right.toLowerCase()
      : left === right;
  }
  return undefined;
}

const NAMED_KEYS: (keyof Named)[] = ['id', 'key', 'name', 'login'];
const USER_KEYS: (keyof Named)[] = ['email', 'id', 'login', 'name'];

function sameNamed(a: Named, b: Named, type: FieldType | undefined): boolean {
  const person = type === 'user' || (type === undefined && (a.email !== undefined || b.email !== undefined));
  return sameBy(a, b, person ? USER_KEYS : NAMED_KEYS) ?? false;
}

function sameSingle(a: SingleValue, b: SingleValue, type: FieldType | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'number' && typeof b === 'number') return equalNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') {
    if (type !== undefined || !INSTANT.test(a) || !INSTANT.test(b)) return false;
    const time = Date.parse(a);
    return !Number.isNaN(time) && time === Date.parse(b);
  }
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if ('content' in a || 'content' in b) {
    return 'content' in a && 'content' in b && a.format === b.format && a.content === b.content;
  }
  return sameNamed(a, b, type);
}

/** True if every value of each list is in the other list. */
function sameList(a: SingleValue[], b: SingleValue[], type: FieldType | undefined): boolean {
  const rich = [...a, ...b].some((item) => typeof item === 'object' && 'content' in item);
  if (rich) return a.length === b.length && a.every((item, at) => sameSingle(item, b[at] ?? '', type));
  const simple = [...a, ...b].every((item) => typeof item === 'string' || typeof item === 'boolean');
  if (simple) {
    const left = new Set(a);
    const right = new Set(b);
    return left.size === right.size && b.every((item) => left.has(item));
  }
  const within = (items: SingleValue[], others: SingleValue[]): boolean =>
    items.every((item) => others.some((other) => sameSingle(item, other, type)));
  return within(a, b) && within(b, a);
}

/** Identical long texts need no normal form. */
function sameContent(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return 'content' in a && 'content' in b && a.format === b.format && a.content === b.content;
}

/**
 * True if two values of one field mean the same.
 * - empty: null, undefined, '', [], rich text without content
 * - text: line ends and surrounding blanks are ignored; rich text: blanks at line ends are ignored, too, and the
 *   formats must be equal
 * - numbers: within 1e-9; times: the same instant
 * - list values, references: by id if both have one, else by key, else by name, ignoring case
 * - users: by email if both have one, else id, else login, else name
 * - lists: as sets; a list with one value equals the value alone
 * @param type the field's type if it is known
 */
export function equalValues(a: Value | undefined, b: Value | undefined, type?: FieldType): boolean {
  if (a === b || sameContent(a, b)) return true;
  const left = normalise(a, type);
  const right = normalise(b, type);
  if (left === null || right === null) return left === right;
  if (!Array.isArray(left) && !Array.isArray(right)) return sameSingle(left, right, type);
  return sameList(Array.isArray(left) ? left : [left], Array.isArray(right) ? right : [right], type);
}
