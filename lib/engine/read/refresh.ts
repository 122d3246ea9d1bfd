/**
 * Refresh: snapshots older than our own later write, including a write in doubt, are read again before they are used,
 * so that a stale value is never taken for an edit.
 */

import type { ReadResult } from '../../connectors/connector';
import { asDeleted, type Entity, type EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { atSide } from '../../model/sides';
import type { Flow, StoredEvent } from '../../store/store';
import type { Engine } from '../engine';
import { lookedAt } from '../looked-at';
import { askParts } from '../parts-due';
import { readEntities } from '../read-entities';
import { readScope } from '../routing';

/**
 * @param gone numbers of events whose entity no longer exists are added
 * @param onError called if the system could not be read: those events fail
 * @returns the events with fresh snapshots, without those that are gone or have failed
 */
export async function refreshStale(
  engine: Engine,
  flow: Flow,
  events: StoredEvent[],
  gone: number[],
  onError: (error: SyncError) => void,
): Promise<StoredEvent[]> {
  const isStale = (event: StoredEvent): boolean =>
    event.stale ||
    event.entity.deleted === true ||
    (event.link !== undefined && atSide(event.link.ends, flow.side).pending !== undefined);
  const stale = events.filter(isStale);
  if (stale.length === 0) return events;
  const scope = readScope(engine.config, flow.side);
  if (!scope) return events;
  const system = engine.systems[flow.side];
  const readAt = await engine.store.sequence();
  let present: ReadResult[];
  try {
    const ids = stale.map((event) => event.entity.id);
    present = await readEntities(system, scope, ids);
  } catch (thrown) {
    const error = asSyncError(thrown);
    await engine.outcomes.fail(flow.side, stale, error, system);
    onError(error);
    return events.filter((event) => !isStale(event));
  }
  const fresh = new Map<number, Entity>();
  const deleted = new Set<number>();
  /** whose parts are to be read */
  const owners: EntityId[] = [];
  const changed: Entity[] = [];
  for (const [index, event] of stale.entries()) {
    const entity = present[index];
    if (entity instanceof SyncError) {
      // not delivered is not gone: it is asked for again later
      await engine.outcomes.fail(flow.side, [event], entity, system, { blame: 'own' });
      onError(entity);
    } else if (entity) {
      fresh.set(event.seq, entity);
      // who has changed it meanwhile may have written a comment
      if (entity.version !== event.entity.version) changed.push(entity);
    } else if (event.entity.deleted) {
      // the system itself says so, beside its list
      deleted.add(event.seq);
    } else if (event.intent && event.entity.owner) {
      // its counterpart may have been made: that has to be deleted, too
      fresh.set(event.seq, asDeleted(event.entity));
    } else {
      gone.push(event.seq);
      const { link, entity: lost } = event;
      if (lost.owner) owners.push(lost.owner.id);
      else if (link) engine.diverged.tell(link, flow.side, undefined);
    }
  }
  const looked = lookedAt(engine, flow.side);
  const asked = changed.filter(({ type }) => looked.includes(type));
  await askParts(engine, flow, [...owners, ...asked.map(({ id }) => id)]);
  await engine.store.refresh([...fresh].map(([seq, entity]) => ({ seq, entity, readAt })));
  return events.flatMap((event) => {
    if (!isStale(event) || deleted.has(event.seq)) return [event];
    const entity = fresh.get(event.seq);
    return entity ? [{ ...event, entity, stale: false }] : [];
  });
}
