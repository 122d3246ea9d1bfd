/** Redmine's own fields of an issue: ids, labels of the web interface, types, and their names in the API. */

import type { FieldType } from '../../model/values';

export interface CoreField {
  id: string;
  name: string;
  type: FieldType;
  readOnly?: boolean;
  required?: boolean;
  maxLength?: number;
  integer?: boolean;
  /** a create without it may get a value from the server: today, a project's version, a category's assignee */
  hasDefault?: boolean;
  /** the parameter that sets it, and its name in the journal */
  parameter: string;
  journal?: string;
  /** its name in a tracker's list of enabled standard fields, if a tracker can disable it */
  trackerField?: string;
}

const always = (id: string, name: string, type: FieldType, more: Partial<CoreField> = {}): CoreField => ({
  ...{ id, name, type, parameter: id },
  ...more,
});
/** A tracker can disable it. */
const optional = (id: string, name: string, type: FieldType, parameter = id): CoreField =>
  always(id, name, type, { parameter, trackerField: parameter });
const shown = (id: string, name: string, type: FieldType, more: Partial<CoreField> = {}): CoreField =>
  always(id, name, type, { readOnly: true, ...more });

export const CORE_FIELDS: readonly CoreField[] = [
  always('subject', 'Subject', 'text', { required: true, maxLength: 255 }),
  optional('description', 'Description', 'richtext'),
  always('status', 'Status', 'lookup', { parameter: 'status_id' }),
  optional('priority', 'Priority', 'lookup', 'priority_id'),
  optional('assigned_to', 'Assignee', 'user', 'assigned_to_id'),
  optional('category', 'Category', 'lookup', 'category_id'),
  { ...optional('fixed_version', 'Target version', 'lookup', 'fixed_version_id'), hasDefault: true },
  { ...optional('parent', 'Parent task', 'reference', 'parent_issue_id'), journal: 'parent_id' },
  { ...optional('start_date', 'Start date', 'date'), hasDefault: true },
  optional('due_date', 'Due date', 'date'),
  optional('estimated_hours', 'Estimated time', 'duration'),
  { ...optional('done_ratio', '% Done', 'number'), integer: true },
  always('is_private', 'Private', 'boolean'),
  shown('author', 'Author', 'user', { parameter: 'author_id' }),
  shown('created_on', 'Created', 'datetime'),
  shown('updated_on', 'Updated', 'datetime'),
  shown('closed_on', 'Closed', 'datetime'),
  shown('id', '#', 'number', { integer: true }),
];

export const coreField = (id: string): CoreField | undefined => CORE_FIELDS.find((field) => field.id === id);
