/** A poller's results: entities with known versions are skipped, the others become or join an event. */

import type { Entity } from '../../model/entity';
import type { RecordSummary } from '../store';
import type { Ended } from './ended';
import { type Events, stateOf } from './events';
import { integrationOf, sideOf } from './flow';
import type { Known } from './known';
import type { Lines } from './lines';
import type { Links } from './links';

export interface Recording {
  events: Events;
  links: Links;
  lines: Lines;
  known: Known;
  ended: Ended;
}

/** The results for a flow. */
export interface Read {
  flow: number;
  entities: readonly Entity[];
  readAt: number;
  urgent: boolean;
}

/** Records entities in order. Runs in a transaction. @param recorded called for each that makes or joins an event */
export function recordEntities(
  { events, links, lines, known, ended }: Recording,
  { flow, entities, readAt: began, urgent }: Read,
  recorded?: (entity: Entity) => void,
): RecordSummary {
  const summary: RecordSummary = { recorded: 0, known: 0 };
  const queue = lines.queue(flow);
  for (const entity of entities) {
    const unfinished = events.of(flow, entity.id);
    const newest = unfinished.at(-1);
    const version = newest ? newest.version : known.version(flow, entity.id, entity.owner !== undefined);
    // written even if the newest event has the version: it may have been forgotten (forgetSeen)
    if (version !== entity.version || newest) known.set(flow, entity.id, entity.version);
    if (version === entity.version) {
      summary.known += 1;
      continue;
    }
    summary.recorded += 1;
    const readAt = ended.readAt(flow, entity, began);
    recorded?.(entity);
    if (!newest) {
      const linked = links.key(integrationOf(flow), sideOf(flow), entity.id) !== undefined;
      const isBehind = !linked && entity.owner !== undefined && queue.joins(events.partOf(entity));
      events.insert(flow, entity, readAt, isBehind ? 'held' : 'waiting', { linked, urgent });
      continue;
    }
    const state = stateOf(newest);
    if (state === 'sent' || state === 'parked') {
      events.insert(flow, entity, readAt, 'held', { linked: newest.linked === 1, urgent });
    } else {
      events.replaceSnapshot(newest.seq, entity, readAt);
      if (state === 'shown') {
        events.toWaiting(newest);
        lines.restore([newest]);
      }
      if (urgent) events.markUrgent(newest.seq);
    }
  }
  return summary;
}
