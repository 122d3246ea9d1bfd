/**
 * Changes made by our own account, for systems that are set to ignore them. Who changed an entity last does not tell:
 * Redmine doesn't say so with the entity, nor does Jira unless it is asked to, and between two polls somebody else may have
 * changed it before, which must not get lost. So the history decides, field by field, if there is one: one request for
 * each entity that shows something that is not in sync and may be our account's.
 */

import type { Connection, Revision } from '../../connectors/connector';
import { differs } from '../../merge/fields';
import type { Entity, Side } from '../../model/entity';
import { asSyncError } from '../../model/errors';
import { atSide } from '../../model/sides';
import type { FieldId } from '../../model/values';
import type { Link } from '../../store/store';
import type { Engine } from '../engine';
import type { Relevant } from '../relevance';

type Read = (id: string) => Promise<Revision[] | undefined>;

/** @param own id of our account. @returns those that somebody else has changed, or may have */
export async function madeByOthers(
  engine: Engine,
  side: Side,
  entities: readonly Entity[],
  own: string,
): Promise<Entity[]> {
  const { store, config } = engine;
  const relevant = engine.relevance.of(side);
  const links = await store.linksOf(
    config.id,
    side,
    entities.map(({ id }) => id),
  );
  const read: Read = (id) => engine.systems[side].call((connection) => historyOf(connection, id));
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
  const { baseline } = atSide(link.ends, side);
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

/** Newest first; undefined if the system has none, or the entity is gone. */
async function historyOf(connection: Connection, id: string): Promise<Revision[] | undefined> {
  try {
    return await connection.history?.(id);
  } catch (thrown) {
    if (asSyncError(thrown).kind === 'notFound') return undefined;
    throw thrown;
  }
}
