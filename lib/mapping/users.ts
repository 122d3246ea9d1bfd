/**
 * People across systems: a source person to the target's person. A table row of the value mapper says so, or they share
 * the e-mail address – as the domain rules rewrite it, else as it is –, the login or (where the target has one person of
 * that name only) the name. Nobody is guessed: a person found by login or name whose address is another one is somebody
 * else.
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

/** Looks a person up in the target system; undefined where there is none, or more than one. May throw SyncError. */
export type FindUser = (by: { email?: string; login?: string; name?: string }) => Promise<UserValue | undefined>;

interface UserTable {
  /** its place among the rows */
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

/** A person by their looks, for payloads that no field mapper has described: has an e-mail address or a login. */
function looksLikeUser(value: SingleValue | undefined): boolean {
  return typeof value === 'object' && value !== null && !('content' in value) && ('email' in value || 'login' in value);
}

const listOf = (value: Value | undefined): SingleValue[] =>
  Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];

const isPerson = (value: SingleValue): value is UserValue =>
  typeof value === 'object' && value !== null && !('content' in value);

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** The same person in both: no address in one of them, or one that the source's person may have there. */
function mayBe(addresses: string[], found: UserValue): boolean {
  const email = word(found.email)?.toLowerCase();
  return addresses.length === 0 || email === undefined || addresses.some((one) => one.toLowerCase() === email);
}

async function byWord(text: string, find: FindUser): Promise<UserValue | undefined> {
  if (text.includes('@')) return (await find({ email: text })) ?? find({ login: text });
  return (await find({ login: text })) ?? find({ name: text });
}

/**
 * The target's person whom somebody has typed in: by e-mail address or login, else by a name, which may be meant as a
 * login as well. Undefined where there is none, or more than one.
 * @throws what `find` throws
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
  // a sheet, or a hand, names the target's person by whatever people go by
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

/** Table rows may know the person by the id of the source system, which the payload no longer has. */
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
 * The one person whom a system's answer to a question means; undefined where it is none, or more than one. Case tells people
 * apart only where two names differ by nothing else.
 * @param users whom the system has found for `by`
 */
export function theOneOf(users: UserValue[], { email, login, name }: Parameters<FindUser>[0]): UserValue | undefined {
  if (email) {
    // a system may find people by an address that it does not show
    const found = users.filter((user) => user.email === undefined || folded(user.email) === folded(email));
    // … or by a second one, and shows the first: connections answer with nobody who does not have the address
    return only(found.length === 0 ? users : found);
  }
  if (login) return only(users.filter((user) => folded(user.login) === folded(login)));
  const exact = users.filter((user) => user.name === name);
  return only(exact.length > 0 ? exact : users.filter((user) => name && folded(user.name) === folded(name)));
}

/** Finds people in a list, as a system would in its directory. */
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
  /** whom the table names for the person, and whom the target does not have */
  named?: string;
}

/**
 * Who of these people has no counterpart by table, address, login or name: those whom `resolveUsers` would not find.
 * @param ways.row the value mapper's row for the field, if it has one
 * @param ways.sheets what its sheet holds
 * @throws what `find` throws
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
 * Replaces the people in all user fields of the target by the target's own. Who has no counterpart is taken out and
 * stands in `unresolved`, by name. Whoever already has an id there (a constant, a default, resolved before) stays; what is
 * the target's own already – a constant, or what an expression has looked up – is no matter for tables and domain rules.
 * @param rewrite the domain rules of the direction
 * @throws what `find` throws, so that a system in trouble costs the field nothing
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
    const reason = `${source}: ${missing.map(describe).join(', ')} is no user of the target system (field ${id})`;
    const lost: Value = missing.length === 1 ? (missing[0] ?? null) : missing;
    const why: Unresolved = { reason, value: lost, code: 'noUser' };
    output.unresolved[id] = first === undefined ? why : { ...why, lossy: true };
  }
  return output;
}
