/** The basis of a value mapper's tables: the mapped fields and their lists. */

import { proposeValues } from '../../../lib/mapping/auto-map';
import type { SheetCounterparts } from '../../../lib/mapping/tables/totality';
import type { Item } from '../../../lib/mapping/values';
import type { FieldChoice, ValuePair, ValueRow } from '../../../lib/model/config';
import type { Side } from '../../../lib/model/entity';
import type { LookupValue, UserValue } from '../../../lib/model/values';
import { mappedRows } from './mapped';
import type { MappingScope } from './scope';
import { listEntries, personName } from './value-input';

const hasValues = (field: FieldChoice): boolean => field.type === 'lookup' || field.type === 'user';

/** Identifies tables: there is one per pair of fields. */
export const tableKey = (table: { one: FieldChoice; two: FieldChoice }): string =>
  JSON.stringify([table.one.id, table.two.id]);

export const tableTitle = (table: { one: FieldChoice; two: FieldChoice }): string =>
  `${table.one.name} ↔ ${table.two.name}`;

/** Empty tables for pairs of list or user fields that the integration's field mappers map and that have none yet. */
export function newTables(scope: MappingScope, present: ValueRow[]): ValueRow[] {
  const have = new Set(present.map(tableKey));
  return mappedRows(scope.integrationId(), scope.pairs()).flatMap(({ one, two }): ValueRow[] => {
    if (one === undefined || two === undefined || !(hasValues(one) || hasValues(two))) return [];
    const table: ValueRow = { one, two, pairs: [], ignoreCase: true, sameName: true };
    if (have.has(tableKey(table))) return [];
    have.add(tableKey(table));
    return [table];
  });
}

export type Lists = [LookupValue[] | undefined, LookupValue[] | undefined];

/** The lists of both fields; undefined for users and for fields without a list. @throws MetadataError */
export async function listsOf(scope: MappingScope, table: ValueRow): Promise<Lists> {
  const entries = (side: Side, field: FieldChoice): Promise<LookupValue[] | undefined> =>
    field.type === 'lookup' ? listEntries(scope, side, field.id, '') : Promise.resolve(undefined);
  return Promise.all([entries(1, table.one), entries(2, table.two)]);
}

/** Both sides of the table are users. */
export const isPeople = ({ one, two }: ValueRow): boolean => one.type === 'user' && two.type === 'user';

type NamedPerson = UserValue & LookupValue;

/** The first users of both systems. @throws MetadataError */
export async function peopleOf(scope: MappingScope): Promise<[NamedPerson[], NamedPerson[]]> {
  const named = async (side: Side): Promise<NamedPerson[]> =>
    (await scope.users(side, '')).map((user) => ({ ...user, name: personName(user) }));
  return Promise.all([named(1), named(2)]);
}

/**
 * Pairs of values with similar names, for values without a pair; undefined if a field has no list.
 * @param inSheet the sheet's matches: their values are not open
 * @throws MetadataError
 */
export async function proposedPairs(
  scope: MappingScope,
  table: ValueRow,
  present: ValuePair[],
  inSheet?: (ones: Item[], twos: Item[]) => Promise<SheetCounterparts | undefined>,
): Promise<ValuePair[] | undefined> {
  const [ones, twos] = isPeople(table) ? await peopleOf(scope) : await listsOf(scope, table);
  if (ones === undefined || twos === undefined) return undefined;
  const sheet = await inSheet?.(ones, twos);
  const open = (values: LookupValue[], side: 'one' | 'two', found: (string | null)[] = []): LookupValue[] => {
    const paired = new Set(present.map((pair) => pair[side].name));
    return values
      .filter(({ name }, place) => !paired.has(name) && typeof found[place] !== 'string')
      .map(({ id, name }) => (id === undefined ? { name } : { id, name }));
  };
  return proposeValues(open(ones, 'one', sheet?.forward), open(twos, 'two', sheet?.backward)).map(
    ({ one, two, direction }) => ({
      one,
      two,
      direction,
    }),
  );
}
