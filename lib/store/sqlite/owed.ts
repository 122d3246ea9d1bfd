/**
 * Ends of links that have yet to show their counterpart: one small row each, stored with the link, gone with it. They are
 * no events: what becomes of them holds nothing back.
 */

import type { EntityId, Side } from '../../model/entity';
import type { Owed, OwedCounts, OwedOutcome, StoredError } from '../store';
import type { Database, Query } from './database';
import { type Events, flowOf } from './events';
import type { Links } from './links';
import type { Seen } from './record';
import { STATE } from './schema';

type OwedRow = { link: number; flow: number; attempts: number; error: string | null };
type Nothing = Record<string, never>;

export class OwedEnds {
  private readonly insert: Query<Nothing>;
  private readonly insertEarlier: Query<Nothing>;
  private readonly idsAfter: Query<{ last: number | null; count: number }>;
  private readonly due: Record<Side, Query<OwedRow>>;
  private readonly remove: Query<Nothing>;
  private readonly toRetry: Query<Nothing>;
  private readonly toRest: Query<Nothing>;
  private readonly resume: Query<Nothing>;
  private readonly count: Query<{ due: number; resting: number }>;
  private readonly newestError: Query<{ error: string }>;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly links: Links,
    private readonly seen: Seen,
  ) {
    this.insert = db.prepare(`
      INSERT INTO owed (link, flow, dueAt, attempts) VALUES (?, ?, 0, 0)
      ON CONFLICT DO UPDATE SET dueAt = 0, attempts = 0, error = NULL`);
    this.insertEarlier = db.prepare(`
      INSERT INTO owed (link, flow, dueAt, attempts)
      SELECT id, ?, 0, 0 FROM links WHERE id > ? AND id <= ? AND integration = ?
      ON CONFLICT DO UPDATE SET dueAt = 0, attempts = 0, error = NULL WHERE dueAt IS NULL`);
    this.idsAfter = db.prepare(
      'SELECT max(id) AS last, count(*) AS count FROM (SELECT id FROM links WHERE id > ? ORDER BY id LIMIT ?)',
    );
    // an entity that is being written is left alone until that is over
    const isSent = (flow: string, entity: string) =>
      `EXISTS (SELECT 1 FROM events e WHERE e.flow = ${flow} AND e.entity = ${entity} AND e.state = ${STATE.sent})`;
    const select = (one: string, two: string) =>
      db.prepare<OwedRow>(`
        SELECT o.link, o.flow, o.attempts, o.error FROM owed o JOIN links l ON l.id = o.link
        WHERE o.flow = ? AND o.dueAt <= ? AND NOT ${isSent(one, 'l.entity1')} AND NOT ${isSent(two, 'l.entity2')}
        ORDER BY o.dueAt, o.link LIMIT ?`);
    this.due = { 1: select('o.flow', 'o.flow + 1'), 2: select('o.flow - 1', 'o.flow') };
    this.remove = db.prepare('DELETE FROM owed WHERE link = ? AND flow = ?');
    this.toRetry = db.prepare(
      'UPDATE owed SET dueAt = ?, attempts = attempts + ?, error = ? WHERE link = ? AND flow = ?',
    );
    this.toRest = db.prepare('UPDATE owed SET dueAt = NULL, error = ? WHERE link = ? AND flow = ?');
    this.resume = db.prepare('UPDATE owed SET dueAt = 0, attempts = 0 WHERE flow IN (?, ?) AND dueAt IS NULL');
    this.count = db.prepare(
      'SELECT count(dueAt) AS due, count(*) - count(dueAt) AS resting FROM owed INDEXED BY owed_due WHERE flow = ?',
    );
    this.newestError = db.prepare(
      'SELECT error FROM owed WHERE flow = ? AND dueAt IS NULL AND error IS NOT NULL ORDER BY link DESC LIMIT 1',
    );
  }

  /** @param link its number @param flow of the end that is to show the other one */
  add(link: number, flow: number): void {
    this.insert.run(link, flow);
  }

  /**
   * Owes the integration's links among the next ones of all. @param flow of the ends that are to show the other ones
   * @returns the last that was looked at; undefined = there are no more behind it
   */
  addEarlier(flow: number, integration: number, after: number, limit: number): number | undefined {
    const { last = null, count = 0 } = this.idsAfter.get(after, limit) ?? {};
    if (last === null) return undefined;
    this.insertEarlier.run(flow, after, last, integration);
    return count < limit ? undefined : last;
  }

  /** Those that are due, longest first. */
  list(flow: number, side: Side, limit: number, now: number): Owed[] {
    return this.due[side].all(flow, now, limit).flatMap((row): Owed[] => {
      const stored = this.links.byId(row.link);
      if (!stored) return [];
      const error = row.error === null ? undefined : (JSON.parse(row.error) as StoredError);
      return [{ link: stored.link, side, attempts: row.attempts, ...(error && { error }) }];
    });
  }

  settle(outcome: OwedOutcome): void {
    const key = this.links.keyOf(outcome.link);
    if (!key) return;
    const flow = flowOf(key.integration, outcome.side);
    switch (outcome.to) {
      case 'done':
        if (this.remove.run(outcome.link, flow) === 0) return;
        if (outcome.version) this.know(flow, outcome.side === 1 ? key.entity1 : key.entity2, outcome.version);
        return;
      case 'retry':
        this.toRetry.run(outcome.dueAt, outcome.charge ? 1 : 0, JSON.stringify(outcome.error), outcome.link, flow);
        return;
      case 'rest':
        this.toRest.run(JSON.stringify(outcome.error), outcome.link, flow);
    }
  }

  /** @returns how many */
  resumeAll(integration: number): number {
    return this.resume.run(flowOf(integration, 1), flowOf(integration, 2));
  }

  counts(flow: number): OwedCounts {
    const { due = 0, resting = 0 } = this.count.get(flow) ?? {};
    const newest = resting > 0 ? this.newestError.get(flow) : undefined;
    return { due, resting, ...(newest && { error: JSON.parse(newest.error) as StoredError }) };
  }

  /** A version is ours alone only if the one before it was known, and nothing of the entity is open. */
  private know(flow: number, entity: EntityId, { before, after }: { before: string; after: string }): void {
    if (this.events.of(flow, entity).length > 0 || this.seen.version(flow, entity) !== before) return;
    this.seen.set(flow, entity, after);
  }
}
