/** Redmine's own fields of an issue: ids, labels as in the web interface, types, and the names the API has for them. */

import type { FieldType } from '../../model/values';

export interface CoreField {
  id: string;
  name: string;
  type: FieldType;
  readOnly?: boolean;
  required?: boolean;
  maxLength?: number;
  integer?: boolean;
  /** a create without it may get a value of the server's: today, a project's version, a category's assignee */
  hasDefault?: boolean;
  /** the parameter that sets it, and the name under which the journal notes its changes */
  parameter: string;
  journal?: string;
  /** its name in a tracker's list of enabled standard fields, where a tracker can do without it */
  trackerField?: string;
}

export const CORE_FIELDS: readonly CoreField[] = [
  { id: 'subject', name: 'Subject', type: 'text', required: true, maxLength: 255, parameter: 'subject' },
  { id: 'description', name: 'Description', type: 'richtext', parameter: 'description', trackerField: 'description' },
  { id: 'status', name: 'Status', type: 'lookup', parameter: 'status_id' },
  { id: 'priority', name: 'Priority', type: 'lookup', parameter: 'priority_id', trackerField: 'priority_id' },
  { id: 'assigned_to', name: 'Assignee', type: 'user', parameter: 'assigned_to_id', trackerField: 'assigned_to_id' },
  { id: 'category', name: 'Category', type: 'lookup', parameter: 'category_id', trackerField: 'category_id' },
  {
    id: 'fixed_version',
    name: 'Target version',
    type: 'lookup',
    hasDefault: true,
    parameter: 'fixed_version_id',
    trackerField: 'fixed_version_id',
  },
  {
    id: 'parent',
    name: 'Parent task',
    type: 'reference',
    parameter: 'parent_issue_id',
    journal: 'parent_id',
    trackerField: 'parent_issue_id',
  },
  {
    id: 'start_date',
    name: 'Start date',
    type: 'date',
    hasDefault: true,
    parameter: 'start_date',
    trackerField: 'start_date',
  },
  { id: 'due_date', name: 'Due date', type: 'date', parameter: 'due_date', trackerField: 'due_date' },
  {
    id: 'estimated_hours',
    name: 'Estimated time',
    type: 'duration',
    parameter: 'estimated_hours',
    trackerField: 'estimated_hours',
  },
  {
    id: 'done_ratio',
    name: '% Done',
    type: 'number',
    integer: true,
    parameter: 'done_ratio',
    trackerField: 'done_ratio',
  },
  { id: 'is_private', name: 'Private', type: 'boolean', parameter: 'is_private' },
  { id: 'author', name: 'Author', type: 'user', readOnly: true, parameter: 'author_id' },
  { id: 'created_on', name: 'Created', type: 'datetime', readOnly: true, parameter: 'created_on' },
  { id: 'updated_on', name: 'Updated', type: 'datetime', readOnly: true, parameter: 'updated_on' },
  { id: 'closed_on', name: 'Closed', type: 'datetime', readOnly: true, parameter: 'closed_on' },
  { id: 'id', name: '#', type: 'number', integer: true, readOnly: true, parameter: 'id' },
];

export const coreField = (id: string): CoreField | undefined => CORE_FIELDS.find((field) => field.id === id);
