/**
 * The JSON of Redmine's REST API, checked when it is read: from `unknown` to types, ids as strings.
 * https://www.redmine.org/projects/redmine/wiki/Rest_Issues and its neighbours.
 */

import { createHash } from 'node:crypto';
import { SyncError } from '../../model/errors';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';

export interface Named {
  id: string;
  name: string;
}

export interface RawCustomValue extends Named {
  multiple: boolean;
  /** strings, whatever the field's type; null or '' where empty */
  value: string | string[] | null;
}

/** A relation as Redmine stores it. */
export interface RawRelation {
  id: string;
  /** the issue that blocks, precedes, was copied … */
  from: string;
  to: string;
  kind: string;
}

/** An attachment of an issue. */
export interface RawFile {
  id: string;
  name: string;
  /** bytes */
  size: number;
  mediaType: string | undefined;
  description: string;
  author: Named | undefined;
  /** whole seconds, UTC: when it was uploaded */
  createdOn: string;
}

export interface RawIssue {
  id: string;
  project: Named;
  tracker: Named;
  status: Named;
  priority: Named | undefined;
  author: Named | undefined;
  assignedTo: Named | undefined;
  category: Named | undefined;
  fixedVersion: Named | undefined;
  parent: string | undefined;
  subject: string;
  description: string;
  startDate: string | undefined;
  dueDate: string | undefined;
  doneRatio: number | undefined;
  isPrivate: boolean;
  estimatedHours: number | undefined;
  customFields: RawCustomValue[];
  /** whole seconds, UTC */
  createdOn: string;
  updatedOn: string;
  closedOn: string | undefined;
  allowedStatuses: Named[];
  journals: Json[];
  relations: RawRelation[];
  /** the oldest first; undefined if they were not asked for */
  files: RawFile[] | undefined;
}

/** `{"id": 1, "name": "Bug"}` */
export function namedOf(value: unknown): Named | undefined {
  if (!isJson(value)) return undefined;
  const id = textOf(value.id);
  return id === undefined ? undefined : { id, name: textOf(value.name) ?? '' };
}

/** What has an id, each with its JSON. */
export const eachNamed = <T>(list: Json[], make: (named: Named, json: Json) => T): T[] =>
  list.flatMap((json) => {
    const named = namedOf(json);
    return named ? [make(named, json)] : [];
  });

export const namedList = (body: unknown, property: string): Named[] =>
  eachNamed(listOf(body, property), (named) => named);

const customValueOf = (named: Named, { value, multiple }: Json): RawCustomValue => ({
  ...named,
  multiple: multiple === true,
  value: Array.isArray(value) ? value.flatMap((one) => textOf(one) ?? []) : (textOf(value) ?? null),
});

/** The `relations` of an issue's JSON; there are none where it was not asked for them. */
export const relationsOf = (json: Json): RawRelation[] =>
  listOf(json, 'relations')
    .flatMap((one): RawRelation[] => {
      const [id, from, to] = [textOf(one.id), textOf(one.issue_id), textOf(one.issue_to_id)];
      const kind = textOf(one.relation_type);
      return id && from && to && kind ? [{ id, from, to, kind }] : [];
    })
    .sort((a, b) => Number(a.id) - Number(b.id));

/** @throws SyncError malformed – one without number, name, size or time */
export function fileOf(issue: string, json: Json): RawFile {
  const [id, name, createdOn] = [textOf(json.id), textOf(json.filename), textOf(json.created_on)];
  const size = numberOf(json.filesize);
  if (id === undefined || name === undefined || createdOn === undefined || size === undefined) {
    const words = `Redmine shows an attachment of issue ${issue} without number, name, size or time`;
    throw new SyncError('fatal', words, { malformed: true });
  }
  return {
    ...{ id, name, size, createdOn, mediaType: textOf(json.content_type) || undefined },
    ...{ description: textOf(json.description) ?? '', author: namedOf(json.author) },
  };
}

const filesOf = (issue: string, list: Json[]): RawFile[] =>
  list
    .map((json) => fileOf(issue, json))
    .sort((a, b) => Date.parse(a.createdOn) - Date.parse(b.createdOn) || Number(a.id) - Number(b.id));

/** @throws SyncError fatal if it is not an issue as Redmine shows it */
export function issueOf(value: unknown): RawIssue {
  const json = isJson(value) ? value : {};
  const id = textOf(json.id);
  const project = namedOf(json.project);
  const tracker = namedOf(json.tracker);
  const status = namedOf(json.status);
  const updatedOn = textOf(json.updated_on);
  if (!id || !project || !tracker || !status || !updatedOn) {
    throw new SyncError(
      'fatal',
      `Redmine shows issue ${id ?? '?'} without id, project, tracker, status or update time`,
      { malformed: true },
    );
  }
  return {
    id,
    project,
    tracker,
    status,
    priority: namedOf(json.priority),
    author: namedOf(json.author),
    assignedTo: namedOf(json.assigned_to),
    category: namedOf(json.category),
    fixedVersion: namedOf(json.fixed_version),
    parent: isJson(json.parent) ? textOf(json.parent.id) : undefined,
    subject: textOf(json.subject) ?? '',
    description: textOf(json.description) ?? '',
    startDate: textOf(json.start_date),
    dueDate: textOf(json.due_date),
    doneRatio: numberOf(json.done_ratio),
    isPrivate: json.is_private === true,
    estimatedHours: numberOf(json.estimated_hours),
    customFields: eachNamed(listOf(json, 'custom_fields'), customValueOf),
    createdOn: textOf(json.created_on) ?? updatedOn,
    updatedOn,
    closedOn: textOf(json.closed_on),
    allowedStatuses: namedList(json, 'allowed_statuses'),
    journals: listOf(json, 'journals'),
    relations: relationsOf(json),
    files: Array.isArray(json.attachments) ? filesOf(id, listOf(json, 'attachments')) : undefined,
  };
}

/** A list compares its rows with each other, a poll with what it has read: issues as they were answered are never changed. */
const versions = new WeakMap<RawIssue, string>();

/**
 * The update time has whole seconds only, so it does not distinguish two changes within one second; a digest of the
 * fields does. Values that change without an update (spent time) are left out, and also details of users.
 */
export function versionOf(issue: RawIssue): string {
  const known = versions.get(issue);
  if (known !== undefined) return known;
  const { journals: _journals, allowedStatuses: _allowed, files: _files, ...content } = issue;
  const version = `${issue.updatedOn}-${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)}`;
  versions.set(issue, version);
  return version;
}
