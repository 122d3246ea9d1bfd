/** Who may see a comment, or a file of one, as systems tell it. What is not told counts as internal. Pure. */

import type { DeclaredFields } from '../mapping/fit';
import type { IntegrationConfig } from '../model/config';
import { type Entity, type Field, INTERNAL, PUBLIC, type Side, VISIBILITY } from '../model/entity';
import type { Fields, Value } from '../model/values';
import { partPair } from './routing';

/** Of a comment or file, as its source shows it. */
export interface Exposure {
  isInternal: boolean;
  /** the target tells internal ones from public ones */
  canKeep: boolean;
}

/** Nodes on the way may have left the name alone: lists are mapped by names. */
function visibilityIn(value: Value | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'content' in value) return undefined;
  return value.id ?? ('name' in value ? value.name?.toLowerCase() : undefined);
}

export const isInternalValue = (value: Value | undefined): boolean => visibilityIn(value) === INTERNAL.id;
export const isPublicValue = (value: Value | undefined): boolean => visibilityIn(value) === PUBLIC;

/** True for what is not certainly public. */
const isHidden = (fields: Fields): boolean => !isPublicValue(fields[VISIBILITY]);

/**
 * @param side where the comment comes from
 * @param source what its system declares, and the target's; undefined = it could not be asked
 * @returns undefined for what is no comment, and for files of systems that show files to everybody who sees their item
 */
export function exposureOf(
  config: IntegrationConfig,
  side: Side,
  entity: Entity,
  source: DeclaredFields,
  target: DeclaredFields,
): Exposure | undefined {
  const role = partPair(config, side, entity)?.role;
  const canBeInternal = role === 'comment' || (role === 'attachment' && Object.hasOwn(entity.fields, VISIBILITY));
  if (!canBeInternal || entity.deleted) return undefined;
  // a system that knows no such thing shows its comments to everybody
  const knows = Object.hasOwn(entity.fields, VISIBILITY) || source === undefined || source.has(VISIBILITY);
  return {
    isInternal: knows && isHidden(entity.fields),
    canKeep: target === undefined || canHide(target.get(VISIBILITY)),
  };
}

/** Internal comments can be written: not where the field shows only what is there. */
const canHide = (field: Field | undefined): boolean => field !== undefined && field.readOnly !== true;

/** True if the target shows to everybody what was to be internal. */
export const isExposed = (written: Fields, shown: Fields): boolean =>
  isInternalValue(written[VISIBILITY]) && !isInternalValue(shown[VISIBILITY]);
