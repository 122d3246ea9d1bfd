/**
 * New parts of one owner are created in their order. Several of them may come in one batch, and a batch may bring one before another
 * one that it needs: so the store is asked for each round of writing whose turn it is.
 */

import type { Store } from '../../store/store';
import type { Decided } from './change';

export interface Turns {
  /** one of each line at most, and all that stands in none */
  now: Decided[];
  /** behind one of those */
  later: Decided[];
  /** behind one that is not here, or that has failed */
  early: Decided[];
}

const isNewPart = ({ change }: Decided): boolean => change.owner !== undefined && change.event.link === undefined;
const lineOf = ({ change: { event } }: Decided): string => JSON.stringify([event.entity.owner?.id, event.entity.type]);

export async function inTurns(store: Pick<Store, 'inTurn'>, decided: Decided[]): Promise<Turns> {
  const parts = decided.filter(isNewPart).sort((a, b) => a.change.seq - b.change.seq);
  if (parts.length === 0) return { now: decided, later: [], early: [] };
  const isInTurn = await store.inTurn(parts.map(({ change }) => change));
  const turns: Turns = { now: decided.filter((one) => !isNewPart(one)), later: [], early: [] };
  const begun = new Set<string>();
  for (const [index, one] of parts.entries()) {
    const line = lineOf(one);
    if (!isInTurn[index]) turns.early.push(one);
    else if (begun.has(line)) turns.later.push(one);
    else turns.now.push(one);
    begun.add(line);
  }
  return turns;
}
