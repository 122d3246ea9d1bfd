/** The effect of a value table on all values of both lists: which of them do not come back unchanged. */

import type { ValueRow } from '../../model/config';
import { applies } from '../../model/entity';
import type { LookupValue } from '../../model/values';
import { compileTable, type Item, indexValues, type SheetTables, type ValueIndex } from '../values';

export interface ReturnsAs {
  value: LookupValue;
  /** its value on the other side */
  over: LookupValue;
  /** its value after the way back */
  back: LookupValue;
}

/** The sheet's matches for the values of both lists, in list order. */
export interface SheetCounterparts {
  forward: (string | null)[];
  backward: (string | null)[];
}

const wordsOf = ({ id, name, login, email }: Item): string => JSON.stringify([id, name, login, email]);

/**
 * The sheet's matches for some values, in the form used at run time.
 * @param ones @param twos the values that the sheet was asked for: nothing else is found
 */
export function askedSheet(row: ValueRow, ones: Item[], twos: Item[], sheet: SheetCounterparts): SheetTables {
  const index = (items: Item[], names: (string | null)[]): ValueIndex => {
    const known = new Map(items.map((item, place) => [wordsOf(item), names[place]]));
    return {
      find(item) {
        const name = known.get(wordsOf(item));
        return typeof name === 'string' ? { name } : undefined;
      },
    };
  };
  return new Map([[row, { forward: index(ones, sheet.forward), backward: index(twos, sheet.backward) }]]);
}

/** The row as if the sheet's matches for the lists' values followed its own pairs. */
export function withSheetPairs(
  row: ValueRow,
  ones: LookupValue[],
  twos: LookupValue[],
  sheet: SheetCounterparts,
): ValueRow {
  const entry = (values: LookupValue[], name: string): LookupValue =>
    values.find((value) => value.name === name) ?? values.find((value) => value.id === name) ?? { name };
  // the row's own pairs come first, even if they have no id and the list value has one
  const [forward, backward] = [compileTable(row, 'forward'), compileTable(row, 'backward')];
  const over = ones.flatMap((one, index): ValueRow['pairs'] => {
    const name = sheet.forward[index];
    return typeof name === 'string' && forward.find(one) === undefined
      ? [{ one, two: entry(twos, name), direction: 'forward' }]
      : [];
  });
  const back = twos.flatMap((two, index): ValueRow['pairs'] => {
    const name = sheet.backward[index];
    return typeof name === 'string' && backward.find(two) === undefined
      ? [{ one: entry(ones, name), two, direction: 'backward' }]
      : [];
  });
  return { ...row, pairs: [...row.pairs, ...over, ...back] };
}

/**
 * Values of System 1's list that come back from System 2 as another value: an update in the other system would change
 * them. If several values map to one, this happens to all but one of them. That is intended, but users should see it.
 */
export function returningAsOthers(row: ValueRow, ones: LookupValue[], twos: LookupValue[]): ReturnsAs[] {
  const ignoreCase = row.ignoreCase ?? true;
  const tables = { forward: compileTable(row, 'forward'), backward: compileTable(row, 'backward') };
  const lists = { forward: indexValues(twos, ignoreCase), backward: indexValues(ones, ignoreCase) };
  const step = (value: LookupValue, direction: 'forward' | 'backward'): LookupValue | undefined =>
    tables[direction].find(value) ?? (row.sameName === false ? undefined : lists[direction].find({ name: value.name }));
  const goesBack = row.pairs.length === 0 || row.pairs.some((pair) => applies(pair.direction, 'backward'));
  if (!goesBack) return [];
  return ones.flatMap((value): ReturnsAs[] => {
    const over = step(value, 'forward');
    const back = over === undefined ? undefined : step(over, 'backward');
    if (over === undefined || back === undefined) return [];
    const same = back.id !== undefined && value.id !== undefined ? back.id === value.id : back.name === value.name;
    return same ? [] : [{ value, over, back }];
  });
}
