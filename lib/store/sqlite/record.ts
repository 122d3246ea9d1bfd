/** What a poller read: known versions are passed over, the rest becomes or joins an event. */

import type { Entity } from '../../model/entity';
import type { RecordSummary } from '../store';
import type { Database, Query } from './database';
import { type Events, integrationOf, sideOf, stateOf } from './events';
import type { Links } from './links';

/** The version of each entity that was last recorded, refreshed or landed. */
export class Seen {
  private readonly select: Query<{ version: string }>;
  private readonly upsert: Query<Record<string, never>>;
  private readonly removeAll: Query<Record<string, never>>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT version FROM seen WHERE flow = ? AND entity = ?');
    this.upsert = db.prepare(`
      INSERT INTO seen (flow, entity, version) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version WHERE version <> excluded.version`);
    this.removeAll = db.prepare('DELETE FROM seen WHERE flow = ?');
  }

  version(flow: number, entity: string): string | undefined {
    return this.select.get(flow, entity)?.version;
  }

  set(flow: number, entity: string, version: string): void {
    this.upsert.run(flow, entity, version);
  }

  forget(flow: number): void {
    this.removeAll.run(flow);
  }
}

/** Records entities in their order. Runs in a transaction. */
export function recordEntities(
  { events, links, seen }: { events: Events; links: Links; seen: Seen },
  flow: number,
  entities: readonly Entity[],
  readAt: number,
  urgent: boolean,
): RecordSummary {
  const summary: RecordSummary = { recorded: 0, known: 0 };
  for (const entity of entities) {
    const unfinished = events.of(flow, entity.id);
    const newest = unfinished.at(-1);
    const known = newest ? newest.version : seen.version(flow, entity.id);
    // written also where the newest event has the version: it may have been forgotten (forgetSeen)
    if (known !== entity.version || newest) seen.set(flow, entity.id, entity.version);
    if (known === entity.version) {
      summary.known += 1;
      continue;
    }
    summary.recorded += 1;
    if (!newest) {
      const linked = links.key(integrationOf(flow), sideOf(flow), entity.id) !== undefined;
      events.insert(flow, entity, readAt, 'waiting', { linked, urgent });
      continue;
    }
    const state = stateOf(newest);
    if (state === 'sent' || state === 'parked') {
      events.insert(flow, entity, readAt, 'held', { linked: newest.linked === 1, urgent });
    } else {
      events.replaceSnapshot(newest.seq, entity, readAt);
      if (state === 'shown') events.toWaiting(newest);
      if (urgent) events.markUrgent(newest.seq);
    }
  }
  return summary;
}
