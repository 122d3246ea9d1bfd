/** Rules for writing parts: which owners they can have, and who may change or delete them. */

import { SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import type { WriteOperation } from '../connector';
import type { Staged } from './files';
import type { SpaceReader } from './reader';
import type { Shape } from './shape';
import type { EntityRow } from './statements';
import type { PartRule } from './switches';

type Creation = Extract<WriteOperation, { kind: 'create' }>;

/** The owner of a part to be created; undefined if it is not a part. @throws SyncError invalid, notFound */
export function ownerFor({ owner, project }: Creation, { type }: Shape, reader: SpaceReader): EntityRow | undefined {
  const fault = (why: string) => new SyncError('invalid', `The ${type.name} could not be created: ${why}.`);
  if (type.partOf === undefined) {
    if (owner === undefined) return undefined;
    throw fault(`a ${type.name} belongs to nothing else`);
  }
  if (owner === undefined) throw fault('it must be said which entity gets it');
  const row = reader.row(owner);
  if (!row)
    throw new SyncError('notFound', `The ${type.name} could not be created: there is no entity ${owner.slice(0, 40)}.`);
  if (!type.partOf.includes(row.type)) throw fault(`${row.key} cannot have one`);
  if (row.project !== project) throw fault(`${row.key} is in another project`);
  return row;
}

/** An attachment has a file, and nothing else has one. @throws SyncError invalid */
export function assertFile({ type }: Shape, staged: Staged | undefined): void {
  if ((type.role === 'attachment') === (staged !== undefined)) return;
  const why = staged ? `a ${type.name} has no file` : 'it comes without a file';
  throw new SyncError('invalid', `The ${type.name} could not be created: ${why}.`);
}

/** @throws SyncError forbidden */
export function assertPermitted(
  rule: PartRule,
  verb: 'edit' | 'delete',
  { key, created_by }: EntityRow,
  by: UserValue,
): void {
  if (rule === 'everybody' || (rule === 'author' && created_by === by.id)) return;
  const what = verb === 'edit' ? 'changed' : 'deleted';
  const why = rule === 'author' ? 'only who wrote it may do that' : 'nobody may do that here';
  throw new SyncError('forbidden', `${key} could not be ${what}: ${why}.`);
}
