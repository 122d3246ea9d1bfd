/** The fields of a queue's tickets: RT's own fields and the queue's custom fields, and how their values are read and
 * written. */

import type { Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { type FieldId, isEmpty, type LookupValue, type UserValue, type Value } from '../../model/values';
import { idOfValue, nameOf } from '../kit/compare';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';
import { wallTime } from '../kit/zone';
import { LINKS, relationFields } from './relations';
import { DESCRIPTION } from './texts';

/** RT's column is a varchar of 200 characters; SQLite stores more, MySQL truncates. */
const SUBJECT_LENGTH = 200;
const CUSTOM_LENGTH = 255;
/** RT's "not set", in its own dates and in custom fields. */
const NEVER = '1970-01-01T00:00:00Z';
const NOBODY = 'Nobody';

type Kind = 'text' | 'status' | 'number' | 'owner' | 'watchers' | 'datetime' | 'minutes';

interface CoreField {
  id: FieldId;
  name: string;
  kind: Kind;
  readOnly?: true;
}

const CORE: readonly CoreField[] = [
  { id: 'Subject', name: 'Subject', kind: 'text' },
  { id: 'Status', name: 'Status', kind: 'status' },
  { id: 'Owner', name: 'Owner', kind: 'owner' },
  { id: 'Requestor', name: 'Requestors', kind: 'watchers' },
  { id: 'Cc', name: 'Cc', kind: 'watchers' },
  { id: 'AdminCc', name: 'AdminCc', kind: 'watchers' },
  { id: 'Priority', name: 'Priority', kind: 'number' },
  { id: 'Starts', name: 'Starts', kind: 'datetime' },
  { id: 'Due', name: 'Due', kind: 'datetime' },
  { id: 'TimeEstimated', name: 'Time estimated', kind: 'minutes' },
  { id: 'TimeWorked', name: 'Time worked', kind: 'minutes' },
  { id: 'TimeLeft', name: 'Time left', kind: 'minutes' },
  { id: 'Started', name: 'Started', kind: 'datetime', readOnly: true },
  { id: 'Resolved', name: 'Resolved', kind: 'datetime', readOnly: true },
  { id: 'Created', name: 'Created', kind: 'datetime', readOnly: true },
  { id: 'LastUpdated', name: 'Last updated', kind: 'datetime', readOnly: true },
];

/** The ticket fields requested in lists. */
export const TICKET_FIELDS = [
  ...['Queue', 'Creator', 'LastUpdatedBy', 'CustomFields', LINKS],
  ...CORE.map(({ id }) => id),
].join();

/** A custom field as RT describes it. */
export interface CustomField {
  id: string;
  name: string;
  type: string;
  single: boolean;
  values: string[];
}

const CUSTOM = 'CF.';
export const customId = (id: string): FieldId => `${CUSTOM}${id}`;
/** The number of a custom field's id, undefined for RT's own fields. */
export const numberOfCustom = (field: FieldId): string | undefined =>
  field.startsWith(CUSTOM) ? field.slice(CUSTOM.length) : undefined;

export function customFieldOf(body: Json): CustomField {
  const values = Array.isArray(body.Values) ? body.Values.flatMap((value) => textOf(value) ?? []) : [];
  return {
    ...{ id: textOf(body.id) ?? '', name: textOf(body.Name) ?? '', type: textOf(body.Type) ?? '' },
    ...{ single: numberOf(body.MaxValues) === 1, values },
  };
}

/** The data for a form about the fields of a queue's tickets. */
export function fieldsOf(custom: readonly CustomField[]): Field[] {
  const [subject, ...others] = CORE.map(coreField);
  return [...(subject ? [subject] : []), DESCRIPTION, ...others, ...relationFields(), ...custom.map(customField)];
}

function coreField({ id, name, kind, readOnly }: CoreField): Field {
  const field = { id, name, ...(readOnly && { readOnly }) };
  switch (kind) {
    case 'text':
      return {
        ...{ ...field, type: 'text', required: true, maxLength: SUBJECT_LENGTH },
        entry: { without: '[\\r\\n]', says: 'a subject is one line' },
      };
    case 'status':
      return { ...field, type: 'lookup' };
    case 'number':
      return { ...field, type: 'number', integer: true };
    case 'owner':
      return { ...field, type: 'user' };
    case 'watchers':
      return { ...field, type: 'user', multi: true };
    case 'datetime':
      return { ...field, type: 'datetime' };
    case 'minutes':
      return { ...field, type: 'duration' };
  }
}

function customField({ id, name, type, single, values }: CustomField): Field {
  const field = { id: customId(id), name, custom: true, ...(!single && { multi: true }) };
  switch (type) {
    case 'Select':
      return { ...field, type: 'lookup', values: values.map((value) => ({ name: value })) };
    case 'Date':
      return { ...field, type: 'date' };
    case 'DateTime':
      return { ...field, type: 'datetime' };
    case 'Text':
    case 'Wikitext':
      return { ...field, type: 'richtext', format: 'text' };
    case 'HTML':
      return { ...field, type: 'richtext', format: 'html' };
    case 'Image':
    case 'Binary':
      return { ...field, type: 'text', readOnly: true };
    default:
      return { ...field, type: 'text', maxLength: CUSTOM_LENGTH };
  }
}

/** The users of a ticket by login; RT's answers contain nothing else about them. */
export type PersonOf = (login: string) => UserValue;

const loginOf = (value: unknown): string | undefined => {
  const login = isJson(value) ? textOf(value.id) : undefined;
  return login === NOBODY ? undefined : login;
};

/** Logins of everybody whom a ticket names. */
export const loginsIn = (ticket: Json): string[] =>
  [
    ticket.Owner,
    ticket.Creator,
    ticket.LastUpdatedBy,
    ...['Requestor', 'Cc', 'AdminCc'].flatMap((role) => listOf(ticket, role)),
  ].flatMap((person) => loginOf(person) ?? []);

export const timeOf = (value: unknown): string | undefined => {
  const text = textOf(value);
  return text === undefined || text === NEVER || Number.isNaN(Date.parse(text))
    ? undefined
    : new Date(text).toISOString();
};

/** The values of all fields of a ticket, null where nothing is in one. */
export function valuesOf(ticket: Json, custom: readonly CustomField[], person: PersonOf): Record<FieldId, Value> {
  const held = new Map(listOf(ticket, 'CustomFields').map((one) => [textOf(one.id) ?? '', one.values]));
  return {
    ...Object.fromEntries(CORE.map(({ id, kind }) => [id, coreValue(ticket[id], kind, person)])),
    ...Object.fromEntries(custom.map((field) => [customId(field.id), customValue(held.get(field.id), field)])),
  };
}

function coreValue(value: unknown, kind: Kind, person: PersonOf): Value {
  switch (kind) {
    case 'text':
      return textOf(value) ?? null;
    case 'status': {
      const name = textOf(value);
      return name === undefined ? null : { name };
    }
    case 'number':
      return numberOf(value) ?? null;
    case 'owner': {
      const login = loginOf(value);
      return login === undefined ? null : person(login);
    }
    case 'watchers': {
      const people = (Array.isArray(value) ? value : []).flatMap((one) => loginOf(one) ?? []).map(person);
      return people.length > 0 ? people : null;
    }
    case 'datetime':
      return timeOf(value) ?? null;
    case 'minutes': {
      const minutes = numberOf(value);
      return minutes === undefined || minutes === 0 ? null : minutes * 60;
    }
  }
}

function customValue(values: unknown, { type, single }: CustomField): Value {
  const one = (value: unknown): string | LookupValue | { format: 'text' | 'html'; content: string } | undefined => {
    const text = textOf(value);
    if (text === undefined) return undefined;
    switch (type) {
      case 'Select':
        return { name: text };
      case 'Date':
        return text.startsWith('1970-01-01') ? undefined : text.slice(0, 'YYYY-MM-DD'.length);
      case 'DateTime':
        return timeOf(text);
      case 'Text':
      case 'Wikitext':
        return { format: 'text', content: text };
      case 'HTML':
        return { format: 'html', content: text };
      default:
        return text;
    }
  };
  const list = (Array.isArray(values) ? values : []).flatMap((value) => one(value) ?? []);
  return single ? (list[0] ?? null) : list.length > 0 ? list : null;
}

/** The sent value of a field, and its expected value. */
export interface Wanted {
  sent: unknown;
  shown: Value;
}

export interface Writable {
  custom: readonly CustomField[];
  /** IANA zone in which RT reads the times of custom fields */
  zone: string;
  /** the user that a value means; undefined = RT has no such user */
  find(person: UserValue): Promise<UserValue | undefined>;
}

/** @throws SyncError invalid, without `fields`: the caller names the field */
export async function wantedOf(field: FieldId, value: Value, { custom, zone, find }: Writable): Promise<Wanted> {
  const core = CORE.find(({ id }) => id === field);
  if (core?.readOnly) throw refuse('RT sets it itself');
  if (core) return wantedCore(core, value, find);
  const known = custom.find(({ id }) => customId(id) === field);
  if (!known) throw refuse('tickets of this queue have no such field');
  return wantedCustom(known, value, zone);
}

const refuse = (why: string): SyncError => new SyncError('invalid', why);

async function wantedCore({ kind }: CoreField, value: Value, find: Writable['find']): Promise<Wanted> {
  const empty = isEmpty(value);
  switch (kind) {
    case 'text': {
      const text = single(value, 'string').trim();
      if (text === '') throw refuse('it cannot be empty');
      if ([...text].length > SUBJECT_LENGTH) {
        throw refuse(`it has ${[...text].length} characters, RT holds ${SUBJECT_LENGTH}`);
      }
      return { sent: text, shown: text };
    }
    case 'status': {
      if (empty) throw refuse('it cannot be empty');
      return { sent: nameOf(value), shown: { name: nameOf(value) } };
    }
    case 'number':
      return { sent: String(empty ? 0 : single(value, 'number')), shown: empty ? 0 : value };
    case 'minutes': {
      const minutes = empty ? 0 : Math.round(single(value, 'number') / 60);
      return { sent: String(minutes), shown: minutes === 0 ? null : minutes * 60 };
    }
    case 'datetime':
      // RT stores the text of its own dates unchanged, and reads it as UTC; with a T or Z in it, it reads nothing
      return { sent: empty ? '' : wallTime(timeIn(value), 'UTC'), shown: value };
    case 'owner': {
      if (empty) return { sent: NOBODY, shown: null };
      const found = await person(value, find);
      return { sent: found.login, shown: found };
    }
    case 'watchers': {
      const people: UserValue[] = [];
      for (const one of Array.isArray(value) ? value : empty ? [] : [value]) people.push(await person(one, find));
      return { sent: people.map(({ login }) => login), shown: people.length > 0 ? people : null };
    }
  }
}

function wantedCustom({ type, single: isSingle, values }: CustomField, value: Value, zone: string): Wanted {
  if (type === 'Image' || type === 'Binary') throw refuse('files of custom fields cannot be written');
  if (isEmpty(value)) return { sent: [], shown: null };
  const list = Array.isArray(value) ? value : value === null ? [] : [value];
  if (isSingle && list.length > 1) throw refuse('it holds one value');
  const sent = list.map((one) => {
    switch (type) {
      case 'Select': {
        const name = nameOf(one);
        const known = values.find((other) => other === name) ?? values.find((other) => same(other, name));
        if (known === undefined) throw refuse(`there is no value "${name}". There are: ${values.join(', ')}`);
        return known;
      }
      case 'Date':
        return single(one, 'string').slice(0, 'YYYY-MM-DD'.length);
      case 'DateTime':
        return wallTime(timeIn(one), zone);
      default: {
        const text = typeof one === 'object' && 'content' in one ? one.content : nameOf(one);
        const isLong = type !== 'Text' && type !== 'Wikitext' && type !== 'HTML';
        if (isLong && [...text].length > CUSTOM_LENGTH) {
          throw refuse(`it has ${[...text].length} characters, RT holds ${CUSTOM_LENGTH}`);
        }
        return text;
      }
    }
  });
  const shown = type === 'Select' ? sent.map((name): LookupValue => ({ name })) : list;
  return { sent: isSingle ? sent[0] : sent, shown: isSingle ? (shown[0] ?? null) : shown };
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

async function person(value: Value, find: Writable['find']): Promise<UserValue & { login: string }> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'content' in value) {
    throw refuse(`"${nameOf(value)}" is no person`);
  }
  const found = await find(value as UserValue);
  if (found?.login === undefined) throw refuse(`RT has no user ${personWord(value as UserValue)}`);
  return { ...found, login: found.login };
}

const personWord = (user: UserValue): string => user.email ?? user.login ?? user.name ?? idOfValue(user as Value) ?? '';

function single<T extends 'string' | 'number'>(value: Value, kind: T): T extends 'string' ? string : number {
  const plain = kind === 'string' && value === null ? '' : value;
  if (typeof plain !== kind) throw refuse(`it takes a ${kind === 'string' ? 'text' : 'number'}, not ${nameOf(value)}`);
  return plain as T extends 'string' ? string : number;
}

function timeIn(value: Value): number {
  const ms = Date.parse(typeof value === 'string' ? value : '');
  if (Number.isNaN(ms)) throw refuse(`"${nameOf(value)}" is no point in time`);
  return ms;
}
