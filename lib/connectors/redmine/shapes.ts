/**
 * The JSON of Redmine's REST API, checked on its way in: from `unknown` to types, ids as strings.
 * https://www.redmine.org/projects/redmine/wiki/Rest_Issues and its neighbours.
 */

import { SyncError } from '../../model/errors';
import { isJson, listOf, textOf } from '../kit/json';

export type Json = Record<string, unknown>;

export interface Named {
  id: string;
  name: string;
}

export interface RawCustomValue extends Named {
  multiple: boolean;
  /** strings, whatever the field's type; null or '' where empty */
  value: string | string[] | null;
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
}

export { isJson, listOf, textOf };

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : undefined;

/** `{"id": 1, "name": "Bug"}` */
export function namedOf(value: unknown): Named | undefined {
  if (!isJson(value)) return undefined;
  const id = textOf(value.id);
  return id === undefined ? undefined : { id, name: textOf(value.name) ?? '' };
}

export const namedList = (body: unknown, property: string): Named[] =>
  listOf(body, property).flatMap((one) => namedOf(one) ?? []);

function customValueOf(json: Json): RawCustomValue[] {
  const named = namedOf(json);
  if (!named) return [];
  const { value } = json;
  return [
    {
      ...named,
      multiple: json.multiple === true,
      value: Array.isArray(value) ? value.flatMap((one) => textOf(one) ?? []) : (textOf(value) ?? null),
    },
  ];
}

/** @throws SyncError fatal – not an issue as Redmine shows it */
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
    customFields: listOf(json, 'custom_fields').flatMap(customValueOf),
    createdOn: textOf(json.created_on) ?? updatedOn,
    updatedOn,
    closedOn: textOf(json.closed_on),
    allowedStatuses: namedList(json, 'allowed_statuses'),
    journals: listOf(json, 'journals'),
  };
}
