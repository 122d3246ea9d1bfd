/**
 * Relations between issues, as fields whose values are lists of issues: one field for each kind and direction, so that a field
 * mapper decides what becomes of each. A relation is shown by both issues ("blocks" by one, "blocked by" by the other) and is
 * stored once. Redmine keeps at most one relation between two issues in each direction, whatever its kind, and says neither
 * when one is added nor when one is removed: the issue's update time stays.
 * https://www.redmine.org/projects/redmine/wiki/Rest_IssueRelations
 */

import type { Field } from '../../model/entity';
import type { FieldId, Fields, ReferenceValue, Value } from '../../model/values';
import { refusal, uncertain } from '../kit/refusals';
import { Problem } from '../kit/wanted';
import type { RedmineApi } from './api';
import type { RawRelation } from './shapes';

interface RelationField {
  id: FieldId;
  name: string;
  /** what a relation of this field is created as, from the issue that has the field */
  kind: string;
  /** what it is stored as, and which end the issue is; `either`: both ends are alike */
  stored: string;
  end: 'from' | 'to' | 'either';
}

const field = (kind: string, name: string, stored: string, end: RelationField['end']): RelationField => ({
  ...{ id: `relation_${kind}`, name, kind, stored, end },
});

const RELATIONS: readonly RelationField[] = [
  field('relates', 'Related to', 'relates', 'either'),
  field('duplicates', 'Is duplicate of', 'duplicates', 'from'),
  field('duplicated', 'Has duplicate', 'duplicates', 'to'),
  field('blocks', 'Blocks', 'blocks', 'from'),
  field('blocked', 'Blocked by', 'blocks', 'to'),
  field('precedes', 'Precedes', 'precedes', 'from'),
  field('follows', 'Follows', 'precedes', 'to'),
  field('copied_to', 'Copied to', 'copied_to', 'from'),
  field('copied_from', 'Copied from', 'copied_to', 'to'),
];

const byId = new Map(RELATIONS.map((one) => [one.id, one]));

export const isRelation = (id: FieldId): boolean => byId.has(id);

export const relationName = (id: FieldId): string | undefined => byId.get(id)?.name;

export const relationFields = (): Field[] =>
  RELATIONS.map(({ id, name }) => ({ id, name, type: 'reference', multi: true }));

/** The issue at the other end, if the relation is one of the field's. */
function otherEnd({ stored, end }: RelationField, { from, to, kind }: RawRelation, issue: string): string | undefined {
  if (kind !== stored) return undefined;
  if (end !== 'to' && from === issue) return to;
  return end !== 'from' && to === issue ? from : undefined;
}

/** @param reference of an issue */
export function relatedIn(
  issue: string,
  relations: readonly RawRelation[],
  reference: (id: string) => ReferenceValue,
): Fields {
  return Object.fromEntries(
    RELATIONS.map((one): [FieldId, Value] => {
      const others = relations.flatMap((relation) => otherEnd(one, relation, issue) ?? []);
      return [one.id, others.length > 0 ? [...new Set(others)].map(reference) : null];
    }),
  );
}

/** Issues that each field is to name. */
export type WantedRelations = Record<FieldId, string[]>;

/** Kinds in the words of the page. */
const wordsOf = (kind: string): string =>
  RELATIONS.find(({ stored, end }) => stored === kind && end !== 'to')?.name ?? kind;

/**
 * Makes an issue's relations those that are wanted, in the fields that are given; all others stay. What is no longer wanted is
 * removed first, since a relation of another kind may take its place.
 * @returns field → why not all of it was done
 * @throws SyncError `uncertain` – the system or the connection is in trouble, and some of it may have been done
 */
export async function writeRelations(
  api: RedmineApi,
  issue: string,
  wanted: WantedRelations,
): Promise<Record<FieldId, string>> {
  const there = await uncertain(api.relations(issue));
  const adding: { field: RelationField; to: string }[] = [];
  const left: RawRelation[] = [];
  const removing: { field: RelationField; relation: RawRelation }[] = [];
  for (const one of RELATIONS) {
    const ids = wanted[one.id];
    for (const relation of there) {
      const other = otherEnd(one, relation, issue);
      if (other === undefined) continue;
      if (ids === undefined || ids.includes(other)) left.push(relation);
      else removing.push({ field: one, relation });
    }
    for (const to of ids ?? [])
      if (!there.some((relation) => otherEnd(one, relation, issue) === to)) adding.push({ field: one, to });
  }
  const refused: Record<FieldId, string> = {};
  const refuse = ({ id, name }: RelationField, why: string): void => {
    refused[id] = refused[id] === undefined ? `${name}: ${why}` : `${refused[id]}; ${why}`;
  };
  for (const { field: one, relation } of removing) {
    const error = await refusal(api.unrelate(relation.id));
    // removed from its other end meanwhile
    if (error && error.kind !== 'notFound')
      refuse(one, `the relation to #${other(relation, issue)} stays: ${error.message}`);
  }
  for (const { field: one, to } of adding) {
    const error = await refusal(api.relate(issue, to, one.kind));
    if (!error) continue;
    const now = await uncertain(api.relations(issue));
    // made from its other end meanwhile
    if (now.some((relation) => otherEnd(one, relation, issue) === to)) continue;
    const taken = now.find((relation) => other(relation, issue) === to);
    const why = taken ? `; both are related already (${wordsOf(taken.kind)})` : '';
    refuse(one, `no relation to #${to}: ${error.message}${why}`);
  }
  return refused;
}

const other = ({ from, to }: RawRelation, issue: string): string => (from === issue ? to : from);

/** @throws Problem – the value is no list of issues */
export function issuesOf(id: FieldId, value: Value, numberOf: (name: string, one: Value) => string): string[] {
  const name = relationName(id);
  if (name === undefined) throw new Problem(`There is no relation "${id}"`);
  const list = value === null ? [] : Array.isArray(value) ? value : [value];
  return [...new Set(list.map((one) => numberOf(name, one)))];
}
