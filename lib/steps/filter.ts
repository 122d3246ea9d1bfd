/** The filter: which changes go on. Pure. */

import { type Condition, type ConditionMode, matches } from '../mapping/conditions';
import { readConditions } from '../mapping/saved';
import { type Side, sourceSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';

export interface FilterSettings {
  /** whose changes are filtered; those of the other side pass */
  side: Side;
  mode: ConditionMode;
  conditions: Condition[];
  matchCase: boolean;
  /** false: an entity that is in sync stays in sync, whatever its fields say later */
  live: boolean;
}

/** A filter as it stands in a flow; what has the wrong shape counts as preset. */
export function readFilter(saved: {
  side?: unknown;
  mode?: unknown;
  conditions?: unknown;
  matchCase?: unknown;
  live?: unknown;
}): FilterSettings {
  return {
    side: saved.side === '2' || saved.side === 2 ? 2 : 1,
    mode: saved.mode === 'any' ? 'any' : 'all',
    conditions: readConditions(saved.conditions),
    matchCase: saved.matchCase === true,
    live: saved.live === true,
  };
}

/**
 * `notAsked`: the filter lets it pass without a look at its fields – it comes from the other side, or it is in sync
 * already and such entities stay.
 */
export type FilterVerdict = { passes: true; notAsked?: 'otherSide' | 'inSync' } | { passes: false };

/** @throws SyncError fatal – the message is mapped already, so that it has no source fields any more */
export function filterMessage(filter: FilterSettings, { sync, payload }: SyncMessage): FilterVerdict {
  if (sourceSide(sync.direction) !== filter.side) return { passes: true, notAsked: 'otherSide' };
  if (sync.mapped !== undefined) {
    throw new SyncError('fatal', 'The filter compares source fields: put it before the field mapper');
  }
  if (sync.kind === 'update' && !filter.live) return { passes: true, notAsked: 'inSync' };
  const { conditions, mode, matchCase } = filter;
  return { passes: matches(conditions, mode, payload, sync.changed, { matchCase }) };
}

export interface CriterionResult {
  condition: Condition;
  met: boolean;
}

/** Each condition alone, for a person who asks why. */
export const criteriaOf = (filter: FilterSettings, { sync, payload }: SyncMessage): CriterionResult[] =>
  filter.conditions.map((condition) => ({
    condition,
    met: matches([condition], 'all', payload, sync.changed, { matchCase: filter.matchCase }),
  }));
