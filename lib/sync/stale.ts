/**
 * Snapshots older than our own later write, also one of which it is not known whether it arrived, are read again before
 * they are used, so that a stale value is never taken for an edit.
 */

import type { ReadResult } from '../connectors/connector';
import type { Entity } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { Flow, StoredEvent } from '../store/store';
import type { Integration } from './integration';
import { readScope } from './pairs';
import { readEntities } from './reading';

/**
 * @param gone numbers of events whose entity is not there any more are added
 * @param onError told where the system could not be read: those events fail
 * @returns the events with fresh snapshots, without those that are gone or have failed
 */
export async function refreshStale(
  integration: Integration,
  flow: Flow,
  events: StoredEvent[],
  gone: number[],
  onError: (error: SyncError) => void,
): Promise<StoredEvent[]> {
  const isStale = (event: StoredEvent): boolean =>
    event.stale || event.link?.ends[flow.side - 1]?.pending !== undefined;
  const stale = events.filter(isStale);
  if (stale.length === 0) return events;
  const scope = readScope(integration.config, flow.side);
  if (!scope) return events;
  const system = integration.system(flow.side);
  const readAt = await integration.store.sequence();
  let present: ReadResult[];
  try {
    const ids = stale.map((event) => event.entity.id);
    present = await readEntities(system, scope, ids);
  } catch (thrown) {
    const error = asSyncError(thrown);
    await integration.failEvents(flow.side, stale, error, system);
    onError(error);
    return events.filter((event) => !isStale(event));
  }
  const fresh = new Map<number, Entity>();
  for (const [index, event] of stale.entries()) {
    const entity = present[index];
    if (entity instanceof SyncError) {
      // not delivered is not gone: it is asked for again later
      await integration.failEvents(flow.side, [event], entity, system, { blame: 'own' });
      onError(entity);
    } else if (entity) fresh.set(event.seq, entity);
    else {
      gone.push(event.seq);
      if (event.link) integration.diverged.tell(event.link, flow.side, undefined);
    }
  }
  await integration.store.refresh([...fresh].map(([seq, entity]) => ({ seq, entity, readAt })));
  return events.flatMap((event) => {
    if (!isStale(event)) return [event];
    const entity = fresh.get(event.seq);
    return entity ? [{ ...event, entity, stale: false }] : [];
  });
}
