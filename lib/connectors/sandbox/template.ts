/**
 * What a sandbox tracker looks like: its people, projects, entity types and fields. A template is plain JSON; a space
 * keeps a copy of the one it was created with, so that a later version of the template does not change it.
 */

import type { EntityType, Field, Project } from '../../model/entity';
import type { Dialect, FieldId, LookupValue, Value } from '../../model/values';

/** The trackers' page shows a long text as it is typed, line by line, and mails nobody. */
export const MARKDOWN: Dialect = { hardBreaks: true, mentions: 'ids' };

/** Someone who may write in a space, and stand in its user fields. All four are unique within a template. */
export interface Person {
  id: string;
  name: string;
  login: string;
  email: string;
}

export interface SandboxField extends Field {
  /** what a new entity has where the create gives nothing */
  initial?: Value;
  /** number fields: smallest and largest value */
  min?: number;
  max?: number;
  /** kept by the tracker itself: read-only, shown with every entity */
  auto?: 'key' | 'createdBy' | 'createdAt' | 'updatedBy' | 'updatedAt';
}

export interface SandboxProject extends Project {
  /** for `{prefix}` in keys */
  prefix?: string;
  /** lists that differ from project to project (components, iterations), by field */
  lists?: Record<FieldId, LookupValue[]>;
}

export interface SandboxType extends EntityType {
  fields: SandboxField[];
}

export interface SandboxTemplate {
  /** key of the template, as saved with the space */
  name: string;
  /** what people read in drop-downs */
  label: string;
  /** how keys are made: `{id}`, `{prefix}` of the project, `{number}` within the project */
  keys: string;
  /** id of the first entity; preset 1 */
  firstId?: number;
  /** the field that stands for an entity in lists; a text field that each type has */
  title: FieldId;
  people: Person[];
  projects: SandboxProject[];
  types: SandboxType[];
}

/** The fields of a type as a project shows them, lists of the project included. */
export function fieldsIn(project: SandboxProject, type: SandboxType): SandboxField[] {
  const lists = project.lists;
  if (!lists) return type.fields;
  return type.fields.map((field) => {
    const values = Object.hasOwn(lists, field.id) ? lists[field.id] : undefined;
    return values ? { ...field, values } : field;
  });
}

/** Lookup values from their names, with ids counted from `first`. */
export function listOf(names: readonly string[], first = 1): LookupValue[] {
  return names.map((name, index) => ({ id: String(first + index), name }));
}
