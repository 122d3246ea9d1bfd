/** Finds out how a field, and the values selected from its list, have changed since they were selected in a form.
 * Pure. */

import type { FieldChoice } from '../model/config';
import type { Field, Side } from '../model/entity';
import type { LookupValue } from '../model/values';
import { type Finding, type LiveFields, listed } from './finding';

type Place = Pick<Finding, 'row' | 'label'>;

/** The field as its system declares it now, by its id; as it was selected if that is unknown. */
export function asNow(choice: FieldChoice, live: LiveFields): FieldChoice {
  const now = live?.get(choice.id);
  if (now === undefined) return choice;
  const { id, name, type, multi, maxLength, length, integer, format } = now;
  return {
    ...{ id, name, type },
    ...(multi && { multi }),
    ...(maxLength !== undefined && { maxLength }),
    ...(length !== undefined && { length }),
    ...(integer && { integer }),
    ...(format !== undefined && { format }),
  };
}

/** Gone, renamed, or of another type. */
export function fieldDrift(choice: FieldChoice, side: Side, live: LiveFields, place: Place): Finding[] {
  if (live === undefined) return [];
  const now = live.get(choice.id);
  const common = { ...place, side };
  if (now === undefined) {
    const folded = choice.name.trim().toLowerCase();
    const twin = [...live.values()].find(({ name }) => name.trim().toLowerCase() === folded);
    const code = twin === undefined ? 'unknownField' : 'moved';
    return [{ ...common, level: 'error', code, names: { name: choice.name } }];
  }
  const found: Finding[] = [];
  if (now.name !== choice.name && choice.name !== choice.id) {
    found.push({ ...common, level: 'note', code: 'renamed', names: { was: choice.name, name: now.name } });
  }
  if (now.type !== choice.type || (now.multi ?? false) !== (choice.multi ?? false)) {
    const names = {
      name: now.name,
      ...{ wasType: choice.type, isType: now.type },
      ...{ wasManyType: manyOf(choice), isManyType: manyOf(now) },
    };
    found.push({ ...common, level: 'warning', code: 'typeChanged', names });
  }
  return found;
}

const manyOf = ({ multi }: Pick<Field, 'multi'>): string => (multi ? 'multi' : 'single');

/** Compares the values of a table, a constant or a default with the current list. */
export function valueDrift(
  values: LookupValue[],
  list: LookupValue[] | undefined,
  side: Side,
  place: Place,
  field: string,
): Finding[] {
  if (list === undefined) return [];
  const byId = new Map(list.map((value) => [value.id ?? value.name, value]));
  const names = new Set(list.map(({ name }) => fold(name)));
  const gone: string[] = [];
  const renamed: string[] = [];
  const others: string[] = [];
  for (const value of distinct(values)) {
    const now = value.id === undefined ? undefined : byId.get(value.id);
    if (now !== undefined) {
      if (fold(now.name) !== fold(value.name)) renamed.push(`${value.name} → ${now.name}`);
    } else if (names.has(fold(value.name))) {
      if (value.id !== undefined) others.push(value.name);
    } else gone.push(value.name);
  }
  const finding = (level: Finding['level'], code: Finding['code'], found: string[]): Finding[] =>
    found.length === 0 ? [] : [{ ...place, side, level, code, names: { name: field, ...listed(found) } }];
  return [
    ...finding('warning', 'goneValues', gone),
    ...finding('warning', 'otherIds', others),
    ...finding('note', 'renamedValues', renamed),
  ];
}

const fold = (name: string): string => name.trim().toLowerCase();

const distinct = (values: LookupValue[]): LookupValue[] => [
  ...new Map(values.map((value) => [JSON.stringify([value.id, value.name]), value])).values(),
];
