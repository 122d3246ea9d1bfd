/** Who of the people of either system has no counterpart in the other one, by table, address, login or name. */

import { compileDomains, directoryOf, type FindUser, peopleWithout } from '../../lib/mapping';
import type { DomainRule, ValuePair, ValueRow } from '../../lib/model/config';
import type { Direction, Side } from '../../lib/model/entity';
import type { UserValue } from '../../lib/model/values';
import type { MappingScope } from '../editor/mapping';

/** People for whom the other system is asked one by one, since its list may not be whole. */
const MOST_ASKED = 15;

export interface Unmatched {
  side: Side;
  people: UserValue[];
  /** people of that side who were looked at */
  of: number;
}

/** A pair for the person, whose other end is still to be chosen. */
export const pairOf = (side: Side, person: UserValue): Partial<ValuePair> => {
  const name = person.name ?? person.login ?? person.email ?? person.id ?? '';
  const entry = person.id === undefined ? { name } : { id: person.id, name };
  return side === 1 ? { one: entry } : { two: entry };
};

/** @throws MetadataError – a system can't be asked for its people */
export async function unmatchedPeople(scope: MappingScope, row: ValueRow, rules: DomainRule[]): Promise<Unmatched[]> {
  const sides: [Side, Direction][] = [
    [1, 'forward'],
    [2, 'backward'],
  ];
  if (row.one.type !== 'user' || row.two.type !== 'user') return [];
  const [ones, twos] = await Promise.all([scope.users(1, ''), scope.users(2, '')]);
  const found: Unmatched[] = [];
  for (const [side, direction] of sides) {
    const [people, others] = side === 1 ? [ones, twos] : [twos, ones];
    const rewrite = compileDomains(rules, direction);
    const inList = await peopleWithout(people, row, direction, directoryOf(others), rewrite);
    const few = inList.slice(0, MOST_ASKED);
    const other: Side = side === 1 ? 2 : 1;
    const ask: FindUser = async ({ email, login }) => {
      // names were looked for in the list: few systems find them better
      if (email === undefined && login === undefined) return undefined;
      const hits = await scope.usersBy(other, email === undefined ? { login } : { email });
      return hits.length === 1 ? hits[0] : undefined;
    };
    const missing = await peopleWithout(few, row, direction, ask, rewrite);
    found.push({ side, people: [...missing, ...inList.slice(MOST_ASKED)], of: people.length });
  }
  return found;
}
