/** Backlinks that have yet to be written: the table `owed`. */

import type { BacklinkPosition, BacklinkRow, BacklinkTable } from '../rows/task-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

export class Backlinks implements BacklinkTable {
  private readonly dueRows: Query<BacklinkRow>;
  private readonly upsert: Query<Nothing>;
  private readonly upsertAll: Query<Nothing>;
  private readonly updateRetry: Query<Nothing>;
  private readonly updateResting: Query<Nothing>;
  private readonly updateAll: Query<Nothing>;
  private readonly delete: Query<Nothing>;
  private readonly count: Query<{ due: number; resting: number }>;
  private readonly error: Query<{ error: string }>;

  constructor(db: Database) {
    this.dueRows = db.prepare(`
      SELECT link, flow, dueAt, attempts, error FROM owed INDEXED BY owed_due
      WHERE flow = ? AND dueAt <= ? AND (dueAt, link) > (?, ?) ORDER BY dueAt, link LIMIT ?`);
    this.upsert = db.prepare(`
      INSERT INTO owed (link, flow, dueAt, attempts) VALUES (?, ?, 0, 0)
      ON CONFLICT DO UPDATE SET dueAt = 0, attempts = 0, error = NULL`);
    this.upsertAll = db.prepare(`
      INSERT INTO owed (link, flow, dueAt, attempts)
      SELECT id, ?, 0, 0 FROM links WHERE id > ? AND id <= ? AND integration = ?
      ON CONFLICT DO UPDATE SET dueAt = 0, attempts = 0, error = NULL WHERE dueAt IS NULL`);
    this.updateRetry = db.prepare(
      'UPDATE owed SET dueAt = ?, attempts = attempts + ?, error = ? WHERE link = ? AND flow = ?',
    );
    this.updateResting = db.prepare('UPDATE owed SET dueAt = NULL, error = ? WHERE link = ? AND flow = ?');
    this.updateAll = db.prepare('UPDATE owed SET dueAt = 0, attempts = 0 WHERE flow = ? AND dueAt IS NULL');
    this.delete = db.prepare('DELETE FROM owed WHERE link = ? AND flow = ?');
    this.count = db.prepare(
      'SELECT count(dueAt) AS due, count(*) - count(dueAt) AS resting FROM owed INDEXED BY owed_due WHERE flow = ?',
    );
    this.error = db.prepare(
      'SELECT error FROM owed WHERE flow = ? AND dueAt IS NULL AND error IS NOT NULL ORDER BY link DESC LIMIT 1',
    );
  }

  due(flow: number, now: number, { dueAt, link }: BacklinkPosition, limit: number): BacklinkRow[] {
    return this.dueRows.all(flow, now, dueAt, link, limit);
  }

  put(link: number, flow: number): void {
    this.upsert.run(link, flow);
  }

  putAll(flow: number, integration: number, after: number, upTo: number): void {
    this.upsertAll.run(flow, after, upTo, integration);
  }

  setRetry(link: number, flow: number, dueAt: number, attempts: number, error: string): void {
    this.updateRetry.run(dueAt, attempts, error, link, flow);
  }

  setResting(link: number, flow: number, error: string): void {
    this.updateResting.run(error, link, flow);
  }

  resume(flow: number): number {
    return this.updateAll.run(flow);
  }

  remove(link: number, flow: number): boolean {
    return this.delete.run(link, flow) > 0;
  }

  counts(flow: number): { due: number; resting: number } {
    return this.count.get(flow) ?? { due: 0, resting: 0 };
  }

  newestError(flow: number): string | undefined {
    return this.error.get(flow)?.error;
  }
}
