/**
 * The structure of a sandbox tracker: its users, projects, entity types and fields. A template is plain JSON. A space
 * keeps a copy of the template that it was created with, so a later version of the template does not change it.
 */

import type { EntityType, Field, Project } from '../../model/entity';
import type { Dialect, FieldId, LookupValue, Value } from '../../model/values';

/** The trackers' page shows a long text as typed, line by line, and sends mails to nobody. */
export const MARKDOWN: Dialect = { hardBreaks: true, mentions: 'ids' };

/** A user who can write in a space and be selected in its user fields. All four properties are unique within a
 * template. */
export interface Person {
  id: string;
  name: string;
  login: string;
  email: string;
}

export interface SandboxField extends Field {
  /** initial value of a new entity, if the create sets none */
  initial?: Value;
  /** number fields: smallest and largest value */
  min?: number;
  max?: number;
  /** of a relation: the field in which the item at the other end shows it; itself, if both ends are alike */
  mirror?: FieldId;
  /** maintained by the tracker itself: read-only, shown with every entity */
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
  /** display name in drop-downs */
  label: string;
  /** pattern of keys: `{id}`, `{prefix}` of the project, `{number}` within the project */
  keys: string;
  /** id of the first entity; default 1 */
  firstId?: number;
  /** the field that names an entity in lists; a text field that each type has */
  title: FieldId;
  people: Person[];
  projects: SandboxProject[];
  types: SandboxType[];
}

/** Whether the type's entities are parts of others and not listed by themselves. */
export const isPartType = ({ partOf }: EntityType): boolean => partOf !== undefined;

const WHO_SEES: LookupValue[] = [
  { id: 'public', name: 'Public' },
  { id: 'internal', name: 'Internal' },
];

/**
 * The type of comments, in Markdown, on entities of `types`.
 * @param visibility each comment is either for everybody or for the team only
 */
export function commentsOn(
  types: readonly SandboxType[],
  { maxLength, visibility = false }: { maxLength?: number; visibility?: boolean } = {},
): SandboxType {
  const [open] = WHO_SEES;
  const text: SandboxField = {
    ...{ id: 'text', name: 'Text', type: 'richtext', format: 'markdown', dialect: MARKDOWN, required: true },
    ...(maxLength !== undefined && { maxLength }),
  };
  const seenBy: SandboxField = {
    ...{ id: 'visibility', name: 'Visibility', type: 'lookup', values: WHO_SEES, required: true, initial: open },
  };
  return {
    id: 'comment',
    name: 'Comment',
    partOf: types.map(({ id }) => id),
    role: 'comment',
    fields: [
      text,
      ...(visibility ? [seenBy] : []),
      { id: 'createdBy', name: 'Author', type: 'user', readOnly: true, auto: 'createdBy' },
      { id: 'createdAt', name: 'Created', type: 'datetime', readOnly: true, auto: 'createdAt' },
      { id: 'updatedBy', name: 'Edited by', type: 'user', readOnly: true, auto: 'updatedBy' },
      { id: 'updatedAt', name: 'Edited', type: 'datetime', readOnly: true, auto: 'updatedAt' },
    ],
  };
}

/** The type of attachments, on entities of `types`. Their bytes are kept beside them. */
export const attachmentsOn = (types: readonly SandboxType[]): SandboxType => ({
  id: 'attachment',
  name: 'Attachment',
  partOf: types.map(({ id }) => id),
  role: 'attachment',
  fields: [
    { id: 'name', name: 'Name', type: 'text', required: true, maxLength: 255 },
    { id: 'description', name: 'Description', type: 'text', maxLength: 255 },
    { id: 'size', name: 'Size', type: 'number', integer: true, readOnly: true },
    { id: 'mediaType', name: 'Media type', type: 'text', readOnly: true },
    { id: 'createdBy', name: 'Author', type: 'user', readOnly: true, auto: 'createdBy' },
    { id: 'createdAt', name: 'Created', type: 'datetime', readOnly: true, auto: 'createdAt' },
  ],
});

/**
 * Fields for relations between items: a field for each end of each kind, or one where both ends are alike.
 * @param kinds id and name of each end
 */
export const relationsOf = (...kinds: [one: [FieldId, string], other?: [FieldId, string]][]): SandboxField[] =>
  kinds.flatMap(([one, other]) => {
    const field = ([id, name]: [FieldId, string], mirror: FieldId): SandboxField => ({
      ...{ id, name, type: 'reference', multi: true, mirror },
    });
    return other ? [field(one, other[0]), field(other, one[0])] : [field(one, one[0])];
  });

/**
 * Adds to the template of an older space what spaces have since: types of parts, which belong to those types that the space has,
 * and relations. undefined if it has them all.
 */
export function withLater(stored: SandboxTemplate, now: SandboxTemplate | undefined): SandboxTemplate | undefined {
  const known = new Set(stored.types.map(({ id }) => id));
  const parts = (now?.types ?? []).flatMap((type) => {
    const partOf = type.partOf?.filter((owner) => known.has(owner)) ?? [];
    return partOf.length === 0 || known.has(type.id) ? [] : [{ ...type, partOf }];
  });
  let isNew = parts.length > 0;
  const types = stored.types.map((type) => {
    const has = new Set(type.fields.map(({ id }) => id));
    const later = now?.types.find(({ id }) => id === type.id)?.fields ?? [];
    const relations = later.filter(({ id, mirror }) => mirror !== undefined && !has.has(id));
    isNew ||= relations.length > 0;
    return relations.length > 0 ? { ...type, fields: [...type.fields, ...relations] } : type;
  });
  return isNew ? { ...stored, types: [...types, ...parts] } : undefined;
}

/** The fields of a type in a project, including the project's own lists. */
export function fieldsIn(project: SandboxProject, type: SandboxType): SandboxField[] {
  const lists = project.lists;
  if (!lists) return type.fields;
  return type.fields.map((field) => {
    const values = Object.hasOwn(lists, field.id) ? lists[field.id] : undefined;
    return values ? { ...field, values } : field;
  });
}

/** List values from their names, with ids counted from `first`. */
export function listOf(names: readonly string[], first = 1): LookupValue[] {
  return names.map((name, index) => ({ id: String(first + index), name }));
}
