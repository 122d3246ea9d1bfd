/**
 * Users across systems: finds the target user for a source user. A table row of the value mapper decides, or they share
 * the email (as the domain rules rewrite it, else unchanged), the login or, if the target has only one user of that
 * name, the name. Nothing is guessed: a user found by login or name with a different email is somebody else.
 */

import type { FieldChoice, ValueRow } from '../model/config';
import type { Direction } from '../model/entity';
import type { Unresolved } from '../model/message';
import type { FieldId, SingleValue, UserValue, Value } from '../model/values';
import { showValue } from './describe';
import { keepAddress, type RewriteAddress } from './domains';
import type { MappedFields } from './fields';
import type { Origin, Trace } from './trace';
import { compileTable, type SheetTables, type ValueIndex } from './values';

/** Looks a user up in the target system; undefined if there is none or more than one. May throw SyncError. */
export type FindUser = (by: { email?: string; login?: string; name?: string }) => Promise<UserValue | undefined>;

interface UserTable {
  /** its index among the rows */
  place: number;
  source: FieldChoice;
  target: FieldChoice;
  table: ValueIndex;
  sameName: boolean;
}

export type UserTables = ReadonlyMap<FieldId, UserTable>;

/** The rows whose target is a user field, by target field. */
export function compileUserRows(rows: ValueRow[], direction: Direction, sheets?: SheetTables): UserTables {
  const tables = new Map<FieldId, UserTable>();
  for (const [place, row] of rows.entries()) {
    const [source, target] = direction === 'forward' ? [row.one, row.two] : [row.two, row.one];
    if (target.type !== 'user' || tables.has(target.id)) continue;
    tables.set(target.id, {
      place,
      source,
      target,
      table: compileTable(row, direction, sheets),
      sameName: row.sameName ?? true,
    });
  }
  return tables;
}

/** Recognizes a user by its properties (an email or a login), for payloads that no field mapper has described. */
function looksLikeUser(value: SingleValue | undefined): boolean {
  return typeof value === 'object' && value !== null && !('content' in value) && ('email' in value || 'login' in value);
}

const listOf = (value: Value | undefined): SingleValue[] =>
  Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];

const isPerson = (value: SingleValue): value is UserValue =>
  typeof value === 'object' && value !== null && !('content' in value);

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** The same user in both: one has no email, or it is an email that the source user may have there. */
function mayBe(addresses: string[], found: UserValue): boolean {
  const email = word(found.email)?.toLowerCase();
  return addresses.length === 0 || email === undefined || addresses.some((one) => one.toLowerCase() === email);
}

async function byWord(text: string, find: FindUser): Promise<UserValue | undefined> {
  if (text.includes('@')) return (await find({ email: text })) ?? find({ login: text });
  return (await find({ login: text })) ?? find({ name: text });
}

/**
 * The target user that someone has typed in: by email or login, else by a name, which may be meant as a login as well.
 * undefined if there is none or more than one.
 * @throws the errors of `find`
 */
export async function personByWord({ email, login, name }: UserValue, find: FindUser): Promise<UserValue | undefined> {
  const byEmail = word(email) === undefined ? undefined : await find({ email: word(email) });
  if (byEmail !== undefined) return byEmail;
  const byLogin = word(login) === undefined ? undefined : await find({ login: word(login) });
  const text = word(name);
  return byLogin ?? (text === undefined ? undefined : byWord(text, find));
}

interface Found {
  person: UserValue;
  by: Origin;
}

const as = (by: Origin, person: UserValue | undefined): Found | undefined =>
  person === undefined ? undefined : { person, by };

async function counterpart(
  person: UserValue,
  table: UserTable | undefined,
  find: FindUser,
  rewrite: RewriteAddress,
): Promise<Found | undefined> {
  const row = table?.table.find(person);
  if (row?.id !== undefined) return as('table', row);
  // sheets and users may name the target user by any of the properties
  if (row !== undefined) return as('table', await byWord(row.name, find));
  const email = word(person.email);
  const addresses = email === undefined ? [] : [...rewrite(email), email];
  for (const address of addresses) {
    const byEmail = await find({ email: address });
    if (byEmail !== undefined) return as('email', byEmail);
  }
  if (table?.sameName === false) return undefined;
  const login = word(person.login);
  const byLogin = login === undefined ? undefined : await find({ login });
  if (byLogin !== undefined && mayBe(addresses, byLogin)) return as('login', byLogin);
  const name = word(person.name);
  const byName = name === undefined ? undefined : await find({ name });
  return byName !== undefined && mayBe(addresses, byName) ? as('name', byName) : undefined;
}

/** The settings of an integration's value mappers about users. */
export interface PeopleRules {
  tables: UserTables[];
  rewrite: RewriteAddress;
}

/**
 * The target user for someone mentioned in a text. A text has no table of its own, so any table of users may name them.
 * undefined if there is none or more than one.
 * @throws the errors of `find`
 */
export async function mentionedPerson(
  person: UserValue,
  { tables, rewrite }: PeopleRules,
  find: FindUser,
): Promise<UserValue | undefined> {
  const all = tables.flatMap((some) => [...some.values()]);
  const named = all.find(({ table }) => table.find(person) !== undefined);
  const strict = all.length > 0 && all.every(({ sameName }) => !sameName) ? all[0] : undefined;
  return (await counterpart(person, named ?? strict, find, rewrite))?.person;
}

/** Table rows may know the user by the id in the source system, which the payload no longer has. */
function withOwnId(person: UserValue, own: SingleValue[]): UserValue {
  for (const candidate of own) {
    if (!isPerson(candidate)) continue;
    if (candidate.email !== undefined && candidate.email === person.email) return candidate;
    if (candidate.name !== undefined && candidate.name === person.name) return candidate;
  }
  return person;
}

function describe(person: UserValue): string {
  const email = word(person.email);
  const name = word(person.name) ?? word(person.login);
  return name !== undefined && email !== undefined ? `${showValue(name)} (${email})` : showValue(person);
}

const folded = (word: string | undefined): string => (word ?? '').trim().toLowerCase();

const only = <One>(list: One[]): One | undefined => (list.length === 1 ? list[0] : undefined);

/**
 * The single user that a system's search result means; undefined if there is none or more than one. Case distinguishes
 * users only if two names differ in nothing else.
 * @param users the users that the system has found for `by`
 */
export function theOneOf(users: UserValue[], { email, login, name }: Parameters<FindUser>[0]): UserValue | undefined {
  if (email) {
    // a system may find users by an email that it does not show
    const found = users.filter((user) => user.email === undefined || folded(user.email) === folded(email));
    // … or by a second email while it shows the first: connections return nobody whose email is not the requested one
    return only(found.length === 0 ? users : found);
  }
  if (login) return only(users.filter((user) => folded(user.login) === folded(login)));
  const exact = users.filter((user) => user.name === name);
  return only(exact.length > 0 ? exact : users.filter((user) => name && folded(user.name) === folded(name)));
}

/** Finds users in a list, as a system would in its directory. */
export function directoryOf(people: UserValue[]): FindUser {
  const groups = (wordOf: (person: UserValue) => string | undefined): Map<string, UserValue[]> => {
    const found = new Map<string, UserValue[]>();
    for (const person of people) {
      const word = folded(wordOf(person));
      if (word !== '') found.set(word, [...(found.get(word) ?? []), person]);
    }
    return found;
  };
  const [emails, logins, names] = [
    groups(({ email }) => email),
    groups(({ login }) => login),
    groups(({ name }) => name),
  ];
  return async (by) => {
    const { email, login, name } = by;
    const group = email ? emails : login ? logins : names;
    return theOneOf(group.get(folded(email || login || name)) ?? [], by);
  };
}

export interface WithoutCounterpart {
  person: UserValue;
  /** the users whom the table names and whom the target does not have */
  named?: string;
}

/**
 * The users without a match by table, email, login or name: those that `resolveUsers` would not find.
 * @param ways.row the value mapper's row for the field, if it has one
 * @param ways.sheets the content of its sheet
 * @throws the errors of `find`
 */
export async function peopleWithout(
  people: UserValue[],
  ways: { row?: ValueRow; sheets?: SheetTables; direction: Direction; find: FindUser; rewrite?: RewriteAddress },
): Promise<WithoutCounterpart[]> {
  const { row, sheets, direction, find, rewrite = keepAddress } = ways;
  const [table] = compileUserRows(row === undefined ? [] : [row], direction, sheets).values();
  const missing: WithoutCounterpart[] = [];
  for (const person of people) {
    if ((await counterpart(person, table, find, rewrite)) !== undefined) continue;
    const named = table?.table.find(person)?.name;
    missing.push(named === undefined ? { person } : { person, named });
  }
  return missing;
}

/**
 * Replaces the users in all user fields of the target by the target's own. A user without a match is removed and listed
 * in `unresolved`, by name. A user that already has an id there (a constant, a default, resolved before) stays. Tables
 * and domain rules do not apply to values that are already the target's own: a constant, or the result of an
 * expression's look-up.
 * @param rewrite the domain rules of the direction
 * @throws the errors of `find`, so that a system in trouble costs the field nothing
 */
export async function resolveUsers(
  input: MappedFields,
  tables: UserTables,
  find: FindUser,
  trace?: Trace,
  rewrite: RewriteAddress = keepAddress,
): Promise<MappedFields> {
  const output = { fields: { ...input.fields }, mapped: { ...input.mapped }, unresolved: { ...input.unresolved } };
  for (const [id, value] of Object.entries(input.fields)) {
    const how = input.mapped[id];
    const type = how?.type ?? tables.get(id)?.target.type;
    const people = listOf(value);
    if (type === undefined ? !looksLikeUser(people[0]) : type !== 'user') continue;
    const own = listOf(how?.source);
    const settled = how !== undefined && (how.settled === true || how.from.length === 0);
    const table = settled ? undefined : tables.get(id);
    const found: UserValue[] = [];
    const missing: UserValue[] = [];
    for (const person of people) {
      if (!isPerson(person)) continue;
      if (person.id !== undefined) found.push(person);
      else {
        const match = settled
          ? as('name', await personByWord(person, find))
          : await counterpart(withOwnId(person, own), table, find, rewrite);
        if (match === undefined) missing.push(person);
        else {
          found.push(match.person);
          trace?.(id, match.by, tables.get(id)?.place);
        }
      }
    }
    if (people.length === 0) continue;
    if (how?.source !== undefined) {
      const { source: _done, ...rest } = how;
      output.mapped[id] = rest;
    }
    const [first] = found;
    if (first === undefined) delete output.fields[id];
    else output.fields[id] = Array.isArray(value) ? found : first;
    if (missing.length === 0) continue;
    const source = tables.get(id)?.source.name ?? how?.from[0] ?? id;
    const reason = `${source}: ${missing.map(describe).join(', ')} is not a user of the target system (field ${id})`;
    const lost: Value = missing.length === 1 ? (missing[0] ?? null) : missing;
    const why: Unresolved = { reason, value: lost, code: 'noUser' };
    output.unresolved[id] = first === undefined ? why : { ...why, lossy: true };
  }
  return output;
}
