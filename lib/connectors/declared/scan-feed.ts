/**
 * Changes of a list that has no filter by update time: everything is read, and compared with the versions in the checkpoint,
 * `{seen: ["12@<digest>"]}`.
 */

import chunk = require('lodash/chunk');

import { createHash } from 'node:crypto';
import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { checkCheckpoint } from '../kit/checkpoint';
import type { Api } from './api';
import type { Entities } from './entities';
import type { ScanFeed } from './format';
import type { Stream } from './time-feed';

export const shortVersion = (version: string): string =>
  createHash('sha256').update(version).digest('base64url').slice(0, 10);

/** The entities in a checkpoint's `seen`, with their short versions. */
export const seenOf = (since: Checkpoint | undefined): [EntityId, string][] =>
  (Array.isArray(since?.seen) ? since.seen : []).map((one): [EntityId, string] => {
    const [id = '', digest = ''] = String(one).split('@');
    return [id, digest];
  });

export async function* changesByScan(
  { api, entities }: { api: Api; entities: Entities },
  { type, project }: Stream,
  { list, max }: ScanFeed,
  scope: Scope,
  since: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  checkCheckpoint(since, { seen: 'list', time: 'time' });
  const { items } = await api.whole(list, project === undefined ? {} : { project }, max + 1);
  if (items.length > max)
    throw new SyncError(
      'fatal',
      `${api.product} lists more than ${max} entries of ${type.name}: too many to compare each time`,
    );
  const shown = new Map<EntityId, Entity>();
  for (const item of items) {
    if (entities.isOther(type, item) || entities.isGone(type, item)) continue;
    const entity = entities.entity(type, item, project);
    if (scope.projects.includes(entity.project)) shown.set(entity.id, entity);
  }
  const seen = new Map<EntityId, string>();
  // what is not listed any more is forgotten; it is read again if it comes back
  for (const [id, digest] of seenOf(since)) if (shown.has(id)) seen.set(id, digest);
  const from = typeof since?.time === 'string' ? Date.parse(since.time) : undefined;
  const fresh: Entity[] = [];
  for (const entity of shown.values()) {
    const isBefore = from !== undefined && since?.seen === undefined && Date.parse(entity.updatedAt) < from;
    if (isBefore) seen.set(entity.id, shortVersion(entity.version));
    else if (seen.get(entity.id) !== shortVersion(entity.version)) fresh.push(entity);
  }
  fresh.sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  const checkpoint = (): Checkpoint => ({ seen: [...seen].map(([id, digest]) => `${id}@${digest}`) });
  const before = checkpoint();
  for (const some of chunk(fresh, Math.max(1, Math.floor(pageSize)))) {
    for (const { id, version } of some) seen.set(id, shortVersion(version));
    yield { entities: some, checkpoint: checkpoint() };
  }
  if (fresh.length === 0) yield { entities: [], checkpoint: before };
}

/** The checkpoint after everything that is listed now; undefined if there is nothing. */
export async function endOfScan(
  context: { api: Api; entities: Entities },
  stream: Stream,
  changes: ScanFeed,
  scope: Scope,
): Promise<Checkpoint | undefined> {
  let last: ChangePage | undefined;
  for await (const page of changesByScan(context, stream, changes, scope, undefined, changes.max)) last = page;
  return last && last.entities.length > 0 ? last.checkpoint : undefined;
}
