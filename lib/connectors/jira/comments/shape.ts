/** Comments as Jira shows them → entities with canonical values. Pure. */

import { createHash } from 'node:crypto';
import { type Entity, type EntityId, type Field, VISIBILITY } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { Revision } from '../../connector';
import { COMMENT, commentFields, partIds, type Seen, visibilityValue } from '../../kit/comments';
import { isJson, type Json, objectsOf, textOf } from '../../kit/json';
import { longText } from '../kinds';
import type { Owner } from '../owners';
import { userOf } from '../people';
import { richTextOf, utcOf } from '../shapes';

/** The property that hides a comment from a service project's customers: `{"internal": true}`. */
export const HIDES = 'sd.public.comment';

const ID = /^\d{1,18}$/;
const ids = partIds('#comment-', ID, ID);

export const commentId = ids.of;

/** The issue and the comment's own id, from an entity id; undefined if that is not a comment's. */
export function placeIn(id: EntityId): { issue: EntityId; comment: string } | undefined {
  const found = ids.read(id);
  return found && { issue: found.owner, comment: found.part };
}

/** @throws SyncError fatal – not a comment as Jira shows it */
export function idOf(json: unknown): string {
  const id = isJson(json) ? textOf(json.id) : undefined;
  if (id === undefined)
    throw new SyncError('fatal', 'Jira returned a comment without id. Check the URL', { malformed: true });
  return id;
}

/** The issue in a comment's URL; undefined if there is none. */
export const issueIn = ({ self }: Json): string | undefined =>
  /\/issue\/(\d+)\/comment\//.exec(textOf(self) ?? '')?.[1];

/** The name of the group or role that a comment is restricted to. */
export function restrictionOf({ visibility }: Json): string | undefined {
  if (!isJson(visibility)) return undefined;
  return textOf(visibility.value) ?? textOf(visibility.identifier) ?? textOf(visibility.type);
}

/** Undefined if the answer does not say: Data Center says it only in the properties, if they are requested. */
export function toldOf({ jsdPublic, properties }: Json): Seen | undefined {
  if (typeof jsdPublic === 'boolean') return jsdPublic ? 'public' : 'internal';
  if (!Array.isArray(properties)) return undefined;
  const value = objectsOf(properties).find(({ key }) => key === HIDES)?.value;
  return isJson(value) && value.internal === true ? 'internal' : 'public';
}

/** Restricted comments are internal. So are comments of a service project for which Jira does not say whether they are public. */
export function seenBy(json: Json, { isService }: Pick<Owner, 'isService'>): Seen {
  if (restrictionOf(json) !== undefined) return 'internal';
  return toldOf(json) ?? (isService ? 'internal' : 'public');
}

export function entityOf(json: Json, owner: Owner, site: string): Entity {
  const own = idOf(json);
  const createdAt = utcOf(json.created);
  const updatedAt = utcOf(json.updated) ?? createdAt ?? new Date(0).toISOString();
  const createdBy = userOf(json.author);
  const updatedBy = userOf(json.updateAuthor);
  const text = richTextOf(json.body) ?? null;
  const seen = seenBy(json, owner);
  const restrictedTo = restrictionOf(json) ?? null;
  const { id, key, type, project } = owner;
  return {
    ...{ id: commentId(id, own), key: `${key}#${own}`, type: COMMENT, project },
    url: `${site}browse/${key}?focusedCommentId=${own}#comment-${own}`,
    owner: { id, key, type },
    // two edits may have the same time
    version: `${updatedAt}-${digestOf([text, seen, restrictedTo])}`,
    updatedAt,
    ...(createdAt && { createdAt }),
    ...(createdBy && { createdBy }),
    ...(updatedBy && { updatedBy }),
    fields: {
      ...{ text, visibility: visibilityValue(seen === 'internal'), restrictedTo },
      ...{ createdBy: createdBy ?? null, createdAt: createdAt ?? null },
      ...{ updatedBy: updatedBy ?? null, updatedAt },
    },
  };
}

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

/** In the order of their creation. */
export function inOrder(comments: readonly Json[]): Json[] {
  const at = ({ created }: Json): number => Date.parse(utcOf(created) ?? '') || 0;
  return [...comments].sort((a, b) => at(a) - at(b) || Number(a.id) - Number(b.id));
}

/**
 * Shows that a comment was edited, and by whom. Jira does not return the previous text.
 * @param part the current comment
 */
export function revisionsOf({ version, updatedAt, createdAt, updatedBy, fields }: Entity): Revision[] {
  if (createdAt === updatedAt) return [];
  const { text = null } = fields;
  const edit = { id: version, at: updatedAt, fields: { text: { old: null, new: text } } };
  return [updatedBy ? { ...edit, by: updatedBy } : edit];
}

/** @param canHide internal comments can be written */
export function fieldsOfComments(isCloud: boolean, canHide: boolean): Field[] {
  // on Data Center, administrators set the maximum length
  const text = isCloud ? ({ format: 'adf', ...longText } as const) : ({ format: 'jira-wiki' } as const);
  const restricted: Field = { id: 'restrictedTo', name: 'Restricted to', type: 'text', readOnly: true };
  const visibility = canHide ? 'writable' : 'readOnly';
  return commentFields({ text, visibility, edited: true }).flatMap((field) =>
    field.id === VISIBILITY ? [field, restricted] : [field],
  );
}
