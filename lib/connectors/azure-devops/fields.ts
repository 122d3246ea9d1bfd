/** The fields of a work item type for the forms, with their lists. */

import type { EntryRule, Field } from '../../model/entity';
import type { ListValue, LookupValue } from '../../model/values';
import { type FieldInfo, STATE } from './field-types';
import { FRESH_MS, type Metadata, type TypeInfo } from './metadata';
import { MARKDOWN, PATH } from './rules';

/** A longer list is searched with lookupValues. */
const LONGEST_LIST = 1_000;
const MOST_FOUND = 200;

/** @throws notFound if there is no such project or type */
export async function fieldsOf(
  metadata: Metadata,
  projectId: string,
  typeName: string,
  { format, createPaths }: { format: 'html' | 'markdown'; createPaths: boolean },
): Promise<Field[]> {
  const { project, type } = await metadata.type(projectId, typeName, FRESH_MS);
  const infos = await metadata.fields(project.id, type.name, FRESH_MS);
  const fields: Field[] = [];
  for (const info of infos) {
    const values = await valuesOf(metadata, project.id, type, info);
    const entry = info.tree && createPaths ? pathRule(values) : info.entry;
    const {
      alwaysRequired: _always,
      allowed: _allowed,
      tree: _tree,
      zone: _zone,
      numeric: _numeric,
      link: _link,
      ...field
    } = info;
    fields.push({
      ...field,
      ...(entry && { entry }),
      ...(info.type === 'richtext' && { format, ...(format === 'markdown' && { dialect: MARKDOWN }) }),
      ...(values && values.length <= LONGEST_LIST && { values }),
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
  const values = info ? await valuesOf(metadata, project.id, type, info) : undefined;
  const wanted = search.trim().toLowerCase();
  const found = (values ?? []).filter((one) => one.selectable !== false && one.name.toLowerCase().includes(wanted));
  return found.slice(0, MOST_FOUND);
}

async function valuesOf(
  metadata: Metadata,
  project: string,
  type: TypeInfo,
  info: FieldInfo,
): Promise<ListValue[] | undefined> {
  if (info.type !== 'lookup') return undefined;
  if (info.id === STATE) return statesOf(type);
  if (info.tree) return (await metadata.trees(project))[info.tree].map(({ id, path }) => ({ id, name: path }));
  return (info.allowed ?? []).map((name) => ({ name }));
}

/** A state without incoming transitions, in which nothing starts, is left over from an older process: work items may
 * have it. */
function statesOf({ states, transitions }: TypeInfo): ListValue[] {
  if (!transitions || transitions.size === 0) return states.map((name) => ({ name }));
  const reached = new Set<string>();
  for (const [from, list] of transitions) for (const to of list) if (to !== from) reached.add(to.toLowerCase());
  return states.map((name) => (reached.has(name.toLowerCase()) ? { name } : { name, selectable: false }));
}

/** If missing paths are created, a name must be valid. Older trees have names that could not be created today. */
function pathRule(values: ListValue[] | undefined): EntryRule | undefined {
  const impossible = new RegExp(PATH.without ?? '', 'u');
  return values?.some(({ name }) => impossible.test(name)) ? undefined : PATH;
}
