/**
 * Which changes are our own account's, where a person has chosen to ignore those. Who changed an entity last does not tell:
 * Redmine doesn't say so with the entity, nor does Jira unless it is asked to, and between two polls somebody else may have
 * changed it before, which must not get lost. So the history decides, field by field, where there is one: one request for
 * each entity that shows something that is not in sync and may be our account's.
 */

import type { Connection, Revision } from '../connectors/connector';
import type { Entity, Side } from '../model/entity';
import { asSyncError } from '../model/errors';
import type { FieldId } from '../model/values';
import type { Link } from '../store/store';
import type { Relevant } from './events';
import type { Integration } from './integration';
import { differs } from './merge';

type Read = (id: string) => Promise<Revision[] | undefined>;

/** @param own id of our account. @returns those that somebody else has changed, or may have */
export async function madeByOthers(
  integration: Integration,
  side: Side,
  entities: readonly Entity[],
  own: string,
): Promise<Entity[]> {
  const { store, config } = integration;
  const relevant = integration.relevant(side);
  const links = await store.linksOf(
    config.id,
    side,
    entities.map(({ id }) => id),
  );
  const read: Read = (id) => integration.system(side).call((connection) => historyOf(connection, id));
  const result: Entity[] = [];
  for (const [index, entity] of entities.entries()) {
    const open = openFields(entity, side, links[index], relevant);
    if (!(await isOwn(entity, own, open, read))) result.push(entity);
  }
  return result;
}

/** Fields that differ from what was last in sync; undefined = there is no link yet. */
function openFields(
  { fields }: Entity,
  side: Side,
  link: Link | undefined,
  relevant: Relevant | undefined,
): FieldId[] | undefined {
  if (!link) return undefined;
  const { baseline } = link.ends[side === 1 ? 0 : 1];
  return [...(relevant?.fields ?? Object.keys(baseline))].filter((field) => differs(baseline, fields, field));
}

async function isOwn(entity: Entity, own: string, open: FieldId[] | undefined, read: Read): Promise<boolean> {
  const { id, updatedBy, createdBy } = entity;
  const isOthers = (who: { id?: string } | undefined) => who?.id !== undefined && who.id !== own;
  // nothing of it will be sent: no need to know who it was
  if (isOthers(updatedBy) || open?.length === 0) return false;
  if (!open && isOthers(createdBy)) return false;
  const revisions = await read(id);
  if (!revisions) return updatedBy?.id === own;
  if (!open) return [createdBy ?? updatedBy, ...revisions.map(({ by }) => by)].every((who) => who?.id === own);
  return open.every((field) => revisions.find(({ fields }) => field in fields)?.by?.id === own);
}

/** Newest first; undefined where the system has none, or the entity is gone. */
async function historyOf(connection: Connection, id: string): Promise<Revision[] | undefined> {
  try {
    return await connection.history?.(id);
  } catch (thrown) {
    if (asSyncError(thrown).kind === 'notFound') return undefined;
    throw thrown;
  }
}
