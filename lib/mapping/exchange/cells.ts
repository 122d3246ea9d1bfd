/**
 * Values, list values and transforms as texts of a cell. They are written the way a person would, if reading that gives
 * exactly the same value, and otherwise after `json:`. So everything written is read back exactly, and what a person
 * types is understood.
 */

import type { FieldChoice, SheetSource, Transform } from '../../model/config';
import type { LookupValue, SingleValue, Value } from '../../model/values';
import { readSheet, readValue } from '../saved';
import { isSame } from './same';
import { CHOICES, folded, type Language, meaning } from './words';

/** Maximum length of an Excel cell, in characters. */
export const LONGEST_CELL = 32_767;

const JSON_MARK = 'json:';
const SECONDS_PER_HOUR = 3600;

const asJson = (value: unknown): string => `${JSON_MARK} ${JSON.stringify(value)}`;

/** The value after `json:`; undefined for any other text and for invalid JSON. */
function ofJson(text: string): { value: unknown } | undefined {
  if (!text.trimStart().toLowerCase().startsWith(JSON_MARK)) return undefined;
  try {
    return { value: JSON.parse(text.trimStart().slice(JSON_MARK.length)) };
  } catch {
    return undefined;
  }
}

/** True for texts that look complete to a person and survive in a spreadsheet: no spaces at the ends, no carriage
 * returns. */
const isPlain = (text: string): boolean => text !== '' && text === text.trim() && !text.includes('\r');

/** A literal text: a sheet's name, a column heading. */
export const writeText = (text: string): string =>
  isPlain(text) && ofJson(text) === undefined ? text : text === '' ? '' : asJson(text);

export function readText(cell: string): string {
  const json = ofJson(cell)?.value;
  return typeof json === 'string' ? json : cell.trim();
}

const NAMED = /^(.*\S)\s*\[([^[\]]+)\]$/s;

/** `High`, or with the system's id `High [3]`. */
export function writeEntry(entry: LookupValue): string {
  for (const cell of entry.id === undefined ? [entry.name] : [`${entry.name} [${entry.id}]`])
    if (isPlain(cell) && isSame(readEntry(cell), entry)) return cell;
  return asJson(entry);
}

/** undefined if the cell is empty. */
export function readEntry(cell: string): LookupValue | undefined {
  const json = ofJson(cell);
  if (json !== undefined) {
    const value = readValue(json.value);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && 'name' in value
      ? (value as LookupValue)
      : undefined;
  }
  const text = cell.trim();
  const named = NAMED.exec(text);
  if (named?.[1] !== undefined && named[2] !== undefined) return { id: named[2].trim(), name: named[1].trim() };
  return text === '' ? undefined : { name: text };
}

const ADDRESS = /^(?:(.*\S)\s+)?<?([^\s<>()[\]]+@[^\s<>()[\]]+?)>?$/s;
const LOGIN = /^(?:(.*\S)\s+)?\(([^()]+)\)$/s;

/** `Alice Archer (alice) <alice@example.org> [5]`, as far as each part is known. */
function personText(value: object): string {
  const part = (key: string): string => String(Reflect.get(value, key) ?? '');
  const [name, login, email, id] = ['name', 'login', 'email', 'id'].map(part);
  const address = email && (name || login) ? `<${email}>` : email;
  return [name, login && `(${login})`, address, id && `[${id}]`].filter((word) => word).join(' ');
}

function readPerson(cell: string): SingleValue | undefined {
  const found: Record<string, string> = {};
  let text = cell.trim();
  const take = (pattern: RegExp, key: string): void => {
    const hit = pattern.exec(text);
    if (hit?.[2] === undefined) return;
    found[key] = hit[2].trim();
    text = (hit[1] ?? '').trim();
  };
  take(/^(?:(.*\S)\s+)?\[([^[\]]+)\]$/s, 'id');
  take(ADDRESS, 'email');
  take(LOGIN, 'login');
  if (text !== '') found.name = text;
  return Object.keys(found).length > 0 ? found : undefined;
}

const numberOf = (cell: string): number | undefined => {
  const text = cell.trim().replace(/^([+-]?\d+),(\d+)$/, '$1.$2');
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
};

/** One value of a field's type, as a person would write it. */
function singleText(value: SingleValue, field: FieldChoice, language: Language): string {
  if (typeof value === 'boolean') return CHOICES.yesNo[value ? 'yes' : 'no'][language];
  if (typeof value === 'number') return String(field.type === 'duration' ? value / SECONDS_PER_HOUR : value);
  if (typeof value === 'string') return value;
  if ('content' in value) return value.content;
  if (field.type === 'user') return personText(value);
  if (field.type === 'lookup') return writeEntry({ name: '', ...value });
  return 'key' in value && value.key ? `${value.key} [${value.id}]` : String(value.id ?? '');
}

function readSingle(cell: string, field: FieldChoice): SingleValue | undefined {
  const text = cell.trim();
  if (text === '') return undefined;
  switch (field.type) {
    case 'boolean': {
      const word = meaning(CHOICES.yesNo, text);
      return word === undefined ? undefined : word === 'yes';
    }
    case 'number':
      return numberOf(text);
    case 'duration': {
      const hours = numberOf(text);
      return hours === undefined ? undefined : Math.round(hours * SECONDS_PER_HOUR);
    }
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
    case 'datetime': {
      // a spreadsheet's own date and time has no zone: it is read as UTC, as in the form
      const time = new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
      return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
    }
    case 'lookup':
      return readEntry(text);
    case 'user':
      return readPerson(text);
    case 'reference': {
      const named = NAMED.exec(text);
      return named?.[1] !== undefined && named[2] !== undefined ? { id: named[2], key: named[1] } : { id: text };
    }
    case 'richtext':
      return { format: 'text', content: text };
    default:
      return text;
  }
}

const BETWEEN = '; ';

/** A constant or default. */
export function writeValue(value: Value, field: FieldChoice, language: Language): string {
  const items = Array.isArray(value) ? value : value === null ? [] : [value];
  const cell = items.map((item) => singleText(item, field, language)).join(BETWEEN);
  return isPlain(cell) && isSame(readValueCell(cell, field), value) ? cell : asJson(value);
}

/** undefined if the cell has no value of the field's type. */
export function readValueCell(cell: string, field: FieldChoice): Value | undefined {
  const json = ofJson(cell);
  if (json !== undefined) return readValue(json.value);
  if (field.multi !== true) return readSingle(cell, field);
  const items = cell
    .split(';')
    .filter((item) => item.trim() !== '')
    .map((item) => readSingle(item, field));
  const read = items.filter((item) => item !== undefined);
  return read.length === items.length && read.length > 0 ? read : undefined;
}

/** `template: {{Summary}}`, `expression: $uppercase(summary)`, or the word for "automatic". */
export function writeTransform(transform: Transform | undefined, language: Language): string {
  if (transform === undefined) return '';
  const word = CHOICES.transform[transform.kind][language];
  if (transform.kind === 'automatic') return word;
  const text = transform.kind === 'template' ? transform.template : transform.expression;
  return `${word}: ${text.includes('\r') || ofJson(text) !== undefined ? asJson(text) : text}`;
}

/** 'bad' if the cell contains something else. The caller finds out what a template or expression reads. */
export function readTransformCell(cell: string): Transform | undefined | 'bad' {
  if (cell.trim() === '') return undefined;
  const colon = cell.indexOf(':');
  const kind = meaning(CHOICES.transform, colon < 0 ? cell : cell.slice(0, colon));
  if (kind === 'automatic') return { kind };
  if (kind === undefined || colon < 0) return 'bad';
  const rest = cell.slice(colon + 1).replace(/^ /, '');
  const json = ofJson(rest)?.value;
  const text = typeof json === 'string' ? json : rest;
  if (text === '') return 'bad';
  return kind === 'template' ? { kind, template: text } : { kind, expression: text };
}

/** `path: /data/users.xlsx`, or `upload:` with the id of the file on the server, and its name. */
export function writeSource({ from }: SheetSource): string {
  const text = from.kind === 'path' ? `path: ${from.path}` : `upload: ${from.id} ${from.name}`;
  return isPlain(text) && isSame(readSource(text), from) ? text : asJson(from);
}

export function readSource(cell: string): SheetSource['from'] | undefined {
  const json = ofJson(cell);
  if (json !== undefined) return readSheet({ from: json.value })?.from;
  const [, kind = '', rest = ''] = /^(path|upload):\s*(.+)$/is.exec(cell.trim()) ?? [];
  if (folded(kind) === 'path') return { kind: 'path', path: rest };
  const [, id, name] = /^(\S+)(?:\s(.+))?$/s.exec(rest) ?? [];
  return folded(kind) === 'upload' && id !== undefined ? { kind: 'upload', id, name: name ?? id } : undefined;
}
