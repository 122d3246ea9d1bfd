/** The fields of a work item type as the forms show them, with the lists behind them. */

import type { Field } from '../../model/entity';
import type { LookupValue, RichTextFormat } from '../../model/values';
import type { FieldInfo } from './field-types';
import { STATE } from './field-types';
import { FRESH_MS, type Metadata } from './metadata';

/** A longer list is searched with lookupValues. */
const LONGEST_LIST = 1_000;
const MOST_FOUND = 200;

/** @throws notFound – no such project or type */
export async function fieldsOf(
  metadata: Metadata,
  projectId: string,
  typeName: string,
  format: RichTextFormat,
): Promise<Field[]> {
  const { project, type } = await metadata.type(projectId, typeName, FRESH_MS);
  const infos = await metadata.fields(project.id, type.name, FRESH_MS);
  const fields: Field[] = [];
  for (const info of infos) {
    const values = await valuesOf(metadata, project.id, type.states, info);
    fields.push({
      id: info.id,
      name: info.name,
      type: info.type,
      ...(info.multi ? { multi: true } : {}),
      ...(info.required ? { required: true } : {}),
      ...(info.readOnly ? { readOnly: true } : {}),
      ...(info.createOnly ? { createOnly: true } : {}),
      ...(info.custom ? { custom: true } : {}),
      ...(info.integer ? { integer: true } : {}),
      ...(info.maxLength !== undefined ? { maxLength: info.maxLength } : {}),
      ...(info.type === 'richtext' ? { format } : {}),
      ...(values && values.length <= LONGEST_LIST ? { values } : {}),
    });
  }
  return fields;
}

/** @see Connection.lookupValues */
export async function lookupValuesOf(
  metadata: Metadata,
  projectId: string,
  typeName: string,
  field: string,
  search: string,
): Promise<LookupValue[]> {
  const { project, type } = await metadata.type(projectId, typeName);
  const info = (await metadata.fields(project.id, type.name)).find(({ id }) => id === field);
  const values = info ? await valuesOf(metadata, project.id, type.states, info) : undefined;
  const wanted = search.trim().toLowerCase();
  return (values ?? []).filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MOST_FOUND);
}

async function valuesOf(
  metadata: Metadata,
  project: string,
  states: string[],
  info: FieldInfo,
): Promise<LookupValue[] | undefined> {
  if (info.type !== 'lookup') return undefined;
  if (info.id === STATE) return states.map((name) => ({ name }));
  if (info.tree) return (await metadata.trees(project))[info.tree].map(({ id, path }) => ({ id, name: path }));
  return (info.allowed ?? []).map((name) => ({ name }));
}
