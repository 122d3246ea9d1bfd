/**
 * Who of the people of either system has no counterpart in the other one, by table, sheet, address, login or name: those
 * whom a change could not bring over.
 */

import { compileDomains, directoryOf, type FindUser, peopleWithout, type WithoutCounterpart } from '../../lib/mapping';
import { askedSheet } from '../../lib/mapping/tables/totality';
import { theOneOf } from '../../lib/mapping/users';
import type { DomainRule, ValuePair, ValueRow } from '../../lib/model/config';
import type { Direction, Side } from '../../lib/model/entity';
import type { LookupValue, UserValue } from '../../lib/model/values';
import { isPeople, type Lists, type MappingScope, personName } from '../editor/mapping';
import { lookUpInSheet } from './sheet-requests';

/** People for whom the other system is asked one by one, since its list may not be whole. */
const MOST_ASKED = 15;

export interface Unmatched {
  side: Side;
  people: WithoutCounterpart[];
  /** people of that side who were looked at */
  of: number;
  /** the name of the system that does not have them */
  system: string;
}

/** A pair for the person, whose other end is still to be chosen. */
export const pairOf = (side: Side, person: UserValue): Partial<ValuePair> => {
  const name = personName(person);
  const entry = person.id === undefined ? { name } : { id: person.id, name };
  return side === 1 ? { one: entry } : { two: entry };
};

/** Those without counterpart as values of either side. */
export function openPeople(unmatched: Unmatched[]): Lists {
  const named = (wanted: Side): LookupValue[] =>
    unmatched.flatMap(({ side, people }) =>
      side === wanted ? people.map(({ person }) => ({ name: personName(person) })) : [],
    );
  return [named(1), named(2)];
}

/** @throws MetadataError – a system can't be asked for its people; Error – the sheet can't be read */
export async function unmatchedPeople(scope: MappingScope, row: ValueRow, rules: DomainRule[]): Promise<Unmatched[]> {
  const sides: [Side, Direction][] = [
    [1, 'forward'],
    [2, 'backward'],
  ];
  if (!isPeople(row)) return [];
  const [ones, twos] = await Promise.all([scope.users(1, ''), scope.users(2, '')]);
  const found = await lookUpInSheet(row, ones, twos);
  const sheets = found && askedSheet(row, ones, twos, found);
  const unmatched: Unmatched[] = [];
  for (const [side, direction] of sides) {
    const [people, others] = side === 1 ? [ones, twos] : [twos, ones];
    const other: Side = side === 1 ? 2 : 1;
    const rewrite = compileDomains(rules, direction);
    const without = (some: UserValue[], find: FindUser): Promise<WithoutCounterpart[]> =>
      peopleWithout(some, { row, sheets, direction, find, rewrite });
    const ask: FindUser = async (by) => theOneOf(await scope.usersBy(other, by), by);
    const inList = await without(people, directoryOf(others));
    const inTable = inList.filter(({ named }) => named !== undefined);
    const nowhere = inList.filter(({ named }) => named === undefined);
    const few = [...nowhere.slice(0, MOST_ASKED), ...inTable.slice(0, MOST_ASKED)].map(({ person }) => person);
    const missing = await without(few, ask);
    // of people whom the table names and nobody was asked for, nothing is claimed
    unmatched.push({
      ...{ side, of: people.length, system: scope.systemName(other) },
      people: [...missing, ...nowhere.slice(MOST_ASKED)],
    });
  }
  return unmatched;
}
