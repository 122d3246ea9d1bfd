/**
 * Definitions of custom fields. An administrator's account reads them from `/custom_fields.json`; other accounts get
 * 403 (https://www.redmine.org/projects/redmine/wiki/Rest_CustomFields). For these they are derived from what the
 * account sees:
 * - names, ids and "multiple" from the values of issues, per project and tracker;
 * - number or date from the issue query, which rejects a filter value of the wrong kind with 422. Two requests
 *   determine it for all fields that are marked as filters.
 * Value lists and the difference between text, list and yes/no stay unknown: such fields are shown as text.
 */

import { SyncError } from '../../model/errors';
import type { FieldType, LookupValue } from '../../model/values';
import { type Json, listOf, textOf } from '../kit/json';
import { BEYOND, type Filter, filterQuery, type RedmineApi } from './api';
import { namedList, namedOf, type RawIssue } from './shapes';

export interface CustomField {
  /** without the `cf_` */
  id: string;
  name: string;
  type: FieldType;
  /** the meaning of a stored text: an id of the list, of a user, of a version, or the text itself */
  holds: 'value' | 'option' | 'user' | 'version' | 'attachment';
  multi: boolean;
  required: boolean;
  integer: boolean;
  maxLength?: number;
  values?: LookupValue[];
  /** can be searched for */
  filter: boolean;
  /** trackers it belongs to; undefined = not known */
  trackers?: string[];
}

const TYPES: Record<string, FieldType> = {
  string: 'text',
  text: 'text',
  link: 'url',
  int: 'number',
  float: 'number',
  date: 'date',
  bool: 'boolean',
  list: 'lookup',
  enumeration: 'lookup',
  version: 'lookup',
  user: 'user',
};

const HOLDS: Record<string, CustomField['holds']> = {
  enumeration: 'option',
  user: 'user',
  version: 'version',
  attachment: 'attachment',
};

function definitionOf(json: Json): CustomField[] {
  const named = namedOf(json);
  if (!named || (json.customized_type !== undefined && json.customized_type !== 'issue')) return [];
  const format = textOf(json.field_format) ?? 'string';
  const options = listOf(json, 'possible_values').flatMap((one) => {
    const value = textOf(one.value);
    return value === undefined ? [] : [{ id: value, name: textOf(one.label) ?? value }];
  });
  const listed = format === 'list' || format === 'enumeration';
  return [
    {
      ...named,
      type: TYPES[format] ?? 'text',
      holds: HOLDS[format] ?? 'value',
      multi: json.multiple === true,
      required: json.is_required === true,
      integer: format === 'int',
      ...(typeof json.max_length === 'number' && json.max_length > 0 ? { maxLength: json.max_length } : {}),
      // a list's own values have no ids apart from themselves
      ...(listed ? { values: format === 'list' ? options.map(({ name }) => ({ name })) : options } : {}),
      filter: json.is_filter === true,
      trackers: namedList(json, 'trackers').map(({ id }) => id),
    },
  ];
}

/** All issue custom fields, or undefined if the account cannot see the definitions. */
export async function declaredCustomFields(api: RedmineApi): Promise<CustomField[] | undefined> {
  try {
    const body = await api.get('custom_fields.json');
    return listOf(body, 'custom_fields').flatMap(definitionOf);
  } catch (thrown) {
    if (thrown instanceof SyncError && (thrown.kind === 'forbidden' || thrown.kind === 'notFound')) return undefined;
    throw thrown;
  }
}

/** The fields that issues of each project and tracker carry, without types. */
export function fieldsOnIssues(issues: RawIssue[]): CustomField[] {
  const found = new Map<string, CustomField>();
  for (const { id, name, multiple } of issues.flatMap(({ customFields }) => customFields)) {
    found.set(id, { ...{ id, name, type: 'text', holds: 'value', multi: multiple }, ...UNDEFINED });
  }
  return [...found.values()];
}

/** A field of which nothing is known. */
const UNDEFINED = { required: false, integer: false, filter: true };

/** Which of the fields reject a filter value: the names in the answer to a query with all of them. */
async function refused(api: RedmineApi, fields: CustomField[], value: string): Promise<Set<string>> {
  const filters: Filter[] = fields.map(({ id }) => ({ field: `cf_${id}`, operator: '=', values: [value] }));
  try {
    // no issue needs to be returned for that
    await api.issues({ ...filterQuery(filters), offset: BEYOND, limit: 1 });
    return new Set();
  } catch (thrown) {
    if (thrown instanceof SyncError && thrown.kind === 'invalid')
      return new Set(Object.keys(thrown.detail.fields ?? {}));
    throw thrown;
  }
}

/** Distinguishes numbers and dates among fields whose definition is not visible. */
export async function probeTypes(api: RedmineApi, fields: CustomField[]): Promise<CustomField[]> {
  const single = fields.filter(({ multi }) => !multi);
  if (single.length === 0) return fields;
  api.learnCustomNames(single);
  const noFraction = await refused(api, single, '1.5');
  const noDate = await refused(api, single, '2020-02-20');
  return fields.map((field) => {
    const id = `cf_${field.id}`;
    if (field.multi) return field;
    if (noFraction.has(id))
      return noDate.has(id) ? { ...field, type: 'number', integer: true } : { ...field, type: 'date' };
    return noDate.has(id) ? { ...field, type: 'number' } : field;
  });
}
