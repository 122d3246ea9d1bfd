/**
 * Comments are the same in every system, so they are synced without a mapper: one part type, a text, its visibility,
 * and who wrote it when. A connector declares which of these its system has.
 */

import type { EntityId, EntityType, EntityTypeId, Field, OwnerRef } from '../../model/entity';
import { isEmpty, type ListValue, type Value } from '../../model/values';
import type { WriteOperation } from '../connector';
import { chosen, Problem, textOfValue } from './wanted';

/** Id of the entity type. */
export const COMMENT = 'comment';

export const TEXT = 'text';
export const VISIBILITY = 'visibility';

/** Who can see a comment: everybody who can see its item, or only some of them. */
export type Seen = 'public' | 'internal';

const WHO_SEES: Record<Seen, { id: Seen; name: string }> = {
  public: { id: 'public', name: 'Public' },
  internal: { id: 'internal', name: 'Internal' },
};

/** The value of the field `visibility`. @param internal undefined if the system does not say; that counts as
 * internal */
export const visibilityValue = (internal: boolean | undefined): ListValue => ({
  ...WHO_SEES[internal === false ? 'public' : 'internal'],
});

/** The type of comments on entities of `partOf`. */
export const commentType = (partOf: EntityTypeId[]): EntityType => ({
  ...{ id: COMMENT, name: 'Comment', role: 'comment' },
  partOf,
});

export interface CommentFields {
  /** markup and dialect, a maximum length */
  text: Pick<Field, 'format' | 'dialect' | 'maxLength' | 'length'>;
  /** absent: the system has no visibility. `readOnly`: it has, but the account cannot set it */
  visibility?: 'writable' | 'readOnly' | 'createOnly';
  /** the system reports who edited a comment, and when */
  edited?: boolean;
}

/** Who sees a part, and whether that can be written. */
export const visibilityField = (can: 'writable' | 'readOnly' | 'createOnly'): Field => ({
  ...{ id: VISIBILITY, name: 'Visibility', type: 'lookup', values: Object.values(WHO_SEES) },
  ...(can !== 'writable' && { [can]: true }),
});

export function commentFields({ text, visibility, edited = false }: CommentFields): Field[] {
  const shown = (id: string, name: string, type: 'user' | 'datetime'): Field => ({ id, name, type, readOnly: true });
  return [
    { id: TEXT, name: 'Text', type: 'richtext', required: true, ...text },
    ...(visibility === undefined ? [] : [visibilityField(visibility)]),
    shown('createdBy', 'Author', 'user'),
    shown('createdAt', 'Created', 'datetime'),
    ...(edited ? [shown('updatedBy', 'Edited by', 'user'), shown('updatedAt', 'Edited', 'datetime')] : []),
  ];
}

/** Blank in some system: U+0085 is not a blank in JavaScript. */
const BLANK = /^[\s\u0085]*$/u;

/** @returns the text to send, without U+0000, which no database accepts. @throws Problem if the text is empty */
export function takesComment(value: Value): string {
  const text = (textOfValue(value) ?? '').replaceAll('\0', '');
  if (isEmpty(value) || BLANK.test(text)) throw new Problem('Text must not be empty');
  return text;
}

/** An unknown visibility counts as internal. @throws Problem if it is neither public nor internal */
export function takesVisibility(value: Value): Seen {
  return isEmpty(value) ? 'internal' : chosen('Visibility', Object.values(WHO_SEES), value).id;
}

/** Whether an operation concerns a comment. @param isComment of the id of an entity */
export const isOfComment =
  (isComment: (id: EntityId) => boolean) =>
  (operation: WriteOperation): boolean =>
    operation.kind === 'create' ? operation.type === COMMENT : isComment(operation.id);

/** A part's id contains its owner's, which says what has to be read. */
export interface PartId {
  owner: EntityId;
  part: string;
}

/**
 * Ids of parts that look like places in a page: `41#change-7`.
 * @param anchor the text between the owner's id and the part's
 * @param owners the pattern of owners' ids
 * @param parts the pattern of the part's own ids
 */
export function partIds(anchor: string, owners: RegExp, parts: RegExp) {
  return {
    of: (owner: EntityId, part: string): EntityId => `${owner}${anchor}${part}`,
    /** undefined = not an id of such a part */
    read(id: EntityId): PartId | undefined {
      const at = id.indexOf(anchor);
      const [owner, part] = [id.slice(0, Math.max(0, at)), id.slice(at + anchor.length)];
      return at > 0 && owners.test(owner) && parts.test(part) ? { owner, part } : undefined;
    },
  };
}

export const ownerRef = (id: EntityId, type: EntityTypeId, key = id): OwnerRef => ({ id, key, type });
