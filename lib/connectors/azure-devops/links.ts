/**
 * Links of work items, as fields: one for each end of each link type that the organization has, whose values are the work items
 * at the other end, and one for hyperlinks. Both work items show a link; it is stored once. The parent has a field of its own.
 * https://learn.microsoft.com/azure/devops/boards/queries/link-type-reference
 */

import { createHash } from 'node:crypto';

import type { EntityId } from '../../model/entity';
import type { FieldId, ReferenceValue, Value } from '../../model/values';
import { type FieldInfo, PARENT } from './field-types';
import { HYPERLINK, isOwnHyperlink } from './hyperlinks';
import { isJson, type Json, type PatchOperation, type RawRelation, textOf } from './shapes';

/** Ids of these fields start with it, and go on with the reference name of the link type's end. */
const PREFIX = 'relation_';
const HIERARCHY = 'System.LinkTypes.Hierarchy-';

/** Whether a field may change without a new revision: by an edit of the work item at the other end. */
export const changesSilently = (id: FieldId): boolean =>
  id === PARENT || (id.startsWith(PREFIX) && id !== PREFIX + HYPERLINK);

/** @param types as listed by `_apis/wit/workitemrelationtypes` */
export function linkFields(types: readonly Json[]): FieldInfo[] {
  const links = types.flatMap(({ referenceName, name, attributes }): FieldInfo[] => {
    const [rel, about] = [textOf(referenceName), isJson(attributes) ? attributes : {}];
    const isLink = about.usage === 'workItemLink' && about.enabled !== false;
    // those of other organizations have numbers that mean others here
    if (!rel || !isLink || about.remote === true || rel.startsWith(HIERARCHY)) return [];
    return [{ id: PREFIX + rel, name: textOf(name) ?? rel, type: 'reference', multi: true, link: rel }];
  });
  return [...links, { id: PREFIX + HYPERLINK, name: 'Hyperlinks', type: 'url', multi: true, link: HYPERLINK }];
}

/** The work item at the other end; undefined: it is a link to something else. */
const otherOf = ({ url }: RawRelation): EntityId | undefined => /\/workitems\/(\d+)$/i.exec(url)?.[1];

/** What tells a relation from others of its kind: a work item's number, or an address. */
const targetOf = (relation: RawRelation): string => otherOf(relation) ?? relation.url;

/** The value of a link field. */
export function linkedIn(relations: readonly RawRelation[], rel: string, urlOf: (id: EntityId) => string): Value {
  const own = relations.filter((one) => one.rel === rel);
  if (rel === HYPERLINK) {
    const urls = [...new Set(own.flatMap((one) => (isOwnHyperlink(one) ? [] : [one.url])))];
    return urls.length > 0 ? urls : null;
  }
  const ids = [...new Set(own.flatMap((one) => otherOf(one) ?? []))].sort((a, b) => Number(a) - Number(b));
  return ids.length > 0 ? ids.map((id): ReferenceValue => ({ id, key: id, url: urlOf(id) })) : null;
}

/** Tells apart what links a work item shows: one that was made at its other end moves no revision. '' = none. */
export function linksDigest(relations: readonly RawRelation[], fields: readonly FieldInfo[]): string {
  const kinds = new Set(fields.flatMap(({ link }) => (link === undefined || link === HYPERLINK ? [] : [link])));
  const links = relations.flatMap((one) => (kinds.has(one.rel) ? [`${one.rel}>${targetOf(one)}`] : []));
  if (links.length === 0) return '';
  return createHash('sha256').update(links.sort().join('\n')).digest('hex').slice(0, 10);
}

/** What a field's relations are to lead to. */
export interface WantedLinks {
  field: FieldId;
  name: string;
  rel: string;
  /** numbers of work items, or addresses */
  targets: string[];
}

export interface LinkStep {
  field: FieldId;
  name: string;
  rel: string;
  target: string;
  /** place in the list of the work item's relations, if it is to be removed; undefined = it is added */
  index?: number;
}

/** What is to be removed, the last one first, and then what is to be added. Relations of other fields stay. */
export function linkSteps(wanted: readonly WantedLinks[], relations: readonly RawRelation[] = []): LinkStep[] {
  const removing: (LinkStep & { index: number })[] = [];
  const adding: LinkStep[] = [];
  for (const { field, name, rel, targets } of wanted) {
    const shown = relations.flatMap((one, index) =>
      one.rel === rel && !isOwnHyperlink(one) ? [{ target: targetOf(one), index }] : [],
    );
    for (const { target, index } of shown)
      if (!targets.includes(target)) removing.push({ field, name, rel, target, index });
    for (const target of targets)
      if (!shown.some((one) => one.target === target)) adding.push({ field, name, rel, target });
  }
  return [...removing.sort((a, b) => b.index - a.index), ...adding];
}

export const isRemoval = ({ index }: LinkStep): boolean => index !== undefined;

/** @param baseUrl of the organization, with a slash at its end */
export const linkPatch = (steps: readonly LinkStep[], baseUrl: string): PatchOperation[] =>
  steps.map(({ rel, target, index }) => {
    if (index !== undefined) return { op: 'remove', path: `/relations/${index}` };
    const url = rel === HYPERLINK ? target : `${baseUrl}_apis/wit/workItems/${target}`;
    return { op: 'add', path: '/relations/-', value: { rel, url } };
  });

export const isThere = ({ rel, target }: LinkStep, relations: readonly RawRelation[]): boolean =>
  relations.some((one) => one.rel === rel && targetOf(one) === target);

/** Relations that were to stay and are no longer there. */
export function lostOf(
  before: readonly RawRelation[],
  steps: readonly LinkStep[],
  after: readonly RawRelation[],
): RawRelation[] {
  const removed = new Set(steps.map(({ index }) => index));
  const has = ({ rel }: RawRelation, target: string) =>
    after.some((one) => one.rel === rel && targetOf(one) === target);
  return before.filter((one, index) => !removed.has(index) && !has(one, targetOf(one)));
}

/** Puts a relation back as it was. */
export function restoring({ rel, url, comment, attributes = {} }: RawRelation): PatchOperation {
  const { name, resourceSize } = attributes;
  const told = {
    ...(comment !== undefined && { comment }),
    ...(name !== undefined && { name }),
    ...(resourceSize !== undefined && { resourceSize }),
  };
  const value = { rel, url, ...(Object.keys(told).length > 0 && { attributes: told }) };
  return { op: 'add', path: '/relations/-', value };
}
