/** The fields of a project and tracker, for the forms: Redmine's own ones that the tracker uses, and the custom ones. */

import type { Field } from '../../model/entity';
import type { ListValue } from '../../model/values';
import { CORE_FIELDS, type CoreField } from './core-fields';
import type { CustomField } from './custom-fields';
import type { Markup } from './markup';
import type { Metadata } from './metadata';

/** Longer lists of people are searched for instead. */
const MOST_MEMBERS = 200;

export async function fieldsOf(metadata: Metadata, project: string, type: string, markup: Markup): Promise<Field[]> {
  const { project: info, tracker } = await metadata.tracker(project, type);
  const used = CORE_FIELDS.filter(
    ({ trackerField }) =>
      trackerField === undefined ||
      tracker.standardFields === undefined ||
      isUsed(trackerField, tracker.standardFields),
  );
  const core: Field[] = [];
  for (const field of used) core.push(await coreFieldOf(metadata, field, info.id, markup));
  const custom: Field[] = [];
  for (const field of await metadata.customFields(info.id, tracker.id)) {
    custom.push(await customFieldOf(metadata, field, info.id));
  }
  return [...core, ...custom];
}

/** Priority can be switched off since Redmine 5.1 only; a server that doesn't list it has it always. */
const isUsed = (name: string, standard: string[]): boolean => name === 'priority_id' || standard.includes(name);

async function coreFieldOf(metadata: Metadata, field: CoreField, project: string, markup: Markup): Promise<Field> {
  const values = await listOfField(metadata, field.id, project);
  return {
    id: field.id,
    name: field.name,
    type: field.type,
    ...(field.required ? { required: true } : {}),
    ...(field.hasDefault ? { hasDefault: true } : {}),
    ...(field.readOnly ? { readOnly: true } : {}),
    ...(field.maxLength ? { maxLength: field.maxLength } : {}),
    ...(field.integer ? { integer: true } : {}),
    ...(field.type === 'richtext' ? markup : {}),
    ...(values ? { values } : {}),
  };
}

async function listOfField(metadata: Metadata, id: string, project: string): Promise<ListValue[] | undefined> {
  switch (id) {
    case 'status':
      return metadata.statuses();
    case 'priority':
      return metadata.priorities();
    case 'category':
      return (await metadata.project(project)).categories;
    case 'fixed_version':
      return versions(metadata, project);
    case 'assigned_to':
      return people(metadata, project);
    default:
      return undefined;
  }
}

async function customFieldOf(metadata: Metadata, field: CustomField, project: string): Promise<Field> {
  const values =
    field.holds === 'version'
      ? await versions(metadata, project)
      : field.holds === 'user'
        ? await people(metadata, project)
        : field.values;
  return {
    id: `cf_${field.id}`,
    name: field.name,
    type: field.type,
    custom: true,
    ...(field.multi ? { multi: true } : {}),
    ...(field.required ? { required: true } : {}),
    ...(field.holds === 'attachment' ? { readOnly: true } : {}),
    ...(field.maxLength ? { maxLength: field.maxLength } : {}),
    ...(field.integer ? { integer: true } : {}),
    ...(values ? { values } : {}),
  };
}

const versions = async (metadata: Metadata, project: string): Promise<ListValue[]> =>
  (await metadata.versions(project)).map(({ id, name, selectable }) => ({
    id,
    name,
    ...(selectable === false && { selectable }),
  }));

async function people(metadata: Metadata, project: string): Promise<ListValue[] | undefined> {
  const members = await metadata.members(project);
  // nobody to be seen is not the same as a list without anybody
  if (members.length === 0 || members.length > MOST_MEMBERS) return undefined;
  return members.map(({ id, name }) => ({ id, name }));
}
