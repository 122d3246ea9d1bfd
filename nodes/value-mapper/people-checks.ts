/**
 * Finds the users of either system without a match in the other one, by table, sheet, email, login or name: a change
 * could not sync them.
 */

import { compileDomains } from '../../lib/mapping/domains';
import { askedSheet } from '../../lib/mapping/tables/totality';
import { directoryOf, type FindUser, peopleWithout, theOneOf, type WithoutCounterpart } from '../../lib/mapping/users';
import type { DomainRule, ValuePair, ValueRow } from '../../lib/model/config';
import type { Direction, Side } from '../../lib/model/entity';
import { inOrder, otherSide } from '../../lib/model/sides';
import type { LookupValue, UserValue } from '../../lib/model/values';
import { isPeople, type Lists, type MappingScope, personName } from '../editor/mapping';
import { lookUpInSheet } from './sheet-requests';

/** Maximum number of users for whom the other system is asked one by one, because its list may be incomplete. */
const MOST_ASKED = 15;

export interface Unmatched {
  side: Side;
  people: WithoutCounterpart[];
  /** number of users of that side that were checked */
  of: number;
  /** the name of the system in which they do not exist */
  system: string;
}

/** A pair for the user, whose other side is still to be selected. */
export const pairOf = (side: Side, person: UserValue): Partial<ValuePair> => {
  const name = personName(person);
  const entry = person.id === undefined ? { name } : { id: person.id, name };
  return side === 1 ? { one: entry } : { two: entry };
};

/** Users without a match, as values of either side. */
export function openPeople(unmatched: Unmatched[]): Lists {
  const named = (wanted: Side): LookupValue[] =>
    unmatched.flatMap(({ side, people }) =>
      side === wanted ? people.map(({ person }) => ({ name: personName(person) })) : [],
    );
  return [named(1), named(2)];
}

/** @throws MetadataError if a system cannot be asked for its users; Error if the sheet cannot be read */
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
    const [people, others] = inOrder(side, ones, twos);
    const other: Side = otherSide(side);
    const rewrite = compileDomains(rules, direction);
    const without = (some: UserValue[], find: FindUser): Promise<WithoutCounterpart[]> =>
      peopleWithout(some, { row, sheets, direction, find, rewrite });
    const ask: FindUser = async (by) => theOneOf(await scope.usersBy(other, by), by);
    const inList = await without(people, directoryOf(others));
    const inTable = inList.filter(({ named }) => named !== undefined);
    const nowhere = inList.filter(({ named }) => named === undefined);
    const few = [...nowhere.slice(0, MOST_ASKED), ...inTable.slice(0, MOST_ASKED)].map(({ person }) => person);
    const missing = await without(few, ask);
    // nothing is claimed about users in the table that nobody was asked for
    unmatched.push({
      ...{ side, of: people.length, system: scope.systemName(other) },
      people: [...missing, ...nowhere.slice(MOST_ASKED)],
    });
  }
  return unmatched;
}
