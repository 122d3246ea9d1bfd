/**
 * Attachments are the same in every system, so they are synced without a mapper: one part type with a name, size and media type,
 * who added it when, and a description where the system has one. Their bytes are no field.
 */

import type { EntityId, EntityType, EntityTypeId, Field } from '../../model/entity';
import type { FieldId, Fields, UserValue } from '../../model/values';
import type { WriteOperation } from '../connector';
import { visibilityField } from './comments';

/** Id of the entity type. */
export const ATTACHMENT = 'attachment';

export const NAME = 'name';
export const DESCRIPTION = 'description';

/** Characters that no file on Windows can have. @see FileRules */
export const NOT_ON_WINDOWS = String.raw`[\\/:*?"<>|]+`;

/** Fields that the system sets. */
export const SET_BY_SYSTEM: readonly FieldId[] = ['size', 'mediaType', 'createdBy', 'createdAt'];

/** The type of attachments on entities of `partOf`. */
export const attachmentType = (partOf: EntityTypeId[]): EntityType => ({
  ...{ id: ATTACHMENT, name: 'Attachment', role: 'attachment' },
  partOf,
});

export interface AttachmentFields {
  /** the system can rename attachments */
  renames: boolean;
  /** maximum length of a description; absent: there are none */
  description?: number;
  /** maximum length of a name */
  name?: number;
  /** the system hides files of internal comments; absent: everybody who sees the item sees its files */
  visibility?: 'createOnly' | 'readOnly';
}

export function attachmentFields({ renames, description, name = 255, visibility }: AttachmentFields): Field[] {
  const shown = (id: string, label: string, type: Field['type']): Field => ({
    ...{ id, name: label, type, readOnly: true },
  });
  return [
    { id: NAME, name: 'Name', type: 'text', required: true, maxLength: name, ...(!renames && { createOnly: true }) },
    ...(description === undefined
      ? []
      : [{ id: DESCRIPTION, name: 'Description', type: 'text' as const, maxLength: description }]),
    ...(visibility === undefined ? [] : [visibilityField(visibility)]),
    { ...shown('size', 'Size', 'number'), integer: true },
    shown('mediaType', 'Media type', 'text'),
    shown('createdBy', 'Author', 'user'),
    shown('createdAt', 'Created', 'datetime'),
  ];
}

/** What a system shows of a file. */
export interface ShownFile {
  name: string;
  /** bytes */
  size: number;
  mediaType: string | undefined;
  /** absent: the system has none */
  description?: string | undefined;
  createdBy: UserValue | undefined;
  createdAt: string;
}

/** The fields of an attachment. */
export const fieldsOfFile = (file: ShownFile): Fields => ({
  [NAME]: file.name,
  ...('description' in file && { [DESCRIPTION]: file.description || null }),
  size: file.size,
  mediaType: file.mediaType || null,
  createdBy: file.createdBy ?? null,
  createdAt: file.createdAt,
});

/** Whether an operation concerns an attachment. @param isAttachment of the id of an entity */
export const isOfAttachment =
  (isAttachment: (id: EntityId) => boolean) =>
  (operation: WriteOperation): boolean =>
    operation.kind === 'create' ? operation.type === ATTACHMENT : isAttachment(operation.id);
