/**
 * Entities that refer to others, in some histories: a parent, and a list of related ones. People name entities of the system
 * in which they work, also such as have no counterpart yet; in the end each has to name the counterpart of what they named.
 */

import { isReference, itemsOf } from '../../lib/merge/references';
import type { Entity } from '../../lib/model/entity';
import type { MappedField, SyncMessage } from '../../lib/model/message';
import type { Fields, SingleValue, Value } from '../../lib/model/values';
import type { Random } from './random';

export const REFERENCES = ['parent', 'related'] as const;

const referenceTo = ({ id, key }: Entity): SingleValue => ({ id, key });

/** What somebody does to the references of an entity. @param known the entities of its system */
export function refer(random: Random, entity: Entity, known: readonly Entity[]): Fields | undefined {
  const others = known.filter(({ id }) => id !== entity.id);
  if (others.length === 0) return undefined;
  const other = referenceTo(random.pick(others));
  if (random.chance(0.5)) return { parent: random.chance(0.15) ? null : other };
  const now = itemsOf(entity.fields.related);
  if (now.length > 0 && random.chance(0.35)) return { related: listOf(now.filter((item) => item !== now[0])) };
  return { related: listOf([...now.filter((item) => idOf(item) !== idOf(other)), other]) };
}

/** As the field mapper leaves them in a message. @param own a mutant: nobody says that they are the source's own */
export function mapReferences({ sync, payload }: SyncMessage, conflict: MappedField['conflict'], own: boolean): void {
  for (const field of REFERENCES) {
    const value = payload[field] ?? null;
    payload[field] = value;
    const how: MappedField = { from: [field], type: 'reference', conflict: field === 'related' ? 'merge' : conflict };
    sync.mapped = { ...sync.mapped, [field]: !own && itemsOf(value).length > 0 ? { ...how, refers: value } : how };
  }
}

/** What entities name that is not in their system. @param clusterOf all counterparts of an entity, by its id */
export function strangersIn(entities: readonly Entity[], clusterOf: ReadonlyMap<string, readonly Entity[]>): string[] {
  const wrong: string[] = [];
  for (const { id, fields } of entities) {
    for (const field of REFERENCES) {
      const foreign = idsIn(fields[field]).filter((named) => systemOf(named) !== systemOf(id) || !clusterOf.has(named));
      if (foreign.length > 0) wrong.push(`${id}.${field} names ${foreign.join(', ')}, which is not there`);
    }
  }
  return wrong;
}

/** What a cluster's entities name otherwise than one another. @param clusterOf as above */
export function unlikeIn(entities: readonly Entity[], clusterOf: ReadonlyMap<string, readonly Entity[]>): string[] {
  const wrong: string[] = [];
  const [first, ...others] = entities;
  if (!first) return wrong;
  for (const field of REFERENCES) {
    const named = (entity: Entity) => {
      const clusters = idsIn(entity.fields[field]).map((id) => clusterOf.get(id)?.[0]?.id ?? id);
      return [...new Set(clusters)].sort().join(', ');
    };
    for (const other of others) {
      if (named(other) === named(first)) continue;
      wrong.push(
        `${first.id}.${field} names ${named(first) || 'nothing'}, ${other.id}.${field} ${named(other) || 'nothing'}`,
      );
    }
  }
  return wrong;
}

const listOf = (items: SingleValue[]): Value => (items.length > 0 ? items : null);
const idOf = (item: SingleValue): string => (isReference(item) ? item.id : '');
const idsIn = (value: Value | undefined): string[] => itemsOf(value).map(idOf);
const systemOf = (id: string): string => id.split('-')[0] ?? '';
