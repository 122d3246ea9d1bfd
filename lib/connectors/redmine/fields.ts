/** The fields of a project and tracker, for the forms: Redmine's own ones that the tracker uses, and the custom ones. */

import type { Field } from '../../model/entity';
import type { ListValue } from '../../model/values';
import { telling } from '../kit/json';
import { CORE_FIELDS, type CoreField } from './core-fields';
import type { CustomField } from './custom-fields';
import type { Markup } from './markup';
import type { Metadata } from './metadata';
import { relationFields } from './relations';

/** Longer lists of users are searched instead. */
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
  return [...core, ...relationFields(), ...custom];
}

/** Priority can be switched off since Redmine 5.1 only; a server that doesn't list it has it always. */
const isUsed = (name: string, standard: string[]): boolean => name === 'priority_id' || standard.includes(name);

async function coreFieldOf(metadata: Metadata, field: CoreField, project: string, markup: Markup): Promise<Field> {
  const values =
    field.id === 'assigned_to' ? await people(metadata, project) : await metadata.listOf(field.id, project);
  const { id, name, type, required, hasDefault, readOnly, maxLength, integer } = field;
  return {
    ...{ id, name, type },
    ...telling({ required, hasDefault, readOnly, maxLength, integer, values }),
    ...(type === 'richtext' && markup),
  };
}

async function customFieldOf(metadata: Metadata, field: CustomField, project: string): Promise<Field> {
  const values =
    field.holds === 'version'
      ? await metadata.versions(project)
      : field.holds === 'user'
        ? await people(metadata, project)
        : field.values;
  const { name, type, multi, required, maxLength, integer, holds } = field;
  return {
    ...{ id: `cf_${field.id}`, name, type, custom: true },
    ...telling({ multi, required, readOnly: holds === 'attachment', maxLength, integer, values }),
  };
}

async function people(metadata: Metadata, project: string): Promise<ListValue[] | undefined> {
  const members = await metadata.members(project);
  // that no user is visible does not mean that the list is empty
  if (members.length === 0 || members.length > MOST_MEMBERS) return undefined;
  return members.map(({ id, name, selectable }) => ({ id, name, ...(selectable === false && { selectable }) }));
}
