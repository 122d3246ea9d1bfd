/**
 * Ids of entities: `12`, `octo/hello#12` where numbers are unique only in a project, `pipeline:12` for all types of a file but the
 * first. So a type that is added later changes no id. Pure.
 */

import type { EntityId, ProjectId } from '../../model/entity';
import { decodedText } from '../kit/json';
import type { ConnectorFile, DeclaredType } from './format';

/** Where an entity is in its system. */
export interface Whereabouts {
  type: DeclaredType;
  /** its own id */
  id: string;
  /** only where ids are unique in a project */
  project?: ProjectId;
}

const escaped = (text: string): string => text.replace(/[%#@:\s]+/g, encodeURIComponent);

export function entityId(file: ConnectorFile, { type, id, project }: Whereabouts): EntityId {
  const prefix = type === file.types[0] ? '' : `${escaped(type.id)}:`;
  return prefix + (project === undefined ? '' : `${escaped(project)}#`) + escaped(id);
}

/** undefined = it is no id of this connector. */
export function whereabouts(file: ConnectorFile, id: EntityId): Whereabouts | undefined {
  const [, prefix, project, own = ''] = /^(?:([^:#]*):)?(?:([^:#]*)#)?([^:#]+)$/.exec(id) ?? [];
  const name = prefix === undefined ? file.types[0]?.id : decodedText(prefix);
  const type = file.types.find((one) => one.id === name);
  if (!type || (prefix !== undefined && type === file.types[0])) return undefined;
  if ((project !== undefined) !== (type.item.within === 'project')) return undefined;
  const [decoded, place] = [decodedText(own), project === undefined ? undefined : decodedText(project)];
  if (!decoded) return undefined;
  return { type, id: decoded, ...(place !== undefined && { project: place }) };
}
