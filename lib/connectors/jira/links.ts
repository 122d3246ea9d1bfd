/**
 * Links between issues, as fields whose values are lists of issues: one field for each end of each link type of the site. Both
 * issues show a link; Jira stores it once. Links cannot be written together with the issue: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-links/
 *
 * Direction: in a write, the issue named as `inwardIssue` shows the *outward* words ("blocks"). In a read, `outwardIssue` is
 * the other issue of a link that this issue shows with the outward words.
 * https://developer.atlassian.com/cloud/jira/platform/issue-linking-model/
 */

import type { Field } from '../../model/entity';
import type { FieldId, Fields, ReferenceValue, Value } from '../../model/values';
import { idOfValue } from '../kit/compare';
import { isJson, type Json, objectsOf, textOf } from '../kit/json';
import { refusal, uncertain } from '../kit/refusals';
import { Problem } from '../kit/wanted';

const PREFIX = 'relation_';

export const isLinkField = (id: FieldId): boolean => id.startsWith(PREFIX);

/** The end of a link type; `either`: both ends have the same words. */
type End = 'outward' | 'inward' | 'either';

export interface LinkField {
  id: FieldId;
  name: string;
  type: string;
  end: End;
}

/**
 * @param types as listed by `issueLinkType`. Two of them may use the same words, so a field's id contains the type's id, and its
 * name the type's name
 */
export function linkFieldsOf(types: readonly Json[]): LinkField[] {
  const fields = types.flatMap(({ id: json, name, inward, outward }): (LinkField & { kind: string })[] => {
    const id = textOf(json);
    if (id === undefined) return [];
    const kind = textOf(name) ?? id;
    const [from, to] = [textOf(outward) ?? kind, textOf(inward) ?? kind];
    const about = { type: id, kind };
    if (from.toLowerCase() === to.toLowerCase()) return [{ ...about, id: PREFIX + id, name: from, end: 'either' }];
    return [
      { ...about, id: `${PREFIX}${id}_outward`, name: from, end: 'outward' },
      { ...about, id: `${PREFIX}${id}_inward`, name: to, end: 'inward' },
    ];
  });
  const isTwice = (words: string) => fields.filter(({ name }) => name.toLowerCase() === words.toLowerCase()).length > 1;
  return fields.map(({ kind, ...field }) => ({
    ...field,
    name: isTwice(field.name) ? `${field.name} (${kind})` : field.name,
  }));
}

export const fieldOfLink = ({ id, name }: LinkField): Field => ({ id, name, type: 'reference', multi: true });

/** A link, as shown by one of its issues. */
export interface RawLink {
  id: string;
  type: string;
  end: 'outward' | 'inward';
  /** the issue at the other end */
  other: Json;
}

export const linksOf = (issuelinks: unknown): RawLink[] =>
  objectsOf(issuelinks).flatMap((json) => {
    const id = textOf(json.id);
    const type = isJson(json.type) ? textOf(json.type.id) : undefined;
    if (id === undefined || type === undefined) return [];
    return (['outward', 'inward'] as const).flatMap((end) => {
      const other = json[`${end}Issue`];
      return isJson(other) ? [{ id, type, end, other }] : [];
    });
  });

const belongs = ({ type, end }: LinkField, link: RawLink): boolean =>
  link.type === type && (end === 'either' || link.end === end);

const otherOf = ({ other }: RawLink): string => textOf(other.id) ?? '';

/** @param reference of the issue at the other end */
export function linkedIn(
  links: readonly RawLink[],
  fields: readonly LinkField[],
  reference: (issue: Json) => ReferenceValue | undefined,
): Fields {
  return Object.fromEntries(
    fields.map((field): [FieldId, Value] => {
      const others = new Map(links.flatMap((link) => (belongs(field, link) ? [[otherOf(link), link.other]] : [])));
      const ids = [...others.keys()].sort((a, b) => Number(a) - Number(b));
      const values = ids.flatMap((id) => reference(others.get(id) ?? {}) ?? []);
      return [field.id, values.length > 0 ? values : null];
    }),
  );
}

/** The ids of the issues that a field's links should lead to. */
export interface WantedLinks {
  field: LinkField;
  issues: string[];
}

/** @throws Problem if the value does not name issues */
export function wantedLinks(fields: readonly LinkField[], id: FieldId, value: Value): WantedLinks {
  const field = fields.find((one) => one.id === id);
  if (!field) throw new Problem(`Jira has no link type for "${id}", or issue linking is switched off`);
  const issues = (value === null ? [] : [value].flat()).map((one) => {
    const issue = idOfValue(one);
    if (issue === undefined || !/^\d{1,18}$/.test(issue)) throw new Problem(`"${field.name}" takes issues, by id`);
    return issue;
  });
  return { field, issues: [...new Set(issues)] };
}

/** Requests that change links. */
export interface LinkCalls {
  /** The links that an issue shows now. */
  read(): Promise<RawLink[]>;
  /** Also succeeds if the link already exists. `from` shows the outward words. */
  create(type: string, from: string, to: string): Promise<void>;
  remove(link: string): Promise<void>;
}

/**
 * Changes an issue's links to the wanted ones, in the given fields. All other links are kept.
 * @param shown its links as last read, if known
 * @returns field → why some of its links were not written
 * @throws SyncError `uncertain` if the system or the connection fails: some links may have been written
 */
export async function writeLinks(
  calls: LinkCalls,
  issue: string,
  wanted: readonly WantedLinks[],
  shown: readonly RawLink[] | undefined,
): Promise<Record<FieldId, string>> {
  const there = shown ?? (await uncertain(calls.read()));
  const ignored: Record<FieldId, string> = {};
  const refuse = ({ id, name }: LinkField, why: string): void => {
    ignored[id] = ignored[id] === undefined ? `${name}: ${why}` : `${ignored[id]}; ${why}`;
  };
  const left = wanted.map(({ field, issues }) => ({
    field,
    issues,
    own: there.filter((link) => belongs(field, link)),
  }));
  for (const { field, issues, own } of left)
    for (const link of own) {
      if (issues.includes(otherOf(link))) continue;
      const error = await refusal(calls.remove(link.id));
      // removed from its other end meanwhile
      if (error && error.kind !== 'notFound') refuse(field, `the link to ${keyOf(link)} stays: ${error.message}`);
    }
  for (const { field, issues, own } of left)
    for (const other of issues) {
      if (own.some((link) => otherOf(link) === other)) continue;
      const error = await refusal(calls.create(field.type, ...endsOf(field.end, issue, other)));
      if (error) refuse(field, `no link to issue ${other}: ${error.message}`);
    }
  return ignored;
}

/** If both ends are alike, the same issue always comes first: Jira stores the same link only once. */
function endsOf(end: End, issue: string, other: string): [string, string] {
  switch (end) {
    case 'outward':
      return [issue, other];
    case 'inward':
      return [other, issue];
    case 'either':
      return Number(issue) < Number(other) ? [issue, other] : [other, issue];
  }
}

const keyOf = (link: RawLink): string => textOf(link.other.key) ?? otherOf(link);
