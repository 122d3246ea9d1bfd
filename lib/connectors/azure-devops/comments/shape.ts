/** Comments of work items as Azure DevOps shows them → entities with canonical values. Pure. */

import { looksEmpty } from '../../../model/empty';
import type { Entity, EntityId, Field, OwnerRef, ProjectId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { RichText } from '../../../model/values';
import type { Revision } from '../../connector';
import { COMMENT, commentFields, partIds } from '../../kit/comments';
import { revisionOf } from '../../kit/history';
import { numberOf } from '../../kit/json';
import { LONG_TEXT } from '../field-types';
import { fromStoredMarkdown, MARKDOWN, MARKUP_LENGTH } from '../rules';
import { idOf, isoOf, type Json, textOf, userOf } from '../shapes';

/** The work item that a comment belongs to. */
export interface Owner extends OwnerRef {
  project: ProjectId;
}

const ids = partIds('#comment-', /^[1-9]\d{0,9}$/, /^\d{1,15}$/);

export const commentId = ids.of;

/** The work item and the comment's own id, from an entity id; undefined if that is not a comment's. */
export function placeIn(id: EntityId): { item: EntityId; comment: string } | undefined {
  const { owner, part = '' } = ids.read(id) ?? {};
  const item = idOf(owner);
  return item === undefined ? undefined : { item, comment: part };
}

/** @throws SyncError fatal – not a comment */
export function ownIdOf(json: Json): string {
  // the documentation's examples use another name than its tables
  const id = textOf(json.id) ?? textOf(json.commentId);
  if (id !== undefined) return id;
  throw new SyncError('fatal', 'Azure DevOps returned a comment without id. Check the URL', { malformed: true });
}

export const isMarkdown = ({ format }: Json): boolean => String(format ?? '').toLowerCase() === 'markdown';

function textIn(json: Json): RichText | null {
  const raw = textOf(json.text) ?? '';
  const text: RichText = isMarkdown(json)
    ? { format: 'markdown', content: fromStoredMarkdown(raw), dialect: MARKDOWN }
    : { format: 'html', content: raw };
  return looksEmpty(text) ? null : text;
}

/** @param page URL of the work item's page */
export function entityOf(json: Json, { project, ...owner }: Owner, page: string): Entity {
  const own = ownIdOf(json);
  const createdAt = isoOf(json.createdDate);
  const updatedAt = isoOf(json.modifiedDate) ?? createdAt ?? new Date(0).toISOString();
  const createdBy = userOf(json.createdBy);
  const updatedBy = userOf(json.modifiedBy);
  return {
    ...{ id: commentId(owner.id, own), key: `${owner.key}#${own}`, url: `${page}#${own}` },
    ...{ type: COMMENT, project, owner, updatedAt },
    version: textOf(json.version) ?? updatedAt,
    ...(createdAt && { createdAt }),
    ...(createdBy && { createdBy }),
    ...(updatedBy && { updatedBy }),
    fields: {
      text: textIn(json),
      ...{ createdBy: createdBy ?? null, createdAt: createdAt ?? null },
      ...{ updatedBy: updatedBy ?? null, updatedAt },
    },
  };
}

export const inOrder = (comments: readonly Json[]): Json[] =>
  [...comments].sort((a, b) => Number(ownIdOf(a)) - Number(ownIdOf(b)));

/** The history of a comment's text. @param versions of one comment, in any order */
export function revisionsOf(versions: readonly Json[]): Revision[] {
  const ordered = [...versions].sort((a, b) => (numberOf(a.version) ?? 0) - (numberOf(b.version) ?? 0));
  const revisions = ordered.flatMap((now, index) => {
    const before = ordered[index - 1];
    if (!before) return [];
    const changes = [{ field: 'text', old: textIn(before), new: textIn(now) }];
    return revisionOf({ id: textOf(now.version), at: isoOf(now.modifiedDate), by: userOf(now.modifiedBy), changes });
  });
  return revisions.reverse();
}

/** @param format of new texts; a Markdown comment stays Markdown */
export const fieldsOfComments = (format: 'html' | 'markdown'): Field[] =>
  commentFields({
    text: { format, maxLength: LONG_TEXT, length: MARKUP_LENGTH, ...(format === 'markdown' && { dialect: MARKDOWN }) },
    edited: true,
  });
