/** Pairs that lead to types in which their target cannot create or change anything. Pure. */

import type { Choice } from '../model/config';
import { type Direction, type EntityTypeId, type Side, type TypeAccess, targetSide } from '../model/entity';
import { atSide } from '../model/sides';
import type { Finding } from './finding';

/** What can be done to a type of a side; undefined: everything, or not known. */
export type AccessOf = (side: Side, type: EntityTypeId) => TypeAccess | undefined;

export interface ClosedWay {
  direction: Direction;
  side: Side;
  /** what the target is called */
  name: string;
  access: TypeAccess;
}

interface Pair {
  one: Choice;
  two: Choice;
}

/** Those of a pair's directions in which its target takes nothing, or no changes. */
export function closedWays(pair: Pair, directions: readonly Direction[], accessOf: AccessOf): ClosedWay[] {
  return directions.flatMap((direction) => {
    const side = targetSide(direction);
    const { id, name } = atSide([pair.one, pair.two] as const, side);
    const access = accessOf(side, id);
    return access ? [{ direction, side, name, access }] : [];
  });
}

/** The same as findings of a mapper. */
export const checkAccess = (pair: Pair, directions: readonly Direction[], accessOf: AccessOf): Finding[] =>
  closedWays(pair, directions, accessOf).map(({ direction, side, name, access }) => ({
    level: access === 'read' ? 'error' : 'note',
    code: access === 'read' ? 'readOnlyType' : 'createOnlyType',
    label: name,
    direction,
    side,
    names: { name },
  }));
