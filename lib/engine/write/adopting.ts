/** What becomes of a new item by what a look-up has found, and of the fields that differ. Pure. */

import { equalValues } from '../../mapping/compare';
import { resembles } from '../../merge/tolerance';
import type { ADOPTED_FIELDS, LookUpRule } from '../../model/config';
import type { Entity } from '../../model/entity';
import type { SyncMessage } from '../../model/message';
import { type FieldId, type Fields, isEmpty } from '../../model/values';

export type LookUpOutcome =
  | { do: 'create' }
  | { do: 'adopt'; found: Entity; note?: string }
  | { do: 'skip' | 'park'; reason: string };

/** Keys in one sentence. */
const MOST_NAMED = 5;

/** @param found what is free, the oldest first */
export function lookUpOutcome(rule: LookUpRule, found: readonly Entity[], target: string): LookUpOutcome {
  const [first] = found;
  if (!first) {
    const reason = `no item in ${target} belongs to it, and the integration creates none`;
    return rule.none === 'create' ? { do: 'create' } : { do: rule.none, reason };
  }
  const keys = found.slice(0, MOST_NAMED).map(({ key }) => key);
  const names = found.length > MOST_NAMED ? `${keys.join(', ')} …` : keys.join(', ');
  if (found.length === 1) {
    if (rule.one === 'adopt') return { do: 'adopt', found: first };
    if (rule.one === 'create') return { do: 'create' };
    return { do: rule.one, reason: `${names} in ${target} is there already` };
  }
  const several = `${found.length} items in ${target} may belong to it: ${names}`;
  if (rule.several === 'adopt') return { do: 'adopt', found: first, note: `${several}. The oldest was linked` };
  if (rule.several === 'create') return { do: 'create' };
  return { do: rule.several, reason: several };
}

/** What an adopted pair is taken to have in common, so that the merge decides as the rule says. */
export interface AdoptedBases {
  source: Fields;
  target: Fields;
  /** mapped target fields in which both have a value, and not the same */
  differing: FieldId[];
}

/**
 * An empty field replaces nothing, whoever wins: the side that has a value gives it to the other one. Where both have one, the loser's
 * counts as known, so only the winner's is a change.
 * @param message mapped, for a create
 */
export function adoptedBases(
  differ: (typeof ADOPTED_FIELDS)[number],
  { payload, sync }: SyncMessage,
  source: Pick<Entity, 'fields' | 'updatedAt'>,
  target: Pick<Entity, 'fields' | 'updatedAt'>,
): AdoptedBases {
  const bases: AdoptedBases = { source: {}, target: {}, differing: [] };
  const winner = differ === 'newest' ? newest(source, target) : differ;
  for (const [field, { from }] of Object.entries(sync.mapped ?? {})) {
    const [wanted, now] = [payload[field] ?? null, target.fields[field] ?? null];
    if (isEmpty(now)) continue;
    if (isEmpty(wanted)) {
      // nothing was emptied: the target gives its value
      for (const one of from) if (isEmpty(source.fields[one])) bases.source[one] = null;
      continue;
    }
    if (equalValues(wanted, now) || resembles(wanted, now)) continue;
    bases.differing.push(field);
    if (winner === 'source') bases.target[field] = now;
    if (winner === 'target') for (const one of from) bases.source[one] = source.fields[one] ?? null;
  }
  return bases;
}

const newest = (source: Pick<Entity, 'updatedAt'>, target: Pick<Entity, 'updatedAt'>): 'source' | 'target' =>
  Date.parse(source.updatedAt) >= Date.parse(target.updatedAt) ? 'source' : 'target';

export function differingReason({ key }: Pick<Entity, 'key'>, target: string, { length }: readonly FieldId[]): string {
  return `${key} in ${target} belongs to it, and ${length === 1 ? 'a field differs' : `${length} fields differ`}`;
}
