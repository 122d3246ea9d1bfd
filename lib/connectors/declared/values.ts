/** Values of declared fields: from an answer to canonical ones, and back. Pure, except for lists and people that are asked for. */

import type { Field } from '../../model/entity';
import type { LookupValue, SingleValue, UserValue, Value } from '../../model/values';
import { isJson, numberOf, textOf } from '../kit/json';
import { compactUser, userOfValue } from '../kit/people';
import {
  chosen,
  describeValue,
  Problem,
  takesDate,
  takesDuration,
  takesNumber,
  takesText,
  takesTime,
  takesWhole,
  takesYesOrNo,
  textOfValue,
} from '../kit/wanted';
import type { ConnectorFile, DeclaredField } from './format';
import { valueAt } from './path';

type People = ConnectorFile['people'];
type TimeWord = 'iso' | 'seconds' | 'milliseconds' | 'sql';

/** A time as the system shows it, ms since 1970; undefined = it is none. */
export function timeOf(value: unknown, form: TimeWord = 'iso'): number | undefined {
  if (form === 'seconds' || form === 'milliseconds') {
    const number = numberOf(value);
    return number === undefined ? undefined : Math.round(number * (form === 'seconds' ? 1_000 : 1));
  }
  const text = textOf(value);
  if (text === undefined) return undefined;
  const ms = Date.parse(form === 'sql' ? `${text.trim().replace(' ', 'T')}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}

const UNIT_S = { seconds: 1, minutes: 60, hours: 3_600 };

/** A user as an answer shows them. */
export function personOf(raw: unknown, people: People): UserValue | undefined {
  if (!isJson(raw)) {
    const login = textOf(raw);
    return login === undefined ? undefined : { login };
  }
  if (!people) return undefined;
  const of = (path: string | undefined) => (path === undefined ? undefined : textOf(valueAt(raw, path)));
  const user = compactUser({
    ...{ id: of(people.id), name: of(people.name) ?? of(people.login) },
    ...{ login: of(people.login), email: of(people.email) },
  });
  return Object.keys(user).length > 0 ? user : undefined;
}

function lookupOf({ entry, values }: DeclaredField, raw: unknown): LookupValue | undefined {
  if (isJson(raw)) {
    const name = textOf(valueAt(raw, entry?.name ?? 'name'));
    const id = entry?.id === undefined ? undefined : textOf(valueAt(raw, entry.id));
    return name === undefined ? undefined : { ...(id !== undefined && { id }), name };
  }
  const text = textOf(raw);
  if (text === undefined) return undefined;
  const known = Array.isArray(values)
    ? values.flatMap((one) => (typeof one === 'string' ? [] : [one])).find(({ id }) => id === text)
    : undefined;
  return known ?? { name: text };
}

function singleOf(field: DeclaredField, raw: unknown, people: People): SingleValue | undefined {
  switch (field.type) {
    case 'text':
    case 'url':
      return textOf(raw);
    case 'richtext': {
      const content = textOf(raw);
      const dialect = field.hardBreaks ? { dialect: { hardBreaks: true as const } } : {};
      return content === undefined ? undefined : { format: field.format ?? 'text', content, ...dialect };
    }
    case 'number':
      return numberOf(raw);
    case 'boolean':
      return typeof raw === 'boolean' ? raw : undefined;
    case 'date': {
      const text = textOf(raw)?.slice(0, 10);
      return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
    }
    case 'datetime': {
      const ms = timeOf(raw, field.time);
      return ms === undefined ? undefined : new Date(ms).toISOString();
    }
    case 'duration': {
      const number = numberOf(raw);
      return number === undefined ? undefined : Math.round(number * UNIT_S[field.unit ?? 'seconds']);
    }
    case 'lookup':
      return lookupOf(field, raw);
    case 'user':
      return personOf(raw, field.entry ? peopleOf(field.entry) : people);
  }
}

/** How users look in a field of their own. */
const peopleOf = ({ id, name, login }: NonNullable<DeclaredField['entry']>): People => ({
  // a path that finds nothing
  ...{ id: id ?? '\0', login: login ?? '\0', name },
});

/** The value that an entity shows. */
export function readValue(field: DeclaredField, item: unknown, people: People): Value {
  const raw = valueAt(item, field.path ?? field.id);
  if (!field.multi) return singleOf(field, raw, people) ?? null;
  const values = [raw].flat().flatMap((one) => singleOf(field, one, people) ?? []);
  return values.length > 0 ? values : null;
}

/** Where values come from that are not in the file. */
export interface ValueSources {
  /** the list of a lookup field; undefined = any name is taken */
  list(field: DeclaredField): Promise<LookupValue[] | undefined>;
  /** undefined = nobody, or several */
  person(user: UserValue): Promise<UserValue | undefined>;
}

/** What is sent for a value, and how the entity is expected to show it. */
export interface Wanted {
  sent: unknown;
  shown: Value;
}

function sentName(field: DeclaredField, { id, name }: LookupValue): unknown {
  const word = field.words && Object.hasOwn(field.words, name) ? field.words[name] : name;
  switch (field.sends) {
    case 'id':
      return id ?? word;
    case 'idNumber':
      return Number(id);
    default:
      return word;
  }
}

function sentPerson({ sends = 'login' }: DeclaredField, user: UserValue): unknown {
  if (sends === 'idNumber') return Number(user.id);
  return user[sends];
}

/** @param ms since 1970 */
function sentTime(form: TimeWord, ms: number): Wanted {
  const iso = new Date(ms).toISOString();
  const seconds = Math.floor(ms / 1_000);
  switch (form) {
    case 'iso':
      return { sent: iso, shown: iso };
    case 'sql':
      return { sent: iso.slice(0, 19).replace('T', ' '), shown: new Date(seconds * 1_000).toISOString() };
    case 'seconds':
      return { sent: seconds, shown: new Date(seconds * 1_000).toISOString() };
    case 'milliseconds':
      return { sent: ms, shown: iso };
  }
}

async function wantedSingle(field: DeclaredField, value: Value, sources: ValueSources): Promise<Wanted> {
  const { name, maxLength } = field;
  switch (field.type) {
    case 'text':
    case 'url': {
      const text = takesText(name, value, maxLength);
      return { sent: text, shown: text };
    }
    case 'richtext': {
      const format = field.format ?? 'text';
      if (typeof value === 'object' && value !== null && 'content' in value && value.format !== format)
        throw new Problem(`${name} takes ${format}, not ${value.format}`);
      const content = takesText(name, value, maxLength);
      return { sent: content, shown: { format, content } };
    }
    case 'number': {
      const number = field.integer ? takesWhole(name, value) : takesNumber(name, value);
      return { sent: number, shown: number };
    }
    case 'boolean': {
      const yes = takesYesOrNo(name, value);
      return { sent: yes, shown: yes };
    }
    case 'date': {
      const day = takesDate(name, value);
      return { sent: day, shown: day };
    }
    case 'datetime': {
      const time = takesTime(name, value);
      return sentTime(field.time ?? 'iso', Date.parse(time));
    }
    case 'duration': {
      const seconds = Math.round(takesDuration(name, value));
      return { sent: seconds / UNIT_S[field.unit ?? 'seconds'], shown: seconds };
    }
    case 'lookup': {
      const list = await sources.list(field);
      if (list) {
        const found = chosen(name, list, value);
        return {
          sent: sentName(field, found),
          shown: { ...(found.id !== undefined && { id: found.id }), name: found.name },
        };
      }
      const text = takesText(name, value, maxLength).trim();
      if (text === '') throw new Problem(`${name} takes a name, not "${describeValue(value)}"`);
      return { sent: sentName(field, { name: text }), shown: { name: text } };
    }
    case 'user': {
      const user = userOfValue(value);
      const found = await sources.person(user);
      if (!found) throw new Problem(`${name}: there is no user "${describeValue(value)}", or several`);
      const sent = sentPerson(field, found);
      if (sent === undefined)
        throw new Problem(`${name}: the user "${describeValue(value)}" has no ${field.sends ?? 'login'}`);
      return { sent, shown: found };
    }
  }
}

const EMPTY = { null: null, text: '', list: [] };

/** @throws Problem if the field does not take the value; SyncError if a question failed */
export async function wantedValue(field: DeclaredField, value: Value, sources: ValueSources): Promise<Wanted> {
  const isNothing =
    value === null ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value !== 'boolean' && textOfValue(value) === '');
  if (isNothing) {
    const empty = field.empty ?? (field.multi ? 'list' : 'null');
    if (field.required || empty === 'no') throw new Problem(`${field.name} must not be empty`);
    return { sent: EMPTY[empty], shown: null };
  }
  const values = Array.isArray(value) ? value : [value];
  const [first, ...others] = values;
  if (!field.multi) {
    if (others.length > 0) throw new Problem(`${field.name} takes one value, not ${values.length}`);
    return wantedSingle(field, first ?? null, sources);
  }
  const all: Wanted[] = [];
  for (const one of values) all.push(await wantedSingle(field, one, sources));
  const shown = all.flatMap((one) => (one.shown === null || Array.isArray(one.shown) ? [] : [one.shown]));
  const sent = all.map((one) => one.sent);
  const { joined } = field;
  if (joined !== undefined && sent.some((one) => String(one).includes(joined)))
    throw new Problem(`${field.name}: no value may contain "${joined}"`);
  return { sent: joined === undefined ? sent : sent.join(joined), shown };
}

/** The field for forms. */
export function fieldOf(declared: DeclaredField, values: LookupValue[] | undefined): Field {
  const { id, name, type, multi, required, readOnly, createOnly, custom, integer, maxLength, format, hardBreaks } =
    declared;
  return {
    ...{ id, name, type },
    ...(multi && { multi }),
    ...(required && { required }),
    ...(readOnly && { readOnly }),
    ...(createOnly && { createOnly }),
    ...(custom && { custom }),
    ...(integer && { integer }),
    ...(maxLength !== undefined && { maxLength }),
    ...(type === 'richtext' && { format: format ?? 'text' }),
    ...(hardBreaks && { dialect: { hardBreaks } }),
    ...(values && type === 'lookup' && { values }),
  };
}
