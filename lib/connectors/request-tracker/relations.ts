/**
 * Links between tickets, as fields whose values are lists of tickets: one field for each end of each kind. A link is stored once and
 * shown by both tickets; adding or removing it writes a transaction on each of them, so that polling finds both. Links to
 * addresses of other systems are no relations, and stay.
 * https://docs.bestpractical.com/rt/5.0/RT/REST2.html#Links
 */

import type { EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId, Fields, ReferenceValue, Value } from '../../model/values';
import { idOfValue, nameOf } from '../kit/compare';
import { type Json, listOf, textOf } from '../kit/json';

interface Relation {
  /** RT's name of this end in a write */
  id: FieldId;
  /** as RT's pages say it */
  name: string;
  /** how a ticket's hyperlinks show it */
  ref: string;
}

const RELATIONS: readonly Relation[] = [
  { id: 'DependsOn', name: 'Depends on', ref: 'depends-on' },
  { id: 'DependedOnBy', name: 'Depended on by', ref: 'depended-on-by' },
  { id: 'RefersTo', name: 'Refers to', ref: 'refers-to' },
  { id: 'ReferredToBy', name: 'Referred to by', ref: 'referred-to-by' },
  { id: 'MemberOf', name: 'Parents', ref: 'parent' },
  { id: 'Members', name: 'Children', ref: 'child' },
];

const IDS = new Set(RELATIONS.map(({ id }) => id));

export const isRelation = (field: FieldId): boolean => IDS.has(field);

/** The property of a ticket with its links, in lists as well. */
export const LINKS = '_hyperlinks';

export const relationFields = (): Field[] =>
  RELATIONS.map(({ id, name }) => ({ id, name, type: 'reference', multi: true }));

/** The answer shows the ticket's links. */
export const showsLinks = (ticket: Json): boolean => Array.isArray(ticket[LINKS]);

const isTicket = (id: string): boolean => /^[1-9]\d{0,15}$/.test(id);

/** Ids of the related tickets by field, sorted: RT's own order is not always the same. */
function relatedIn(ticket: Json): Map<FieldId, EntityId[]> {
  const links = listOf(ticket, LINKS);
  return new Map(
    RELATIONS.map(({ id, ref }): [FieldId, EntityId[]] => {
      const ofKind = links.filter((link) => link.ref === ref && link.type === 'ticket');
      const ids = new Set(ofKind.flatMap((link) => textOf(link.id) ?? []).filter(isTicket));
      return [id, [...ids].sort((a, b) => Number(a) - Number(b))];
    }),
  );
}

/** @param reference of a ticket */
export const relationsOf = (ticket: Json, reference: (id: EntityId) => ReferenceValue): Fields =>
  Object.fromEntries(
    [...relatedIn(ticket)].map(([id, others]): [FieldId, Value] => [
      id,
      others.length > 0 ? others.map(reference) : null,
    ]),
  );

/** Ids of the tickets in a value. @throws SyncError invalid, without `fields`: the caller names the field */
export function ticketsIn(value: Value): EntityId[] {
  const list = value === null ? [] : Array.isArray(value) ? value : [value];
  return [
    ...new Set(
      list.map((one) => {
        const id = idOfValue(one) ?? nameOf(one);
        // RT would make a link of any address
        if (!isTicket(id)) throw new SyncError('invalid', `"${id.slice(0, 60)}" is not the number of a ticket`);
        return id;
      }),
    ),
  ];
}

/** What an update says to make the links of these fields the wanted ones. All others stay. */
export function linkChanges(ticket: Json, wanted: Record<FieldId, EntityId[]>): Json {
  const there = relatedIn(ticket);
  const changes: Json = {};
  for (const [field, ids] of Object.entries(wanted)) {
    const now = there.get(field) ?? [];
    const [added, removed] = [ids.filter((id) => !now.includes(id)), now.filter((id) => !ids.includes(id))];
    if (added.length > 0) changes[`Add${field}`] = added;
    if (removed.length > 0) changes[`Delete${field}`] = removed;
  }
  return changes;
}
