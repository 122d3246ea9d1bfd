/**
 * The default mapper: which value a target field receives if the source is empty or its value has no match in the
 * target.
 */

import type { DefaultRow, EmptyPolicy, UnresolvedPolicy } from '../model/config';
import { type Direction, targetSide } from '../model/entity';
import type { ChangeKind, Unresolved } from '../model/message';
import { type FieldId, isEmpty, type SingleValue, type UserValue, type Value } from '../model/values';
import { equalValues } from './compare';
import { showValue } from './describe';
import type { MappedFields } from './fields';
import type { Trace } from './trace';
import { type FindUser, personByWord } from './users';

export interface DefaultContext {
  trace?: Trace;
  /** source fields that differ from their last synced values; if absent, all count as changed */
  changed?: FieldId[];
}

export type DefaultMapping = (input: MappedFields, kind: ChangeKind, context?: DefaultContext) => MappedFields;

const hasDefault = (row: DefaultRow): boolean => row.value !== undefined && !isEmpty(row.value as Value);

/** The row's rule. If it has none: the default value if given, otherwise leave the field alone and warn. */
export function unresolvedPolicy(row: DefaultRow): UnresolvedPolicy {
  const policy = row.unresolved ?? 'default';
  return policy === 'default' && !hasDefault(row) ? 'leave' : policy;
}

/** The row's rule. If it has none: the default value if given, otherwise clear the target like the source. */
export function emptyPolicy(row: DefaultRow): EmptyPolicy {
  const policy = row.empty ?? 'default';
  return policy === 'default' && !hasDefault(row) ? 'clear' : policy;
}

/**
 * Compiles the rows of the target's side.
 * - Source empty (the payload has null, '' or []): the row's rule applies. For a create the default also applies if the
 *   payload lacks the field; such a default is set on create only.
 * - No match: the row's rule goes into `unresolved`; with `default`, the default goes into the payload as well.
 * - A value that was only partly converted stays; only `park` is passed on.
 * - Another item: the engine finds out whether it has a counterpart, and receives the row's rule and default.
 * The input is not changed.
 */
export function compileDefaultRows(rows: DefaultRow[], direction: Direction): DefaultMapping {
  const compiled = [...rows.entries()].filter(([, row]) => row.side === targetSide(direction));
  return (input, kind, { trace, changed } = {}) => {
    if (compiled.length === 0 || kind === 'delete') return input;
    const output = { fields: { ...input.fields }, mapped: { ...input.mapped }, unresolved: { ...input.unresolved } };
    for (const [place, row] of compiled) {
      const { id } = row.field;
      const open = Object.hasOwn(output.unresolved, id) ? output.unresolved[id] : undefined;
      const used = (): void => trace?.(id, 'default', place);
      if (open !== undefined) applyUnresolved(row, open, output, used);
      else if (Object.hasOwn(output.fields, id)) {
        if (isEmpty(output.fields[id])) applyEmpty(row, kind, output, changed, used);
        else applyToReference(row, output);
      } else if (kind === 'create' && emptyPolicy(row) === 'default') {
        output.fields[id] = defaultOf(row);
        output.mapped[id] = { from: [], type: row.field.type, syncWhen: 'create' };
        used();
      }
    }
    return output;
  };
}

const defaultOf = (row: DefaultRow): Value => (row.value ?? null) as Value;

function applyUnresolved(row: DefaultRow, open: Unresolved, output: MappedFields, used: () => void): void {
  const { id, type } = row.field;
  const policy = unresolvedPolicy(row);
  if (open.lossy === true) {
    if (policy === 'park') output.unresolved[id] = { ...open, policy };
    else if (policy === 'default' && open.entries) {
      output.unresolved[id] = { ...open, policy };
      output.fields[id] = joined(output.fields[id] ?? null, defaultOf(row));
      used();
    }
    return;
  }
  // `lossy` tells the writer that the payload does have a value.
  output.unresolved[id] = policy === 'default' ? { ...open, policy, lossy: true } : { ...open, policy };
  if (policy !== 'default') return;
  output.fields[id] = defaultOf(row);
  if (!Object.hasOwn(output.mapped, id)) output.mapped[id] = { from: [], type };
  used();
}

function applyToReference(row: DefaultRow, output: MappedFields): void {
  const how = output.mapped[row.field.id];
  const policy = unresolvedPolicy(row);
  if (how?.refers === undefined || policy === 'leave') return;
  const otherwise = policy === 'default' ? { policy, value: defaultOf(row) } : { policy };
  output.mapped[row.field.id] = { ...how, otherwise };
}

const itemsOf = (value: Value): SingleValue[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

/** The entries of both lists, without duplicates. */
function joined(one: Value, two: Value): Value {
  const items = itemsOf(one);
  return [...items, ...itemsOf(two).filter((item) => !items.some((other) => equalValues(item, other)))];
}

function applyEmpty(
  row: DefaultRow,
  kind: ChangeKind,
  output: MappedFields,
  changed: FieldId[] | undefined,
  used: () => void,
): void {
  const { id, name } = row.field;
  const policy = emptyPolicy(row);
  if (policy === 'clear') return;
  if (policy === 'default') {
    output.fields[id] = defaultOf(row);
    used();
    return;
  }
  delete output.fields[id];
  // a new item's field is empty like the source: nothing is lost that would need a report
  if (policy === 'leave' && kind === 'create') return;
  const from = output.mapped[id]?.from ?? [];
  // an item that was empty before is not parked because something else changed
  const now = kind === 'create' || changed === undefined || from.some((field) => changed.includes(field));
  const does = policy === 'park' ? 'its default row parks that' : `${name} is left as it is`;
  output.unresolved[id] = {
    reason: `${name}: the source${from.length > 0 ? ` (${from.join(', ')})` : ''} is empty; ${does}`,
    value: null,
    policy: policy === 'park' && now ? 'park' : 'leave',
  };
}

/** Fields whose default is a user that has yet to be looked up in the target. */
function unknownPeople(rows: DefaultRow[], used: ReadonlySet<FieldId>): DefaultRow[] {
  return rows.filter(({ field, value }) => {
    if (field.type !== 'user' || !used.has(field.id)) return false;
    return listOf(value).some((person) => person.id === undefined);
  });
}

const listOf = (value: DefaultRow['value']): UserValue[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (person): person is UserValue => typeof person === 'object' && person !== null && !('content' in person),
  );

/**
 * Replaces defaults given only by login, email or name with the target's own users. A user unknown to the target is
 * removed and reported.
 * @param used fields that have received their default
 * @throws what `find` throws
 */
export async function resolveDefaultPeople(
  input: MappedFields,
  rows: DefaultRow[],
  direction: Direction,
  used: ReadonlySet<FieldId>,
  find: FindUser,
): Promise<MappedFields> {
  const sided = rows.filter((row) => row.side === targetSide(direction));
  const open = unknownPeople(sided, used);
  if (open.length === 0) return input;
  const output = { ...input, fields: { ...input.fields }, unresolved: { ...input.unresolved } };
  for (const { field, value, unresolved } of open) {
    const people = listOf(value);
    const found: UserValue[] = [];
    for (const person of people) {
      const known = person.id === undefined ? await personByWord(person, find) : person;
      if (known !== undefined) found.push(known);
    }
    const [first] = found;
    if (first === undefined) delete output.fields[field.id];
    else output.fields[field.id] = Array.isArray(value) ? found : first;
    if (found.length === people.length) continue;
    const before = output.unresolved[field.id];
    const missing = people.filter((person) => person.id === undefined);
    const wrong = `${field.name}: the default ${missing.map(showValue).join(', ')} is not a user of the target system`;
    output.unresolved[field.id] = {
      reason: before === undefined ? wrong : `${before.reason}; ${wrong}`,
      value: before?.value ?? null,
      policy: unresolved === 'park' ? 'park' : 'leave',
      ...(first !== undefined && { lossy: true }),
    };
  }
  return output;
}

/** True if the default of some row is a user without id. */
export const hasUnknownPeople = (rows: DefaultRow[]): boolean =>
  unknownPeople(rows, new Set(rows.map(({ field }) => field.id))).length > 0;
