/** The fields of a project and issue type, for the forms: Jira's own ones, and the custom ones that the type has. */

import type { Field } from '../../model/entity';
import type { ListValue, LookupValue } from '../../model/values';
import type { JiraApi } from './api';
import { fieldOfLink } from './links';
import type { Metadata, TypeField } from './metadata';

/** Only on the screens of transitions. */
export const BY_TRANSITION = new Set(['status', 'resolution']);
/** Longer lists are searched with lookupValues(). */
const MOST_VALUES = 2_000;

export async function fieldsOf(api: JiraApi, metadata: Metadata, project: string, type: string): Promise<Field[]> {
  const { fields, sampled } = await metadata.fields(project, type);
  const result: Field[] = [];
  for (const field of fields.values()) {
    const values = await listOf(metadata, project, type, field);
    result.push(fieldOf(field, sampled, api.isCloud ? 'adf' : 'jira-wiki', values));
  }
  return [...result, ...(await metadata.linkFields()).map(fieldOfLink)];
}

function fieldOf(
  { id, name, custom, kind, required, hasDefault, onCreate, onEdit }: TypeField,
  sampled: boolean,
  format: 'adf' | 'jira-wiki',
  values: ListValue[] | undefined,
): Field {
  const writable = !kind.readOnly && (onCreate || onEdit || BY_TRANSITION.has(id));
  return {
    id,
    name,
    type: kind.type,
    ...(kind.multi ? { multi: true } : {}),
    ...(required && writable && !hasDefault ? { required: true } : {}),
    ...(hasDefault && writable && !required ? { hasDefault: true } : {}),
    ...(writable ? {} : { readOnly: true }),
    ...(writable && sampled && onCreate && !onEdit && !BY_TRANSITION.has(id) ? { createOnly: true } : {}),
    ...(custom ? { custom: true } : {}),
    ...(kind.maxLength && (kind.type !== 'richtext' || format === 'adf')
      ? { maxLength: kind.maxLength, ...(kind.length ? { length: kind.length } : {}) }
      : {}),
    ...(kind.entry ? { entry: kind.entry } : {}),
    ...(kind.type === 'richtext' ? { format } : {}),
    ...(values ? { values } : {}),
  };
}

/** The list of a list field, if there is one and it is short enough. */
export async function listOf(
  metadata: Metadata,
  project: string,
  type: string,
  { id, allowed }: TypeField,
): Promise<ListValue[] | undefined> {
  if (id === 'status') return metadata.statuses(project, type);
  if (id === 'resolution') return allowed ?? metadata.resolutions();
  return allowed && allowed.length <= MOST_VALUES ? allowed : undefined;
}

/** @see Connection.lookupValues */
export async function lookupValues(
  metadata: Metadata,
  project: string,
  type: string,
  id: string,
  search: string,
): Promise<LookupValue[]> {
  const field = (await metadata.fields(project, type)).fields.get(id);
  const list =
    field?.kind.shape === 'sprint'
      ? await metadata.sprints(project)
      : field && ((await listOf(metadata, project, type, field)) ?? field.allowed);
  const wanted = search.trim().toLowerCase();
  return (list ?? [])
    .filter(({ name, selectable }: ListValue) => selectable !== false && name.toLowerCase().includes(wanted))
    .slice(0, 100);
}
