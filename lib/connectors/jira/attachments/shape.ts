/** Attachments as Jira shows them → entities with canonical values. Pure. */

import { createHash } from 'node:crypto';
import type { Entity, EntityId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { UserValue } from '../../../model/values';
import { ATTACHMENT, fieldsOfFile } from '../../kit/attachments';
import { partIds, VISIBILITY, visibilityValue } from '../../kit/comments';
import { isJson, numberOf, objectsOf, textOf } from '../../kit/json';
import type { Owner } from '../owners';
import { userOf } from '../people';
import { utcOf } from '../shapes';

const ID = /^\d{1,18}$/;
const ids = partIds('#attachment-', ID, ID);

export const attachmentId = ids.of;

/** The issue and the attachment's own id, from an entity id; undefined if that is not an attachment's. */
export function fileIn(id: EntityId): { issue: EntityId; attachment: string } | undefined {
  const found = ids.read(id);
  return found && { issue: found.owner, attachment: found.part };
}

/** For errors. */
export const nameOfFile = (id: EntityId): string => {
  const place = fileIn(id);
  return place ? `Attachment ${place.attachment} of issue ${place.issue}` : `Attachment ${id}`;
};

export interface RawFile {
  id: string;
  name: string;
  /** bytes */
  size: number;
  mediaType: string | undefined;
  author: UserValue | undefined;
  createdAt: string;
}

/** @throws SyncError fatal – not an attachment as Jira shows it */
export function fileOf(json: unknown): RawFile {
  const { id: own, filename, size: bytes, mimeType, author, created } = isJson(json) ? json : {};
  const [id, name, size] = [textOf(own), textOf(filename), numberOf(bytes)];
  // the vendor's example of an answer has milliseconds
  const createdAt = typeof created === 'number' ? new Date(created).toISOString() : utcOf(created);
  if (id === undefined || !ID.test(id) || name === undefined || size === undefined || createdAt === undefined)
    throw new SyncError('fatal', 'Jira returned an attachment without id, name, size or time. Check the URL', {
      malformed: true,
    });
  return { id, name, size, mediaType: textOf(mimeType), author: userOf(author), createdAt };
}

/** Those of an issue, in the order of their creation; undefined = it does not show them. */
export function filesIn(field: unknown): RawFile[] | undefined {
  if (!Array.isArray(field)) return undefined;
  return objectsOf(field)
    .map(fileOf)
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || Number(a.id) - Number(b.id));
}

/** @param isHidden it belongs to a comment that not everybody sees */
export function entityOf(
  file: RawFile,
  { project, isService: _service, ...owner }: Owner,
  { site, isHidden }: { site: string; isHidden: boolean },
): Entity {
  const { id, name, size, mediaType, author: createdBy, createdAt } = file;
  return {
    ...{ id: attachmentId(owner.id, id), key: `${owner.key}#attachment-${id}`, type: ATTACHMENT, project, owner },
    url: `${site}secure/attachment/${id}/${encodeURIComponent(name)}`,
    // content and name never change; who sees its comment may
    version: createHash('sha256')
      .update(JSON.stringify([name, size, isHidden]))
      .digest('hex')
      .slice(0, 12),
    ...{ createdAt, updatedAt: createdAt, ...(createdBy && { createdBy }) },
    fields: {
      ...fieldsOfFile({ name, size, mediaType, createdBy, createdAt }),
      [VISIBILITY]: visibilityValue(isHidden),
    },
  };
}
