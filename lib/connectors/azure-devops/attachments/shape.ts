/**
 * Attachments: relations `AttachedFile` of work items, and the pictures in their texts, which are uploaded in the same way and have no
 * relation. An attachment's id is that of the upload, which is known before it is attached; the same upload may be attached to
 * several work items.
 */

import { createHash } from 'node:crypto';
import type { Entity, EntityId } from '../../../model/entity';
import type { UserValue } from '../../../model/values';
import { ATTACHMENT, fieldsOfFile } from '../../kit/attachments';
import { partIds } from '../../kit/comments';
import { decodedText, numberOf } from '../../kit/json';
import type { Owner } from '../comments/shape';
import { isoOf, type RawRelation, type RawWorkItem, textOf } from '../shapes';

export const ATTACHED = 'AttachedFile';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ids = partIds('#attachment-', /^\d{1,10}$/, GUID);

export const attachmentId = ids.of;

/** The work item and the id of the upload, from an entity id; undefined if that is not an attachment's. */
export function fileIn(id: EntityId): { item: EntityId; upload: string } | undefined {
  const found = ids.read(id);
  return found && { item: found.owner, upload: found.part };
}

/** The id of the upload that a relation leads to; undefined: it is no attachment. */
export function uploadOf({ rel, url }: Pick<RawRelation, 'rel' | 'url'>): string | undefined {
  const id = /\/_apis\/wit\/attachments\/([0-9a-f-]{36})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase();
  return rel === ATTACHED && id !== undefined && GUID.test(id) ? id : undefined;
}

export interface RawFile {
  upload: string;
  name: string;
  /** bytes; undefined = not said. Files of other clients may say 0, whatever their size is */
  size: number | undefined;
  comment: string | undefined;
  /** as the service writes it */
  addedAt: string | undefined;
  createdAt: string;
  /** of the relation: later ones have higher numbers */
  number: number;
  /** it is in a text, and has no relation */
  isPasted?: true;
}

const PICTURE =
  /\bsrc\s*=\s*["']?([^"'<>\s]{0,500}\/_apis\/wit\/attachments\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\w-])[^"'<>\s]{0,500})|!\[[^\]\n]{0,200}\]\(([^()\s]{0,500}\/_apis\/wit\/attachments\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\w-])[^()\s]{0,500})/gi;
/** Of one work item. */
const MOST_PASTED = 100;

/** Pictures in the fields of a work item that are no attachments of it: the names of their uploads. Bytes are read by the id alone. */
export function pastedIn({ fields, relations }: Pick<RawWorkItem, 'fields' | 'relations'>): Map<string, string> {
  const attached = new Set(relations.map(uploadOf));
  const found = new Map<string, string>();
  for (const value of Object.values(fields)) {
    if (typeof value !== 'string' || !value.includes('/_apis/wit/attachments/')) continue;
    for (const [, src, one, address, other] of value.matchAll(PICTURE)) {
      const upload = (one ?? other ?? '').toLowerCase();
      if (attached.has(upload) || found.size >= MOST_PASTED) continue;
      if (!found.has(upload)) found.set(upload, nameIn((src ?? address ?? '').replaceAll('&amp;', '&')) ?? 'image.png');
    }
  }
  return found;
}

/** Those of a work item, in the order of their creation, each once. */
export function filesIn({ relations, fields }: RawWorkItem): RawFile[] {
  const files = new Map<string, RawFile>();
  for (const relation of relations) {
    const upload = uploadOf(relation);
    if (upload === undefined) continue;
    const { attributes = {}, comment, url } = relation;
    const addedAt = textOf(attributes.authorizedDate);
    const createdAt = isoOf(addedAt) ?? isoOf(attributes.resourceCreatedDate) ?? isoOf(fields['System.ChangedDate']);
    files.set(upload, {
      ...{ upload, comment, addedAt, createdAt: createdAt ?? new Date(0).toISOString() },
      name: textOf(attributes.name) ?? nameIn(url) ?? upload,
      ...{ size: numberOf(attributes.resourceSize), number: numberOf(attributes.id) ?? 0 },
    });
  }
  const made = isoOf(fields['System.CreatedDate']) ?? new Date(0).toISOString();
  for (const [upload, name] of pastedIn({ fields, relations })) {
    const nothing = { size: undefined, comment: undefined, addedAt: undefined, number: 0 };
    files.set(upload, { upload, name, ...nothing, createdAt: made, isPasted: true });
  }
  return [...files.values()].sort(
    (a, b) =>
      Date.parse(a.createdAt) - Date.parse(b.createdAt) || a.number - b.number || (a.upload < b.upload ? -1 : 1),
  );
}

const nameIn = (url: string): string | undefined => {
  const encoded = /[?&]fileName=([^&#]+)/i.exec(url)?.[1];
  return encoded === undefined ? undefined : decodedText(encoded.replaceAll('+', ' '));
};

/** @param baseUrl of the organization, with a slash at its end */
export function entityOf(
  { upload, name, comment, createdAt }: RawFile,
  { id, key, type, project }: Owner,
  { size, createdBy, baseUrl }: { size: number | undefined; createdBy: UserValue | undefined; baseUrl: string },
): Entity {
  const fields = fieldsOfFile({
    name,
    size: size ?? 0,
    mediaType: undefined,
    description: comment,
    createdBy,
    createdAt,
  });
  return {
    ...{ id: attachmentId(id, upload), key: `${key}#attachment-${upload.slice(0, 8)}`, type: ATTACHMENT, project },
    url: `${baseUrl}_apis/wit/attachments/${upload}?fileName=${encodeURIComponent(name)}&download=true`,
    owner: { id, key, type },
    // the content never changes
    version: createHash('sha256')
      .update(JSON.stringify([name, comment ?? '']))
      .digest('hex')
      .slice(0, 12),
    ...{ createdAt, updatedAt: createdAt, ...(createdBy && { createdBy }) },
    fields: size === undefined ? { ...fields, size: null } : fields,
  };
}
